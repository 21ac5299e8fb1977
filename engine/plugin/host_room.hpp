#pragma once

#include "plugin/actions.hpp"
#include "plugin/declared_state.hpp"
#include "plugin/figures.hpp"
#include "plugin/limiter.hpp"
#include "plugin/plugin_set.hpp"
#include "plugin/plugin_state.hpp"
#include "plugin/ruled_room.hpp"
#include "room/room.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <list>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

struct lua_State;

namespace playhead {

enum class HookKind : std::uint8_t { decide, transform, on, command, signal, every, timer, migrate, self_test };
// As in P:decide...: "decide", "transform", "on", "command", "signal", "every", "on_timer"...
std::string_view name_of(HookKind kind);

// As Lua knows times and positions.
inline double in_seconds(Microseconds time) { return static_cast<double>(time.count()) / 1e6; }

struct Hook {
    HookKind kind = HookKind::on;
    int slot = 0;             // of its function, among the plugin's
    std::uint32_t calls = 0;  // which of HostedPlugin::calls counts it, and has its name
    std::uint32_t period = 0; // ticks; of a periodic one
    Tick due;
    HookFigure* figure = nullptr;
};

// How often hooks of one kind and name have run.
struct CountedCalls {
    std::uint64_t calls = 0;
    std::string name; // topic, event, command, timer; "0.5 s" of a periodic one
    HookKind kind = HookKind::on;
};

// One plugin in one room.
struct HostedPlugin {
    static constexpr std::size_t hooks_max = 128;
    static constexpr std::size_t limiters_max = 32;
    static constexpr std::size_t event_bytes_max = 16 * 1024; // in one tick
    static constexpr std::size_t log_lines_max = 16;          // in one tick
    static constexpr std::size_t told_max = 64;               // messages remembered as told

    const Plugin* plugin = nullptr;
    std::size_t place = 0; // in the room's order
    std::string label;     // "chat@1.0.0"

    const DeclaredFields* fields = nullptr; // of the PluginSet

    // What its code has set up since it was last started.
    bool running = false; // it is asked; else it is suspended, or has not started yet
    bool stale = false;   // its code is to be let go when no hook runs
    std::vector<Hook> hooks;
    std::vector<Limiter> limiters;

    std::vector<CountedCalls> calls; // of all starts
    std::set<std::string> told;      // failures that were logged
    PluginFigure* figure = nullptr;
    // What it has in Lua when init.lua has run (lua::digest_of); empty if it could not be started anew unnoticed.
    std::optional<std::uint64_t> fresh;
    std::uint64_t memory_bytes = 0; // as it counts in the figures
    unsigned excused = 0;           // hooks in a row that took long and did little (plugin_host.cpp)
    std::uint64_t state_bytes = 0;
    bool counts_as_suspended = false;
    std::size_t event_bytes = 0; // in this tick
    std::size_t log_lines = 0;   // in this tick

    const std::string& name() const { return plugin->manifest.name; }
    const Manifest& manifest() const { return plugin->manifest; }
    const std::string& name_of(const Hook& hook) const { return calls[hook.calls].name; }
};

// Runs the transform hooks of a topic from inside a hook.
class TransformChain {
  public:
    virtual ~TransformChain() = default;
    virtual Value transform_within(lua_State* state, std::string_view topic, const Type& type, Value value,
                                   const Value& ask) = 0;
};

// What plugins see of their room and what they ask of it: the C++ half of the API, without any Lua. The functions below
// are what a hook may do; they take effect for running.plugin and are undone with its hook.
//   Errors: a Complaint in the words of a plugin's author.
//   Owner:  the PluginHost.
struct HostRoom {
    using Done = std::expected<void, lua::Complaint>;

    HostRoom(Room& of, PluginState& with, const PluginContext& within)
        : room(of),
          state(with),
          context(within),
          journal(of.shared(), with),
          declared(of.shared(), with, journal) {}

    Room& room;
    PluginState& state;
    const PluginContext& context;
    Journal journal;
    DeclaredState declared;
    std::vector<std::unique_ptr<HostedPlugin>> plugins; // in order
    TransformChain* chain = nullptr;

    Tick tick;
    Lead lead;

    // The hook that runs.
    struct Running {
        HostedPlugin* plugin = nullptr; // null: none
        bool registers = false;         // it is init.lua
        unsigned depth = 0;             // of the action that led to it; 0: no plugin's
        std::size_t actions = 0;        // that it has queued
        unsigned nested = 0;            // calls of P:apply around it
        // While init.lua runs:
        bool pure = true;   // it has only registered: it neither looked at the room nor changed it
        bool again = false; // after the room has slept: it registers what is there already, so many by now:
        std::size_t hooks_again = 0, limiters_again = 0;
    };
    Running running;
    std::list<QueuedAction> actions; // nearly always empty, and a deque takes 600 bytes for that
    std::size_t actions_in_tick = 0;
    std::vector<PluginEvent> events;
    std::vector<PluginRequestOut> requests;
    Value scratch; // what a function of the API is about to push: it must not be on the C++ stack then

    void begin_tick(Tick tick, const Lead& lead);
    HostedPlugin* find(std::string_view name) const;

    // ---- What is so
    double time_s() const;
    double position_s() const;
    std::optional<double> wall_s() const;
    Value viewer(const ViewerRow& row) const;
    Value media() const; // nil if nothing is loaded

    // ---- Registering, while init.lua runs
    Done add_hook(HookKind kind, std::string name, int slot, std::uint32_t period = 0);
    Done add_hook_again(HookKind kind, std::string_view name, int slot, std::uint32_t period);
    // Is it there to be hooked to? Says what is, if not.
    Done check_hook(HookKind kind, std::string_view name) const;
    std::expected<std::size_t, lua::Complaint> add_limiter(double per_s, double burst);

    // ---- Asking
    Done need(Grant grant, std::string_view function) const;
    Done queue(decltype(QueuedAction::what) what);
    Done emit(std::string_view event, Value data, std::optional<std::int64_t> viewer);
    Done after(double seconds, std::string_view name, Value data);
    void cancel(std::string_view name);
    std::optional<double> due_in_s(std::string_view name) const;
    Done log(std::string_view text);
    Done permit(std::string_view permission, const Value& rule);
    Done command(std::string_view plugin, std::string_view name, Value args);
    Done load(const Value& what);
    Done change_role(std::int64_t viewer, std::string_view role, bool grant);
    Done store(std::string_view key, Value value);

    // Ticks that last no less than this; empty if it is no time that can be waited for.
    std::optional<std::uint32_t> ticks_of(double seconds) const;
};

} // namespace playhead
