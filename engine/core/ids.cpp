#include "core/ids.hpp"

#include <algorithm>

namespace playhead {
namespace {

bool is_id_character(char character) {
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
           (character >= '0' && character <= '9') || character == '-' || character == '_';
}

} // namespace

Result<RoomId> RoomId::parse(std::string_view text) {
    const auto refused = [](std::string message) {
        return std::unexpected(Error{.code = ErrorCode::malformed, .message = std::move(message)});
    };
    if (text.empty()) return refused("a room id needs at least one character of A-Z a-z 0-9 - _");
    if (text.size() > length_max) {
        return refused("a room id has at most " + std::to_string(length_max) + " characters, not " +
                       std::to_string(text.size()));
    }
    if (!std::ranges::all_of(text, is_id_character)) return refused("a room id is made of A-Z a-z 0-9 - _ only");
    return RoomId(std::string(text));
}

} // namespace playhead
