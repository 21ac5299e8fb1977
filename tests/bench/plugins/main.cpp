// What rooms with plugins cost, the figures that `tests/bench/README.md` ("Plugins") holds them to. Each part runs in a
// process of its own; the last line is one flat JSON object.
#include "parts.hpp"

#include <spdlog/spdlog.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>
#include <system_error>

using namespace playhead::bench;

namespace {

struct Part {
    std::string name;
    void (*work)(Results&, const Size&);
};

const Part parts[] = {
    {"bare", bare_lua},           {"cold", cold_rooms},       {"cold-without", cold_rooms_without_plugins},
    {"periodic", periodic_rooms}, {"beginnings", beginnings}, {"talk", talk},
    {"budget", budget},           {"live", live_rooms},       {"attacks", attacks}};

int* number_of(Size& size, std::string_view option) {
    if (option == "--rooms") return &size.rooms;
    if (option == "--live-s") return &size.live_s;
    if (option == "--wide-viewers") return &size.wide_viewers;
    if (option == "--beside-wide-s") return &size.beside_wide_s;
    return nullptr;
}

bool read_whole(std::string_view text, int& number) {
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    return failed == std::errc{} && end == text.data() + text.size() && number > 0;
}

int usage() {
    std::fprintf(stderr, "usage: tests/bench/run plugins [--quick] [--only PART] [--rooms N] [--live-s S] "
                         "[--wide-viewers N] [--beside-wide-s S]; numbers are whole and above 0; parts:");
    for (const Part& part : parts) std::fprintf(stderr, " %s", part.name.c_str());
    std::fprintf(stderr, "\n");
    return 2;
}

} // namespace

int main(int count, char** arguments) {
    Size size;
    std::string only;
    for (int i = 1; i < count; ++i) {
        const std::string_view argument = arguments[i];
        if (argument == "--quick") {
            size = {.rooms = 1000, .live_s = 10, .beside_wide_s = 10, .all_attacks = false};
        } else if (int* number = number_of(size, argument); number != nullptr && i + 1 < count) {
            if (!read_whole(arguments[++i], *number)) return usage();
        } else if (argument == "--only" && i + 1 < count) {
            only = arguments[++i];
        } else {
            return usage();
        }
    }
    spdlog::set_level(spdlog::level::err); // plugins that fail are the point of some
    Results results;
    for (const Part& part : parts)
        if (only.empty() || part.name == only)
            results.add(apart(part.name, [&](Results& found) { part.work(found, size); }));
    if (results.values().empty()) {
        std::fprintf(stderr, "there is no part '%s'\n", only.c_str());
        return 2;
    }
    if (results["room_kib_10_plugins"] > 0 && results["baseline_bare_state_kib"] > 0)
        results.add("room_kib_to_bare_state_ratio",
                    results["room_kib_10_plugins"] / results["baseline_bare_state_kib"]);
    results.print();
}
