#include "plugin/semver.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace playhead {
namespace {

constexpr std::size_t digits_max = 9; // so that the next number still fits

std::optional<std::uint32_t> number(std::string_view text) {
    if (text.empty() || text.size() > digits_max || (text.size() > 1 && text.front() == '0')) return std::nullopt;
    std::uint32_t value = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

// Takes what stands before the first `separator`; the separator goes with it.
std::string_view take_until(std::string_view& text, char separator) {
    const auto at = text.find(separator);
    const std::string_view part = text.substr(0, at);
    text = at == std::string_view::npos ? std::string_view{} : text.substr(at + 1);
    return part;
}

bool is_prerelease(std::string_view text) {
    if (text.empty() || text.ends_with('.')) return false;
    while (!text.empty()) {
        const std::string_view part = take_until(text, '.');
        const bool digits = std::ranges::all_of(part, [](char c) { return c >= '0' && c <= '9'; });
        if (part.empty() || (digits && !number(part))) return false;
        if (!std::ranges::all_of(part, [](char c) {
                return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
            }))
            return false;
    }
    return true;
}

// Section 11: part by part; numbers before words, fewer parts before more.
std::strong_ordering compare_prereleases(std::string_view left, std::string_view right) {
    if (left.empty() || right.empty()) return left.empty() <=> right.empty(); // a release comes after
    while (!left.empty() && !right.empty()) {
        const std::string_view one = take_until(left, '.');
        const std::string_view other = take_until(right, '.');
        const auto one_number = number(one);
        const auto other_number = number(other);
        std::strong_ordering order = std::strong_ordering::equal;
        if (one_number && other_number) {
            order = *one_number <=> *other_number;
        } else if (one_number || other_number) {
            order = one_number ? std::strong_ordering::less : std::strong_ordering::greater;
        } else {
            order = one.compare(other) <=> 0;
        }
        if (order != std::strong_ordering::equal) return order;
    }
    return left.size() <=> right.size();
}

// A version of which the end may be missing.
struct Partial {
    SemanticVersion version;
    int given = 0; // how many of the three numbers were said
};

std::optional<Partial> parse_partial(std::string_view text) {
    Partial partial;
    std::string_view numbers = text;
    if (const auto dash = text.find('-'); dash != std::string_view::npos) {
        const std::string_view prerelease = text.substr(dash + 1);
        if (!is_prerelease(prerelease)) return std::nullopt;
        partial.version.prerelease = prerelease;
        numbers = text.substr(0, dash);
    }
    if (numbers.ends_with('.')) return std::nullopt;
    for (std::uint32_t* place : {&partial.version.major, &partial.version.minor, &partial.version.patch}) {
        if (partial.given > 0 && numbers.empty()) break;
        const auto value = number(take_until(numbers, '.'));
        if (!value) return std::nullopt;
        *place = *value;
        ++partial.given;
    }
    if (!numbers.empty() || (partial.given < 3 && !partial.version.prerelease.empty())) return std::nullopt;
    return partial;
}

// The first version in which the number at `place` (0 is the major one) is the next.
SemanticVersion next(const SemanticVersion& version, int place) {
    if (place == 0) return {version.major + 1, 0, 0, {}};
    if (place == 1) return {version.major, version.minor + 1, 0, {}};
    return {version.major, version.minor, version.patch + 1, {}};
}

int first_number_not_zero(const Partial& partial) {
    const std::array<std::uint32_t, 3> numbers{partial.version.major, partial.version.minor, partial.version.patch};
    int place = 0;
    while (place + 1 < partial.given && numbers[static_cast<std::size_t>(place)] == 0) ++place;
    return place;
}

} // namespace

std::optional<SemanticVersion> SemanticVersion::parse(std::string_view text) {
    const auto partial = parse_partial(text);
    if (!partial || partial->given < 3) return std::nullopt;
    return partial->version;
}

std::string SemanticVersion::text() const {
    const std::string release = std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
    return prerelease.empty() ? release : release + "-" + prerelease;
}

std::strong_ordering SemanticVersion::operator<=>(const SemanticVersion& other) const {
    if (const auto order = major <=> other.major; order != 0) return order;
    if (const auto order = minor <=> other.minor; order != 0) return order;
    if (const auto order = patch <=> other.patch; order != 0) return order;
    return compare_prereleases(prerelease, other.prerelease);
}

std::optional<VersionRange> VersionRange::parse(std::string_view text) {
    using Side = Bound::Side;
    VersionRange range;
    range.text_ = text;
    bool some = false;
    while (!text.empty()) {
        std::string_view part = take_until(text, ' ');
        if (part.empty()) continue;
        some = true;
        if (part == "*") continue;
        std::string_view sign;
        for (const std::string_view one : {">=", "<=", ">", "<", "=", "^", "~"}) {
            if (!part.starts_with(one)) continue;
            sign = one;
            part.remove_prefix(one.size());
            break;
        }
        const auto partial = parse_partial(part);
        if (!partial) return std::nullopt;
        const SemanticVersion& version = partial->version;
        const int last = partial->given - 1; // the last number that was said
        if (sign == ">=" || sign == "<") {
            range.bounds_.push_back({sign == "<" ? Side::below : Side::at_least, version});
        } else if (sign == ">" && last == 2) {
            range.bounds_.push_back({Side::above, version});
        } else if (sign == ">") {
            range.bounds_.push_back({Side::at_least, next(version, last)});
        } else if (sign == "<=" && last == 2) {
            range.bounds_.push_back({Side::at_most, version});
        } else if (sign == "<=") {
            range.bounds_.push_back({Side::below, next(version, last)});
        } else {
            int place = last;
            if (sign == "^") place = first_number_not_zero(*partial);
            if (sign == "~") place = std::min(last, 1);
            const bool exact = last == 2 && (sign.empty() || sign == "=");
            range.bounds_.push_back({Side::at_least, version});
            range.bounds_.push_back(exact ? Bound{Side::at_most, version} : Bound{Side::below, next(version, place)});
        }
    }
    if (!some) return std::nullopt;
    return range;
}

bool VersionRange::contains(const SemanticVersion& version) const {
    const bool within = std::ranges::all_of(bounds_, [&](const Bound& bound) {
        switch (bound.side) {
        case Bound::Side::at_least: return version >= bound.version;
        case Bound::Side::below: return version < bound.version;
        case Bound::Side::above: return version > bound.version;
        case Bound::Side::at_most: return version <= bound.version;
        }
        return false;
    });
    if (!within || version.prerelease.empty()) return within;
    return std::ranges::any_of(bounds_, [&](const Bound& bound) {
        const SemanticVersion& named = bound.version;
        return !named.prerelease.empty() && named.major == version.major && named.minor == version.minor &&
               named.patch == version.patch;
    });
}

} // namespace playhead
