#include "recording/recorder.hpp"

#include <utility>

namespace playhead::recording {

Recorder::Recorder(About about, RuledRoom& room, Store::Opened opened, Tick tick, std::int64_t unix_us)
    : about_(std::move(about)),
      room_(room),
      opened_(std::move(opened)) {
    Opening opening{.engine = about_.engine,
                    .room = about_.room.text(),
                    .part = about_.part,
                    .tick = tick,
                    .tick_length = room.tick_length(),
                    .unix_us = unix_us,
                    .left_out = about_.left_out(),
                    .started = room.started(),
                    .plugins = recorded_plugins(room.plugins()),
                    .room_state = room.state(),
                    .plugin_state = room.plugin_state()};
    if (about_.left_out()) {
        mask_all(opening.room_state, room.plugins(), about_.mask);
        mask_all(opening.plugin_state, room.plugins(), about_.mask);
    }
    write(Record{std::move(opening)});
    tick_ = tick;
    turn_.tick = tick;
    version_before_ = room.state().version;
    room.use(this);
}

Recorder::~Recorder() {
    room_.use(nullptr);
    close("the recording was stopped");
}

// Calls of another tick belong to a turn of their own.
void Recorder::at(Tick tick) {
    if (tick_ && *tick_ != tick && !turn_.calls.empty()) end_turn({});
    tick_ = tick;
    turn_.tick = tick;
}

void Recorder::saw(const Input& input, Tick tick, const Lead& lead) {
    at(tick);
    turn_.lead = lead;
    turn_.calls.emplace_back(about_.left_out() ? masked(input, room_.plugins(), about_.mask) : input);
}

void Recorder::saw_advance(Tick tick, std::uint32_t missed, const Lead& lead) {
    at(tick);
    turn_.lead = lead;
    turn_.calls.emplace_back(Advance{missed});
}

void Recorder::saw_reload(const PluginSet& plugins, Tick tick) {
    at(tick);
    turn_.calls.emplace_back(Reload{recorded_plugins(plugins)});
}

void Recorder::saw(RoomStep step, std::optional<Tick> tick) {
    if (tick) at(*tick);
    turn_.calls.emplace_back(step);
}

void Recorder::saw_time(bool spent) {
    if (spent) turn_.cut_offs.push_back({.asked = asked_, .took = {}});
    ++asked_;
}

void Recorder::saw_end(Microseconds took) {
    for (; ended_cut_offs_ < turn_.cut_offs.size(); ++ended_cut_offs_) turn_.cut_offs[ended_cut_offs_].took = took;
}

void Recorder::end_turn(Result result) {
    turn_.version = room_.state().version;
    if (!about_.left_out()) turn_.update = std::move(result.update);
    turn_.took = result.took;
    turn_.refused = result.refused;
    turn_.beacon = std::move(result.beacon);
    if (++turns_ % turns_between_digests == 0) digest();
    version_before_ = turn_.version;
    Turn next;
    next.tick = turn_.tick; // unless it turns out to be a later one
    write(Record{std::exchange(turn_, std::move(next))});
    tick_.reset();
    asked_ = 0;
    ended_cut_offs_ = 0;
}

void Recorder::close(std::string_view why) {
    if (std::exchange(closed_, true)) return;
    if (!turn_.calls.empty()) {
        digest();
        end_turn({});
    }
    write(Record{Closing{.why = std::string{why}}});
}

void Recorder::digest() {
    if (room_.state().viewers.size() <= whole_viewers_max) turn_.digest = digest_of(room_, about_.left_out());
}

void Recorder::write(const Record& record) {
    if (lost_) return;
    Bytes bytes = encode(record);
    bytes_ += bytes.size();
    lost_ = !opened_.sink->append(std::move(bytes));
}

} // namespace playhead::recording
