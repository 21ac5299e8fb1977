#pragma once

#include "core/time.hpp"
#include "plugin/plugin_set.hpp"
#include "plugin/time_allowance.hpp"
#include "session/clock.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>

namespace playhead {

// How dear a room's plugins, or a set of plugins in all its rooms, have been of late.
struct PluginCost {
    Microseconds turn{0};               // of the last turns, the newest counting most
    std::uint32_t turns = 0;            // in which a hook ran; stops counting when there are enough to know
    std::optional<ServerTime> ended_at; // when one of them was cut off
    bool held = false;                  // the last one was cut off because others had used up the time
    Microseconds total{0};              // of all turns, loading among them
};

// Shares out what time a shard has for plugins, so that no room's plugins take another room's tick.
//
// A plugin is cut off by its budget of instructions; but one instruction may cost much, and a hundred rooms may each
// use up theirs in one tick. So time is looked at too, in turns: one turn is what one room's plugins do in one tick.
//   - A turn that takes longer than `turn_max` is ended; the plugin that ran then is suspended.
//   - Rooms known as cheap run first. Those known as dear, and those nothing is known of, come behind them and share
//     `tick_max`; when it is used up the rest wait for the next tick, with their inputs, in the order in which they
//     came.
//   - Of a room nothing is known until it has had some turns; until then its set's record in other rooms stands for it:
//     rooms come and go, and run the same few sets.
//   - Rooms that are about to load their plugins come last of all, and share `load_max` of a tick: it takes ten times
//     as long as a turn, and hundreds may want it at once.
//   - When cheap rooms turn dear all at once, they may surprise for `surprise_max` in a tick; then the others are held
//     to a little more than what they are known for. Who is cut off so may be innocent: its next turn is among the
//     dear, as long as any, and shows what it is.
//   Units:  processor time of the shard's thread; where nothing is near a limit, time that passes, since that costs a
//           tenth to look at.
//   Thread: its shard.   Owner: one per shard.
class PluginTime final : public TimeAllowance {
  public:
    static constexpr Microseconds turn_max{1000};
    static constexpr Microseconds tick_max{8000};
    static constexpr Microseconds load_max{10'000};
    static constexpr Microseconds surprise_max{500};
    // Who takes longer than this on average is dear; and who was cut off within the time that is remembered.
    static constexpr Microseconds cheap_max{100};
    static constexpr std::chrono::seconds remembered{60};
    // How far a room may go beyond its average when it is held: so many times, and this long in any case.
    static constexpr int held_factor = 4;
    static constexpr Microseconds held_min{25};
    // Loading, migrating and testing plugins is not a matter of one tick in twenty a second: each entry has this long.
    static constexpr Microseconds setup_max{5000};
    static constexpr std::uint32_t turns_to_know = 20;

    explicit PluginTime(const Clock& clock) : clock_(clock) {}

    // ---- a tick
    void begin_tick();
    // Whether the room is to run with the others; else it waits for what they leave.
    bool cheap(const PluginCost& room, const std::shared_ptr<const PluginSet>& set, ServerTime now) const;
    // Nothing is left for rooms that are not cheap.
    bool used_up() const { return tick_used_ >= tick_max; }
    // Nothing is left for rooms that load their plugins.
    bool loads_used_up() const { return loads_used_ >= load_max; }

    // While one of these lives, what plugins do is this room's turn, and it is written down at the end.
    class Turn {
      public:
        enum class Kind : std::uint8_t { tick, setup };
        Turn(PluginTime& time, PluginCost& room, std::shared_ptr<const PluginSet> set, Kind kind);
        ~Turn();
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;

      private:
        friend class PluginTime;
        PluginTime& time_;
        PluginCost& room_;
        std::shared_ptr<const PluginSet> set_;
        const Kind kind_;
        const bool cheap_;
        const Microseconds allowed_;
        const bool held_;
        Microseconds passed_{0};                   // in hooks that have ended
        Microseconds passed_before_{0};            // of a setup: in the entries before the last one
        Microseconds setup_start_{0};              // of a setup: it counts as a whole, not only the hooks in it
        std::optional<Microseconds> thread_start_; // when the first of them began
        bool ended_ = false;
    };

    // ---- TimeAllowance: what the plugin host says and asks
    void begin() override;
    Microseconds end() override;
    bool spent() override;

  private:
    // An upper bound of the processor time that the turn's hooks have had, as exact as it needs to be beyond `limit`.
    Microseconds used_by(const Turn& turn, Microseconds passed, Microseconds limit) const;
    void write_down(const Turn& turn);
    static void remember(PluginCost& cost, const Turn& turn, Microseconds used, ServerTime now);
    Microseconds allowed(const PluginCost& room, bool cheap, bool setup) const;
    void forget_sets();

    const Clock& clock_;
    Turn* turn_ = nullptr;
    ServerTime hook_start_;
    Microseconds tick_used_{0};
    Microseconds loads_used_{0};
    Microseconds surprise_{0};
    // By set, for as long as a room runs it.
    std::unordered_map<std::shared_ptr<const PluginSet>, PluginCost> sets_;
};

} // namespace playhead
