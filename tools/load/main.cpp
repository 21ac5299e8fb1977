#include "director.hpp"

#include <csignal>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

using namespace playhead::load;

namespace {

std::expected<std::string, std::string> read_file(const std::string& path) {
    std::ifstream file(path);
    std::string text{std::istreambuf_iterator<char>(file), {}};
    if (!file) return std::unexpected("cannot read " + path);
    return text;
}

} // namespace

int main(int count, char** values) {
    const std::vector<std::string_view> arguments(values + 1, values + count);
    if (arguments.empty() || arguments[0] == "--help") {
        std::fputs(std::string(usage).c_str(), arguments.empty() ? stderr : stdout);
        return arguments.empty() ? 2 : 0;
    }
    const auto options = parse_options(arguments, read_file);
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
