#include "simulation/ward.hpp"

#include <cstdint>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <vector>

namespace playhead::simulation {
namespace {

constexpr const char* manifest = R"(
    grants = { "roles", "kick", "playback" },
    shared = {
      notes = { kind = "map", key = "text", of = "text", size = 30 },
      staff = { kind = "ring", of = "text", size = 10, to = "moderators" },
      seal = { kind = "value", of = "int", to = "owner" },
      pokes = { kind = "counter" },
      line = { kind = "list", of = "int", size = 20 },
      here = { kind = "set", key = "viewer", size = 200 },
    },
    saved = { last = { kind = "value", of = "int" } },
    events = { poked = { of = "int", lossy = true }, noted = { of = "text" } },
    signals = { poke = { args = { n = "int" } } },
    commands = {
      note = { args = { key = { type = "one_of", values = { "a", "b", "c", "d", "e" } }, text = "text:0..200" } },
      drop = { args = { key = { type = "one_of", values = { "a", "b", "c", "d", "e" } } } },
      staff = { args = { text = "text:0..200" } },
      seal = { args = { n = "int" } },
      push = { args = { n = "int", position = "int?" } },
      shift = {},
      promote = { args = { viewer = "viewer" } },
      demote = { args = { viewer = "viewer" } },
      kick = { args = { viewer = "viewer" } },
      fail = { args = { n = "int" } },
      spin = { args = { n = "int" } },
    })";

constexpr const char* code = R"(local P = ...
    local function is_guest(room, viewer)
      return room:viewer(viewer) and not room:has(viewer, "owner")
    end
    P:decide("playback.seek", function(room, ask)
      if ask.viewer and ask.position_s % 10 < 2 then return P.deny("closed", "nobody goes there", { s = 10 }) end
    end)
    P:on("join", function(room, event)
      P.shared.here[event.viewer] = true
      if event.name:sub(1, 1) == "+" then room:grant(event.viewer, "moderator") end
    end)
    P:on("leave", function(room, event) P.shared.here[event.viewer] = nil end)
    P:command("note", function(room, call)
      P.shared.notes[call.args.key] = call.args.text
      P:after(3, "forget " .. call.args.key, call.viewer)
      P:emit("noted", call.args.key)
    end)
    P:command("drop", function(room, call) P.shared.notes[call.args.key] = nil end)
    P:command("staff", function(room, call) P.shared.staff:push(call.args.text) end)
    P:command("seal", function(room, call) P.shared.seal = call.args.n P.saved.last = call.args.n end)
    P:command("push", function(room, call)
      if #P.shared.line >= 15 then P.shared.line:remove((P.shared.line:at(1))) end
      return P.shared.line:add(call.args.n)
    end)
    P:command("shift", function(room, call)
      if #P.shared.line > 1 then P.shared.line:move((P.shared.line:at(1)), room:random(1, #P.shared.line)) end
    end)
    P:command("promote", function(room, call)
      if is_guest(room, call.args.viewer) then room:grant(call.args.viewer, "moderator") end
    end)
    P:command("demote", function(room, call) room:revoke(call.args.viewer, "moderator") end)
    P:command("kick", function(room, call) room:kick(call.args.viewer, "chance") end)
    P:command("fail", function(room, call)
      P.shared.pokes:add(1000)
      P.shared.notes["failed"] = "must not be seen"
      error("on purpose")
    end)
    P:command("spin", function(room, call)
      local sum = 0
      for i = 1, call.args.n do sum = sum + i % 3 end
      return sum
    end)
    P:signal("poke", function(room, call)
      P.shared.pokes:add(1)
      P:emit("poked", call.args.n)
    end)
    for _, key in ipairs({ "a", "b", "c", "d", "e" }) do
      P:on_timer("forget " .. key, function(room, author)
        P.shared.notes[key] = nil
        P.saved.last = author
      end)
    end)";

PluginRequest ward_request(const std::string& version) {
    PluginRequest request;
    request.source.name = "ward";
    request.source.manifest = "return { name = 'ward', version = '" + version + "', api = 1," + manifest + "}";
    request.source.code = code;
    request.source.manifest_path = "ward/plugin.lua";
    request.source.code_path = "ward/init.lua";
    return request;
}

std::string text_of(const std::string& name) {
    std::ifstream file{PLAYHEAD_SHIPPED_PLUGINS "/" + name};
    if (!file) throw std::runtime_error("the world's plugin " + name + " cannot be read");
    return {std::istreambuf_iterator<char>{file}, {}};
}

PluginRequest ready_request() {
    PluginRequest request;
    request.source.name = "ready";
    request.source.manifest = text_of("ready/plugin.lua");
    request.source.code = text_of("ready/init.lua");
    request.source.manifest_path = "ready/plugin.lua";
    request.source.code_path = "ready/init.lua";
    request.settings = sorted_map({{"stalled_timeout_s", Value{std::int64_t{wait_s_max}}}});
    return request;
}

std::shared_ptr<const PluginSet> loaded(const std::vector<PluginRequest>& requests) {
    auto set = load_plugins(requests);
    if (set) return *std::move(set);
    std::string problems = "the world's plugins do not load:";
    for (const std::string& problem : set.error()) problems += "\n" + problem;
    throw std::logic_error(problems);
}

} // namespace

std::shared_ptr<const PluginSet> ward(const std::string& version) { return loaded({ward_request(version)}); }

std::shared_ptr<const PluginSet> ward_that_waits(const std::string& version) {
    return loaded({ward_request(version), ready_request()});
}

} // namespace playhead::simulation
