#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace playhead {

// The chance that plugins have: part of a room's state, so that the same inputs draw the same numbers.
//   Source: xoshiro256** 1.0 seeded by splitmix64 (Blackman and Vigna, "Scrambled linear pseudorandom number
//           generators", 2021).   Not for secrets.
class Chance {
  public:
    explicit Chance(std::uint64_t seed) {
        for (std::uint64_t& word : words_) {
            seed += 0x9e37'79b9'7f4a'7c15U;
            std::uint64_t mixed = (seed ^ (seed >> 30U)) * 0xbf58'476d'1ce4'e5b9U;
            mixed = (mixed ^ (mixed >> 27U)) * 0x94d0'49bb'1331'11ebU;
            word = mixed ^ (mixed >> 31U);
        }
    }

    // As it was: the four words of another's state.
    explicit Chance(const std::array<std::uint64_t, 4>& words) : words_(words) {}
    const std::array<std::uint64_t, 4>& words() const { return words_; }

    std::uint64_t next() {
        const std::uint64_t result = std::rotl(words_[1] * 5, 7) * 9;
        const std::uint64_t shifted = words_[1] << 17U;
        words_[2] ^= words_[0];
        words_[3] ^= words_[1];
        words_[1] ^= words_[2];
        words_[0] ^= words_[3];
        words_[2] ^= shifted;
        words_[3] = std::rotl(words_[3], 45);
        return result;
    }

    // From 0 up to but not including 1, in steps of 2^-53.
    double fraction() { return static_cast<double>(next() >> 11U) * 0x1p-53; }

    // From `first` to `last`, both included, each equally likely; `first` if `last` is less.
    std::int64_t between(std::int64_t first, std::int64_t last) {
        if (last <= first) return first;
        const std::uint64_t span = static_cast<std::uint64_t>(last) - static_cast<std::uint64_t>(first) + 1;
        if (span == 0) return static_cast<std::int64_t>(next()); // all there are
        // What would make the first values likelier than the last is drawn again.
        const std::uint64_t refused_below = (0 - span) % span;
        std::uint64_t drawn = next();
        while (drawn < refused_below) drawn = next();
        return static_cast<std::int64_t>(static_cast<std::uint64_t>(first) + drawn % span);
    }

    bool operator==(const Chance&) const = default;

  private:
    std::array<std::uint64_t, 4> words_{};
};

} // namespace playhead
