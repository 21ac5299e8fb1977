#include "net/http/content.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace playhead::http {
namespace {

using Type = std::pair<std::string_view, std::string_view>;
constexpr std::array types{
    Type{"html", "text/html; charset=utf-8"},
    Type{"js", "text/javascript; charset=utf-8"},
    Type{"mjs", "text/javascript; charset=utf-8"},
    Type{"css", "text/css; charset=utf-8"},
    Type{"json", "application/json"},
    Type{"map", "application/json"},
    Type{"webmanifest", "application/manifest+json"},
    Type{"wasm", "application/wasm"},
    Type{"txt", "text/plain; charset=utf-8"},
    Type{"svg", "image/svg+xml"},
    Type{"png", "image/png"},
    Type{"jpg", "image/jpeg"},
    Type{"jpeg", "image/jpeg"},
    Type{"gif", "image/gif"},
    Type{"webp", "image/webp"},
    Type{"avif", "image/avif"},
    Type{"ico", "image/x-icon"},
    Type{"woff2", "font/woff2"},
    Type{"woff", "font/woff"},
    Type{"ttf", "font/ttf"},
    Type{"mp4", "video/mp4"},
    Type{"m4v", "video/mp4"},
    Type{"m4s", "video/iso.segment"},
    Type{"cmfv", "video/mp4"},
    Type{"cmfa", "audio/mp4"},
    Type{"webm", "video/webm"},
    Type{"mkv", "video/x-matroska"},
    Type{"mov", "video/quicktime"},
    Type{"ogv", "video/ogg"},
    Type{"ts", "video/mp2t"},
    Type{"m3u8", "application/vnd.apple.mpegurl"},
    Type{"mpd", "application/dash+xml"},
    Type{"mp3", "audio/mpeg"},
    Type{"m4a", "audio/mp4"},
    Type{"aac", "audio/aac"},
    Type{"ogg", "audio/ogg"},
    Type{"opus", "audio/ogg"},
    Type{"flac", "audio/flac"},
    Type{"wav", "audio/wav"},
    Type{"vtt", "text/vtt; charset=utf-8"},
};

// Scripts only from ourselves and YouTube (its IFrame API), frames only of the three services whose players we embed.
// Media, playlists and segments come from wherever people share them, hence the open media-src and connect-src; hls.js
// and dash.js run in workers made from blobs, and the media elements style their shadow roots inline.
constexpr std::string_view content_security_policy =
    "default-src 'self'; "
    "script-src 'self' https://www.youtube.com; "
    "style-src 'self' 'unsafe-inline'; "
    "img-src * data: blob:; "
    "media-src * data: blob:; "
    "connect-src 'self' data: blob: https: http:; "
    "worker-src 'self' blob:; "
    "frame-src https://www.youtube.com https://www.youtube-nocookie.com https://vimeo.com https://player.vimeo.com "
    "https://player.twitch.tv; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'";

std::string_view extension_of(std::string_view path) {
    const auto name = path.substr(path.rfind('/') + 1);
    const auto dot = name.rfind('.');
    return dot == std::string_view::npos ? std::string_view{} : name.substr(dot + 1);
}

} // namespace

std::string_view content_type_of(std::string_view path) {
    const auto extension = extension_of(path);
    const auto found = std::ranges::find_if(
        types, [extension](const Type& type) { return equal_ignoring_case(type.first, extension); });
    return found == types.end() ? "application/octet-stream" : found->second;
}

bool is_named_by_content(std::string_view path) {
    if (!path.starts_with("assets/")) return false;
    const auto name = path.substr(path.rfind('/') + 1);
    const auto stem = name.substr(0, name.find('.'));
    // Vite and Rollup end the name with eight characters of base64url, which may themselves hold '-'.
    constexpr std::size_t hash_length = 8;
    if (stem.size() <= hash_length + 1 || stem[stem.size() - hash_length - 1] != '-') return false;
    return stem.substr(stem.size() - hash_length).find_first_of("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") !=
           std::string_view::npos;
}

std::string_view cache_control_of(std::string_view path) {
    if (is_named_by_content(path)) return "public, max-age=31536000, immutable";
    // Asking again before a range that was fetched already costs a seek its round trip. Playlists of live media change;
    // and segments that come from a cache make a player that measures its network think it faster than it is.
    const auto type = content_type_of(path);
    const bool segment = type == "video/iso.segment" || type == "video/mp2t";
    const bool film = (type.starts_with("video/") || type.starts_with("audio/")) && !segment;
    return film ? "public, max-age=3600" : "no-cache";
}

std::vector<Field> page_policy(std::string_view content_type) {
    if (!content_type.starts_with("text/html") && !content_type.starts_with("image/svg")) return {};
    // YouTube's player refuses to start without a Referer; the origin alone satisfies it. Tokens are in the fragment,
    // which no Referer carries.
    return {{"Content-Security-Policy", std::string{content_security_policy}},
            {"Referrer-Policy", "strict-origin-when-cross-origin"}};
}

} // namespace playhead::http
