#include "lib/transport/name_lookup.hpp"

#include <array>
#include <atomic>
#include <netdb.h>
#include <sys/socket.h>
#include <system_error>
#include <thread>
#include <utility>

namespace playhead::client {
namespace {

constexpr std::size_t addresses_max = 16;

using Answer = std::expected<std::vector<std::string>, std::string>;

Answer look_up(const std::string& host) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (const int failure = ::getaddrinfo(host.c_str(), nullptr, &hints, &found); failure != 0)
        return std::unexpected("the host '" + host + "' is not known: " + ::gai_strerror(failure));
    std::vector<std::string> addresses;
    for (const addrinfo* entry = found; entry && addresses.size() < addresses_max; entry = entry->ai_next) {
        std::array<char, NI_MAXHOST> text{};
        if (::getnameinfo(entry->ai_addr, entry->ai_addrlen, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) == 0)
            addresses.emplace_back(text.data());
    }
    ::freeaddrinfo(found);
    if (addresses.empty()) return std::unexpected("the host '" + host + "' has no address");
    return addresses;
}

} // namespace

// Written by the thread, then `done`; read only once that is seen.
struct NameLookup::Shared {
    Answer answer;
    std::atomic<bool> done = false;
};

NameLookup::NameLookup(const std::string& host) : shared_(std::make_shared<Shared>()) {
    try {
        std::thread{[shared = shared_, host] {
            shared->answer = look_up(host);
            shared->done.store(true, std::memory_order_release);
        }}.detach();
    } catch (const std::system_error& failure) {
        answer_ = std::unexpected(std::string{"no thread to look up a name: "} + failure.what());
    }
}

const std::optional<Answer>& NameLookup::ready() {
    if (!answer_ && shared_->done.load(std::memory_order_acquire)) answer_ = std::move(shared_->answer);
    return answer_;
}

} // namespace playhead::client
