// What plugins/README.md shows has to work: every block of Lua in it is run.
#include "plugin/annotations.hpp"
#include "plugin/lua_state.hpp"
#include "plugin/test_runner.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

using namespace playhead;

namespace {

const std::string readme_path = "plugins/README.md";

std::string read_file(const std::string& path) {
    std::ifstream file{path, std::ios::binary};
    REQUIRE_MESSAGE(file.good(), path << " cannot be read");
    return {std::istreambuf_iterator<char>{file}, {}};
}

// A fenced block of Lua: what stands behind ```lua, its text, and the number of its first line.
struct Block {
    std::string marker;
    std::string text;
    std::size_t line = 0;
};

std::vector<Block> lua_blocks(const std::string& readme) {
    std::vector<Block> blocks;
    std::istringstream lines{readme};
    bool inside = false;
    std::size_t number = 0;
    for (std::string line; std::getline(lines, line);) {
        ++number;
        if (inside && line == "```")
            inside = false;
        else if (inside)
            blocks.back().text += line + "\n";
        else if (line.starts_with("```lua")) {
            inside = true;
            blocks.push_back({line.size() > 7 ? line.substr(7) : "", "", number + 1});
        }
    }
    return blocks;
}

// One part of an example, such as "other/init.lua", with empty lines before it: so messages name the README's lines.
struct Part {
    std::string text;
    bool empty = true;
};

// The parts by plugin and file. They are headed by comments: "-- init.lua", "-- other/plugin.lua".
std::map<std::string, std::map<std::string, Part>> parts_of(const Block& block) {
    static const std::regex heading{"^-- (?:([a-z_]+)/)?(plugin|init|test)\\.lua$"};
    std::map<std::string, std::map<std::string, Part>> plugins;
    plugins["example"];
    std::istringstream lines{block.text};
    Part* part = nullptr;
    std::size_t number = block.line - 1;
    for (std::string line; std::getline(lines, line);) {
        ++number;
        std::smatch found;
        if (std::regex_match(line, found, heading)) {
            part = &plugins[found[1].matched ? found[1].str() : "example"][found[2].str()];
            part->text = std::string(number, '\n');
            part->empty = false;
        } else {
            REQUIRE_MESSAGE(part != nullptr, readme_path << ":" << number << ": stands before any \"-- init.lua\"");
            part->text += line + "\n";
        }
    }
    return plugins;
}

// Puts `before` where the text's first line begins, on that line, and `after` behind its end.
std::string wrapped(const Part& part, const std::string& before, const std::string& after) {
    if (part.empty) return before + after;
    const std::size_t start = part.text.find_first_not_of('\n');
    if (start == std::string::npos) return before + after;
    return part.text.substr(0, start) + before + part.text.substr(start) + after;
}

PluginSource source_of(const std::string& name, std::map<std::string, Part>& parts) {
    PluginSource source{.name = name,
                        .manifest = "",
                        .code = "",
                        .test = "",
                        .manifest_path = readme_path,
                        .code_path = readme_path,
                        .test_path = readme_path};
    source.manifest =
        wrapped(parts["plugin"], "return { name = \"" + name + "\", version = \"1.0.0\", api = 1, ", "}\n");
    source.code = wrapped(parts["init"], "local P = ...; ", "");
    const bool own_room = parts["test"].text.contains("\nr = T.room{");
    const std::string room = own_room ? "local r, ann, bob; "
                                      : "local r = T.room{ plugins = { example = {} }, media = { duration_s = 600 } }; "
                                        "local ann = r:join{ name = \"Ann\", roles = { \"owner\" } }; "
                                        "local bob = r:join{ name = \"Bob\" }; ";
    source.test = wrapped(parts["test"], "local T = ...; T.test(\"it works\", function() " + room, " end)\n");
    return source;
}

FindPlugin among(const std::vector<PluginSource>& sources) {
    return [&sources](std::string_view name) -> std::expected<PluginSource, std::string> {
        for (const PluginSource& source : sources)
            if (source.name == name) return source;
        return std::unexpected("there is no plugin called " + std::string{name});
    };
}

// All examples in one text: what is mentioned in it is shown at work.
std::string all_examples(const std::string& readme) {
    std::string text;
    for (const Block& block : lua_blocks(readme)) text += block.text;
    return text;
}

} // namespace

TEST_CASE("every example in the README does what it says") {
    std::size_t examples = 0;
    for (const Block& block : lua_blocks(read_file(readme_path))) {
        if (block.marker != "example") continue;
        ++examples;
        std::vector<PluginSource> sources;
        for (auto& [name, parts] : parts_of(block)) sources.push_back(source_of(name, parts));
        const auto example = among(sources)("example");
        const PluginTestReport report = run_plugin_tests(*example, among(sources));
        CHECK_MESSAGE(report.failed == 0, readme_path << ":" << block.line << "\n" << report.text);
        CHECK_MESSAGE(report.passed == 1, readme_path << ":" << block.line << "\n" << report.text);
        CHECK_MESSAGE(report.never_ran.empty(), readme_path << ":" << block.line << " shows what it never runs\n"
                                                            << report.text);
    }
    CHECK(examples > 40);
}

TEST_CASE("the first plugin of the README passes its tests") {
    std::map<std::string, PluginSource> plugins;
    for (const Block& block : lua_blocks(read_file(readme_path))) {
        const std::size_t slash = block.marker.find('/');
        if (slash == std::string::npos) continue;
        PluginSource& source = plugins[block.marker.substr(0, slash)];
        source.name = block.marker.substr(0, slash);
        const std::string file = block.marker.substr(slash + 1);
        REQUIRE(std::set<std::string>{"plugin.lua", "init.lua", "test.lua"}.contains(file));
        (file == "plugin.lua" ? source.manifest : file == "init.lua" ? source.code : source.test) = block.text;
        (file == "plugin.lua" ? source.manifest_path
         : file == "init.lua" ? source.code_path
                              : source.test_path) = block.marker;
    }
    REQUIRE(plugins.size() == 1);
    const std::vector<PluginSource> none;
    const PluginTestReport report = run_plugin_tests(plugins.begin()->second, among(none));
    CHECK_MESSAGE(report.failed == 0, report.text);
    CHECK(report.passed == 4);
    CHECK_MESSAGE(report.never_ran.empty(), report.text);
}

TEST_CASE("no block of Lua in the README is left unrun") {
    for (const Block& block : lua_blocks(read_file(readme_path))) {
        const bool runs = block.marker == "example" || block.marker.starts_with("intermission/");
        // The configuration is read by tests/app; here it only has to be Lua.
        if (block.marker == "config")
            CHECK(run_script(block.text, "README").has_value());
        else
            CHECK_MESSAGE(runs, readme_path << ":" << block.line << ": ```lua " << block.marker);
    }
}

TEST_CASE("the README has an example of every function and event that the annotations list") {
    const std::string examples = all_examples(read_file(readme_path));
    const std::string api{api_annotations()};
    static const std::regex function{"\nfunction (room|P|counter|limiter|store)([:.])([a-z_]+)\\("};
    std::size_t functions = 0;
    for (std::sregex_iterator at{api.begin(), api.end(), function}, end; at != end; ++at) {
        ++functions;
        const std::string object = (*at)[1].str();
        const std::string call = (object == "room" || object == "P" ? object : "") + (*at)[2].str() + (*at)[3].str();
        CHECK_MESSAGE((examples.contains(call + "(") || examples.contains(call + "{")),
                      "no example of " << (*at)[0].str());
    }
    CHECK(functions > 40);
    static const std::regex overload{"@overload fun\\(self: playhead.Plugin, event: ([^,]+), hook"};
    static const std::regex quoted{"\"([a-z_]+)\""};
    for (std::sregex_iterator at{api.begin(), api.end(), overload}, end; at != end; ++at) {
        const std::string names = (*at)[1].str();
        for (std::sregex_iterator name{names.begin(), names.end(), quoted}; name != end; ++name)
            CHECK_MESSAGE(examples.contains("P:on(" + (*name)[0].str()),
                          "no example of the event " << (*name)[1].str());
    }
}

TEST_CASE("the README has an example of everything that tests can use") {
    const std::string examples = all_examples(read_file(readme_path));
    const std::string api = read_file("engine/plugin/test_api.lua");
    static const std::regex function{"\nfunction (T\\.[a-z_]+)\\("};
    std::size_t functions = 0;
    for (std::sregex_iterator at{api.begin(), api.end(), function}, end; at != end; ++at) {
        ++functions;
        CHECK_MESSAGE((examples.contains((*at)[1].str() + "(") || examples.contains((*at)[1].str() + "{")),
                      "no example of " << (*at)[1].str());
    }
    CHECK(functions >= 8);
}
