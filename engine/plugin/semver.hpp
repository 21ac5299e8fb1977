#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace playhead {

// MAJOR.MINOR.PATCH, or MAJOR.MINOR.PATCH-PRERELEASE, which comes before it.   Source: semver.org 2.0.0, sections 2-11.
struct SemanticVersion {
    std::uint32_t major = 0, minor = 0, patch = 0;
    std::string prerelease; // dot-separated, "beta.2"; empty for a release

    static std::optional<SemanticVersion> parse(std::string_view text);
    std::string text() const;
    std::strong_ordering operator<=>(const SemanticVersion& other) const;
    bool operator==(const SemanticVersion&) const = default;
};

// Which versions will do: "^1", "^1.2", "~1.2", "1.2.3", "1.2", ">=1.2 <3", "*". Several parts must all hold.
//   ^ allows what does not change the first number that is not zero, ~ what does not change the minor (or, given only a
//   major, the major) number; without an operator what is not said is free. A prerelease only does for a range that
//   names one of the same MAJOR.MINOR.PATCH.   Source: node-semver, the README's "Ranges" without "||" and hyphens.
class VersionRange {
  public:
    static std::optional<VersionRange> parse(std::string_view text);
    bool contains(const SemanticVersion& version) const;
    const std::string& text() const { return text_; }
    bool operator==(const VersionRange& other) const { return text_ == other.text_; }

  private:
    struct Bound {
        enum class Side : std::uint8_t { at_least, below, above, at_most };
        Side side = Side::at_least;
        SemanticVersion version;
    };
    std::string text_;
    std::vector<Bound> bounds_;
};

} // namespace playhead
