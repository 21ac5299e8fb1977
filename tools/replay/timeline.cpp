#include "timeline.hpp"

#include "recording/words.hpp"
#include "svg/svg.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <variant>

namespace playhead::replay {
namespace {

using svg::add_dot;
using svg::add_line;
using svg::add_point;
using svg::add_text;

constexpr int width = 1200;
constexpr double left = 90;
constexpr double right = width - 30;
constexpr double playhead_top = 60;
constexpr double playhead_bottom = 320;
constexpr double commands_y = playhead_bottom + 40;
constexpr double ticks_y = commands_y + 34;
constexpr double lanes_top = ticks_y + 44;
constexpr double lane_height = 22;
constexpr std::size_t lanes_max = 20;

double in_seconds(Microseconds time) { return static_cast<double>(time.count()) / 1e6; }

// A round number of steps that makes about eight of the whole.
double step_of(double whole) {
    constexpr double steps_wanted = 8;
    const double least = std::max(whole, 1e-3) / steps_wanted;
    const double power = std::pow(10, std::floor(std::log10(least)));
    for (const double step : {1.0, 2.0, 5.0, 10.0})
        if (step * power >= least) return step * power;
    return least;
}

// What a person asked for, by mouse or key; what plugins and the engine do stands in the tick's text.
const Command* command_of(const recording::Call& call) {
    const auto* input = std::get_if<Input>(&call);
    return input == nullptr ? nullptr : std::get_if<Command>(input);
}

} // namespace

Timeline::Timeline(const recording::Opening& opening)
    : tick_length_(opening.tick_length),
      start_(opening.tick),
      title_("room " + opening.room + ", from tick " + std::to_string(opening.tick.number) + " on, playhead " +
             opening.engine),
      motion_(opening.room_state.motion.value()) {
    sample(start_);
}

double Timeline::seconds(Tick tick) const {
    return in_seconds(tick_length_.value) * (static_cast<double>(tick.number) - static_cast<double>(start_.number));
}

void Timeline::sample(Tick tick) {
    const Playhead& playhead = motion_.at(tick);
    playhead_.push_back({.at_s = seconds(tick),
                         .position_s = in_seconds(playhead.position_at(tick, tick_length_)),
                         .playing = playhead.playing});
}

void Timeline::add(const recording::Turn& turn, const recording::Replay::Result& result, const RoomState& state) {
    const double at_s = seconds(turn.tick);
    length_s_ = std::max(length_s_, at_s);
    const std::size_t most = std::max({playhead_.size(), commands_.size(), slow_ticks_.size(), behind_points_});
    if (most >= points_max) {
        left_out_ = true;
        return;
    }
    sample(turn.tick);
    if (motion_ != state.motion.value()) {
        motion_ = state.motion.value();
        sample(turn.tick); // a seek is a step
    }
    std::uint32_t missed = 0;
    for (const recording::Call& call : turn.calls) {
        if (const auto* advance = std::get_if<recording::Advance>(&call)) missed += advance->missed;
        const Command* command = command_of(call);
        if (command == nullptr) continue;
        const auto answer = std::ranges::find_if(result.outcomes, [&](const Outcome& outcome) {
            return outcome.viewer == command->viewer && outcome.sequence == command->sequence;
        });
        const bool refused = answer != result.outcomes.end() && answer->verdict == Verdict::refused;
        commands_.push_back({.at_s = at_s, .what = recording::in_words(Input{*command}), .bad = refused});
    }
    if (turn.took > tick_length_.value || missed > 0)
        slow_ticks_.push_back({.at_s = at_s,
                               .what = "tick " + std::to_string(turn.tick.number) + ": " +
                                       std::to_string(turn.took.count()) + " us, " + std::to_string(missed) + " missed",
                               .bad = true});
    if (!turn.beacon) return;
    for (const Telemetry& row : turn.beacon->telemetry) {
        const bool stalled = (row.flags & std::to_underlying(ReportFlag::stalled)) != 0;
        if (!stalled && std::chrono::abs(row.drift) < behind_min) continue;
        behind_[row.viewer].push_back({.at_s = at_s, .drift_s = in_seconds(row.drift), .stalled = stalled});
        ++behind_points_;
    }
}

std::string Timeline::svg() const {
    const std::size_t lanes = std::min(behind_.size(), lanes_max);
    const double bottom = lanes_top + lane_height * static_cast<double>(std::max<std::size_t>(lanes, 1)) + 20;
    std::string svg = svg::begin(width, static_cast<int>(bottom) + 30,
                                 ".axis{stroke:#333}.grid{stroke:#e4e4e4}.playing{fill:none;stroke:#06c;stroke-width:2}"
                                 ".paused{fill:none;stroke:#9bc;stroke-width:2}.done{fill:#06c}.refused{fill:#c50}"
                                 ".slow{fill:#c00}.behind{fill:#c50}.ahead{fill:#a0a}.stalled{fill:#c00}");
    add_text(svg, left, 26, "start", title_);
    const double length_s = std::max(length_s_, 1.0);
    const auto x_of = [&](double at_s) { return left + at_s / length_s * (right - left); };
    double most_s = 1;
    for (const Sample& sample : playhead_) most_s = std::max(most_s, sample.position_s);
    const auto y_of = [&](double position_s) {
        return playhead_bottom - position_s / most_s * (playhead_bottom - playhead_top);
    };
    for (int line = 0; line * step_of(length_s) <= length_s; ++line) {
        const double at = line * step_of(length_s);
        add_line(svg, x_of(at), playhead_top, x_of(at), bottom, "grid");
        add_text(svg, x_of(at), bottom + 18, "middle", svg::shown(at) + " s");
    }
    for (int line = 0; line * step_of(most_s) <= most_s; ++line) {
        const double position = line * step_of(most_s);
        add_line(svg, left, y_of(position), right, y_of(position), "grid");
        add_text(svg, left - 8, y_of(position) + 4, "end", svg::shown(position) + " s");
    }
    add_text(svg, left, playhead_top - 12, "start", "playhead (pale: paused)");

    // One curve for each stretch of playing or standing.
    std::string points;
    for (std::size_t i = 0; i < playhead_.size(); ++i) {
        const Sample& sample = playhead_[i];
        add_point(points, x_of(sample.at_s), y_of(sample.position_s));
        const bool last = i + 1 == playhead_.size();
        if (!last && playhead_[i + 1].playing == sample.playing) continue;
        if (!last) add_point(points, x_of(playhead_[i + 1].at_s), y_of(playhead_[i + 1].position_s));
        svg::add_curve(svg, points, sample.playing ? "playing" : "paused");
        points.clear();
    }
    add_text(svg, left - 8, commands_y + 4, "end", "commands");
    add_line(svg, left, commands_y, right, commands_y, "grid");
    for (const Mark& mark : commands_)
        add_dot(svg, x_of(mark.at_s), commands_y, mark.bad ? "refused" : "done", mark.what);
    add_text(svg, left - 8, ticks_y + 4, "end", "long ticks");
    add_line(svg, left, ticks_y, right, ticks_y, "grid");
    for (const Mark& mark : slow_ticks_) add_dot(svg, x_of(mark.at_s), ticks_y, "slow", mark.what);

    add_text(svg, left, lanes_top - 14, "start",
             behind_.empty() ? "nobody was 100 ms off, or stalled"
                             : "who was 100 ms off (orange: behind, violet: ahead) or stalled (red)");
    std::size_t lane = 0;
    for (const auto& [viewer, points_of_viewer] : behind_) {
        if (lane == lanes_max) break;
        const double y = lanes_top + lane_height * static_cast<double>(lane) + lane_height / 2;
        ++lane;
        add_text(svg, left - 8, y + 4, "end", "viewer " + std::to_string(viewer.value));
        add_line(svg, left, y, right, y, "grid");
        for (const Behind& point : points_of_viewer)
            add_dot(svg, x_of(point.at_s), y,
                    point.stalled       ? "stalled"
                    : point.drift_s < 0 ? "behind"
                                        : "ahead",
                    svg::shown(point.drift_s * 1000) + " ms");
    }
    if (left_out_ || behind_.size() > lanes_max)
        add_text(svg, right, 26, "end",
                 left_out_ ? "the end is left out: too much has happened" : "more viewers were off");
    return svg.append(svg::end);
}

} // namespace playhead::replay
