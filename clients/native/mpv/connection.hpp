#pragma once

#include "mpv/port.hpp"

#include <expected>
#include <memory>
#include <string>
#include <vector>

namespace playhead::mpv {

// A connection with a running mpv over its IPC socket.
//   Thread: one; nothing here waits but listen(), for as long as it is told to.
//   Owner:  the bridge; closed with it.
//   Errors: once anything is wrong (mpv ended, sent what is not its language, does not read) it is closed, and fault()
//           says why. What is sent afterwards goes nowhere.
class Connection final : public Port {
  public:
    // What mpv has not read yet, at most: it reads at once unless it hangs.
    static constexpr std::size_t unsent_bytes_max = 64 * 1024;
    // What nobody has asked for yet, at most.
    static constexpr std::size_t messages_max = 4'096;

    // Errors: a sentence (no such socket, nobody listens there).
    static std::expected<std::unique_ptr<Connection>, std::string> open(const std::string& path);
    // Over an end of a stream socket that is connected already, which it closes.
    explicit Connection(int socket) : socket_(socket) {}
    ~Connection() override;
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    double now_ms() const override;
    std::uint64_t send(const Value::List& command) override;
    std::vector<Message> listen(std::uint64_t request, double wait_ms) override;
    // What has come, without waiting.
    std::vector<Message> take() { return listen(0, 0); }

    // To wait on; -1 once closed.
    int handle() const { return socket_; }
    bool open() const { return socket_ >= 0; }
    // Why it is closed; empty while it is open.
    const std::string& fault() const { return fault_; }

  private:
    void read();
    void flush();
    void fail(std::string why);

    int socket_ = -1;
    std::uint64_t last_request_ = 0;
    std::string unsent_;
    Lines lines_;
    std::vector<Message> messages_;
    std::string fault_;
};

} // namespace playhead::mpv
