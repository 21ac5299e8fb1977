#pragma once

#include "talk.hpp"

#include <deque>
#include <functional>
#include <netinet/in.h>
#include <optional>
#include <queue>
#include <random>
#include <span>
#include <string_view>
#include <vector>

namespace playhead::load {

class LoopbackEngine;

// Where a worker's wake-up calls come from and go to: descriptors of eventfd(2).
struct Bells {
    int worker = -1;   // the director rings: an order is on the board, or it is over
    int director = -1; // rung when all have heard
};

// One process full of viewers: their sockets, what is due when, and one loop around epoll. What is said and what it
// means is the talk's. Sockets of WebSockets are read here; who comes otherwise has a carrier of the client library,
// which reads its own.
//   Files: worker.cpp           the loop, and connections by TCP
//          worker_carriers.cpp  connections by carriers
//   Errors: the constructor throws when the environment does not give what is needed.
class Worker final : public Hall {
  public:
    // With `engine`, that one is spoken to and driven, and `server` is nobody.
    Worker(const Options& options, const sockaddr_in& server, Board& board, Bells bells, std::uint32_t process,
           LoopbackEngine* engine = nullptr);
    ~Worker() override;
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    // Until the board says that it is over.
    void run();

    // ---- Hall
    void say(Viewer& viewer, const Bytes& bytes) override;
    void tell(Viewer& viewer, ByteView message, Importance importance) override;
    std::expected<void, std::string> go_on(Viewer& viewer, const client::JoinAnswer& joined) override;
    void leave(Viewer& viewer, Nanoseconds back_after) override;
    void stall(Viewer& viewer, Nanoseconds until) override;
    void later(Viewer& viewer, Task task, Nanoseconds at) override;
    void came_in(Viewer& viewer) override;
    void all_heard() override;
    Board& board() override { return board_; }
    Tally& tally() override { return tally_; }

  private:
    struct Due {
        Nanoseconds at = 0;
        std::uint32_t viewer = 0;
        std::uint32_t connection = 0; // which of the viewer's it is for
        Task task = Task::connect;
        bool operator>(const Due& other) const { return at > other.at; }
    };

    void invite_more(Nanoseconds now);
    void run_due(Nanoseconds now);
    void wait_and_serve(Nanoseconds now);
    void answer_bell();
    void cut_everybody_off();
    void connect(Viewer& viewer);
    void on_connected(Viewer& viewer);
    void read(Viewer& viewer);
    void read_slowly(Viewer& viewer);
    bool feed(Viewer& viewer, ByteView received, Nanoseconds now);
    // ---- worker_carriers.cpp
    void connect_inside(Viewer& viewer);
    void run_engine();
    void watch(Viewer& viewer);
    void serve(Viewer& viewer);
    bool serve(Viewer& viewer, const client::CarrierEvent& event);
    // The address that a viewer comes from; empty: whichever leads there.
    std::optional<in_addr> source_of(const Viewer& viewer) const;

    void lose(Viewer& viewer, std::string_view why);
    void hang_up(Viewer& viewer);

    const Options& options_;
    sockaddr_in server_;
    Board& board_;
    Tally& tally_;
    Bells bells_;
    std::uint32_t process_;
    LoopbackEngine* engine_;
    int epoll_ = -1;
    std::vector<Viewer> viewers_;
    std::unique_ptr<Talk> talk_;
    std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
    std::vector<std::uint32_t> failed_; // could not be told something
    Bytes buffer_;
    std::deque<std::uint32_t> cut_off_; // viewers who are to come back as soon as there is room at the door
    std::minstd_rand chance_;
    std::uint32_t invited_ = 0;  // viewers who have been connected at all
    std::uint32_t entering_ = 0; // connected, and not in yet
    Nanoseconds began_ns_ = now_ns();
};

} // namespace playhead::load
