#include "app/command_line.hpp"
#include "app/config.hpp"
#include "app/log_sink.hpp"
#include "app/plugin_commands.hpp"
#include "app/server.hpp"

#include <spdlog/spdlog.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fcntl.h>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <unistd.h>
#include <vector>

namespace {

using playhead::exit_environment;
using playhead::exit_ok;
using playhead::exit_usage;
constexpr std::string_view version = PLAYHEAD_VERSION;

void say(std::FILE* where, std::string_view text) { std::fwrite(text.data(), 1, text.size(), where); }

// Where one of the three standard descriptors is closed, the first socket would get its number, and the log with it.
void open_standard_descriptors() {
    int descriptor = 0;
    while (descriptor >= 0 && descriptor <= STDERR_FILENO) descriptor = ::open("/dev/null", O_RDWR);
    if (descriptor > STDERR_FILENO) ::close(descriptor);
}

// Limits keep it from coming to this, if there is as much memory as they add up to. If there is not, an engine that
// ends at once and is started again is worth more than one that has lost a thread. (Nothing here catches
// std::bad_alloc.)
[[noreturn]] void out_of_memory() {
    playhead::write_without_waiting(STDERR_FILENO,
                                    "playhead: out of memory; give it more, or lower the limits in its config\n");
    std::_Exit(exit_environment);
}

void start_logging(const std::string& level) {
    std::signal(SIGPIPE, SIG_IGN); // of whoever read the log and is gone
    spdlog::set_default_logger(
        std::make_shared<spdlog::logger>("app", std::make_shared<playhead::LogSink>(STDERR_FILENO)));
    spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %^%l%$ %n %v", spdlog::pattern_time_type::utc);
    spdlog::set_level(spdlog::level::from_str(level));
}

// Every viewer is a descriptor; the usual soft limit of 1,024 is for programs that use select().
void allow_many_descriptors() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

int run_and_say(const playhead::CommandLine& wanted) {
    const playhead::Said said = playhead::run_plugin_command(wanted);
    say(stdout, said.out);
    say(stderr, said.err);
    return said.exit_code;
}

// What the script says, with what the command line says instead.
playhead::Config load(const playhead::CommandLine& wanted) {
    playhead::Config config = playhead::load_config(wanted.config);
    if (wanted.listen) {
        config.http.host = wanted.listen->host;
        config.http.port = wanted.listen->port;
    }
    return config;
}

int run(const playhead::CommandLine& wanted) {
    const playhead::Config config = load(wanted);
    if (wanted.mode == playhead::CommandLine::Mode::check) {
        say(stdout, playhead::effective_config(config));
        return exit_ok;
    }
    start_logging(config.log_level);
    allow_many_descriptors();
    playhead::Server server{config, std::string{version}, [&wanted] { return load(wanted); }};
    server.run();
    return exit_ok;
}

} // namespace

int main(int argument_count, char** argument_values) {
    open_standard_descriptors();
    std::set_new_handler(out_of_memory);
    const std::vector<std::string_view> arguments{argument_values + (argument_count > 0 ? 1 : 0),
                                                  argument_values + argument_count};
    try {
        const auto wanted = playhead::parse_command_line(arguments);
        if (!wanted) {
            say(stderr, "playhead: " + wanted.error() + "\n\n" + std::string{playhead::usage});
            return exit_usage;
        }
        using Mode = playhead::CommandLine::Mode;
        if (wanted->mode == Mode::help) say(stdout, playhead::usage);
        if (wanted->mode == Mode::version) say(stdout, "playhead " + std::string{version} + "\n");
        if (wanted->mode == Mode::help || wanted->mode == Mode::version) return exit_ok;
        const bool runs = wanted->mode == Mode::run || wanted->mode == Mode::check;
        return runs ? run(*wanted) : run_and_say(*wanted);
    } catch (const playhead::ConfigError& error) {
        say(stderr, "playhead: " + std::string{error.what()} + "\n");
        return exit_usage;
    } catch (const std::exception& error) {
        say(stderr, "playhead: " + std::string{error.what()} + "\n");
        return exit_environment;
    }
}
