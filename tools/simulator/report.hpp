#pragma once

#include "simulation/invariant.hpp"
#include "simulation/world.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace playhead::simulation {

// What several worlds came to.
class RunReport {
  public:
    void add(std::uint64_t seed, World& world, const std::vector<Complaint>& wrong);

    std::uint64_t seeds() const { return seeds_; }
    bool broken() const { return !broken_.empty(); }
    double simulated_s() const { return std::chrono::duration<double>(simulated_).count(); }
    // One object, without a line break.
    std::string json(double real_s) const;
    // The same for people: a few lines.
    std::string words(double real_s) const;

  private:
    struct Broken {
        std::uint64_t seed = 0;
        Complaint complaint;
    };
    std::uint64_t seeds_ = 0;
    Microseconds simulated_{0};
    std::uint64_t operations_ = 0;
    std::uint64_t hash_ = 0;
    std::map<std::string, std::uint64_t> coverage_;
    std::vector<Broken> broken_;
};

} // namespace playhead::simulation
