#pragma once

#include <cstddef>
#include <cstdint>

namespace playhead::test {

// The same numbers from the same seed on every machine.
//   Source: SplitMix64 (Steele, Lea, Flood 2014).
class Random {
  public:
    explicit Random(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next() {
        std::uint64_t value = (state_ += 0x9E3779B97F4A7C15u);
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9u;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EBu;
        return value ^ (value >> 31);
    }
    // From 0 to `count - 1`.
    std::uint32_t below(std::uint64_t count) { return static_cast<std::uint32_t>(next() % count); }
    std::int64_t between(std::int64_t least, std::int64_t most) {
        return least + static_cast<std::int64_t>(next() % (static_cast<std::uint64_t>(most - least) + 1));
    }
    bool one_in(std::uint32_t count) { return below(count) == 0; }
    template <class T, std::size_t count>
    const T& one_of(const T (&values)[count]) {
        return values[below(count)];
    }

  private:
    std::uint64_t state_;
};

} // namespace playhead::test
