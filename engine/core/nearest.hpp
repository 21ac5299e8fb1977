#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace playhead {

// The known key that was probably meant by one that does not exist: the fewest changes away, or the same name in
// another table. Paths are dotted ("limits.rooms_max"); a position in a list is known without its number
// ("rooms[].title").
std::optional<std::string> nearest(const std::vector<std::string>& known, std::string_view path);

// "there is no such key; did you mean limits.rooms_max?", or the first half where nothing is near.
std::string no_such_key(const std::vector<std::string>& known, std::string_view path);

} // namespace playhead
