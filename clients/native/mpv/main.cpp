#include "common/output.hpp"
#include "mpv/bridge.hpp"
#include "mpv/options.hpp"

#include <csignal>
#include <cstdio>
#include <exception>
#include <string>
#include <sys/prctl.h>
#include <vector>

namespace {

using namespace playhead;
using programs::Output;

constexpr int exit_usage = 2;
constexpr std::string_view program = "playhead-mpv";

std::atomic<bool> stop = false;

// SIGINT and SIGTERM are let in only while the bridge sleeps.
void let_signals_stop() {
    sigset_t ending;
    ::sigemptyset(&ending);
    for (const int signal : {SIGINT, SIGTERM}) {
        ::sigaddset(&ending, signal);
        struct sigaction action{};
        action.sa_handler = [](int) { stop = true; };
        ::sigaction(signal, &action, nullptr);
    }
    ::sigprocmask(SIG_BLOCK, &ending, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
}

} // namespace

int main(int count, char** values) {
    const std::vector<std::string_view> arguments{values + (count > 0 ? 1 : 0), values + count};
    const auto options = mpv::parse_options(arguments);
    if (!options) {
        Output::trouble(program, options.error() + "\n\n" + std::string{mpv::usage});
        return exit_usage;
    }
    if (options->help) std::fputs(std::string{mpv::usage}.c_str(), stdout);
    if (options->version) std::fputs("playhead-mpv " PLAYHEAD_VERSION "\n", stdout);
    if (options->help || options->version) return 0;
    std::optional<mpv::OwnCopy> own;
    if (!options->file.empty()) {
        auto copy = mpv::own_copy_at(options->file);
        if (!copy) {
            Output::trouble(program, copy.error());
            return exit_usage;
        }
        own = *std::move(copy);
    }
    let_signals_stop();
    ::prctl(PR_SET_TIMERSLACK, 1); // starts are timed to the millisecond
    try {
        return mpv::Bridge{*options, std::move(own)}.run(stop);
    } catch (const std::exception& error) {
        Output::trouble(program, error.what());
        return mpv::Bridge::exit_lost;
    }
}
