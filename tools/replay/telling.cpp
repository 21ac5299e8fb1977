#include "telling.hpp"

#include "core/text.hpp"
#include "recording/words.hpp"
#include "replication/baseline.hpp"
#include "replication/decode.hpp"

#include <string_view>

namespace playhead::replay {
namespace {

using recording::in_words;

std::string heading(Tick tick, TickLength tick_length) {
    return "tick " + std::to_string(tick.number) + " (" +
           recording::in_seconds_text(tick_length.start_of(tick).time_since_epoch()) + ")\n";
}

// Each line behind the mark, so that one sees which belong together.
std::string marked(std::string_view mark, std::string_view text) {
    std::string lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        lines.append(mark).append(one_line(text.substr(0, end))).append("\n");
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

bool is_housekeeping(const recording::Call& call) {
    const auto* step = std::get_if<RoomStep>(&call);
    const auto* advance = std::get_if<recording::Advance>(&call);
    return (step != nullptr &&
            (*step == RoomStep::commit || *step == RoomStep::collect_garbage || *step == RoomStep::sleep)) ||
           (advance != nullptr && advance->missed == 0);
}

std::string doing(const Beacon& beacon) {
    std::string text;
    for (const Telemetry& row : beacon.telemetry) {
        text += "viewer " + std::to_string(row.viewer.value) + " is off by " +
                std::to_string(row.drift.count() / 1000) + " ms";
        if ((row.flags & std::to_underlying(ReportFlag::stalled)) != 0) text += ", stalled";
        if ((row.flags & std::to_underlying(ReportFlag::away)) != 0) text += ", away";
        if ((row.flags & std::to_underlying(ReportFlag::blocked)) != 0) text += ", blocked";
        text += "\n";
    }
    return text;
}

} // namespace

std::string told(const recording::Opening& opening) {
    std::string text = "room " + opening.room + ", part " + std::to_string(opening.part) + ", recorded by playhead " +
                       opening.engine + " from tick " + std::to_string(opening.tick.number) + " on, " +
                       recording::in_seconds_text(Microseconds{opening.unix_us}) + " of Unix time";
    if (opening.left_out) text += "; names and chat are left out";
    for (const recording::RecordedPlugin& plugin : opening.plugins)
        text += "\nplugin " + plugin.request.source.name + "#" + plugin.hash + " " + in_words(plugin.request.settings);
    return text + "\n";
}

std::string told(const recording::Turn& turn, const recording::Replay::Result& result, TickLength tick_length) {
    std::string text;
    for (const recording::Call& call : turn.calls)
        if (!is_housekeeping(call)) text += marked("  > ", in_words(call));
    for (const recording::CutOff& cut : turn.cut_offs)
        text += marked("  ! ", "a script's time was up after " + std::to_string(cut.took.count()) + " us");
    for (const Outcome& outcome : result.outcomes) text += marked("  = ", in_words(outcome));
    if (result.update) {
        if (const auto update = decode_server(result.update->payload())) text += marked("  * ", in_words(*update));
    }
    for (const Event& event : result.events) text += marked("  < ", in_words(event));
    for (const PluginEvent& event : result.plugin_events) text += marked("  < ", in_words(event));
    for (const PluginRequestOut& request : result.requests) text += marked("  < ", in_words(request));
    if (turn.beacon) text += marked("  ~ ", doing(*turn.beacon));
    if (turn.took > tick_length.value) text += marked("  ! ", "it took " + std::to_string(turn.took.count()) + " us");
    return text.empty() ? text : heading(turn.tick, tick_length) + text;
}

std::string told(const recording::Turn& turn, const recording::Difference& difference, TickLength tick_length) {
    return heading(turn.tick, tick_length) + difference.what + "\n" + marked("  recorded: ", difference.recorded) +
           marked("  replayed: ", difference.replayed);
}

std::string told(const RoomState& state, Tick tick, TickLength tick_length) {
    return heading(tick, tick_length) + marked("  ", "version " + std::to_string(state.version.value)) +
           marked("  ", in_words(fields_of(state, Audience::owner)));
}

std::string ViewersEar::heard(const recording::Turn& turn, const recording::Replay::Result& result,
                              recording::Replay& replay) {
    const RoomState& state = replay.room().state();
    const auto viewer = state.viewers.find(viewer_);
    if (viewer == state.viewers.end()) {
        has_.reset();
        return {};
    }
    was_there_ = true;
    std::string text;
    const Audience audience = audience_of(viewer->second.roles);
    const bool anew = !has_ || audience != std::exchange(audience_, audience);
    if (anew || *has_ != state.version) {
        const Frame frame = anew ? replay.snapshot(audience) : replay.update_from(*has_, audience);
        if (const auto update = decode_server(frame.payload())) text += marked("  * ", in_words(*update));
    }
    has_ = state.version;
    for (const Outcome& outcome : result.outcomes)
        if (outcome.viewer == viewer_) text += marked("  = ", in_words(outcome));
    for (const Event& event : result.events) text += marked("  < ", in_words(event));
    for (const PluginEvent& event : result.plugin_events) {
        const bool meant = event.only == ViewerId{0} ? event.to <= audience : event.only == viewer_;
        if (meant) text += marked(event.lossy ? "  (< " : "  < ", in_words(event));
    }
    if (turn.beacon) text += marked("  ~ ", doing(*turn.beacon));
    return text.empty() ? text : heading(turn.tick, replay.room().tick_length()) + text;
}

} // namespace playhead::replay
