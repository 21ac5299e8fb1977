#pragma once

#include "chart.hpp"
#include "cpu_time.hpp"
#include "report.hpp"
#include "told.hpp"
#include "worker.hpp"

#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace playhead::load {

// Starts the processes of viewers, has them act, and tells what came of it. Has no viewers itself, so that what it does
// costs none of them time.
//   Errors: exceptions; all of them end the run.
class Director {
  public:
    explicit Director(const Options& options);
    ~Director();
    Director(const Director&) = delete;
    Director& operator=(const Director&) = delete;

    // Until it is over. The exit code: 0 if everybody got in and what was asked for came about.
    int run();

  private:
    // How far everything has come.
    struct Moment {
        Nanoseconds at = 0;
        Sums sums;
        Latencies heard;
        Latencies answered;
        Latencies came_in;
        Latencies drift;
        std::optional<CpuTime> cpu;
    };

    // ---- director.cpp
    void start_processes();
    void wait_until_all_are_in();
    // As the mix says.
    void act(std::chrono::seconds time);
    Moment now() const;
    Outcome outcome_since(const Moment& before) const;

    // ---- director_told.cpp: commands of standard input; false if one did not come about
    bool act_as_told();
    bool obey(const told::Burst& burst);
    bool obey(const told::Play& play);
    bool obey(const told::Act& act);
    bool obey(const told::Idle& idle);
    bool obey(const told::Reconnect& reconnect);
    bool wait_for_all(const char* what);
    void order(Wish wish, std::uint32_t messages = 1, std::uint32_t bytes = 0);

    void pass_time(double seconds); // telling how it goes
    void tell(const char* what);
    void look();
    std::optional<CpuTime> server_cpu() const;
    // What the server was charged since `before`, and how much of it for each delivery.
    void add_cpu(FlatJson& json, const Moment& before) const;
    void end_processes();
    Sums sums() const;

    Options options_;
    Board& board_;
    sockaddr_in server_{};
    std::vector<int> worker_bells_; // of each process; the first viewer is in the first
    int director_bell_ = -1;
    std::vector<pid_t> processes_;
    Nanoseconds began_ns_ = now_ns();
    Nanoseconds joined_ns_ = 0;
    Nanoseconds acting_ns_ = 0;
    Nanoseconds told_ns_ = 0;
    std::uint64_t told_deliveries_ = 0;
    Nanoseconds looked_ns_ = 0;
    std::uint64_t looked_deliveries_ = 0;
    std::vector<Chart::Point> points_;
};

} // namespace playhead::load
