#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace playhead {

inline constexpr std::uint32_t fnv1a32_start = 2166136261u;

// One more byte of an FNV-1a hash.   Source: Fowler, Noll, Vo; draft-eastlake-fnv.
constexpr std::uint32_t fnv1a32(std::uint32_t hash, std::uint8_t byte) { return (hash ^ byte) * 16777619u; }

// The same of 64 bits, over bytes.
constexpr std::uint64_t fnv1a64(std::span<const std::byte> bytes) {
    std::uint64_t hash = 14695981039346656037u;
    for (const std::byte byte : bytes) hash = (hash ^ static_cast<std::uint8_t>(byte)) * 1099511628211u;
    return hash;
}

// Spreads every bit of a hash over all of it, so that sums of hashes stay well mixed.   Source: MurmurHash3 finaliser.
constexpr std::uint32_t fmix32(std::uint32_t hash) {
    hash ^= hash >> 16;
    hash *= 0x85EBCA6Bu;
    hash ^= hash >> 13;
    hash *= 0xC2B2AE35u;
    hash ^= hash >> 16;
    return hash;
}

// Hashes a value field by field in its canonical bytes, without building them: integers little-endian in their full
// width, a bool as one byte, text as its length in bytes (32 bits) and its UTF-8.
class CanonicalHash {
  public:
    constexpr void u8(std::uint8_t value) { hash_ = fnv1a32(hash_, value); }
    constexpr void boolean(bool value) { u8(value ? 1 : 0); }
    constexpr void u16(std::uint16_t value) { little_endian(value, 2); }
    constexpr void u32(std::uint32_t value) { little_endian(value, 4); }
    constexpr void i64(std::int64_t value) { little_endian(static_cast<std::uint64_t>(value), 8); }
    constexpr void text(std::string_view value) {
        u32(static_cast<std::uint32_t>(value.size()));
        for (const char character : value) u8(static_cast<std::uint8_t>(character));
    }
    constexpr std::uint32_t value() const { return fmix32(hash_); }

  private:
    constexpr void little_endian(std::uint64_t value, int bytes) {
        for (int byte = 0; byte < bytes; ++byte) u8(static_cast<std::uint8_t>(value >> (8 * byte)));
    }
    std::uint32_t hash_ = fnv1a32_start;
};

} // namespace playhead
