#pragma once

#include "plugin/plugin_set.hpp"

#include <cstddef>
#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace playhead {

// What a run of one plugin's tests found.
struct PluginTestReport {
    struct Case {
        std::string name;
        std::vector<std::string> failures; // none: it passed; the first begins with its file:line
    };
    std::vector<Case> cases;
    std::vector<std::string> problems;  // outside any test: a manifest that lies, a test.lua that does not load
    std::vector<std::string> never_ran; // what the plugin registers and no test made run: "command say", "on join"
    std::size_t registered = 0;         // how many it registers in all

    std::size_t passed = 0;
    std::size_t failed = 0; // cases, and one for each problem
    // For people: a line for each case, its failures under it, at the end what never ran. Ends with a newline.
    std::string text;
};

// Gives the plugin of that name, or why it cannot be had.
using FindPlugin = std::function<std::expected<PluginSource, std::string>(std::string_view name)>;

// Runs the test.lua of one plugin in virtual time: rooms that really run its code, no clock, no sleeps, no files.
// After every test a late joiner's snapshot is compared with what a present viewer has, hash included, for each
// audience, and no plugin may have failed without the test having asked for it (plugins/README.md, "Testing").
//   `find`    the plugins that T.room may name besides the tested one; usually in the folders next to its own. Asked
//             only when a room names one: a broken neighbour does no harm.
//   Errors:   none of its own: whatever goes wrong is in the report.
//   Thread:   none of its own. The same sources always give the same report.
PluginTestReport run_plugin_tests(const PluginSource& plugin, const FindPlugin& find);

// The last line of a run, which tools/test_counts.py reads: "12 passed, 0 failed".
std::string test_summary(std::size_t passed, std::size_t failed);

} // namespace playhead
