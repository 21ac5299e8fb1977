#pragma once

#include "net/http/message.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace playhead::http {

// The path of a request line, cut at its slashes and decoded once: "/media/a%20b.mp4?x" is {"media", "a b.mp4"}.
// No segment is empty, "." or "..", or holds a slash, a backslash, a control character or bytes that are not UTF-8;
// a path with one is refused, so nothing behind this needs to think about them again.
//   Errors: 400 malformed, 414 for more than Request::target_bytes_max.
Expected<std::vector<std::string>> segments_of(std::string_view target);

} // namespace playhead::http
