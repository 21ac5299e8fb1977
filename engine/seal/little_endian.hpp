#pragma once

#include <concepts>
#include <cstddef>
#include <span>

namespace playhead::seal {

// Integers as bytes, the lowest first.
template <std::unsigned_integral T>
void put(std::span<std::byte, sizeof(T)> into, T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i) into[i] = static_cast<std::byte>(value >> (8 * i) & 0xff);
}

template <std::unsigned_integral T>
T get(std::span<const std::byte, sizeof(T)> from) {
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i)
        value = static_cast<T>(value | static_cast<T>(std::to_integer<T>(from[i]) << (8 * i)));
    return value;
}

} // namespace playhead::seal
