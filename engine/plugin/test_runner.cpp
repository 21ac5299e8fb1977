#include "plugin/test_runner.hpp"

#include "plugin/lua_test_api.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace playhead {
namespace {

// Which of what a plugin registers has run in any room of any test.
class Coverage {
  public:
    explicit Coverage(std::string plugin) : plugin_(std::move(plugin)) {}

    void add(const std::vector<HookCalls>& hooks) {
        for (const HookCalls& hook : hooks)
            if (hook.plugin == plugin_) ran_[hook.kind + " " + hook.name] |= hook.calls > 0;
    }
    std::size_t registered() const { return ran_.size(); }
    std::vector<std::string> never_ran() const {
        std::vector<std::string> names;
        for (const auto& [name, ran] : ran_)
            if (!ran) names.push_back(name);
        return names;
    }

  private:
    std::string plugin_;
    std::map<std::string, bool> ran_;
};

std::string indented(const std::string& message) {
    std::string text;
    for (const char c : message) {
        text += c;
        if (c == '\n') text += "        ";
    }
    return "        " + text + "\n";
}

std::string list_of(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
    return text;
}

void write_text(const PluginSource& plugin, PluginTestReport& report) {
    std::string& text = report.text;
    text = plugin.test_path + "\n";
    for (const std::string& problem : report.problems) text += "  FAIL\n" + indented(problem);
    for (const auto& test : report.cases) {
        text += (test.failures.empty() ? "  ok    " : "  FAIL  ") + test.name + "\n";
        for (const std::string& failure : test.failures) text += indented(failure);
    }
    if (report.registered > 0) {
        text += "  " + std::to_string(report.registered - report.never_ran.size()) + " of " +
                std::to_string(report.registered) + " hooks ran";
        text += report.never_ran.empty() ? "\n" : "; never: " + list_of(report.never_ran) + "\n";
    }
    text += "  " + plugin.name + ": " + test_summary(report.passed, report.failed) + "\n";
}

} // namespace

PluginTestReport run_plugin_tests(const PluginSource& plugin, const FindPlugin& find) {
    const FindPlugin find_all = [&](std::string_view name) -> std::expected<PluginSource, std::string> {
        if (name == plugin.name) return plugin;
        return find(name);
    };
    PluginTestReport report;
    Coverage coverage{plugin.name};
    TestScript script{find_all};
    const auto names = script.load(plugin);
    if (!names) {
        report.problems.push_back(names.error());
    } else if (names->empty()) {
        report.problems.push_back(plugin.test_path +
                                  ": there are no tests in it; expected T.test(\"a sentence\", function() ... end)");
    } else {
        for (std::size_t i = 0; i < names->size(); ++i) {
            PluginTestReport::Case& test = report.cases.emplace_back((*names)[i], std::vector<std::string>{});
            if (auto failure = script.run(i)) test.failures.push_back(*std::move(failure));
            for (const auto& room : script.rooms()) {
                std::ranges::move(room->faults(), std::back_inserter(test.failures));
                coverage.add(room->hooks());
            }
        }
    }
    report.registered = coverage.registered();
    report.never_ran = coverage.never_ran();
    const auto failed = std::ranges::count_if(report.cases, [](const auto& test) { return !test.failures.empty(); });
    report.failed = static_cast<std::size_t>(failed) + report.problems.size();
    report.passed = report.cases.size() - static_cast<std::size_t>(failed);
    write_text(plugin, report);
    return report;
}

std::string test_summary(std::size_t passed, std::size_t failed) {
    return std::to_string(passed) + " passed, " + std::to_string(failed) + " failed";
}

} // namespace playhead
