#include "svg/svg.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>

namespace playhead::svg {

std::string shown(double value) {
    std::array<char, 32> text{};
    const int size = std::snprintf(text.data(), text.size(), "%.5g", value);
    return std::string(text.data(), static_cast<std::size_t>(std::max(size, 0)));
}

std::string escaped(std::string_view text) {
    std::string safe;
    for (const char character : text) {
        switch (character) {
        case '<': safe += "&lt;"; break;
        case '>': safe += "&gt;"; break;
        case '&': safe += "&amp;"; break;
        default: safe.push_back(static_cast<unsigned char>(character) < 0x20 ? ' ' : character);
        }
    }
    return safe;
}

void add_text(std::string& svg, double x, double y, std::string_view anchor, std::string_view text) {
    svg.append("<text x=\"").append(shown(x)).append("\" y=\"").append(shown(y));
    svg.append("\" text-anchor=\"").append(anchor).append("\">").append(escaped(text)).append("</text>\n");
}

void add_line(std::string& svg, double x1, double y1, double x2, double y2, std::string_view style) {
    svg.append("<line x1=\"").append(shown(x1)).append("\" y1=\"").append(shown(y1));
    svg.append("\" x2=\"").append(shown(x2)).append("\" y2=\"").append(shown(y2));
    svg.append("\" class=\"").append(style).append("\"/>\n");
}

void add_curve(std::string& svg, std::string_view points, std::string_view style) {
    svg.append("<polyline class=\"").append(style).append("\" points=\"").append(points).append("\"/>\n");
}

void add_point(std::string& points, double x, double y) {
    points.append(points.empty() ? "" : " ").append(shown(x)).append(",").append(shown(y));
}

void add_dot(std::string& svg, double x, double y, std::string_view style, std::string_view says) {
    svg.append("<circle cx=\"").append(shown(x)).append("\" cy=\"").append(shown(y));
    svg.append("\" r=\"3\" class=\"").append(style).append("\"><title>").append(escaped(says));
    svg.append("</title></circle>\n");
}

std::string begin(int width, int height, std::string_view style) {
    const std::string wide = std::to_string(width);
    const std::string high = std::to_string(height);
    const std::string size = "width=\"" + wide + "\" height=\"" + high + "\"";
    return "<svg xmlns=\"http://www.w3.org/2000/svg\" " + size + " viewBox=\"0 0 " + wide + " " + high +
           "\">\n<style>text{font:12px sans-serif;fill:#333}" + std::string{style} + "</style>\n<rect " + size +
           " fill=\"#fff\"/>\n";
}

} // namespace playhead::svg
