#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace playhead::load {

// What the operating system has charged a process, in its own and in kernel code.   Units: clock ticks (_SC_CLK_TCK).
struct ProcessTicks {
    std::uint64_t user = 0;
    std::uint64_t system = 0;
    bool operator==(const ProcessTicks&) const = default;
};

// Reads the text of /proc/PID/stat.   Errors: empty for anything else.   Source: proc(5), fields 14 and 15.
std::optional<ProcessTicks> parse_process_stat(std::string_view text);

// Processor time of another process, of all its threads, those that have ended among them.
struct CpuTime {
    std::int64_t total_ns = 0; // by the process's own clock, which is exact
    ProcessTicks ticks;        // by /proc/PID/stat, which is coarse but tells the kernel's share
};

// Errors: a sentence; there is no such process.
std::expected<CpuTime, std::string> cpu_time_of(int pid);

} // namespace playhead::load
