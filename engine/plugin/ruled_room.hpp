#pragma once

#include "core/ids.hpp"
#include "core/time.hpp"
#include "plugin/plugin_set.hpp"
#include "plugin/role_names.hpp"
#include "plugin/room_witness.hpp"
#include "plugin/time_allowance.hpp"
#include "room/room.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace playhead {

class LuaMemory;
class PluginHost;
struct PluginFigures;
struct PluginState;

// What plugins ask of whoever keeps the room's viewers and connections.
struct Kick {
    ViewerId viewer;
    std::string plugin;
    std::string reason;
    bool operator==(const Kick&) const = default;
};
struct Ban {
    static constexpr std::int64_t seconds_max = 366LL * 24 * 3600;
    ViewerId viewer;
    std::int64_t seconds = 0;
    std::string plugin;
    std::string reason;
    bool operator==(const Ban&) const = default;
};
struct Unban {
    std::string who; // the banned viewer's id in decimal, or its name
    std::string plugin;
    bool operator==(const Unban&) const = default;
};
struct Log {
    static constexpr std::size_t message_bytes_max = 1000;
    std::string plugin;
    std::string message;  // of a failure: "chat@1.0.0 command say: chat/init.lua:12: attempt to ..."
    bool failure = false; // a hook failed or a plugin was suspended; else the plugin itself wrote it
    bool operator==(const Log&) const = default;
};
using PluginRequestOut = std::variant<Kick, Ban, Unban, Log>;

// A hook that a plugin registered, and how often it has run in this room; also of plugins suspended meanwhile.
struct HookCalls {
    std::string plugin;
    std::string kind; // "decide", "transform", "on", "command", "signal", "every", "on_timer"
    std::string name; // topic, event, command..., "0.5 s"
    std::uint64_t calls = 0;
    bool operator==(const HookCalls&) const = default;
};

// What a shard lends its rooms. Each may be null: then nothing is counted, time has no limit, and Lua's memory is the C
// library's.
struct PluginContext {
    PluginFigures* figures = nullptr;
    TimeAllowance* time = nullptr;
    std::string room{}; // its id, for plugins that name it
    LuaMemory* memory = nullptr;
};

// A Room under the rules of its plugins. The unit of determinism: the same bytes come of the same inputs, the same seed
// and the same answers of the TimeAllowance. A RoomWitness hears all three.
// One tick is: apply() each input in order, advance(), commit(), take_...(), collect_garbage().
//   Cost:   without plugins that of a Room. With them a Lua state, made when the first viewer joins (or speaks) or by
//           start(); a tick in which no hook is due does not enter it.
//   Errors: none; whatever a plugin does wrong stays with it and is told by take_requests() as a Log.
//   Thread: none of its own; one owner.
class RuledRoom {
  public:
    RuledRoom(Epoch epoch, RoomInfo info, TickLength tick_length, std::shared_ptr<const PluginSet> plugins,
              std::uint64_t seed, PluginContext context = {});
    // Goes on from there. If its plugins were running the next thing it is told is restart().
    RuledRoom(RoomState state, PluginState plugin_state, TickLength tick_length,
              std::shared_ptr<const PluginSet> plugins, PluginContext context);
    ~RuledRoom();
    RuledRoom(const RuledRoom&) = delete;
    RuledRoom& operator=(const RuledRoom&) = delete;

    // Starts the plugins if they have not been: init.lua, then `started`.
    void start(Tick tick);

    // Applies one input; a command is answered. Plugins decide on it, run their commands and hear what came of it; what
    // they ask for is queued for advance().
    std::optional<Outcome> apply(const Input& input, Tick tick, const Lead& lead);

    // Queued actions, due timers, periodic hooks, queued actions, the room itself, what the end of media leads to.
    // `missed` ticks are ones that this one stands for too: due timers fire once, periodic hooks are told.
    void advance(Tick tick, std::uint32_t missed, const Lead& lead);

    Version commit();
    std::vector<Event> take_events();
    std::vector<PluginEvent> take_plugin_events();
    std::vector<PluginRequestOut> take_requests();

    // The next tick after `tick` at which plugins have something to do; empty if nothing is planned.
    std::optional<Tick> next_due(Tick tick) const;
    // Its plugins have not heard of all that has happened: there was no time for it in the tick.
    bool behind() const;
    // The fixed step after the commit; nothing if no plugin ran.
    void collect_garbage();

    // A room whose plugins have had nothing to do for a minute or more may let go of its Lua, and nobody notices but by
    // time and memory (PluginHost::asleep). After collect_garbage().
    void sleep_if_due();
    // When that will look whether it can; empty if it has, and nothing has happened since.
    std::optional<Tick> sleeps_at() const;
    bool asleep() const;
    // Loads the plugins again now instead of at their next hook.
    void wake(Tick tick, const Lead& lead);

    // Other plugins, or others of their versions and settings: new state beside the old, migration, self-tests, swap.
    // On any failure the old ones stay and the message says why. Between ticks.
    std::expected<void, std::string> reload(std::shared_ptr<const PluginSet> plugins, Tick tick);
    // The same with the plugins that it has. What they keep in Lua only is gone, as after a reload; afterwards all that
    // the next tick depends on stands in state() and plugin_state(), as they were before it. While settled().
    std::expected<void, std::string> restart(Tick tick);
    // Nothing waits for the next tick, and everything is committed.
    bool settled() const;
    // Its plugins have been started.
    bool started() const { return host_ != nullptr; }

    // Whoever is to hear what the room is told, from here on; null: nobody.
    void use(RoomWitness* witness);
    // As repeated failure would.
    void suspend(std::string_view plugin, Tick tick);

    const RoomState& state() const { return room_.state(); }
    // What plugins have beside that: saved state, timers, chance. For comparing two runs.
    const PluginState& plugin_state() const { return *plugin_state_; }
    TickLength tick_length() const { return room_.tick_length(); }
    // In the order in which they are asked; in each in the order of registration.
    std::vector<HookCalls> hooks() const;
    const PluginSet& plugins() const { return *plugins_; } // empty without any

  private:
    // The time of whoever lends it, with the witness listening.
    class WitnessedTime final : public TimeAllowance {
      public:
        explicit WitnessedTime(TimeAllowance* time) : time_(time) {}
        TimeAllowance* used() { return time_ == nullptr ? nullptr : this; }
        void use(RoomWitness* witness) { witness_ = witness; }
        void begin() override { time_->begin(); }
        Microseconds end(std::int64_t instructions) override;
        bool spent() override;

      private:
        TimeAllowance* time_;
        RoomWitness* witness_ = nullptr;
    };

    void start_plugins(Tick tick);
    std::expected<void, std::string> swap(std::shared_ptr<const PluginSet> plugins, Tick tick);

    Room room_;
    RoomWitness* witness_ = nullptr;
    WitnessedTime time_;
    PluginContext context_;
    std::shared_ptr<const PluginSet> plugins_;
    std::unique_ptr<PluginState> plugin_state_;
    std::unique_ptr<PluginHost> host_; // null without plugins and until they start
    // Not taken yet: from before the plugins started, and of those that a reload has left without successors.
    std::vector<Event> events_;
    std::vector<PluginEvent> plugin_events_;
    std::vector<PluginRequestOut> requests_;
};

} // namespace playhead
