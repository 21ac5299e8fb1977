#include "mpv/connection.hpp"

#include "playhead/room.hpp"

#include <array>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace playhead::mpv {
namespace {

constexpr std::size_t read_bytes = 16 * 1024;

std::string words_of(int error) { return std::generic_category().message(error); }

timespec timespec_of(double ms) {
    const double whole = std::floor(ms / 1000);
    return {.tv_sec = static_cast<time_t>(whole), .tv_nsec = static_cast<long>((ms - whole * 1000) * 1e6)};
}

} // namespace

std::expected<std::unique_ptr<Connection>, std::string> Connection::open(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        return std::unexpected("the path of the socket is longer than " + std::to_string(sizeof address.sun_path - 1) +
                               " bytes");
    std::memcpy(address.sun_path, path.data(), path.size());
    const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (socket < 0) return std::unexpected(words_of(errno));
    // A local connect() does not wait, except for a full queue of callers (EAGAIN).
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        const int error = errno;
        ::close(socket);
        return std::unexpected(words_of(error));
    }
    return std::make_unique<Connection>(socket);
}

Connection::~Connection() {
    if (socket_ >= 0) ::close(socket_);
}

double Connection::now_ms() const { return client::local_now_ms(); }

std::uint64_t Connection::send(const Value::List& command) {
    const std::uint64_t request = ++last_request_;
    if (socket_ < 0) return request;
    unsent_ += request_line(request, command);
    flush();
    if (unsent_.size() > unsent_bytes_max) fail("mpv does not read what it is told");
    return request;
}

void Connection::flush() {
    while (socket_ >= 0 && !unsent_.empty()) {
        const ssize_t sent = ::send(socket_, unsent_.data(), unsent_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0) {
            unsent_.erase(0, static_cast<std::size_t>(sent));
        } else if (errno == EAGAIN) {
            return;
        } else if (errno != EINTR) {
            return fail("the connection to mpv broke: " + words_of(errno));
        }
    }
}

std::vector<Message> Connection::listen(std::uint64_t request, double wait_ms) {
    const double until_ms = now_ms() + wait_ms;
    auto answered = [&, seen = std::size_t{0}]() mutable {
        for (; seen < messages_.size(); ++seen) {
            const Reply* reply = std::get_if<Reply>(&messages_[seen]);
            if (reply != nullptr && reply->request == request) return true;
        }
        return false;
    };
    flush();
    read();
    while (socket_ >= 0 && request != 0 && !answered()) {
        const double left_ms = until_ms - now_ms();
        if (left_ms <= 0) break;
        pollfd wanted{.fd = socket_, .events = POLLIN, .revents = 0};
        const timespec left = timespec_of(left_ms);
        if (::ppoll(&wanted, 1, &left, nullptr) > 0) read();
    }
    return std::exchange(messages_, {});
}

void Connection::read() {
    std::array<char, read_bytes> bytes; // NOLINT(*-member-init): read into
    while (socket_ >= 0) {
        const ssize_t size = ::recv(socket_, bytes.data(), bytes.size(), MSG_DONTWAIT);
        if (size == 0) return fail("mpv has closed the connection");
        if (size < 0) {
            if (errno == EINTR) continue;
            if (errno != EAGAIN) fail("the connection to mpv broke: " + words_of(errno));
            return;
        }
        if (const auto added = lines_.add({bytes.data(), static_cast<std::size_t>(size)}); !added)
            return fail("mpv sends what cannot be read: " + added.error());
        while (const auto line = lines_.next()) {
            auto message = read_message(*line);
            if (!message) return fail("mpv sends what cannot be read: " + message.error());
            if (messages_.size() == messages_max) return fail("mpv sends more than anybody reads");
            messages_.push_back(*std::move(message));
        }
        if (static_cast<std::size_t>(size) < bytes.size()) return;
    }
}

void Connection::fail(std::string why) {
    if (socket_ < 0) return;
    ::close(socket_);
    socket_ = -1;
    fault_ = std::move(why);
    unsent_.clear();
}

} // namespace playhead::mpv
