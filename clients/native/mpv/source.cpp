#include "mpv/source.hpp"

#include "common/words.hpp"
#include "playhead/link.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <system_error>

namespace playhead::mpv {
namespace {

using client::MediaKind;

bool starts_with_scheme(std::string_view text, std::string_view scheme) {
    return text.size() > scheme.size() && std::ranges::equal(text.substr(0, scheme.size()), scheme, [](char a, char b) {
               return std::tolower(static_cast<unsigned char>(a)) == b;
           });
}

bool is_web_address(std::string_view text) {
    return starts_with_scheme(text, "http://") || starts_with_scheme(text, "https://");
}

// Rooms may name a film of these services by its id alone.
std::string address_on_service(const client::MediaView& media) {
    if (is_web_address(media.url)) return media.url;
    switch (media.kind) {
    case MediaKind::youtube: return "https://www.youtube.com/watch?v=" + media.url;
    case MediaKind::vimeo: return "https://vimeo.com/" + media.url;
    case MediaKind::twitch: return "https://www.twitch.tv/" + media.url;
    default: return media.url;
    }
}

bool is_service(MediaKind kind) {
    return kind == MediaKind::youtube || kind == MediaKind::vimeo || kind == MediaKind::twitch;
}

} // namespace

std::expected<std::string, std::string> address_of(const client::MediaView& media, std::string_view server) {
    std::string address = is_service(media.kind) ? address_on_service(media) : client::absolute_url(media.url, server);
    const bool clean = std::ranges::none_of(address, [](unsigned char byte) { return byte <= ' ' || byte == 0x7f; });
    if (!is_web_address(address) || !clean)
        return std::unexpected("the room plays '" + programs::shown(address) +
                               "', which is no address of http or https");
    return address;
}

std::string failure_words(const client::MediaView& media, std::string_view why) {
    std::string words = "mpv cannot play this: " + programs::shown(why);
    if (is_service(media.kind)) words += " (for " + std::string{name_of(media.kind)} + " it needs yt-dlp, up to date)";
    return words;
}

std::expected<OwnCopy, std::string> own_copy_at(const std::string& path) {
    std::error_code failed;
    const auto status = std::filesystem::status(path, failed);
    if (!std::filesystem::exists(status)) return std::unexpected("there is no file '" + programs::shown(path) + "'");
    if (std::filesystem::is_directory(status))
        return std::unexpected("'" + programs::shown(path) + "' is a folder; a file is needed");
    const std::uintmax_t bytes = std::filesystem::file_size(path, failed);
    return OwnCopy{.path = std::filesystem::absolute(path).string(),
                   .bytes = failed ? std::nullopt : std::optional<std::uint64_t>{bytes}};
}

bool same_length(const Copy& own, const Copy& room) {
    return !own.duration_ms || !room.duration_ms || std::abs(*own.duration_ms - *room.duration_ms) <= same_length_ms;
}

std::string difference_words(const Copy& own, const Copy& room) {
    if (own.bytes && room.bytes && *own.bytes == *room.bytes) return {};
    if (!same_length(own, room)) {
        return "Your copy lasts " + programs::time_words(*own.duration_ms) + ", the room's " +
               programs::time_words(*room.duration_ms) + ": it may be another cut";
    }
    if (own.bytes && room.bytes)
        return "Your copy is another file than the room's: its picture may sit some frames apart";
    return {};
}

} // namespace playhead::mpv
