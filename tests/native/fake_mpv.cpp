#include "native/fake_mpv.hpp"

#include "common/json.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace playhead::mpv::test {
namespace {

std::string word(const Value::List& command, std::size_t index) {
    const std::string* text = index < command.size() ? command[index].get_if<std::string>() : nullptr;
    return text == nullptr ? std::string{} : *text;
}

double number(const Value& value) {
    if (const std::int64_t* whole = value.get_if<std::int64_t>()) return static_cast<double>(*whole);
    const double* real = value.get_if<double>();
    return real == nullptr ? 0 : *real;
}

} // namespace

std::uint64_t FakeMpv::send(const Value::List& command) {
    told_.push_back(command);
    const std::uint64_t request = ++last_request_;
    Reply reply{.request = request, .error = "success", .data = {}};
    if (word(command, 0) == "expand-text") {
        ++probes_;
        reply.data = Value{nonsense_ ? std::string{"${oops}"} : expanded()};
        said_.push_back(std::move(reply));
        return request;
    }
    if (word(command, 0) == "get_property" && path_.empty()) {
        reply.error = "property unavailable";
        said_.push_back(std::move(reply));
        return request;
    }
    // As in mpv, the answer comes before what it tells about what follows.
    const std::size_t place = said_.size();
    reply.data = obey(command);
    said_.insert(said_.begin() + static_cast<std::ptrdiff_t>(place), std::move(reply));
    return request;
}

Value FakeMpv::obey(const Value::List& command) {
    const std::string verb = word(command, 0);
    if (verb == "set_property") {
        const std::string property = word(command, 1);
        if (property == "pause") paused_ = *command[2].get_if<bool>();
        if (property == "speed") {
            position_ms_ -= (number(command[2]) - speed_) * buffered_ms_;
            speed_ = number(command[2]);
        }
        if (property == "audio-pitch-correction") pitch_kept_ = *command[2].get_if<bool>();
    } else if (verb == "seek") {
        begin_seek(number(command[1]) * 1000);
    } else if (verb == "loadfile") {
        open(word(command, 1));
        return programs::object({{"playlist_entry_id", Value{entry_}}});
    } else if (verb == "get_property" && word(command, 1) == "path") {
        return Value{path_};
    } else if (verb == "stop") {
        loaded_ = false;
    }
    return {};
}

std::string FakeMpv::expanded() const {
    const auto seconds = [](double ms) { return std::to_string(ms / 1000); };
    const auto flag = [](bool on) -> std::string { return on ? "yes|" : "no|"; };
    const bool heard = sound_ && loaded_ && !lands_at_ms_;
    return (heard ? seconds(position_ms_ - (unheard_ ? unheard_ms : 0)) : "") + "|" +
           (loaded_ ? seconds(position_ms_) : "") + "|" + seconds(duration_ms_) + "|" + flag(paused_) +
           flag(lands_at_ms_.has_value()) + flag(starved_) + flag(ended_) + std::to_string(speed_) + "|25.000000|no|";
}

std::vector<Message> FakeMpv::listen(std::uint64_t, double wait_ms) {
    if (hangs_) {
        now_ms_ += wait_ms;
        return {};
    }
    return std::exchange(said_, {});
}

void FakeMpv::pass(double ms) {
    const double until_ms = now_ms_ + ms;
    if (lands_at_ms_ && *lands_at_ms_ <= until_ms) {
        now_ms_ = *std::exchange(lands_at_ms_, std::nullopt);
        position_ms_ = seek_to_ms_;
        unheard_ = paused_;
        event("playback-restart");
    }
    const bool moves = loaded_ && !paused_ && !starved_ && !ended_ && !hangs_ && !lands_at_ms_;
    if (moves) position_ms_ += (until_ms - now_ms_) * speed_;
    if (moves) unheard_ = false;
    now_ms_ = until_ms;
}

void FakeMpv::begin_seek(double position_ms) {
    seek_to_ms_ = std::clamp(position_ms, 0.0, duration_ms_);
    lands_at_ms_ = now_ms_ + seek_takes_ms;
    ended_ = false;
    event("seek");
}

void FakeMpv::seek(double position_ms) { begin_seek(position_ms); }
void FakeMpv::change_track() { begin_seek(position_ms_); }

void FakeMpv::open(std::string_view path) {
    if (entry_ > 0) event("end-file", {{"reason", Value{std::string{"stop"}}}, {"playlist_entry_id", Value{entry_}}});
    ++entry_;
    path_ = path;
    loaded_ = false;
    position_ms_ = 0;
    ended_ = false;
    lands_at_ms_.reset();
    event("start-file", {{"playlist_entry_id", Value{entry_}}});
}

void FakeMpv::file_loaded(double duration_ms) {
    loaded_ = true;
    duration_ms_ = duration_ms;
    unheard_ = paused_;
    event("file-loaded");
    event("playback-restart");
}

void FakeMpv::fail(std::string_view why) {
    event("end-file", {{"reason", Value{std::string{"error"}}},
                       {"file_error", Value{std::string{why}}},
                       {"playlist_entry_id", Value{entry_}}});
}

void FakeMpv::event(std::string_view name, Value::Map fields) {
    fields.push_back({"event", Value{std::string{name}}});
    said_.push_back(Event{.name = std::string{name}, .fields = sorted_map(std::move(fields))});
}

} // namespace playhead::mpv::test
