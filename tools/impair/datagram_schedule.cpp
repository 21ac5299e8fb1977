#include "datagram_schedule.hpp"

namespace playhead::impair {

// Two generators from one seed: the second starts where no count of draws from the first leads.
DatagramSchedule::DatagramSchedule(Delay delay, Faults faults, std::uint64_t seed)
    : delays_(delay, seed),
      faults_(faults),
      random_(direction_seed(seed, 0, true)) {}

bool DatagramSchedule::chance(std::uint32_t ppm) { return random_.up_to(certain_ppm - 1) < ppm; }

std::vector<Microseconds> DatagramSchedule::releases(Microseconds departure) {
    const bool lost = chance(faults_.loss_ppm);
    const bool twice = chance(faults_.duplicate_ppm);
    const bool late = chance(faults_.reorder_ppm);
    const auto spread = static_cast<std::uint64_t>((reorder_max - reorder_min).count());
    const auto held = reorder_min + Microseconds(static_cast<std::int64_t>(random_.up_to(spread)));
    const auto first = departure + delays_.sample() + (late ? held : Microseconds(0));
    const auto second = departure + delays_.sample();
    if (lost) return {};
    if (twice) return {first, second};
    return {first};
}

} // namespace playhead::impair
