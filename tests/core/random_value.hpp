#pragma once

#include "core/random.hpp"
#include "core/value.hpp"

#include <limits>
#include <string>
#include <string_view>

namespace playhead::test {

inline std::string random_text(Random& random) {
    constexpr std::string_view pieces[] = {"a", "Z", "\xC3\xA4", "\xEF\xBD\xA1", "\xF0\x9F\x8E\xAC", " ", "line"};
    std::string text;
    for (std::uint32_t count = random.one_in(12) ? random.below(120) : random.below(4); count > 0; --count) {
        text += random.one_of(pieces);
    }
    return text;
}

// Any value that may travel, from a seed. Small enough for any limit.
inline Value random_value(Random& random, std::size_t depth = 0) {
    constexpr std::int64_t telling[] = {0,
                                        -1,
                                        127,
                                        128,
                                        -32'769,
                                        65'536,
                                        std::int64_t{1} << 40,
                                        std::numeric_limits<std::int64_t>::min(),
                                        std::numeric_limits<std::int64_t>::max()};
    constexpr double numbers[] = {0.5, -0.1, 1e300, 5e-324, 3.4028234663852886e38, 16'777'217.5};
    switch (random.below(depth < 4 ? 9 : 6)) {
    case 0: return Value{};
    case 1: return Value{random.one_in(2)};
    case 2: return Value{random.one_of(telling)};
    case 3: return Value{random.between(-1'000'000, 1'000'000)};
    case 4: return Value{random.one_of(numbers)};
    case 5: return Value{random_text(random)};
    case 6: {
        Value::List items;
        for (std::uint32_t count = random.below(5); count > 0; --count)
            items.push_back(random_value(random, depth + 1));
        return Value{std::move(items)};
    }
    default: {
        Value::Map entries;
        for (std::uint32_t count = random.below(5); count > 0; --count) {
            entries.push_back({.key = random_text(random), .value = random_value(random, depth + 1)});
        }
        return sorted_map(std::move(entries));
    }
    }
}

} // namespace playhead::test
