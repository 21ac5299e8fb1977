#include "app/config.hpp"

#include "fuzz/targets.hpp"

#include <string_view>

namespace playhead::fuzz {

// Any text as a config script: what is taken, printed and read again is the same config. Its plugins are looked for in
// a folder that is not there.
void fuzz_config(ByteView input) {
    const std::string_view text{reinterpret_cast<const char*>(input.data()), input.size()};
    const std::filesystem::path script = "/nowhere/config.lua";
    try {
        Config config = parse_config(text, script);
        config.admin_token = config.http.admin_token = {}; // secrets are not printed
        const std::string printed = effective_config(config);
        must(effective_config(parse_config(printed, script)) == printed, "what is printed is the same config");
    } catch (const ConfigError& error) {
        must(std::string_view{error.what()}.find("config.lua") != std::string_view::npos, "a refusal names the file");
    }
}

} // namespace playhead::fuzz
