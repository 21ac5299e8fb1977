#include "heard.hpp"

#include "core/overloaded.hpp"
#include "replication/decode.hpp"

#include <algorithm>
#include <charconv>
#include <functional>
#include <string_view>
#include <utility>
#include <variant>

namespace playhead::load {
namespace {

constexpr std::int64_t step_us = 1000; // commands in a row stay within what a pause may move a room by [R2]
constexpr std::int64_t mark_us = 137;
constexpr std::string_view line_start = "load ";

std::optional<std::uint32_t> number_of_place(MediaTime place) {
    if (place.count() % step_us != mark_us || place.count() / step_us > 0xffff'ffff) return std::nullopt;
    return static_cast<std::uint32_t>(place.count() / step_us);
}

std::optional<std::uint32_t> number_of_line(const Value& line) {
    const Value* text = line.find("text");
    const auto* words = text == nullptr ? nullptr : text->get_if<std::string>();
    if (words == nullptr || !words->starts_with(line_start)) return std::nullopt;
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(words->data() + line_start.size(), words->data() + words->size(), number);
    if (error != std::errc{} || end != words->data() + words->size()) return std::nullopt;
    return number;
}

void look_at(const RoomFields& fields, Heard& heard) {
    if (fields.motion) heard.place = number_of_place(fields.motion->current.anchor_position);
    heard.motion = fields.motion;
    if (fields.media) heard.media = fields.media->instance;
    for (const SharedEntry& entry : fields.shared) {
        if (!entry.value || entry.table.plugin != "chat" || entry.table.field != "log") continue;
        if (const auto line = number_of_line(*entry.value)) heard.line = std::max(heard.line.value_or(0), *line);
    }
}

bool is_for_everyone(Heard::Kind kind) { return kind >= Heard::Kind::snapshot && kind <= Heard::Kind::plugin_event; }

} // namespace

MediaTime place_of(std::uint32_t number) { return MediaTime{std::int64_t{number} * step_us + mark_us}; }

std::string line_of(std::uint32_t number) { return std::string(line_start) + std::to_string(number); }

Heard heard_in(ByteView message) {
    Heard heard;
    auto decoded = decode_server(message);
    if (!decoded) {
        heard.why = decoded.error().message;
        return heard;
    }
    using Kind = Heard::Kind;
    std::visit(Overloaded{
                   [&](Welcome& welcome) {
                       heard.kind = Kind::welcome;
                       heard.welcome = std::move(welcome);
                   },
                   [&](const Snapshot& snapshot) {
                       heard.kind = Kind::snapshot;
                       heard.epoch = snapshot.epoch;
                       heard.version = snapshot.version;
                       heard.tick = snapshot.tick;
                       look_at(snapshot.fields, heard);
                   },
                   [&](const Delta& delta) {
                       heard.kind = Kind::delta;
                       heard.epoch = delta.epoch;
                       heard.base = delta.base;
                       heard.sent_at = delta.sent_at;
                       heard.version = delta.version;
                       heard.tick = delta.tick;
                       look_at(delta.fields, heard);
                   },
                   [&](const Beacon& beacon) {
                       heard.kind = Kind::beacon;
                       heard.version = beacon.version;
                       heard.tick = beacon.tick;
                       if (beacon.fresh) heard.sent_at = beacon.server_time;
                   },
                   [&](const Event&) { heard.kind = Kind::event; },
                   [&](const PluginEvent&) { heard.kind = Kind::plugin_event; },
                   [&](Reply& reply) {
                       heard.kind = Kind::reply;
                       heard.sequence = reply.sequence;
                       heard.verdict = reply.verdict;
                       heard.tick = reply.tick;
                       heard.version = reply.version;
                       heard.why = std::move(reply.error.message);
                   },
                   [&](const Pong& pong) {
                       heard.kind = Kind::pong;
                       heard.pong = pong;
                   },
                   [&](Goodbye& goodbye) {
                       heard.kind = Kind::goodbye;
                       heard.why = std::string(name_of(goodbye.error.code)) + ": " + goodbye.error.message;
                       heard.retry_ms = goodbye.error.retry_ms;
                       heard.resumable = goodbye.resumable;
                   },
               },
               *decoded);
    return heard;
}

const Heard& Ear::hear(ByteView message) {
    // A view of bytes as characters, which the language allows.
    const std::string_view text{reinterpret_cast<const char*>(message.data()), message.size()};
    Known& known = known_[std::hash<std::string_view>{}(text) % known_max];
    if (!message.empty() && std::ranges::equal(known.bytes, message)) return known.heard;
    ++decoded_;
    known.heard = heard_in(message);
    // What one viewer alone is told never comes again, and must not push out what does for longer than its own turn.
    known.bytes.clear();
    if (is_for_everyone(known.heard.kind)) known.bytes.assign(message.begin(), message.end());
    return known.heard;
}

} // namespace playhead::load
