// What mpv says, and whose doing it was.
#include "common/json.hpp"
#include "mpv/player.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace playhead::mpv {
namespace {

using client::UserIntent;
using programs::text_of;

constexpr double rate_epsilon = 1e-4;
constexpr double rate_min = 0.25; // a room's bounds
constexpr double rate_max = 2;
constexpr double rate_steps_in_one = 100;

std::optional<std::int64_t> integer_of(const Value& map, std::string_view key) {
    const Value* found = map.find(key);
    const std::int64_t* number = found == nullptr ? nullptr : found->get_if<std::int64_t>();
    return number == nullptr ? std::nullopt : std::optional{*number};
}

} // namespace

// ---- hearing mpv

void MpvPlayer::hear(const std::vector<Message>& messages) {
    for (const Message& message : messages) received(message);
}

void MpvPlayer::received(const Message& message) {
    heard_at_ms_ = port_.now_ms();
    if (const Reply* reply = std::get_if<Reply>(&message)) on_reply(*reply);
    if (const Event* event = std::get_if<Event>(&message)) on_event(*event);
}

void MpvPlayer::on_reply(const Reply& reply) {
    if (probe_ && reply.request == probe_->request) {
        const Probe answered = *std::exchange(probe_, std::nullopt);
        const std::string* text = reply.data.get_if<std::string>();
        const std::optional<Reading> reading = reply.ok() && text != nullptr ? read_probe(*text) : std::nullopt;
        if (reading && answered.request > last_order_) take(*reading, (answered.sent_at_ms + port_.now_ms()) / 2);
        return;
    }
    if (open_request_ && reply.request == *open_request_) {
        open_request_.reset();
        if (reply.ok())
            entry_ = integer_of(reply.data, "playlist_entry_id");
        else
            tell(FileFailed{reply.error});
        return;
    }
    if (path_request_ != 0 && reply.request == path_request_) {
        path_request_ = 0;
        const std::string* path = reply.data.get_if<std::string>();
        if (reply.ok() && path != nullptr && !path->empty()) tell(FileOpened{*path});
    }
}

void MpvPlayer::on_event(const Event& event) {
    changed_ = true;
    if (event.name == "seek") {
        ++seen_seeks_;
        restarted_ = false;
        seek_begun_at_ms_ = port_.now_ms();
    } else if (event.name == "playback-restart") {
        restarted_ = true;
        moved_at_ms_ = port_.now_ms();
    } else if (event.name == "start-file") {
        on_start(event);
    } else if (event.name == "file-loaded") {
        // Without a number of its own it is the one that was started last.
        if (open_request_ || playing_entry_ != entry_) {
            if (!open_request_) path_request_ = port_.send(command("get_property", "path"));
            return;
        }
        loaded_ = true;
        forget_position();
        tell(FileLoaded{});
    } else if (event.name == "end-file") {
        on_end(event);
    } else if (event.name == "client-message") {
        const Value* words = event.fields.find("args");
        const Value::List* list = words == nullptr ? nullptr : words->get_if<Value::List>();
        if (list == nullptr || list->size() != 2 || (*list)[0] != Value{std::string{"playhead"}}) return;
        if (const std::string* name = (*list)[1].get_if<std::string>()) tell(KeyPressed{*name});
    } else if (event.name == "shutdown") {
        tell(Quit{});
    }
}

void MpvPlayer::on_start(const Event& event) {
    playing_entry_ = integer_of(event.fields, "playlist_entry_id");
    if (playing_entry_ != entry_) loaded_ = false;
    reading_.reset();
    forget_position();
}

void MpvPlayer::on_end(const Event& event) {
    const std::optional<std::int64_t> ended = integer_of(event.fields, "playlist_entry_id");
    const std::string reason = text_of(event.fields, "reason");
    if (reason == "quit") tell(Quit{});
    if (ended != entry_ || !ended) return;
    // What was opened is a list: its first entry is what plays instead.
    if (reason == "redirect") {
        entry_ = integer_of(event.fields, "playlist_insert_id");
        return;
    }
    loaded_ = false;
    forget_position();
    if (reason == "error") {
        const std::string why = text_of(event.fields, "file_error");
        tell(FileFailed{why.empty() ? "mpv does not say why" : why});
    }
}

// Asks mpv how it stands. False if it has not answered.
bool MpvPlayer::probe() {
    if (probe_) {
        hear(port_.listen(probe_->request, 0)); // late: no second question before its answer
        if (probe_) return false;
    }
    probe_ = Probe{.request = port_.send(command("expand-text", probe_text)), .sent_at_ms = port_.now_ms()};
    hear(port_.listen(probe_->request, probe_wait_ms));
    return !probe_;
}

// The same until the answer says when it was true, within bounds.
bool MpvPlayer::look() {
    for (int attempt = 0; attempt < probe_attempts; ++attempt) {
        const double asked_at_ms = port_.now_ms();
        if (!probe()) return attempt > 0;
        if (port_.now_ms() - asked_at_ms <= torn_ms) break;
    }
    return true;
}

void MpvPlayer::take(const Reading& reading, double local_ms) {
    reading_ = reading;
    read_at_ms_ = local_ms;
    if (!reading.paused && !seek_under_way(local_ms)) placed_ = false;
    if (!loaded_) return;
    judge_switches(local_ms);
    judge_seek(local_ms);
    judge_position(local_ms);
}

// ---- who did it

void MpvPlayer::judge_switches(double local_ms) {
    if (reading_->paused != wants_paused_) {
        wants_paused_ = reading_->paused;
        anchor_.reset();
        anchor_from_ms_ = local_ms + (wants_paused_ ? pause_settles_ms : 0);
        moved_at_ms_ = local_ms;
        const auto kind = wants_paused_ ? UserIntent::Kind::pause : UserIntent::Kind::play;
        intend({.kind = kind, .position_ms = position_ms().value_or(0)}, local_ms);
    }
    if (std::abs(reading_->speed - wanted_rate_) > rate_epsilon) {
        // mpv's keys multiply what is there, a correction of ours included; the key that resets sets 1.
        const double factor = reading_->speed / wanted_rate_;
        wanted_rate_ = reading_->speed;
        anchor_.reset();
        const bool reset = std::abs(reading_->speed - 1) < rate_epsilon;
        const double wish = reset ? 1 : std::round(room_rate_ * factor * rate_steps_in_one) / rate_steps_in_one;
        const double rate = std::clamp(wish, rate_min, rate_max);
        // One that the room plays at anyway is only a correction undone, and the controller's again with the next
        // report.
        if (std::abs(rate - room_rate_) > rate_epsilon)
            intend({.kind = UserIntent::Kind::rate, .rate = rate}, local_ms);
    }
}

void MpvPlayer::judge_seek(double local_ms) {
    const bool any = seen_seeks_ > 0 || seek_target_ms_;
    const bool over = restarted_ || reading_->ended || local_ms - seek_begun_at_ms_ > seek_timeout_ms;
    if (!any || !over || reading_->seeking) return;
    placed_ = true;
    const std::optional<double> position = position_ms();
    if (!position) return;
    const bool more_than_ours = seen_seeks_ > own_seeks_;
    const std::optional<double> expected = seek_target_ms_ ? seek_target_ms_ : expected_ms(local_ms);
    const double near_enough = seek_target_ms_ || !wants_paused_ ? own_seek_ms : jump_paused_ms;
    // From its end mpv seeks to the last frame by itself.
    const bool elsewhere = expected ? std::abs(*position - *expected) > near_enough : !reading_->ended;
    forget_position();
    moved_at_ms_ = local_ms;
    // A change of tracks makes mpv seek to where it is: nobody's wish.
    if (more_than_ours && elsewhere) intend({.kind = UserIntent::Kind::seek, .position_ms = *position}, local_ms);
}

void MpvPlayer::judge_position(double local_ms) {
    const std::optional<double> position = position_ms();
    if (seek_under_way(local_ms)) {
        jumped_at_ms_.reset();
        return;
    }
    if (!position || reading_->starved || reading_->ended) {
        anchor_.reset();
        jumped_at_ms_.reset();
        return;
    }
    if (std::abs(*position - moved_to_ms_) > moved_ms) {
        moved_to_ms_ = *position;
        moved_at_ms_ = local_ms;
    }
    const std::optional<double> expected =
        anchor_ && anchor_->by_sound == by_sound() ? expected_ms(local_ms) : std::nullopt;
    const double limit_ms = wants_paused_ ? jump_paused_ms : jump_playing_ms;
    if (expected && std::abs(*position - *expected) > limit_ms) {
        // Its seek may not have been told yet. One that never is: a step of a frame while paused is the person's, a
        // jump while playing is a slip of mpv's.
        if (!jumped_at_ms_) jumped_at_ms_ = local_ms;
        if (local_ms - *jumped_at_ms_ < jump_explained_ms) return;
        if (wants_paused_) intend({.kind = UserIntent::Kind::seek, .position_ms = *position}, local_ms);
    }
    jumped_at_ms_.reset();
    if (local_ms < anchor_from_ms_) return;
    anchor_ = Anchor{.local_ms = local_ms, .position_ms = *position, .by_sound = by_sound()};
}

std::optional<double> MpvPlayer::expected_ms(double local_ms) const {
    if (!anchor_) return std::nullopt;
    const double way_ms = wants_paused_ ? 0 : (local_ms - anchor_->local_ms) * wanted_rate_;
    return anchor_->position_ms + way_ms;
}

void MpvPlayer::intend(UserIntent intent, double local_ms) {
    held_until_ms_ = local_ms + answer_ms;
    rate_until_ms_ = held_until_ms_;
    if (wishes_.size() == news_max) wishes_.erase(wishes_.begin());
    wishes_.push_back(intent);
    changed_ = true;
}

void MpvPlayer::tell(PlayerNews news) {
    if (news_.size() == news_max) news_.erase(news_.begin());
    news_.push_back(std::move(news));
    changed_ = true;
}

std::vector<PlayerNews> MpvPlayer::take_news() { return std::exchange(news_, {}); }

std::vector<UserIntent> MpvPlayer::take_wishes() { return std::exchange(wishes_, {}); }

std::optional<double> MpvPlayer::waiting_since_ms() const {
    return probe_ ? std::optional{probe_->sent_at_ms} : std::nullopt;
}

} // namespace playhead::mpv
