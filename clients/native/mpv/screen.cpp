#include "mpv/screen.hpp"

#include <algorithm>
#include <limits>

namespace playhead::mpv {

void Screen::say(std::string_view text, double now_ms) {
    if (text.empty()) return;
    // Said twice at once it is one line.
    const auto same = [text](const Line& line) { return line.text == text; };
    lines_.erase(std::remove_if(lines_.begin(), lines_.end(), same), lines_.end());
    lines_.push_back({std::string{text}, now_ms + line_ms});
    if (lines_.size() > lines_max) lines_.pop_front();
    dirty_ = true;
}

void Screen::keep(std::string_view text, double now_ms) {
    if (text == kept_) return;
    kept_ = text;
    renewed_ms_ = now_ms;
    dirty_ = true;
}

std::optional<Screen::Text> Screen::show(double now_ms) {
    while (!lines_.empty() && lines_.front().until_ms <= now_ms) lines_.pop_front();
    const bool renew = !kept_.empty() && now_ms - renewed_ms_ >= renew_ms;
    if (!dirty_ && !renew) return std::nullopt;
    dirty_ = false;
    renewed_ms_ = now_ms;
    Text text{.text = kept_, .for_ms = kept_.empty() ? 1 : 2 * renew_ms};
    for (const Line& line : lines_) {
        text.text += (text.text.empty() ? "" : "\n") + line.text;
        text.for_ms = std::max(text.for_ms, line.until_ms - now_ms);
    }
    return text;
}

double Screen::next_ms() const {
    if (dirty_) return 0;
    return kept_.empty() ? std::numeric_limits<double>::infinity() : renewed_ms_ + renew_ms;
}

} // namespace playhead::mpv
