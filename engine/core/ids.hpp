#pragma once

#include "core/result.hpp"

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace playhead {

// Names a room in links, logs and metrics: 1 to 64 of [A-Za-z0-9_-], so that it is safe in a URL and in a file name.
class RoomId {
  public:
    static constexpr std::size_t length_max = 64;
    static Result<RoomId> parse(std::string_view text);

    const std::string& text() const { return text_; }
    auto operator<=>(const RoomId&) const = default;

  private:
    explicit RoomId(std::string text) : text_(std::move(text)) {}
    std::string text_;
};

// A member of a room; assigned in join order from 1, never reused within an epoch. 0 = the engine itself.
struct ViewerId {
    std::uint32_t value = 0;
    auto operator<=>(const ViewerId&) const = default;
};

// One loading of one media item. A command names the instance it was meant for, so that it cannot hit the successor.
struct MediaInstance {
    std::uint32_t value = 0; // 0 = nothing loaded
    auto operator<=>(const MediaInstance&) const = default;
};

// Counts the commits of a room's state that changed something. Meaningless across epochs.
struct Version {
    std::uint32_t value = 0;
    auto operator<=>(const Version&) const = default;
};

// Names one continuous history of a room's state.
struct Epoch {
    std::uint32_t value = 0;
    auto operator<=>(const Epoch&) const = default;
};

} // namespace playhead

template <>
struct std::hash<playhead::RoomId> {
    std::size_t operator()(const playhead::RoomId& id) const noexcept { return std::hash<std::string>{}(id.text()); }
};
template <>
struct std::hash<playhead::ViewerId> {
    std::size_t operator()(playhead::ViewerId id) const noexcept { return id.value; }
};
