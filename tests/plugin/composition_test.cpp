// The plugins of plugins/: their own tests, as `playhead test` runs them, and several of them in one room.
#include "plugin/test_runner.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

using namespace playhead;

namespace {

std::string read_file(const std::string& path) {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

std::expected<PluginSource, std::string> find(std::string_view name) {
    const std::string folder = "plugins/" + std::string{name} + "/";
    PluginSource source{.name = std::string{name},
                        .manifest = read_file(folder + "plugin.lua"),
                        .code = read_file(folder + "init.lua"),
                        .test = read_file(folder + "test.lua"),
                        .manifest_path = folder + "plugin.lua",
                        .code_path = folder + "init.lua",
                        .test_path = folder + "test.lua"};
    if (source.manifest.empty()) return std::unexpected("there is no " + source.manifest_path);
    return source;
}

} // namespace

TEST_CASE("the tests of every plugin pass, and make each of its hooks run") {
    for (const char* name :
         {"roles", "host_control", "chat", "reactions", "cursors", "queue", "ready", "vote", "presence", "schedule"}) {
        CAPTURE(name);
        const auto source = find(name);
        REQUIRE(source);
        const PluginTestReport report = run_plugin_tests(*source, find);
        CHECK_MESSAGE(report.failed == 0, report.text);
        CHECK(report.passed > 0);
        for (const std::string& hook : report.never_ran) FAIL_CHECK(name << ": no test makes this run: " << hook);
    }
}

TEST_CASE("plugins compose in one room, also with each suspended in turn") {
    auto source = find("host_control");
    REQUIRE(source);
    source->test_path = "tests/plugin/composition.lua";
    source->test = read_file(source->test_path);
    REQUIRE(!source->test.empty());
    const PluginTestReport report = run_plugin_tests(*source, find);
    CHECK_MESSAGE(report.failed == 0, report.text);
    CHECK(report.passed > 10);
}
