// The configuration that plugins/README.md shows is one that the engine takes.
#include "app/config.hpp"
#include "app/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <string>

using namespace playhead;

namespace {

std::string readme() {
    std::ifstream file{"plugins/README.md", std::ios::binary};
    REQUIRE(file.good());
    return {std::istreambuf_iterator<char>{file}, {}};
}

// The text of the block that begins with the fence ```lua MARKER.
std::string block(const std::string& text, const std::string& marker) {
    const std::string fence = "```lua " + marker + "\n";
    const std::size_t start = text.find(fence);
    REQUIRE_MESSAGE(start != std::string::npos, "no block " << marker);
    const std::size_t end = text.find("```\n", start + fence.size());
    return text.substr(start + fence.size(), end - start - fence.size());
}

} // namespace

TEST_CASE("the configuration of the plugin README runs its first plugin") {
    const std::string text = readme();
    const TemporaryFolder folder;
    for (const char* file : {"plugin.lua", "init.lua", "test.lua"})
        folder.write(std::string{"plugins/intermission/"} + file, block(text, std::string{"intermission/"} + file));
    folder.write("clients/web/dist/index.html", "<html></html>");
    folder.write("var/media/demo.mp4", "");
    folder.write("scripts/my.lua", block(text, "config"));
    const Config config = load_config(folder.path() / "scripts/my.lua");
    REQUIRE(config.plugins != nullptr);
    REQUIRE(config.plugins->size() == 1);
    CHECK(config.plugins->plugins().front().manifest.name == "intermission");
    CHECK(*config.plugins->plugins().front().settings.find("break_s") == Value{std::int64_t{20}});
}
