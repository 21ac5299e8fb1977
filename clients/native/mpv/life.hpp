#pragma once

#include "mpv/connection.hpp"
#include "mpv/process.hpp"

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace playhead::mpv {

// How often an mpv is started again, or connected with again.
//   Units: milliseconds.   Pure.
class Restarts {
  public:
    static constexpr std::size_t restarts_max = 3; // within
    static constexpr double window_ms = 60'000;

    // Whether one more is in order now; counts it if so.
    bool allow(double now_ms);

  private:
    std::deque<double> at_ms_;
};

// Whether mpv is there: starts it or attaches to one that runs, notices when it ends or hangs, and starts it again
// where it was started here and nobody meant it to end. To the player it is the connection, whichever mpv is behind it.
//   Units: milliseconds.   Thread: one; nothing waits but listen() and the end of a process.
//   Owner: the bridge; the destructor ends an mpv that was started here.
class Life final : public Port {
  public:
    // An mpv that was started must open its socket within this.
    static constexpr double start_wait_ms = 15'000;
    static constexpr double connect_gap_ms = 30;
    // One whose socket has closed has so long to end, which tells whether the person wanted it; looked at so often.
    static constexpr double end_wait_ms = 1'500;
    static constexpr double end_look_ms = 20;
    // Nothing heard for so long: mpv is asked for a sign of life; it counts as silent, and then as hung.
    static constexpr double ask_after_ms = 1'000;
    static constexpr double silent_after_ms = 3'000;
    static constexpr double hung_after_ms = 10'000;

    struct Options {
        StartOptions start;
        std::string attach_to; // a socket of a running mpv; empty: start one
    };

    // A fresh mpv listens.
    struct Here {};
    // It does not answer, for now.
    struct Silent {};
    struct Answers {};
    // It is gone and another is being started, or the connection to a running one is made anew.
    struct Restarted {
        std::string why;
    };
    // It is gone for good.
    struct Over {
        std::string why;
        bool wanted = false; // by the person
    };
    using News = std::variant<Here, Silent, Answers, Restarted, Over>;

    explicit Life(Options options);
    ~Life() override;

    // Starts it or attaches to it.   Errors: a sentence.
    std::expected<void, std::string> begin(double now_ms);
    // Looks after it.
    std::vector<News> poll(double now_ms);
    // The person has told mpv to end.
    void quitting() { quitting_ = true; }
    // When poll() has something to do by itself.
    double next_ms() const;
    // What mpv has said that nobody has waited for; call it before poll().
    std::vector<Message> take();
    // To wait on; -1 if there is nothing.
    int handle() const { return connection_ ? connection_->handle() : -1; }
    // Where it listens, and its process if it was started here (otherwise 0).
    std::string socket() const { return folder_ ? folder_->socket() : options_.attach_to; }
    int process_id() const { return process_ ? static_cast<int>(process_->id()) : 0; }
    bool here() const { return connection_ && connection_->open(); }

    double now_ms() const override;
    std::uint64_t send(const Value::List& command) override;
    std::vector<Message> listen(std::uint64_t request, double wait_ms) override;

  private:
    std::expected<void, std::string> start(double now_ms);
    void look_for_socket(double now_ms, std::vector<News>& news);
    void check_pulse(double now_ms, std::vector<News>& news);
    void gone(std::string why, bool wanted, double now_ms, std::vector<News>& news);

    Options options_;
    std::optional<SocketFolder> folder_;
    std::optional<Process> process_;
    std::unique_ptr<Connection> connection_;
    Restarts restarts_;
    double started_at_ms_ = 0;
    double look_at_ms_ = 0;
    double heard_at_ms_ = 0;
    double asked_at_ms_ = 0;
    double closed_at_ms_ = 0;
    bool silent_ = false;
    bool quitting_ = false;
    bool over_ = false;
};

} // namespace playhead::mpv
