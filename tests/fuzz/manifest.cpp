#include "fuzz/targets.hpp"
#include "plugin/plugin_set.hpp"

#include <string>

namespace playhead::fuzz {

// Any text as a plugin's plugin.lua.
void fuzz_manifest(ByteView input) {
    PluginRequest request;
    request.source.name = "fuzz";
    request.source.manifest.assign(reinterpret_cast<const char*>(input.data()), input.size());
    request.source.manifest_path = "fuzz/plugin.lua";
    request.source.code_path = "fuzz/init.lua";
    const auto set = load_plugins({request});
    if (!set) {
        must(!set.error().empty(), "a refusal has a reason");
        for (const std::string& line : set.error())
            must(line.find("fuzz") != std::string::npos && line.find('\n') == std::string::npos,
                 "each mistake is a line that says where");
        return;
    }
    must((*set)->size() == 1 && (*set)->plugins()[0].manifest.name == "fuzz", "a plugin has its folder's name");
    const auto again = load_plugins({request});
    must(again && (*again)->plugins()[0].manifest == (*set)->plugins()[0].manifest, "a text means one thing");
}

} // namespace playhead::fuzz
