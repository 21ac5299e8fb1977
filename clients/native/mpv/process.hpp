#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace playhead::mpv {

// How mpv is started.
struct StartOptions {
    std::string program = "mpv";
    std::string socket;               // where it shall listen
    bool headless = false;            // for machines without a display: no picture, no sound
    std::vector<std::string> options; // further ones of mpv's, as they are
};

// What stands on mpv's command line.
std::vector<std::string> command_line(const StartOptions& options);

// An mpv that was started here, and ends when we do, however that happens.
//   Owner: the bridge; the destructor ends it.
class Process {
  public:
    // How long mpv may take to end when it is asked to. Unit: ms.
    static constexpr int end_wait_ms = 2'000;

    // Errors: a sentence (no such program).
    static std::expected<Process, std::string> start(const StartOptions& options);
    Process(Process&& other) noexcept;
    Process& operator=(Process&& other) noexcept;
    ~Process();

    // How it ended, in words ("it was killed by signal 9"), and whether a person may have meant it; empty while it
    // runs.
    struct Ended {
        std::string how;
        bool by_itself = false; // exit code 0
    };
    const std::optional<Ended>& ended();
    // Ends it: by asking, then by force.
    void end();
    // At once, one that hangs.
    void kill();
    pid_t id() const { return id_; }

  private:
    explicit Process(pid_t id) : id_(id) {}
    void note(int status);

    pid_t id_ = -1;
    std::optional<Ended> ended_;
};

// A folder of its own for a socket, which nobody else can enter; removed with everything in it.
class SocketFolder {
  public:
    // Throws std::runtime_error where there is no place for one.
    SocketFolder();
    ~SocketFolder();
    SocketFolder(const SocketFolder&) = delete;
    SocketFolder& operator=(const SocketFolder&) = delete;
    std::string socket() const { return path_ + "/mpv"; }

  private:
    std::string path_;
};

} // namespace playhead::mpv
