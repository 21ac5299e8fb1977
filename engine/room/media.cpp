#include "room/media.hpp"

#include "core/text.hpp"
#include "room/state.hpp"

#include <algorithm>
#include <string_view>

namespace playhead {
namespace {

std::unexpected<Error> refused(ErrorCode code, std::string message) {
    return std::unexpected(Error{.code = code, .message = std::move(message)});
}

char lower(char character) {
    return character >= 'A' && character <= 'Z' ? static_cast<char>(character + ('a' - 'A')) : character;
}

bool starts_with(std::string_view text, std::string_view lower_start) {
    return text.size() >= lower_start.size() &&
           std::ranges::equal(text.substr(0, lower_start.size()), lower_start, {}, lower);
}

// http(s) with something behind the slashes that is not another slash.
bool is_web_address(std::string_view url) {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (starts_with(url, scheme)) {
            const std::string_view rest = url.substr(scheme.size());
            return !rest.empty() && !std::string_view("/?#:@").contains(rest.front());
        }
    }
    return false;
}

// True for "." and ".." in every spelling that a browser resolves as such.
bool is_dot_segment(std::string_view segment) {
    std::size_t dots = 0;
    while (!segment.empty()) {
        const std::size_t length = segment.front() == '.' ? 1 : starts_with(segment, "%2e") ? 3 : 0;
        if (length == 0) return false;
        segment.remove_prefix(length);
        ++dots;
    }
    return dots == 1 || dots == 2;
}

// A path of this server: starts with one slash (two would name another host) and stays where it says.
bool is_own_path(std::string_view url) {
    if (!url.starts_with('/') || url.starts_with("//")) return false;
    std::string_view path = url.substr(0, url.find_first_of("?#"));
    while (!path.empty()) {
        path.remove_prefix(1);
        const std::size_t end = std::min(path.find('/'), path.size());
        if (is_dot_segment(path.substr(0, end))) return false;
        path.remove_prefix(end);
    }
    return true;
}

bool is_provider(MediaKind kind) {
    return kind == MediaKind::youtube || kind == MediaKind::vimeo || kind == MediaKind::twitch;
}

bool is_provider_id(std::string_view url) {
    constexpr std::size_t id_length_max = 64;
    const auto allowed = [](char character) {
        const char small = lower(character);
        return (small >= 'a' && small <= 'z') || (small >= '0' && small <= '9') || small == '-' || small == '_';
    };
    return !url.empty() && url.size() <= id_length_max && std::ranges::all_of(url, allowed);
}

// Nothing that a browser drops, turns into a slash or cuts at.
bool has_only_url_characters(std::string_view url) {
    return std::ranges::all_of(url, [](char character) {
        const auto byte = static_cast<unsigned char>(character);
        return byte > 0x20 && byte != 0x7F && character != '\\' && character != '<' && character != '>' &&
               character != '"';
    });
}

} // namespace

std::optional<MediaKind> media_kind_named(std::string_view name) {
    const auto* const found = std::ranges::find(media_kinds, name, &NamedMediaKind::name);
    return found == media_kinds.end() ? std::nullopt : std::optional{found->kind};
}

std::string_view media_kind_name(MediaKind kind) {
    const auto* const found = std::ranges::find(media_kinds, kind, &NamedMediaKind::kind);
    return found == media_kinds.end() ? "none" : found->name;
}

Result<Load> checked(const Load& load) {
    if (load.kind == MediaKind::none || load.kind > MediaKind::twitch) {
        return refused(ErrorCode::malformed, "the kind of the media is missing or unknown");
    }
    if (load.url.size() > Load::url_bytes_max) {
        return refused(ErrorCode::too_large, "a media address has at most " + std::to_string(Load::url_bytes_max) +
                                                 " bytes, not " + std::to_string(load.url.size()));
    }
    if (!valid_utf8(load.url) || !has_only_url_characters(load.url)) {
        return refused(ErrorCode::malformed, "a media address holds no white space, controls, quotes, <, > or \\");
    }
    const bool known =
        is_web_address(load.url) || (is_provider(load.kind) ? is_provider_id(load.url) : is_own_path(load.url));
    if (!known) {
        return refused(ErrorCode::malformed,
                       is_provider(load.kind)
                           ? "a media address starts with http:// or https://, or is the id of a video"
                           : "a media address starts with http:// or https://, or is a path of this server: one / "
                             "first, no . or .. segments");
    }
    if (load.start < MediaTime{0} || load.start > time_max) {
        return refused(ErrorCode::out_of_range, "media starts at a position from 0 to " +
                                                    std::to_string(time_max.count()) + " us, not at " +
                                                    std::to_string(load.start.count()));
    }
    Load clean = load;
    clean.title = clean_text_within(load.title, Load::title_bytes_max);
    return clean;
}

bool believable_duration(MediaTime duration) { return duration > MediaTime{0} && duration <= duration_max; }

MediaTime agreed_duration(std::vector<MediaTime> reports) {
    if (reports.empty()) return MediaTime{0};
    const auto upper_median = reports.begin() + static_cast<std::ptrdiff_t>(reports.size() / 2);
    std::ranges::nth_element(reports, upper_median);
    const auto whole = std::chrono::round<std::chrono::milliseconds>(*upper_median);
    return std::max(MediaTime{whole}, MediaTime{1000});
}

} // namespace playhead
