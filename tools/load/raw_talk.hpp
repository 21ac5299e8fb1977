#pragma once

#include "talk.hpp"

namespace playhead::load {

// Connections to a server of tests/bench/fanout. Whoever sends it eight bytes (how many messages, how many bytes each;
// two integers of 32 bits, little-endian) has it send those to everybody. Over plain TCP the messages stand one behind
// the other; over WebSocket each is one message; to socket.io the request is an event `go` and each message an event.
class RawTalk final : public Talk {
  public:
    RawTalk(const Options& options, Hall& hall) : options_(options), hall_(hall) {}

    Bytes greeting(Viewer& viewer) override;
    std::expected<std::size_t, std::string> hear(Viewer& viewer, ByteView received, Nanoseconds now) override;
    void on_task(Viewer& viewer, Task task, Nanoseconds now) override;
    void obey(Viewer& first, const Order& order, Nanoseconds now) override;
    void judge(Viewer& viewer) override;

  private:
    std::expected<std::size_t, std::string> hear_tcp(Viewer& viewer, ByteView received, Nanoseconds now);
    std::expected<void, std::string> hear_text(Viewer& viewer, ByteView text, Nanoseconds now);
    void hear_message(Viewer& viewer, std::size_t bytes, Nanoseconds now);
    Bytes request(std::uint32_t messages, std::uint32_t bytes) const;

    const Options& options_;
    Hall& hall_;
};

} // namespace playhead::load
