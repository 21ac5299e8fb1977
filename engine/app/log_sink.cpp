#include "app/log_sink.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <poll.h>
#include <string>
#include <unistd.h>

namespace playhead {
namespace {

// A pipe says that it is writable when this much fits (pipe(7)); sockets and terminals want less.
constexpr std::size_t piece_bytes_max = PIPE_BUF;

constexpr std::string_view colour_end = "\033[m";
std::string_view colour_of(spdlog::level::level_enum level) {
    switch (level) {
    case spdlog::level::warn: return "\033[33m\033[1m";
    case spdlog::level::err:
    case spdlog::level::critical: return "\033[31m\033[1m";
    case spdlog::level::info: return "\033[32m";
    default: return "\033[36m";
    }
}

} // namespace

// The descriptor is shared with other programs (a terminal, the pipe of a service manager), so it is not made
// non-blocking.
bool write_without_waiting(int descriptor, std::string_view text) {
    while (!text.empty()) {
        pollfd ready{descriptor, POLLOUT, 0};
        if (::poll(&ready, 1, 0) < 1 || (ready.revents & POLLOUT) == 0) return false;
        const ssize_t written = ::write(descriptor, text.data(), std::min(text.size(), piece_bytes_max));
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

LogSink::LogSink(int descriptor) : descriptor_(descriptor), coloured_(::isatty(descriptor) == 1) {}

void LogSink::sink_it_(const spdlog::details::log_msg& message) {
    if (lost_ > 0) {
        const std::string text = fmt::format("lines_lost={} (nobody took them)", lost_);
        if (!put({message.time, {}, "app", spdlog::level::warn, text})) {
            ++lost_;
            return;
        }
        lost_ = 0;
    }
    if (!put(message)) ++lost_;
}

bool LogSink::put(const spdlog::details::log_msg& message) {
    spdlog::memory_buf_t formatted;
    formatter_->format(message, formatted);
    const std::string_view line{formatted.data(), formatted.size()};
    if (!coloured_ || message.color_range_end <= message.color_range_start)
        return write_without_waiting(descriptor_, line);
    const std::string_view level =
        line.substr(message.color_range_start, message.color_range_end - message.color_range_start);
    return write_without_waiting(descriptor_, fmt::format("{}{}{}{}{}", line.substr(0, message.color_range_start),
                                                          colour_of(message.level), level, colour_end,
                                                          line.substr(message.color_range_end)));
}

} // namespace playhead
