#include "chart.hpp"

#include "svg/svg.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>
#include <utility>

namespace playhead::load {
namespace {

constexpr double panel_width = 380;
constexpr double panel_height = 260;
constexpr double panel_top = 70;
constexpr double left_panel = 70;
constexpr double right_panel = 540;
constexpr double panel_bottom = panel_top + panel_height;

using svg::add_curve;
using svg::add_line;
using svg::add_point;
using svg::add_text;
using svg::shown;

// The least of 1, 2 or 5 times a power of ten that is not below the value.
double round_up(double value) {
    if (!(value > 0)) return 1;
    const double power = std::pow(10, std::floor(std::log10(value)));
    for (const double step : {1.0, 2.0, 5.0})
        if (step * power >= value) return step * power;
    return 10 * power;
}

void add_frame(std::string& svg, double left, std::string_view heading) {
    add_text(svg, left, panel_top - 14, "start", heading);
    add_line(svg, left, panel_bottom, left + panel_width, panel_bottom, "axis");
    add_line(svg, left, panel_top, left, panel_bottom, "axis");
}

// A logarithmic scale of durations: between which powers of ten of microseconds.
struct Scale {
    double least = 0;
    double most = 1;
    double x_of(double power) const { return left_panel + (power - least) / (most - least) * panel_width; }
};

Scale scale_of(const Latencies& heard, const Latencies& drift) {
    double least_us = std::numeric_limits<double>::infinity();
    for (const Latencies* latencies : {&heard, &drift})
        if (latencies->count() > 0) least_us = std::min(least_us, latencies->quantile_us(0));
    const double least = std::floor(std::log10(std::max(100.0, least_us / 2)));
    const auto most_us = std::max(heard.max_us(), drift.max_us());
    return {.least = least, .most = std::max(least + 1, std::ceil(std::log10(static_cast<double>(most_us) + 1)))};
}

// Which share of them was at most so long.
void add_shares(std::string& svg, const Scale& scale, const Latencies& latencies, std::string_view style) {
    constexpr int steps = 190;
    std::string points;
    for (int step = 0; step <= steps; ++step) {
        const double power = scale.least + (scale.most - scale.least) * step / steps;
        const auto at_most = latencies.count_up_to(static_cast<std::uint64_t>(std::pow(10, power)));
        const double share = static_cast<double>(at_most) / static_cast<double>(latencies.count());
        add_point(points, scale.x_of(power), panel_bottom - share * panel_height);
    }
    add_curve(svg, points, style);
}

std::string percentiles_of(const Latencies& latencies) {
    std::string text;
    for (const auto& [name, share] : {std::pair{"p50 ", 0.5}, std::pair{"   p95 ", 0.95}, std::pair{"   p99 ", 0.99}})
        text += name + shown(latencies.quantile_us(share) / 1000);
    return text + "   max " + shown(static_cast<double>(latencies.max_us()) / 1000);
}

void add_latencies(std::string& svg, const Latencies& heard, const Latencies& drift) {
    add_frame(svg, left_panel,
              drift.count() == 0
                  ? "share of deliveries by latency in ms"
                  : "share of deliveries by latency, of players by how far off they are (dashed), in ms");
    for (const double share : {0.0, 0.5, 0.9, 1.0}) {
        const double y = panel_bottom - share * panel_height;
        add_line(svg, left_panel, y, left_panel + panel_width, y, "grid");
        add_text(svg, left_panel - 8, y + 4, "end", shown(share));
    }
    if (heard.count() == 0 && drift.count() == 0) {
        add_text(svg, left_panel + panel_width / 2, panel_top + panel_height / 2, "middle", "nothing was delivered");
        return;
    }
    const Scale scale = scale_of(heard, drift);
    for (int step = 0; step <= std::lround(scale.most - scale.least); ++step) {
        const double power = scale.least + step;
        add_line(svg, scale.x_of(power), panel_top, scale.x_of(power), panel_bottom, "grid");
        add_text(svg, scale.x_of(power), panel_bottom + 18, "middle", shown(std::pow(10, power) / 1000));
    }
    if (heard.count() > 0) {
        add_shares(svg, scale, heard, "curve");
        add_text(svg, left_panel, panel_bottom + 40, "start", percentiles_of(heard));
    }
    if (drift.count() > 0) {
        add_shares(svg, scale, drift, "drift");
        add_text(svg, left_panel, panel_bottom + 58, "start", "players: " + percentiles_of(drift));
    }
}

void add_deliveries(std::string& svg, const std::vector<Chart::Point>& deliveries) {
    add_frame(svg, right_panel, "deliveries a second, over seconds");
    double most = 0;
    for (const auto& point : deliveries) most = std::max(most, point.deliveries_per_s);
    const double height = round_up(most);
    const double length = deliveries.empty() ? 1 : std::max(deliveries.back().seconds, 1e-3);
    for (const double share : {0.0, 0.5, 1.0}) {
        const double y = panel_bottom - share * panel_height;
        add_line(svg, right_panel, y, right_panel + panel_width, y, "grid");
        add_text(svg, right_panel - 8, y + 4, "end", shown(share * height));
        add_text(svg, right_panel + share * panel_width, panel_bottom + 18, "middle", shown(share * length));
    }
    std::string points;
    for (const auto& point : deliveries)
        add_point(points, right_panel + point.seconds / length * panel_width,
                  panel_bottom - point.deliveries_per_s / height * panel_height);
    if (!points.empty()) add_curve(svg, points);
}

} // namespace

std::string svg_of(const Chart& chart) {
    std::string svg = svg::begin(960, 400,
                                 ".axis{stroke:#333}.grid{stroke:#ddd}.curve{fill:none;stroke:#06c;stroke-width:2}"
                                 ".drift{fill:none;stroke:#c50;stroke-width:2;stroke-dasharray:6 3}");
    add_text(svg, left_panel, 28, "start", chart.title);
    add_latencies(svg, chart.heard, chart.drift);
    add_deliveries(svg, chart.deliveries);
    return svg.append(svg::end);
}

} // namespace playhead::load
