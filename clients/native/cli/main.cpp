#include "cli/options.hpp"
#include "cli/run.hpp"
#include "common/output.hpp"

#include <csignal>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

namespace {

using namespace playhead;
using Verb = cli::Options::Verb;

std::atomic<bool> stop = false;

void let_signals_stop() {
    struct sigaction action{};
    action.sa_handler = [](int) { stop = true; };
    for (const int signal : {SIGINT, SIGTERM}) ::sigaction(signal, &action, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
}

} // namespace

int main(int count, char** values) {
    const std::vector<std::string_view> arguments{values + (count > 0 ? 1 : 0), values + count};
    const auto options = cli::parse_options(arguments);
    if (!options) {
        programs::Output::trouble("playhead-cli", options.error() + "\n\n" + std::string{cli::usage});
        return cli::exit_usage;
    }
    let_signals_stop();
    try {
        switch (options->verb) {
        case Verb::help: std::fputs(std::string{cli::usage}.c_str(), stdout); return cli::exit_ok;
        case Verb::version: std::fputs("playhead-cli " PLAYHEAD_VERSION "\n", stdout); return cli::exit_ok;
        case Verb::rooms:
        case Verb::create: return cli::run_on_server(*options);
        default: return cli::run_in_room(*options, stop);
        }
    } catch (const std::exception& error) {
        programs::Output::trouble("playhead-cli", error.what());
        return cli::exit_no_room;
    }
}
