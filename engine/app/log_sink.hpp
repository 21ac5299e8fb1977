#pragma once

#include <spdlog/sinks/base_sink.h>

#include <cstdint>
#include <mutex>
#include <string_view>

namespace playhead {

// Writes as much as the descriptor takes now; false if that is not all of it.
bool write_without_waiting(int descriptor, std::string_view text);

// Writes log lines to a descriptor and never waits for whoever reads them: a log that nobody takes (a pipe that is
// full, a disk that is, a terminal that was stopped) costs lines, not ticks. How many were lost is the next line that
// goes out. Levels are coloured on a terminal.
//   Errors: none; a line that cannot be written is counted.
//   Thread: any; the mutex keeps the lines of HTTP and of the shards apart, and is held for one write that does not
//   wait. Owner:  the logger. The descriptor is not closed.
class LogSink final : public spdlog::sinks::base_sink<std::mutex> {
  public:
    explicit LogSink(int descriptor);

  protected:
    void sink_it_(const spdlog::details::log_msg& message) override;
    void flush_() override {}

  private:
    bool put(const spdlog::details::log_msg& message);

    int descriptor_;
    bool coloured_;
    std::uint64_t lost_ = 0; // since the last line that went out
};

} // namespace playhead
