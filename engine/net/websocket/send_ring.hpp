#pragma once

#include "replication/frame.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <sys/socket.h>
#include <sys/uio.h>
#include <vector>

struct io_uring; // NOLINT(readability-identifier-naming): the library's name

namespace playhead::websocket {

class Link;

// Many connections' sends in one system call: what a fan-out pass says is gathered, and the kernel gets it a batch at a
// time. Each send is tried once and does not wait; what the kernel did not take, the link keeps. When submit() returns,
// every link has been told.
//   Thread: the one that made it; it must be the only one to use it.   Owner: Shared.
//   Source: io_uring(7); the kernel side is liburing's.
class SendRing {
  public:
    // Together they take about as long as a slice of a pass.
    static constexpr std::size_t batch = 256;
    // Buffers of one send.
    static constexpr std::size_t buffers_max = 16;

    // Errors: what the kernel says when it has no rings, or forbids them.
    static std::expected<std::unique_ptr<SendRing>, std::string> make();
    ~SendRing();
    SendRing(const SendRing&) = delete;
    SendRing& operator=(const SendRing&) = delete;

    // Between begin() and end() sends are gathered. They may not be nested.
    void begin() { gathers_ = true; }
    void end() {
        submit();
        gathers_ = false;
    }
    bool gathers() const { return gathers_; }
    // Until the next submit(), the link must not write otherwise. At most buffers_max frames.
    void add(std::shared_ptr<Link> link, int socket, std::span<const Frame> frames);
    void submit();
    std::uint64_t submissions() const { return submissions_; }

  private:
    struct Slot {
        std::shared_ptr<Link> link;
        std::uint32_t group = 0; // what it sends
    };
    // The same frames for several links, mostly for all of a batch: their count of shares is touched once.
    struct Group {
        std::vector<Frame> frames;
        std::array<iovec, buffers_max> buffers{};
        msghdr message{};
    };

    SendRing();
    Group& group_of(std::span<const Frame> frames);

    std::unique_ptr<io_uring> ring_;
    bool gathers_ = false;
    std::array<Slot, batch> slots_;
    std::size_t slots_used_ = 0;
    std::vector<std::unique_ptr<Group>> groups_; // messages stay where they are while the kernel reads them
    std::size_t groups_used_ = 0;
    std::uint64_t submissions_ = 0;
};

// While one lives, the sends of a shard's connections are gathered, if it has a ring.
class Gathering {
  public:
    explicit Gathering(SendRing* ring) : ring_(ring) {
        if (ring_) ring_->begin();
    }
    ~Gathering() {
        if (ring_) ring_->end();
    }
    Gathering(const Gathering&) = delete;
    Gathering& operator=(const Gathering&) = delete;

  private:
    SendRing* ring_;
};

} // namespace playhead::websocket
