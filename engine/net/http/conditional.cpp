#include "net/http/conditional.hpp"

#include <charconv>
#include <ctime>
#include <limits>
#include <string>

namespace playhead::http {
namespace {

// A number too large for 64 bits is beyond the end of any file, so the largest one stands for it.
std::optional<std::uint64_t> parse_position(std::string_view text) {
    if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc::result_out_of_range ? std::numeric_limits<std::uint64_t>::max() : value;
}

// Whether an If-Match or If-None-Match list names `etag`. A weak tag matches only where the comparison is weak.
bool names(std::string_view list, std::string_view etag, bool weak_too) {
    if (trim(list) == "*") return true;
    while (!list.empty()) {
        // Our own tags hold no comma, so cutting at commas cannot make a false match of a foreign one.
        const auto comma = list.find(',');
        std::string_view tag = trim(list.substr(0, comma));
        if (weak_too && tag.starts_with("W/")) tag.remove_prefix(2);
        if (tag == etag) return true;
        list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
    }
    return false;
}

struct Range {
    std::uint64_t first;
    std::uint64_t length; // 0 = cannot be served
};

std::optional<Range> parse_range(std::string_view text, std::uint64_t size) {
    const auto dash = text.find('-');
    if (dash == std::string_view::npos) return std::nullopt;
    const auto first = parse_position(text.substr(0, dash));
    const auto last = parse_position(text.substr(dash + 1));
    if (dash == 0) { // the last so many bytes
        if (!last) return std::nullopt;
        const std::uint64_t length = std::min(*last, size);
        return Range{size - length, length};
    }
    if (!first || (!last && dash + 1 != text.size()) || (last && *last < *first)) return std::nullopt;
    if (*first >= size) return Range{0, 0};
    return Range{*first, (last ? std::min(*last, size - 1) : size - 1) - *first + 1};
}

} // namespace

Selection select_range(std::string_view range, std::uint64_t size) {
    const Selection whole{200, 0, size};
    const auto equals = range.find('=');
    if (equals == std::string_view::npos || !equal_ignoring_case(trim(range.substr(0, equals)), "bytes")) return whole;
    std::string_view set = range.substr(equals + 1);
    std::size_t ranges = 0;
    std::optional<Range> served;
    while (!set.empty()) {
        const auto comma = set.find(',');
        const std::string_view one = trim(set.substr(0, comma));
        set = comma == std::string_view::npos ? std::string_view{} : set.substr(comma + 1);
        if (one.empty()) continue; // lists may have empty members (RFC 9110 section 5.6.1.2)
        const auto parsed = parse_range(one, size);
        if (!parsed) return whole;
        ++ranges;
        if (parsed->length > 0) served = parsed;
    }
    if (ranges == 0) return whole;
    if (!served) return {416, 0, 0};
    return ranges == 1 ? Selection{206, served->first, served->length} : whole;
}

Selection select(const Request& request, std::string_view etag, std::int64_t modified_s, std::uint64_t size) {
    const auto if_match = request.field("If-Match");
    const auto if_unmodified = parse_http_date(request.field("If-Unmodified-Since"));
    if (!if_match.empty()) {
        if (!names(if_match, etag, false)) return {412, 0, 0};
    } else if (if_unmodified && modified_s > *if_unmodified) {
        return {412, 0, 0};
    }
    const auto if_none_match = request.field("If-None-Match");
    const auto if_modified = parse_http_date(request.field("If-Modified-Since"));
    if (!if_none_match.empty()) {
        if (names(if_none_match, etag, true)) return {304, 0, 0};
    } else if (if_modified && modified_s <= *if_modified) {
        return {304, 0, 0};
    }
    const auto range = request.field("Range");
    if (range.empty() || request.method != "GET" || request.count("Range") > 1) return {200, 0, size};
    const auto if_range = trim(request.field("If-Range"));
    if (!if_range.empty()) {
        const auto date = parse_http_date(if_range);
        if (if_range != etag && !(date && *date == modified_s)) return {200, 0, size};
    }
    return select_range(range, size);
}

std::optional<std::int64_t> parse_http_date(std::string_view text) {
    if (text.empty() || text.size() > 64) return std::nullopt;
    const std::string copy{trim(text)};
    for (const char* form : {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"}) {
        std::tm parts{};
        const char* end = ::strptime(copy.c_str(), form, &parts);
        if (end != nullptr && *end == '\0') return ::timegm(&parts);
    }
    return std::nullopt;
}

} // namespace playhead::http
