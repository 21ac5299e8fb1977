#pragma once

#include "chart.hpp"
#include "cpu_time.hpp"
#include "report.hpp"
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
    void start_processes();
    void wait_until_all_are_in();
    void act_as_said(); // the mix
    bool act_as_told(); // commands of standard input; false if one did not come about
    bool burst(std::uint32_t count, std::uint32_t messages, std::uint32_t bytes);
    bool wait_until_heard();
    void order(Wish wish, std::uint32_t messages, std::uint32_t bytes);
    void pass_time(double seconds); // telling how it goes
    void tell(const char* what);
    void look();
    std::optional<CpuTime> server_cpu() const;
    void add_cpu(FlatJson& json, const std::optional<CpuTime>& from, std::uint64_t deliveries) const;
    void end_processes();
    Sums sums() const;

    Options options_;
    Board& board_;
    sockaddr_in server_{};
    int worker_bell_ = -1; // of the first process, where the first viewer is
    int director_bell_ = -1;
    std::vector<pid_t> processes_;
    Nanoseconds began_ns_ = now_ns();
    Nanoseconds acting_ns_ = 0;
    Nanoseconds told_ns_ = 0;
    std::uint64_t told_deliveries_ = 0;
    Nanoseconds looked_ns_ = 0;
    std::uint64_t looked_deliveries_ = 0;
    std::vector<Chart::Point> points_;
};

} // namespace playhead::load
