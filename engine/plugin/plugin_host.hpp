#pragma once

#include "plugin/host_room.hpp"
#include "plugin/lua_hooks.hpp"
#include "plugin/lua_sandbox.hpp"
#include "plugin/plugin_set.hpp"
#include "plugin/plugin_state.hpp"
#include "plugin/ruled_room.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace playhead {

// The plugins of one room while their code is loaded: asks them, tells them, does what they ask for, and keeps what
// they do wrong to themselves. Nothing re-enters: a hook runs to its end, and what it asked for is carried out
// afterwards.
//
// When the instructions (or the time) of a tick are used up, no hook is begun any more: events and timers wait for the
// next tick, commands are refused with a time to wait, signals are dropped. So a hook that was begun has its whole
// budget, and whoever exhausts it is to blame itself.
//   Owner:  a RuledRoom, whose Room and PluginState outlive it.
class PluginHost final : public Judge, private TransformChain {
  public:
    static constexpr std::size_t waiting_events_max = 8'192; // for a tick with room for them; more are not told

    PluginHost(Room& room, PluginState& state, std::shared_ptr<const PluginSet> plugins, const PluginContext& context);
    ~PluginHost() override;
    PluginHost(const PluginHost&) = delete;
    PluginHost& operator=(const PluginHost&) = delete;

    // Runs init.lua of each, then tells them that they have started.
    void start(Tick tick, const Lead& lead);
    // Instead, for a reload: brings the state that `before` has written over to these plugins, and tests them. Without
    // effect on anything but state and room, which the caller puts back if it fails.
    std::expected<void, std::string> take_over(const PluginSet& before, Tick tick);
    // What was still to be done when a reload replaced `before`; then they hear that they have started.
    void inherit(PluginHost& before);
    void welcome();

    std::optional<Outcome> apply(const Input& input, Tick tick, const Lead& lead);
    void advance(Tick tick, const Lead& lead);
    std::optional<Tick> next_due(Tick tick) const;
    // Events wait for the next tick.
    bool behind() const { return !waiting_.empty(); }
    // Nothing waits: neither to be told nor to be done, nor to be taken.
    bool settled() const {
        return !behind() && host_.actions.empty() && host_.events.empty() && host_.requests.empty();
    }
    void collect_garbage();
    void suspend(std::string_view plugin, Tick tick);

    // While nothing happens a room gives its Lua back: when no hook has run for a minute and a script could not tell
    // what the plugins have in Lua from what init.lua left. Whatever hook comes next loads them again; nobody else
    // notices. A plugin that remembers something in Lua, or did more than registering when it was loaded, keeps its
    // room awake.
    bool asleep() const { return !sandbox_.has_value(); }
    void wake(Tick tick, const Lead& lead);
    // False if there was no time (or memory) for it: interrupted_ is set, and it sleeps on.
    bool wake();
    void sleep_if_due();
    // When that will look whether it can.
    std::optional<Tick> sleeps_at() const { return sandbox_ ? sleeps_at_ : std::nullopt; }

    std::vector<Event> take_events() { return std::exchange(room_events_, {}); }
    std::vector<PluginEvent> take_plugin_events() { return std::exchange(host_.events, {}); }
    std::vector<PluginRequestOut> take_requests() { return std::exchange(host_.requests, {}); }
    std::vector<HookCalls> hooks() const;

    // Judge: decides on a command, or runs a plugin's.
    std::optional<Outcome> judge(Command& command, Tick tick) override;

  private:
    static constexpr std::size_t no_hook = static_cast<std::size_t>(-1);
    struct HookRef { // in the order in which they are asked
        HostedPlugin* hosted = nullptr;
        std::size_t index = 0; // no_hook: the plugin is suspended and closed, so it denies
    };
    struct WaitingEvent {
        std::string_view name; // of a literal
        Value data;
        unsigned depth = 0;
        std::string only, except;                  // plugins; empty: all, none
        std::size_t told_place = 0, told_hook = 0; // how far it has come
        bool begun = false;
    };
    struct Marks { // of what a hook may have to give back
        Journal::Mark journal = 0;
        std::size_t actions = 0, events = 0, actions_in_tick = 0;
    };

    // ---- Running hooks (plugin_host.cpp)
    bool may_enter();
    // Runs a hook. If it succeeds the caller looks at the answer and then calls keep() or reject(). If it does not it
    // has left no trace; interrupted_ says that this was not its own doing.
    std::optional<Marks> run(HostedPlugin& hosted, const Hook& hook, std::span<const lua::HookArgument> arguments,
                             lua::HookAnswer* answer = nullptr, lua_State* within = nullptr);
    void keep();
    void reject(HostedPlugin& hosted, const Hook& hook, const Marks& marks, const std::string& why);
    void undo(const Marks& marks);
    Marks marks() const;
    static void count(HookFigure* figure, const lua::Called& called);
    void failed(HostedPlugin& hosted, const std::string& what, const std::string& why, bool at_once);
    void tell_failure(HostedPlugin& hosted, const std::string& message);
    std::span<const HookRef> refs(HookKind kind, std::string_view name);
    static const Hook* hook_of(const HostedPlugin& hosted, HookKind kind, std::string_view name);

    // ---- Starting and suspending (plugin_host_life.cpp)
    void add_plugin(const Plugin& plugin);
    void declare(HostedPlugin& hosted);
    // Whoever had its time and did little with it was held up by the machine: memory that had to be found, another
    // guest on the processor. That is believed excused_max times in a row.
    static constexpr unsigned excused_max = 3;
    static bool held_up(const lua::Called& called);
    // Runs init.lua; why it failed, if it did.
    std::optional<std::string> try_load(HostedPlugin& hosted);
    lua::Called start_once(HostedPlugin& hosted);
    void count_load(HostedPlugin& hosted, const lua::Called& called, std::size_t memory_before);
    bool load(HostedPlugin& hosted);
    void suspend(HostedPlugin& hosted, const std::string& why);
    void resume_due();
    void let_go_of_the_stale();
    void show(const HostedPlugin& hosted);
    void lift_rules(const HostedPlugin& hosted);
    void put_rules_back(const HostedPlugin& hosted);
    void tell_moderators(const HostedPlugin& hosted, std::string_view event, Value::Map more);
    void gauge_memory();

    // ---- Sleeping (plugin_host_sleep.cpp)
    void open_lua();
    void close_lua();
    void load_again(HostedPlugin& hosted);
    std::optional<std::uint64_t> fresh_digest(const HostedPlugin& hosted);

    // ---- Asking (plugin_host_asking.cpp)
    struct Asked {
        ViewerId viewer;
        std::uint32_t sequence = 0;
        bool operator==(const Asked&) const = default;
    };
    std::optional<Outcome> settled(Command& command);
    std::optional<Outcome> decide(std::string_view topic, const Value& ask, const Type* args);
    Outcome command(const Command& command, const PluginCommand& wish);
    std::optional<Outcome> refusal_of(const Command& command, const HostedPlugin& hosted, const CommandSpec& spec,
                                      const std::string& name);
    void signal(const Signal& signal);
    std::string shown_as(const std::string& name, ViewerId viewer);
    Value transform(std::string_view topic, const Type& type, Value value, const Value& ask, lua_State* within);
    Value transform_within(lua_State* state, std::string_view topic, const Type& type, Value value,
                           const Value& ask) override;
    std::optional<std::uint32_t> wait_ticks(const HostedPlugin& hosted, const std::string& key,
                                            const std::optional<AskingRate>& rate, ViewerId viewer);
    Outcome busy() const;
    std::uint32_t retry_ms(std::uint32_t ticks) const;
    Outcome suspended_outcome(const HostedPlugin& hosted) const;
    std::uint32_t roles_of(ViewerId viewer) const;

    // ---- Ticks (plugin_host_ticks.cpp)
    void begin(Tick tick, const Lead& lead);
    void obey(const Input& input);
    void tell(std::string_view event, Value::Map data, std::string only = {}, std::string except = {});
    bool is_heard(std::string_view event);
    void settle(); // room events, and everything that waits to be told
    void tell_waiting();
    bool tell_one(WaitingEvent& event);
    void run_actions();
    Stamp stamp_now() const;
    bool carry_out(const QueuedAction& action);
    bool carry_out(const std::string& plugin, const Action& action, Tick due);
    void carry_out(const std::string& plugin, const ChangeRoles& change);
    void carry_out(const std::string& plugin, const Permit& permit);
    void run_timers();
    void run_periodic();

    // ---- Reload (plugin_host_reload.cpp)
    void forget(const Plugin& plugin);
    void withdraw_undeclared(const HostedPlugin& hosted, const Manifest& before);
    std::vector<EntryKey> unfit_entries(const DeclaredField& field, std::optional<std::string>& lost) const;
    std::expected<void, std::string> bring_over(HostedPlugin& hosted, const Plugin* before);
    std::expected<void, std::string> run_once(HostedPlugin& hosted, HookKind kind,
                                              std::span<const lua::HookArgument> arguments);

    std::shared_ptr<const PluginSet> plugins_;
    PluginContext context_;
    HostRoom host_;
    std::optional<lua::Sandbox> sandbox_; // none while it sleeps
    bool usable_ = false;
    const std::uint32_t sleeps_after_; // ticks without a hook
    std::optional<Tick> sleeps_at_;    // none: no hook has run since it was last tried

    std::array<std::map<std::string, std::vector<HookRef>, std::less<>>, 3> refs_; // decide, transform, on
    std::list<WaitingEvent> waiting_; // nearly always empty, and a deque takes 600 bytes for that
    std::vector<Event> room_events_;  // of this tick, already told
    unsigned depth_ = 0;              // of the action that is being carried out
    std::optional<Tick> next_periodic_;
    std::optional<Tick> ticked_;  // the tick that sandbox_ counts
    std::uint64_t lua_bytes_ = 0; // as it counts in the figures
    bool interrupted_ = false;    // the last hook: its time was used up by others
    Asked asked_again_;           // the last command that has to wait: its rate is counted already
    bool ran_ = false;            // a hook, since garbage was last collected
    bool stale_ = false;          // some plugin is
    bool dropped_events_ = false; // told once
};

} // namespace playhead
