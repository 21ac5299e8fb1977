#pragma once

#include "core/time.hpp"
#include "plugin/plugin_set.hpp"
#include "plugin/time_allowance.hpp"
#include "session/clock.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>

namespace playhead {

// How dear a room's plugins, or a set of plugins in all its rooms, have been of late.
struct PluginCost {
    std::chrono::nanoseconds turn{0};   // what a turn took, on average: the newest count most
    std::int64_t work = 0;              // the instructions that it was charged, averaged in the same way
    std::uint32_t turns = 0;            // in which a hook ran; stops counting when there are enough to know
    std::optional<ServerTime> ended_at; // when one of them was cut off, and had done more than a little
    std::uint32_t turns_since_ended = 0;
    bool held = false;     // the last one was cut off because others had used up the time
    Microseconds total{0}; // of all turns, loading among them
};

// Shares out what time a shard has for plugins, so that no room's plugins take another room's tick.
//
// A plugin is cut off by its budget of instructions; but one instruction may cost much, and a hundred rooms may each
// use up theirs in one tick. So time is looked at too, in turns: one turn is what one room's plugins do in one tick.
//   - A turn that takes longer than `turn_max` is ended; the plugin that ran then is suspended. If it did only a little
//     in that time the machine was slow, not the room: that is not remembered but as time.
//   - Rooms known as cheap run first. Behind them come, each with a share of the tick, those that take longer without
//     doing more (their memory is in no cache: most rooms of a machine that is full); those that do much, and those
//     nothing is known of; and those that were cut off of late. Of those that come at the same tick the cheapest go
//     first. When a share is used up the rest of its rooms wait for the next tick, with their inputs, in the order in
//     which they came.
//   - Of a room nothing is known until it has had some turns; until then its set's record in other rooms stands for it:
//     rooms come and go, and run the same few sets.
//   - Rooms that are about to load their plugins come last of all, with a share of their own: it takes ten times as
//     long as a turn, and hundreds may want it at once.
//   - When rooms that are trusted, cheap or slow, turn dear all at once, they may surprise for `surprise_max` in a
//     tick; then the others are held to a little more than what they are known for. Who is cut off so may be innocent:
//     its next turn is among the dear, as long as any, and shows what it is.
//   Units:  processor time of the shard's thread; where nothing is near a limit, time that passes, since that costs a
//           tenth to look at.
//   Thread: its shard.   Owner: one per shard.
class PluginTime final : public TimeAllowance {
  public:
    // Whom a room runs behind: those before it in this list.
    enum class Standing : std::uint8_t {
        cheap, // at most `cheap_max`, on average
        slow,  // at most `slow_max`, and for `little_work`
        dear,  // more of both; or nothing is known
        ended, // it was cut off within the time, and the number of turns, for which that is remembered
        loads, // it is about to load its plugins
    };
    // What they share of a tick.
    static constexpr std::array<Microseconds, 5> shares{Microseconds::max(), Microseconds{25'000}, Microseconds{3000},
                                                        Microseconds{2000}, Microseconds{10'000}};

    static constexpr Microseconds turn_max{1000};
    static constexpr Microseconds surprise_max{500};
    static constexpr Microseconds surprise_from{100}; // a turn up to this is none, nor is twice a room's average
    static constexpr Microseconds cheap_max{25};
    static constexpr Microseconds slow_max{500};
    static constexpr std::chrono::seconds remembered{60};
    // Of a set that thousands of rooms run, one of which was held up, this is soon: they need not wait for a minute.
    static constexpr std::uint32_t remembered_turns = 100;
    // How far a room may go beyond its average when it is held: so many times, and this long in any case.
    static constexpr int held_factor = 4;
    static constexpr Microseconds held_min{25};
    // Loading, migrating and testing plugins is not a matter of one tick in twenty a second: each entry has this long.
    static constexpr Microseconds setup_max{5000};
    static constexpr std::uint32_t turns_to_know = 20;
    // A look at the thread's clock is a system call, as dear as a small hook: a turn may begin with one that is so old,
    // and is then counted as much too long at most, where it comes near a limit at all.
    static constexpr Microseconds look_max{25};

    explicit PluginTime(const Clock& clock) : clock_(clock) {}

    // ---- a tick
    void begin_tick();
    // Of a room that has loaded its plugins.
    Standing standing(const PluginCost& room, const std::shared_ptr<const PluginSet>& set, ServerTime now) const;
    // Nothing is left for rooms of this standing.
    bool used_up(Standing standing) const;

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
        bool is_setup() const { return standing_ == Standing::loads; }
        PluginTime& time_;
        PluginCost& room_;
        std::shared_ptr<const PluginSet> set_;
        const Standing standing_;
        const Microseconds allowed_;
        const bool held_;
        std::int64_t work_ = 0;                    // of hooks that have ended; of a setup: of the last entry
        Microseconds passed_{0};                   // in them
        Microseconds passed_before_{0};            // of a setup: in the entries before the last one
        Microseconds setup_start_{0};              // of a setup: it counts as a whole, not only the hooks in it
        std::optional<Microseconds> thread_start_; // when the first of them began
        bool cut_off_ = false;                     // the hook that runs
        bool ended_ = false;                       // cut off, and it is to blame; or it was held
    };

    // ---- TimeAllowance: what the plugin host says and asks
    void begin() override;
    Microseconds end(std::int64_t instructions) override;
    bool spent() override;

  private:
    void look();
    static void blame(Turn& turn);
    // An upper bound of the processor time that the turn's hooks have had, as exact as it needs to be beyond `limit`.
    Microseconds used_by(const Turn& turn, Microseconds passed, Microseconds limit) const;
    void write_down(const Turn& turn);
    static void remember(PluginCost& cost, const Turn& turn, Microseconds used, ServerTime now);
    Microseconds allowed(const PluginCost& room, Standing standing) const;
    void forget_sets();

    const Clock& clock_;
    Turn* turn_ = nullptr;
    std::optional<ServerTime> hook_start_; // of the one that runs
    // The newest look at the thread's clock, and when it was. A turn that begins soon after goes by it.
    ServerTime looked_at_;
    Microseconds thread_time_{0};
    std::array<Microseconds, shares.size()> used_{}; // in this tick, by standing
    Microseconds surprise_{0};
    // By set, for as long as a room runs it.
    std::unordered_map<std::shared_ptr<const PluginSet>, PluginCost> sets_;
};

} // namespace playhead
