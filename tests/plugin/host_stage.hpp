#pragma once

#include "plugin/figures.hpp"
#include "plugin/lua_source.hpp"
#include "plugin/plugin_set.hpp"
#include "plugin/plugin_state.hpp"
#include "plugin/ruled_room.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace playhead::test {

// The texts of a plugin: what stands in its manifest beside name, version and api; its init.lua after `local P = ...`.
struct PluginText {
    std::string name;
    std::string manifest;
    std::string code;
    Value settings{};
    std::string version = "1.0.0";
};

inline std::shared_ptr<const PluginSet> set_of(const std::vector<PluginText>& plugins) {
    std::vector<PluginRequest> requests;
    for (const PluginText& text : plugins) {
        PluginSource source;
        source.name = text.name;
        source.manifest = "return { name = \"" + text.name + "\", version = \"" + text.version + "\", api = 1,\n" +
                          text.manifest + "}";
        source.code = "local P = ...\n" + text.code;
        source.manifest_path = text.name + "/plugin.lua";
        source.code_path = text.name + "/init.lua";
        requests.push_back({source, text.settings, {}});
    }
    auto set = load_plugins(requests);
    if (set) return *set;
    std::string problems;
    for (const std::string& problem : set.error()) problems += problem + "\n";
    throw std::runtime_error(problems);
}

// A room with plugins, one input a tick; what plugins logged and told is kept.
class HostStage {
  public:
    explicit HostStage(const std::vector<PluginText>& plugins, std::uint64_t seed = 7, PluginContext context = {})
        : HostStage(set_of(plugins), seed, std::move(context)) {}
    explicit HostStage(std::shared_ptr<const PluginSet> set, std::uint64_t seed = 7, PluginContext context = {})
        : room(Epoch{1}, RoomInfo{.title = "Test", .listed = false}, TickLength{}, std::move(set), seed,
               std::move(context)) {}

    RuledRoom room;
    Tick tick{100};
    Lead lead{.start = Microseconds{0}, .seek = Microseconds{0}, .load = Microseconds{0}};
    std::vector<std::string> failures; // logged
    std::vector<std::string> logs;
    std::vector<PluginEvent> events;
    std::vector<PluginRequestOut> requests; // but for Log
    bool may_sleep = true;

    std::optional<Outcome> step(const std::optional<Input>& input = std::nullopt, std::uint32_t ticks = 1) {
        tick = tick + ticks;
        std::optional<Outcome> outcome;
        if (input) outcome = room.apply(*input, tick, lead);
        finish(ticks);
        return outcome;
    }
    void finish(std::uint32_t ticks = 1) {
        room.advance(tick, ticks - 1, lead);
        room.commit();
        room.take_events();
        for (PluginEvent& event : room.take_plugin_events()) events.push_back(std::move(event));
        for (PluginRequestOut& request : room.take_requests()) {
            if (const auto* log = std::get_if<Log>(&request))
                (log->failure ? failures : logs).push_back(log->message);
            else
                requests.push_back(std::move(request));
        }
        room.collect_garbage();
        if (may_sleep) room.sleep_if_due();
    }
    void run(std::uint32_t ticks) {
        for (std::uint32_t i = 0; i < ticks; ++i) step();
    }
    void seconds(double seconds) { run(static_cast<std::uint32_t>(seconds * 20)); }

    ViewerId join(const std::string& name = "Ann", std::uint32_t roles = 0) {
        const ViewerId viewer{++last_viewer_};
        step(Join{viewer, name, roles});
        return viewer;
    }
    Outcome act(ViewerId viewer, Action action) {
        Command command;
        command.viewer = viewer;
        command.sequence = viewer == ViewerId{0} ? 0 : ++sequences_[viewer];
        command.media = room.state().media.value().instance;
        command.issued.physical = TickLength{}.start_of(tick + 1);
        command.action = std::move(action);
        return *step(command);
    }
    Outcome command(ViewerId viewer, const std::string& plugin, const std::string& name, Value args = {}) {
        return act(viewer, PluginCommand{plugin, name, std::move(args)});
    }
    void signal(ViewerId viewer, const std::string& plugin, const std::string& name, Value args = {}) {
        step(Signal{viewer, plugin, name, std::move(args)});
    }
    void load(double duration_s = 600) {
        act(ViewerId{0}, Load{.kind = MediaKind::file, .url = "/media/film.mp4", .title = "Film"});
        if (room.state().viewers.empty()) return;
        const Microseconds duration{static_cast<std::int64_t>(duration_s * 1e6)};
        step(DurationReport{room.state().viewers.begin()->first, room.state().media.value().instance, duration});
    }

    // What stands in a shared field, as Lua would write it; "nil" for nothing.
    std::string shared(const std::string& plugin, const std::string& field, const EntryKey& key = {}) const {
        const Value* value = room.state().shared.find({plugin, field}, key);
        return value == nullptr ? "nil" : to_lua(*value);
    }
    bool suspended(const std::string& plugin) const {
        const Value* about = room.state().shared.find({plugin, "@plugin"}, {});
        return about != nullptr && about->find("suspended") != nullptr && *about->find("suspended") == Value{true};
    }
    bool playing() const { return room.state().motion.value().intent().playing; }
    // Does a failure contain the text?
    bool failed_with(std::string_view text) const {
        for (const std::string& failure : failures)
            if (failure.contains(text)) return true;
        return false;
    }
    std::string all_failures() const {
        std::string all;
        for (const std::string& failure : failures) all += failure + "\n";
        return all;
    }

  private:
    std::uint32_t last_viewer_ = 0;
    std::map<ViewerId, std::uint32_t> sequences_;
};

inline Value map_of(Value::Map entries) { return sorted_map(std::move(entries)); }

} // namespace playhead::test
