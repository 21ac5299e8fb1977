#include "measure.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <sched.h>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>

namespace playhead::bench {
namespace {

std::int64_t read_clock(clockid_t id) {
    timespec now{};
    clock_gettime(id, &now);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

[[noreturn]] void fail(const std::string& why) {
    std::fprintf(stderr, "%s\n", why.c_str());
    std::exit(1);
}

} // namespace

std::int64_t now_ns() { return read_clock(CLOCK_MONOTONIC); }
std::int64_t thread_ns() { return read_clock(CLOCK_THREAD_CPUTIME_ID); }

double resident_kib() {
    std::ifstream file{"/proc/self/statm"};
    long size = 0;
    long pages = 0;
    if (!(file >> size >> pages)) fail("/proc/self/statm cannot be read");
    return static_cast<double>(pages) * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1024;
}

void keep_to_one_core() {
    cpu_set_t cores;
    CPU_ZERO(&cores);
    CPU_SET(static_cast<unsigned>(sched_getcpu()), &cores);
    if (sched_setaffinity(0, sizeof cores, &cores) != 0) fail("this process cannot be kept to one core");
}

void Results::add(const std::string& key, std::vector<double> samples) {
    add(key, quantile(samples, 0.5));
    add(key + "_p10", quantile(samples, 0.1));
    add(key + "_p90", quantile(std::move(samples), 0.9));
}

void Results::add(const Results& more) { values_.insert(values_.end(), more.values_.begin(), more.values_.end()); }

double Results::operator[](const std::string& key) const {
    const auto found = std::ranges::find(values_, key, &std::pair<std::string, double>::first);
    return found == values_.end() ? 0 : found->second;
}

void Results::print() const {
    for (const auto& [key, value] : values_) std::printf("%-44s %14.3f\n", key.c_str(), value);
    std::printf("{");
    const char* separator = "";
    for (const auto& [key, value] : values_)
        std::printf("%s\"%s\":%.3f", std::exchange(separator, ","), key.c_str(), value);
    std::printf("}\n");
}

double quantile(std::vector<double> samples, double q) {
    if (samples.empty()) return 0;
    std::ranges::sort(samples);
    return samples[static_cast<std::size_t>(q * static_cast<double>(samples.size() - 1))];
}

Results apart(const std::string& name, const std::function<void(Results&)>& work) {
    std::printf("%s ...\n", name.c_str());
    std::fflush(stdout);
    int ends[2];
    if (pipe(ends) != 0) fail("no pipe");
    const pid_t child = fork();
    if (child < 0) fail("no process");
    if (child == 0) {
        close(ends[0]);
        Results results;
        work(results);
        std::FILE* out = fdopen(ends[1], "w");
        for (const auto& [key, value] : results.values()) std::fprintf(out, "%s %.6f\n", key.c_str(), value);
        std::fclose(out);
        std::fflush(stdout);
        _exit(0); // what it built need not be taken down
    }
    close(ends[1]);
    Results results;
    std::string said;
    std::array<char, 4096> part{};
    for (ssize_t got = 0; (got = read(ends[0], part.data(), part.size())) > 0;)
        said.append(part.data(), static_cast<std::size_t>(got));
    close(ends[0]);
    std::istringstream words{said};
    std::string key;
    double value = 0;
    while (words >> key >> value) results.add(key, value);
    int status = 0;
    if (waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail(name + ": its process failed");
    return results;
}

} // namespace playhead::bench
