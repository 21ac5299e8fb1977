#pragma once

#include <string>
#include <string_view>

// Parts of an SVG picture, as text that is put behind other text. Pure: the same parts are the same text.
namespace playhead::svg {

// Five digits of it at most.
std::string shown(double value);
std::string escaped(std::string_view text);

std::string begin(int width, int height, std::string_view style);
inline constexpr std::string_view end = "</svg>\n";
void add_text(std::string& svg, double x, double y, std::string_view anchor, std::string_view text);
void add_line(std::string& svg, double x1, double y1, double x2, double y2, std::string_view style);
void add_curve(std::string& svg, std::string_view points, std::string_view style = "curve");
// To the points of a curve.
void add_point(std::string& points, double x, double y);
// What it says is shown when somebody points at it.
void add_dot(std::string& svg, double x, double y, std::string_view style, std::string_view says);

} // namespace playhead::svg
