// The engine with a mistake in it: does the simulation find it? MISTAKE=name tries one; all of them are told with the
// seed that found them.
#include "simulation/broken.hpp"
#include "simulation/swarm.hpp"

#include <doctest/doctest.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>

using namespace playhead::simulation;

namespace {

struct Mistake {
    std::string_view name;
    Invariant invariant; // that has to find it
};
constexpr Mistake mistakes[] = {
#include "broken/mistakes.inc"
};
static_assert(std::size(mistakes) >= 12);

constexpr std::uint64_t seeds_max = 50;

// The invariants that were broken in the swarm's world of that seed.
std::set<Invariant> broken_in(std::uint64_t seed) {
    World world{swarm(seed)};
    std::set<Invariant> broken;
    for (const Complaint& complaint : world.live()) broken.insert(complaint.invariant);
    return broken;
}

void find(const Mistake& one) {
    CAPTURE(one.name);
    mistake() = one.name;
    std::uint64_t seed = 1;
    std::set<Invariant> broken;
    while ((broken = broken_in(seed), !broken.contains(one.invariant)) && seed < seeds_max) ++seed;
    mistake().clear();
    CHECK(broken.contains(one.invariant));
    std::string others;
    for (const Invariant invariant : broken)
        if (invariant != one.invariant) others += ' ' + std::string{name_of(invariant)};
    MESSAGE(one.name, ": seed ", seed, ": ", name_of(one.invariant), "; beside it:", others.empty() ? " -" : others);
}

} // namespace

TEST_CASE("as long as no mistake is made nothing is found") {
    spdlog::set_level(spdlog::level::off);
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        CAPTURE(seed);
        CHECK(broken_in(seed).empty());
    }
}

TEST_CASE("there is a mistake for every invariant") {
    for (std::size_t i = 0; i < invariants; ++i) {
        const auto invariant = static_cast<Invariant>(i);
        CAPTURE(name_of(invariant));
        CHECK(std::ranges::find(mistakes, invariant, &Mistake::invariant) != std::end(mistakes));
    }
}

TEST_CASE("every mistake is found within 50 seeds, by the invariant that is for it") {
    spdlog::set_level(spdlog::level::off);
    const char* only = std::getenv("MISTAKE");
    for (const Mistake& one : mistakes)
        if (only == nullptr || one.name == only) find(one);
}
