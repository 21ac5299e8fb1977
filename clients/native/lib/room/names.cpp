#include "lib/room/names.hpp"

#include "core/enum_name.hpp"
#include "core/result.hpp"
#include "room/media.hpp"
#include "room/names.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace playhead::client {
namespace {

constexpr std::uint16_t wire_codes = std::to_underlying(ErrorCode::banned) + 1;

// The public lists are those of the engine; a value that is appended there must be appended here.
static_assert(std::to_underlying(ErrorCode::banned) == std::to_underlying(playhead::ErrorCode::banned));
static_assert(std::to_underlying(ErrorCode::denied) == std::to_underlying(playhead::ErrorCode::denied));
static_assert(std::to_underlying(ErrorCode::slow) == std::to_underlying(playhead::ErrorCode::slow));
static_assert(std::to_underlying(ErrorCode::room_unknown) == std::to_underlying(playhead::ErrorCode::room_unknown));
static_assert(std::to_underlying(MediaKind::twitch) == std::to_underlying(playhead::MediaKind::twitch));
static_assert(std::to_underlying(Verdict::refused) == std::to_underlying(playhead::Verdict::refused));
static_assert(std::to_underlying(EventKind::media_ended) == std::to_underlying(playhead::EventKind::media_ended));

std::string lower_case(std::string_view text) {
    std::string lower{text};
    std::ranges::transform(lower, lower.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return lower;
}

} // namespace

std::string_view name_of(ErrorCode code) {
    switch (code) {
    case ErrorCode::unreachable: return "unreachable";
    case ErrorCode::lost: return "lost";
    case ErrorCode::left: return "left";
    default: return playhead::name_of(static_cast<playhead::ErrorCode>(std::to_underlying(code)));
    }
}

ErrorCode code_of(std::uint16_t wire) { return wire < wire_codes ? static_cast<ErrorCode>(wire) : ErrorCode::internal; }

ErrorCode code_named(std::string_view name) {
    for (std::uint16_t code = 1; code < wire_codes; ++code)
        if (playhead::name_of(static_cast<playhead::ErrorCode>(code)) == name) return static_cast<ErrorCode>(code);
    return ErrorCode::internal;
}

std::string_view name_of(MediaKind kind) {
    return media_kind_name(static_cast<playhead::MediaKind>(std::to_underlying(kind)));
}

// clients/sdk/src/media-kind.ts says the same.
MediaKind media_kind_of(std::string_view url) {
    const std::string whole = lower_case(url);
    std::string_view path{whole};
    std::string_view host;
    if (const std::size_t scheme = path.find("://"); scheme != std::string_view::npos) {
        path.remove_prefix(scheme + 3);
        host = path.substr(0, path.find_first_of("/?#"));
        path.remove_prefix(host.size());
        host.remove_prefix(host.rfind('@') == std::string_view::npos ? 0 : host.rfind('@') + 1);
        host = host.substr(0, host.find(':'));
    }
    path = path.substr(0, path.find_first_of("?#"));
    const auto of = [host](std::string_view site) {
        return host.ends_with(site) && (host.size() == site.size() || host[host.size() - site.size() - 1] == '.');
    };
    if (of("youtube.com") || of("youtu.be") || of("youtube-nocookie.com")) return MediaKind::youtube;
    if (of("vimeo.com")) return MediaKind::vimeo;
    if (of("twitch.tv")) return MediaKind::twitch;
    if (path.ends_with(".m3u8")) return MediaKind::hls;
    if (path.ends_with(".mpd")) return MediaKind::dash;
    return MediaKind::file;
}

std::string_view name_of(Verdict verdict) {
    return playhead::name_of(static_cast<playhead::Verdict>(std::to_underlying(verdict)));
}

std::string_view name_of(RoomStatus status) {
    static constexpr std::array<std::string_view, 5> names{"connecting", "joining", "live", "reconnecting", "closed"};
    return enum_name(names, status);
}

std::string_view name_of(Transport transport) {
    static constexpr std::array<std::string_view, 3> names{"automatic", "websocket", "enet"};
    return enum_name(names, transport);
}

std::string_view name_of(EventKind kind) {
    return playhead::name_of(static_cast<playhead::EventKind>(std::to_underlying(kind)));
}

} // namespace playhead::client
