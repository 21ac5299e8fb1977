#include "director.hpp"

#include <csignal>
#include <cstdio>
#include <exception>
#include <string_view>
#include <vector>

using namespace playhead::load;

int main(int count, char** values) {
    const std::vector<std::string_view> arguments(values + 1, values + count);
    if (arguments.empty() || arguments[0] == "--help") {
        std::fputs(std::string(usage).c_str(), arguments.empty() ? stderr : stdout);
        return arguments.empty() ? 2 : 0;
    }
    const auto options = parse_options(arguments);
    if (!options) {
        std::fprintf(stderr, "playhead-load: %s\n", options.error().c_str());
        return 2;
    }
    try {
        ::signal(SIGPIPE, SIG_IGN);
        return Director(*options).run();
    } catch (const std::exception& error) {
        std::fprintf(stderr, "playhead-load: %s\n", error.what());
        return 1;
    }
}
