#include "app/new_plugin.hpp"

#include "app/plugin_folder.hpp"

#include <string>

namespace playhead {
namespace {

// NAME stands for the plugin's name.
constexpr std::string_view manifest_template =
    R"LUA(-- What NAME is and what it declares. The engine checks all of it before init.lua runs, and again whatever viewers send.
-- plugins/README.md lists every key.
return {
  name = "NAME", -- as its folder
  version = "0.1.0",
  api = 1,
  description = "Applause",

  -- What an operator may set, within bounds: plugins = { NAME = { most = 50 } } in the config.
  settings = {
    most = { type = "int", min = 1, max = 1000, default = 100, description = "how far it counts" },
  },

  -- State that everyone in the room sees, and whoever joins later gets too.
  shared = {
    claps = { kind = "counter" },
    last = { kind = "value", of = "viewer?", description = "who clapped last" },
  },

  -- What viewers may ask for, with types, a rate for each viewer, and who may.
  commands = {
    clap = {
      args = { times = "int:1..5" },
      permission = "NAME.clap",
      rate = { per_s = 2, burst = 5 },
      description = "returns { total = how many there are }",
    },
  },

  permissions = {
    ["NAME.clap"] = "applaud",
  },
}
)LUA";

constexpr std::string_view code_template =
    R"LUA(-- The rules. This file runs when a room starts the plugin, and says what is called when.
-- With `playhead annotations FOLDER_OF_PLUGINS` an editor completes everything behind P.
---@type playhead.NAME
local P = ...

-- A viewer asks. What is returned is the answer; P.deny(code, message, data) refuses.
P:command("clap", function(room, call)
  local total = P.shared.claps:get() + call.args.times
  if total > P.settings.most then
    return P.deny("enough", "that was enough applause", { most = P.settings.most })
  end
  P.shared.claps:set(total)
  P.shared.last = call.viewer
  return { total = total }
end)

-- Something has happened. An error here undoes what the hook wrote, is logged, and leaves the room as it was.
P:on("leave", function(room, event)
  if P.shared.last == event.viewer then
    P.shared.last = nil
  end
end)
)LUA";

constexpr std::string_view test_template =
    R"LUA(-- `playhead test FOLDER/NAME` runs this in virtual time. After each test the runner also joins late and compares.
local T = ...

T.test("applause adds up, and everyone sees who clapped last", function()
  local r = T.room{ plugins = { NAME = {} } }
  local ann, bob = r:join{ name = "Ann" }, r:join{ name = "Bob" }
  T.eq(ann:command("NAME", "clap", { times = 2 }).data, { total = 2 })
  T.ok(bob:command("NAME", "clap", { times = 3 }))
  T.eq(ann.shared.NAME.claps, 5)
  T.eq(ann.shared.NAME.last, bob.id)
end)

T.test("it ends at what is set", function()
  local r = T.room{ plugins = { NAME = { most = 3 } } }
  local ann = r:join{ name = "Ann" }
  T.refused(ann:command("NAME", "clap", { times = 4 }), "enough")
  T.eq(r.shared.NAME.claps, 0)
end)

T.test("whoever leaves is not the last to have clapped", function()
  local r = T.room{ plugins = { NAME = {} } }
  local ann, bob = r:join{ name = "Ann" }, r:join{ name = "Bob" }
  ann:command("NAME", "clap", { times = 1 })
  ann:leave()
  T.eq(bob.shared.NAME.last, nil)
end)
)LUA";

std::string filled(std::string_view text, std::string_view name) {
    constexpr std::string_view mark = "NAME";
    std::string result{text};
    for (std::size_t at = result.find(mark); at != std::string::npos; at = result.find(mark, at + name.size()))
        result.replace(at, mark.size(), name);
    return result;
}

} // namespace

PluginSource new_plugin(std::string_view name) {
    const std::string folder{name};
    return {.name = folder,
            .manifest = filled(manifest_template, name),
            .code = filled(code_template, name),
            .test = filled(test_template, name),
            .manifest_path = folder + "/" + std::string{manifest_file},
            .code_path = folder + "/" + std::string{code_file},
            .test_path = folder + "/" + std::string{test_file}};
}

} // namespace playhead
