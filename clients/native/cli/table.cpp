#include "cli/table.hpp"

#include "common/json.hpp"
#include "common/news.hpp"
#include "common/words.hpp"
#include "core/utf8.hpp"

#include <fmt/printf.h>

#include <cmath>

namespace playhead::cli {
namespace {

using fmt::sprintf;
using programs::shown;
using programs::text_of;
using programs::time_words;

constexpr std::size_t name_width = 20;
constexpr double buffer_ms_max = 65'535; // the wire's "that or more"

std::string padded(std::string text, std::size_t width) {
    std::size_t characters = 0;
    std::string_view left = text;
    while (!left.empty()) {
        const auto point = first_code_point(left);
        left.remove_prefix(point ? point->length : 1);
        ++characters;
    }
    if (characters < width) text.append(width - characters, ' ');
    return text;
}

std::string media_line(const client::RoomView& view, double position_ms) {
    const client::MediaView& media = view.media;
    if (media.instance == 0) return "nothing loaded";
    std::string line = (view.motion.playing ? "playing " : "paused at ") + time_words(position_ms);
    if (media.duration_ms > 0) line += " of " + time_words(media.duration_ms);
    if (std::abs(view.motion.rate - 1) > 1e-6) line += " at " + programs::rate_words(view.motion.rate);
    return line + ": " + shown(media.title.empty() ? media.url : media.title);
}

std::string roles_of(const client::ViewerView& viewer, std::uint32_t me) {
    std::string words;
    const auto add = [&words](bool is, std::string_view role) {
        if (is) words += (words.empty() ? "" : ", ") + std::string{role};
    };
    add(viewer.id == me, "this viewer");
    add(viewer.roles.owner, "owner");
    add(viewer.roles.host, "host");
    add(viewer.roles.cohost, "cohost");
    add(viewer.roles.moderator, "moderator");
    add(viewer.roles.muted, "muted");
    add(!viewer.connected, "lost");
    add(viewer.stalled, "buffering");
    add(viewer.blocked, "blocked");
    add(viewer.away, "away");
    return words;
}

std::string viewer_line(const client::ViewerView& viewer, std::uint32_t me) {
    std::string line = "  " + padded(shown(viewer.name), name_width);
    line += viewer.drift_ms ? sprintf(" %+9.1f ms", *viewer.drift_ms) : sprintf(" %9s   ", "-");
    line += viewer.delay_ms ? sprintf(" %6.0f ms", *viewer.delay_ms) : sprintf(" %6s   ", "-");
    if (!viewer.buffer_ms)
        line += sprintf(" %7s  ", "-");
    else
        line += sprintf(*viewer.buffer_ms >= buffer_ms_max ? " >%5.0f s" : " %6.1f s", *viewer.buffer_ms / 1000);
    const std::string roles = roles_of(viewer, me);
    return line + (roles.empty() ? "" : "  " + roles);
}

} // namespace

std::string room_table(const client::RoomView& view, double position_ms) {
    std::string table = shown(view.title.empty() ? view.room : view.title) + ", " + std::string{name_of(view.status)};
    if (view.carrier) table += " over " + std::string{name_of(*view.carrier)};
    table += "\n" + media_line(view, position_ms) + "\n";
    const std::string waiting = programs::waiting_words(view);
    if (!waiting.empty()) table += waiting + "\n";
    const std::string count = std::to_string(view.viewer_count) + (view.viewer_count == 1 ? " viewer" : " viewers");
    // cppcheck-suppress wrongPrintfScanfArgNum ; not the C library's sprintf
    table += "\n  " + padded(count, name_width) + sprintf(" %9s    %6s    %7s", "drift", "delay", "buffer") + "\n";
    for (const client::ViewerView& viewer : view.viewers) table += viewer_line(viewer, view.me) + "\n";
    if (view.viewer_count > view.viewers.size())
        table += "  and " + std::to_string(view.viewer_count - view.viewers.size()) + " more\n";
    if (const auto& all = view.distribution) {
        table += sprintf("  of %u: half within %.1f ms, nearly all within %.1f, worst %.1f", all->reporting,
                         all->p50_ms, all->p95_ms, all->max_ms) +
                 "\n";
    }
    if (view.hash_mismatches > 0) table += "STATE MISMATCHES: " + std::to_string(view.hash_mismatches) + "\n";
    return table;
}

std::string queue_table(const client::RoomView& view) {
    const client::PluginView* queue = view.plugin("queue");
    if (queue == nullptr) return "This room has no queue.\n";
    const client::SharedField* current = queue->find("current");
    const client::SharedField* items = queue->find("items");
    std::string table;
    const auto title_of = [](const Value& item) {
        const std::string title = text_of(item, "title");
        const std::string by = text_of(item, "by_name");
        return shown(title.empty() ? text_of(item, "url") : title) + (by.empty() ? "" : "  (" + shown(by) + ")");
    };
    if (current != nullptr && !current->value.is_nil()) table += "  now  " + title_of(current->value) + "\n";
    if (items == nullptr || items->items.empty()) return table + "  nothing waits\n";
    for (const client::SharedItem& item : items->items) {
        const std::int64_t* id = std::get_if<std::int64_t>(&item.key);
        table += sprintf("%5d  ", id == nullptr ? 0 : *id) + title_of(item.value) + "\n";
    }
    return table;
}

} // namespace playhead::cli
