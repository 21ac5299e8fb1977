#include "cpu_time.hpp"

#include <charconv>
#include <ctime>
#include <fstream>
#include <sstream>

namespace playhead::load {
namespace {

std::optional<std::uint64_t> number_of(std::string_view word) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (error != std::errc{} || end != word.data() + word.size()) return std::nullopt;
    return number;
}

} // namespace

std::optional<ProcessTicks> parse_process_stat(std::string_view text) {
    // The second field is the program's name in brackets, which may hold blanks and brackets itself: fields count from
    // the last bracket on, behind which the third one stands.
    const auto bracket = text.rfind(')');
    if (bracket == std::string_view::npos) return std::nullopt;
    std::istringstream words{std::string(text.substr(bracket + 1))};
    std::string word;
    ProcessTicks ticks;
    for (int field = 3; field <= 15; ++field) {
        if (!(words >> word)) return std::nullopt;
        if (field < 14) continue;
        const auto number = number_of(word);
        if (!number) return std::nullopt;
        (field == 14 ? ticks.user : ticks.system) = *number;
    }
    return ticks;
}

std::expected<CpuTime, std::string> cpu_time_of(int pid) {
    const auto name = "process " + std::to_string(pid);
    clockid_t clock{};
    timespec time{};
    if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &time) != 0)
        return std::unexpected("there is no " + name + " whose processor time could be read");
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::ostringstream text;
    text << file.rdbuf();
    const auto ticks = parse_process_stat(text.str());
    if (!ticks) return std::unexpected("/proc does not say what " + name + " has used");
    return CpuTime{.total_ns = std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec, .ticks = *ticks};
}

} // namespace playhead::load
