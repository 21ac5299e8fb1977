#pragma once

#include "net/http/message.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace playhead::http {

// What to send of a file. `first` and `length` are set for 200 and 206.
struct Selection {
    unsigned status = 200; // 200, 206, 304, 412 or 416
    std::uint64_t first = 0;
    std::uint64_t length = 0;
    bool operator==(const Selection&) const = default;
};

// What a Range field asks for. Invalid fields are ignored (RFC 9110 section 14.2), and so is a set of several ranges
// that could be served: a whole answer is allowed, and no player needs multipart. A set of which nothing can be served
// is 416.
Selection select_range(std::string_view range, std::uint64_t size);

// Weighs If-Match, If-Unmodified-Since, If-None-Match, If-Modified-Since, If-Range and Range of a GET or HEAD.
//   Source: RFC 9110 section 13.2.2 for their order.
Selection select(const Request& request, std::string_view etag, std::int64_t modified_s, std::uint64_t size);

// Any of the three forms of RFC 9110 section 5.6.7, as Unix time.
std::optional<std::int64_t> parse_http_date(std::string_view text);

} // namespace playhead::http
