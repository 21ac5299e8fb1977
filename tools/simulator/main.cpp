#include "options.hpp"
#include "report.hpp"
#include "simulation/swarm.hpp"

#include <spdlog/spdlog.h>

#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

using namespace playhead::simulation;

namespace {

using RealClock = std::chrono::steady_clock;

double seconds_since(RealClock::time_point then) {
    return std::chrono::duration<double>(RealClock::now() - then).count();
}

std::string again(const Options& options, std::uint64_t seed) {
    char minutes[32];
    std::snprintf(minutes, sizeof minutes, "%g", std::chrono::duration<double>(options.duration).count() / 60);
    return "playhead-sim --seed " + std::to_string(seed) + " --minutes " + minutes + (options.swarm ? " --swarm" : "");
}

void keep_recordings(const std::string& folder, std::uint64_t seed, const World& world) {
    std::filesystem::create_directories(folder);
    for (const auto& recording : world.recordings().files) {
        const auto path =
            std::filesystem::path{folder} / ("seed" + std::to_string(seed) + "." + recording->name + ".playrec");
        std::ofstream file{path, std::ios::binary};
        file.write(reinterpret_cast<const char*>(recording->bytes.data()),
                   static_cast<std::streamsize>(recording->bytes.size()));
        if (!file.flush()) throw std::runtime_error("'" + path.string() + "' cannot be written");
    }
}

int run(const Options& options) {
    constexpr double progress_s = 5;
    RunReport report;
    const RealClock::time_point began = RealClock::now();
    RealClock::time_point told = began;
    for (std::uint64_t seed = options.seed; seed - options.seed < options.seeds; ++seed) {
        World world{options.swarm ? swarm(seed, options.duration) : everything(seed, options.duration)};
        const std::vector<Complaint> wrong = world.live();
        report.add(seed, world, wrong);
        if (!options.record.empty()) keep_recordings(options.record, seed, world);
        for (const Complaint& complaint : wrong)
            std::fprintf(stderr, "seed %llu: %s\n", static_cast<unsigned long long>(seed), in_words(complaint).c_str());
        if (!wrong.empty()) std::fprintf(stderr, "again: %s\n", again(options, seed).c_str());
        if (seconds_since(told) < progress_s) continue;
        told = RealClock::now();
        std::fprintf(stderr, "%llu of %llu worlds, %.0f simulated seconds a second\n",
                     static_cast<unsigned long long>(report.seeds()), static_cast<unsigned long long>(options.seeds),
                     report.simulated_s() / seconds_since(began));
    }
    const double real_s = seconds_since(began);
    std::fputs((options.json ? report.json(real_s) + '\n' : report.words(real_s)).c_str(), stdout);
    return report.broken() ? 1 : 0;
}

} // namespace

int main(int count, char** values) {
    const std::vector<std::string_view> arguments(values + 1, values + count);
    if (!arguments.empty() && arguments[0] == "--help") {
        std::fputs(std::string(usage).c_str(), stdout);
        return 0;
    }
    const auto options = parse_options(arguments);
    if (!options) {
        std::fprintf(stderr, "playhead-sim: %s\n", options.error().c_str());
        return 2;
    }
    spdlog::set_level(spdlog::level::off); // what the engine has to say of hostile peers
    try {
        return run(*options);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "playhead-sim: %s\n", error.what());
        return 2;
    }
}
