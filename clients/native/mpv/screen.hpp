#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace playhead::mpv {

// What stands on mpv's screen over the picture: the last few lines, each for a while, and one that stays for as long as
// it is true. mpv shows one text at a time, so that a new line is shown together with those that are still young.
//   Units: milliseconds of the caller's clock.   Pure: show() says what mpv shall show.
class Screen {
  public:
    static constexpr std::size_t lines_max = 5;
    static constexpr double line_ms = 5'000;
    // What stays is shown anew before it would fade.
    static constexpr double renew_ms = 2'000;

    void say(std::string_view text, double now_ms);
    // Stays until it is something else; empty: nothing does.
    void keep(std::string_view text, double now_ms);

    struct Text {
        std::string text; // empty: clear what is there
        double for_ms = 0;
        bool operator==(const Text&) const = default;
    };
    // What to show now; empty while what is shown is right.
    std::optional<Text> show(double now_ms);
    // When show() has something by itself; infinite if never.
    double next_ms() const;
    // Another mpv is there: nothing stands on its screen.
    void cleared() { dirty_ = !kept_.empty() || !lines_.empty(); }

  private:
    struct Line {
        std::string text;
        double until_ms = 0;
    };
    std::deque<Line> lines_;
    std::string kept_;
    double renewed_ms_ = 0;
    bool dirty_ = false;
};

} // namespace playhead::mpv
