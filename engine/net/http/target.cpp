#include "net/http/target.hpp"

#include "core/utf8.hpp"

#include <optional>

namespace playhead::http {
namespace {

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

std::optional<std::string> percent_decoded(std::string_view text) {
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            decoded.push_back(text[i]);
            continue;
        }
        if (i + 2 >= text.size()) return std::nullopt;
        const int high = hex_digit(text[i + 1]);
        const int low = hex_digit(text[i + 2]);
        if (high < 0 || low < 0) return std::nullopt;
        decoded.push_back(static_cast<char>(high * 16 + low));
        i += 2;
    }
    return decoded;
}

std::unexpected<Refusal> malformed(std::string message) {
    return std::unexpected(Refusal{400, "malformed", std::move(message), {}});
}

} // namespace

Expected<std::vector<std::string>> segments_of(std::string_view target) {
    if (target.size() > Request::target_bytes_max) {
        return std::unexpected(
            Refusal{414,
                    "too_large",
                    "the address is longer than " + std::to_string(Request::target_bytes_max) + " bytes",
                    {}});
    }
    // A server takes the absolute form too (RFC 9112 section 3.2.2); the host in it says nothing to us.
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (target.size() > scheme.size() && equal_ignoring_case(target.substr(0, scheme.size()), scheme)) {
            const auto slash = target.find('/', scheme.size());
            target = slash == std::string_view::npos ? std::string_view{"/"} : target.substr(slash);
            break;
        }
    }
    if (!target.starts_with('/')) return malformed("the address must be a path that starts with '/'");
    if (target.find('#') != std::string_view::npos) return malformed("the address must not hold '#'");
    std::string_view rest =
        target.substr(1, target.find('?') == std::string_view::npos ? target.size() : target.find('?') - 1);
    std::vector<std::string> segments;
    while (!rest.empty()) {
        const auto slash = rest.find('/');
        const auto decoded = percent_decoded(rest.substr(0, slash));
        const bool last = slash == std::string_view::npos;
        rest = last ? std::string_view{} : rest.substr(slash + 1);
        if (!decoded) return malformed("a '%' in the path is not followed by two hexadecimal digits");
        if (decoded->empty()) return malformed("the path has an empty segment ('//')");
        if (*decoded == "." || *decoded == "..") return malformed("the path has a dot segment");
        for (const char c : *decoded) {
            if (c == '/' || c == '\\') return malformed("a segment of the path holds a slash or a backslash");
            if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
                return malformed("the path holds a control character");
            }
        }
        if (!valid_utf8(*decoded)) return malformed("the path is not UTF-8");
        segments.push_back(*decoded);
    }
    return segments;
}

} // namespace playhead::http
