#include "lib/room/joined_room.hpp"

#include "core/text.hpp"
#include "core/utf8.hpp"
#include "lib/room/view.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace playhead::client {
namespace {

// A reading of the player this old is no longer carried on to the present.   Unit: ms.
constexpr double reading_age_ms_max = 150;

Dial dial_of(const JoinOptions& options, const Link& link) {
    return {.server = link.server,
            .room = link.room,
            .join_token = link.token,
            .resume_token = {},
            .device = clean_text_within(options.device, Hello::device_bytes_max),
            .transport = options.transport};
}

// Empty for what is no position.
std::optional<MediaTime> media_time(double position_ms) {
    const double us = position_ms * 1000;
    if (!(us >= 0 && us <= static_cast<double>(time_max.count()))) return std::nullopt;
    return MediaTime{std::llround(us)};
}

// Of a plugin or a command of it; another would end the session.
bool may_be_name(std::string_view text) { return text.size() <= PluginCommand::name_bytes_max && valid_utf8(text); }

std::string shown(double number) {
    std::string text = std::to_string(number);
    if (text.contains('.')) text.erase(text.find_last_not_of("0.") + 1);
    return text.empty() ? "0" : text;
}

} // namespace

JoinedRoom::JoinedRoom(const JoinOptions& options, const Link& link, std::unique_ptr<Environment> environment,
                       std::optional<std::string> problem)
    : room_(link.room),
      server_(link.server),
      environment_(std::move(environment)),
      session_(dial_of(options, link),
               {clean_text(options.name, SetName::name_characters_max),
                clean_text_within(options.client_name, Hello::client_bytes_max)},
               *environment_, *this),
      figures_at_ms_(-std::numeric_limits<double>::infinity()) {
    if (problem) session_.close(ErrorCode::malformed, std::move(*problem));
}

// ---- the loop

void JoinedRoom::poll(double now_ms) {
    session_.poll(now_ms);
    if (const auto position_ms = scrubber_.take_due(now_ms)) submit_scrub(*position_ms);
    drive_player(now_ms);
    tell();
}

double JoinedRoom::next_poll_ms() const {
    double next_ms = std::min(session_.next_poll_ms(), scrubber_.next_ms());
    if (attached_) next_ms = std::min(next_ms, attached_->loop.next_poll_ms());
    return next_ms;
}

const RoomView& JoinedRoom::view() const {
    if (!view_) {
        view_ = view_of(session_, environment_->now_ms());
        view_->room = room_;
        view_->server = server_;
        view_->sync = sync();
    }
    return *view_;
}

// ---- commands

void JoinedRoom::play(OnResult done) { submit(Play{}, std::move(done)); }

void JoinedRoom::pause(OnResult done) { submit(Pause{}, std::move(done)); }

void JoinedRoom::seek(double position_ms, OnResult done) {
    scrubber_.cancel();
    submit_seek(position_ms, std::move(done));
    tell();
}

void JoinedRoom::set_rate(double rate, OnResult done) {
    const double permille = std::round(rate * 1000);
    if (!(permille >= Rate::permille_min && permille <= Rate::permille_max))
        return refuse(ErrorCode::out_of_range, "a rate of " + shown(rate) + ": 0.25 to 2 is possible", std::move(done));
    submit(SetRate{Rate{static_cast<std::int32_t>(permille)}}, std::move(done));
}

void JoinedRoom::load(const LoadRequest& media, OnResult done) {
    const auto start = media_time(media.position_ms);
    if (!start)
        return refuse(ErrorCode::out_of_range, "a start at " + shown(media.position_ms) + " ms", std::move(done));
    if (media.url.size() > Load::url_bytes_max)
        return refuse(ErrorCode::too_large, "an address of more than 2048 bytes", std::move(done));
    if (!valid_utf8(media.url)) return refuse(ErrorCode::malformed, "an address that is not UTF-8", std::move(done));
    Load load;
    load.kind = static_cast<playhead::MediaKind>(std::to_underlying(media.kind.value_or(media_kind_of(media.url))));
    load.url = media.url;
    load.title = clean_text(media.title, Load::title_bytes_max);
    load.start = *start;
    load.play = media.play;
    submit(std::move(load), std::move(done));
}

void JoinedRoom::set_name(std::string_view name, OnResult done) {
    const std::string wanted = clean_text(name, SetName::name_characters_max);
    submit(SetName{wanted}, [this, wanted, done = std::move(done)](const CommandResult& result) {
        if (result.verdict == Verdict::applied) session_.keep_name(wanted);
        if (done) done(result);
    });
}

void JoinedRoom::command(std::string_view plugin, std::string_view name, Value args, OnResult done) {
    Value checked = canonical(std::move(args));
    if (const auto fault = canonical_fault(checked))
        return refuse(ErrorCode::malformed, "the arguments cannot be sent: " + *fault, std::move(done));
    if (!may_be_name(plugin) || !may_be_name(name))
        return refuse(ErrorCode::unknown_command, "no plugin and no command can have such a name", std::move(done));
    submit(PluginCommand{std::string{plugin}, std::string{name}, std::move(checked)}, std::move(done));
}

void JoinedRoom::signal(std::string_view plugin, std::string_view name, Value args) {
    Value checked = canonical(std::move(args));
    if (canonical_fault(checked) || !may_be_name(plugin) || !may_be_name(name)) return;
    session_.signal({std::string{plugin}, std::string{name}, std::move(checked)});
}

void JoinedRoom::scrub(double position_ms) {
    if (!std::isfinite(position_ms)) return;
    scrubber_.move(position_ms);
    if (const auto due_ms = scrubber_.take_due(environment_->now_ms())) submit_scrub(*due_ms);
    tell();
}

void JoinedRoom::end_scrub(OnResult done) {
    if (const auto left_ms = scrubber_.end(environment_->now_ms())) submit_scrub(*left_ms);
    const auto last = std::exchange(last_scrub_, nullptr);
    if (!last) {
        answer(std::move(done), {});
    } else if (const auto& result = last->result) {
        answer(std::move(done), *result);
    } else {
        last->waiting = std::move(done);
    }
    tell();
}

void JoinedRoom::submit(Action action, std::optional<MediaTime> seen, OnResult done) {
    session_.submit(std::move(action), seen, [this, done = std::move(done)](const CommandResult& result) mutable {
        answer(std::move(done), result);
    });
    tell();
}

void JoinedRoom::submit_seek(double position_ms, OnResult done) {
    const auto target = media_time(std::max(position_ms, 0.0));
    if (!std::isfinite(position_ms) || !target)
        return answer(std::move(done), refusal(ErrorCode::out_of_range, "a position of " + shown(position_ms) + " ms"));
    session_.submit(
        Seek{*target}, position_seen(),
        [this, done = std::move(done)](const CommandResult& result) mutable { answer(std::move(done), result); });
}

void JoinedRoom::submit_scrub(double position_ms) {
    last_scrub_ = std::make_shared<ScrubAnswer>();
    submit_seek(position_ms, [scrub = last_scrub_](const CommandResult& result) {
        if (scrub->waiting) return scrub->waiting(result);
        scrub->result = result;
    });
}

void JoinedRoom::answer(OnResult done, CommandResult result) {
    if (!done) return;
    to_tell_.push_back([done = std::move(done), result = std::move(result)] { done(result); });
}

void JoinedRoom::refuse(ErrorCode code, std::string message, OnResult done) {
    answer(std::move(done), refusal(code, std::move(message)));
    tell();
}

std::optional<MediaTime> JoinedRoom::position_seen() const {
    if (attached_) {
        const PlayerReport report = attached_->player->report();
        if (report.loaded && !report.seeking && std::isfinite(report.position_ms)) {
            const bool moves = !report.paused && !report.stalled && std::isfinite(report.rate);
            const double age_ms = std::clamp(environment_->now_ms() - report.local_ms, 0.0, reading_age_ms_max);
            return media_time(report.position_ms + (moves ? age_ms * report.rate : 0));
        }
    }
    return media_time(session_.position_ms());
}

// ---- listeners

ListenerId JoinedRoom::on_change(std::function<void()> listener) {
    change_listeners_.emplace(++last_listener_, std::move(listener));
    return last_listener_;
}

ListenerId JoinedRoom::on_event(std::function<void(const RoomEvent&)> listener) {
    event_listeners_.emplace(++last_listener_, std::move(listener));
    return last_listener_;
}

ListenerId JoinedRoom::on_plugin_event(std::function<void(const PluginEvent&)> listener) {
    plugin_event_listeners_.emplace(++last_listener_, std::move(listener));
    return last_listener_;
}

void JoinedRoom::remove_listener(ListenerId listener) {
    change_listeners_.erase(listener);
    event_listeners_.erase(listener);
    plugin_event_listeners_.erase(listener);
}

void JoinedRoom::event(const RoomEvent& event) {
    to_tell_.push_back([this, event] {
        for (const auto& [id, listener] : std::map{event_listeners_}) listener(event);
    });
}

void JoinedRoom::plugin_event(const PluginEvent& event) {
    to_tell_.push_back([this, event] {
        for (const auto& [id, listener] : std::map{plugin_event_listeners_}) listener(event);
    });
}

void JoinedRoom::changed() {
    figures_at_ms_ = environment_->now_ms();
    view_.reset();
    change_to_tell_ = true;
}

void JoinedRoom::figures_changed() {
    if (environment_->now_ms() - figures_at_ms_ >= figures_ms) changed();
}

void JoinedRoom::tell() {
    if (std::exchange(telling_, true)) return;
    // A change first: who hears of an event looks at the state that goes with it.
    while (change_to_tell_ || !to_tell_.empty()) {
        if (std::exchange(change_to_tell_, false)) {
            for (const auto& [id, listener] : std::map{change_listeners_}) listener();
        } else {
            const auto next = std::move(to_tell_.front());
            to_tell_.pop_front();
            next();
        }
    }
    telling_ = false;
}

// ---- the player

void JoinedRoom::attach_player(Player& player) {
    attached_.emplace(player);
    changed();
    tell();
}

void JoinedRoom::detach_player() {
    attached_.reset();
    changed();
    tell();
}

void JoinedRoom::set_user_acting(bool acting) {
    if (attached_) attached_->loop.set_user_acting(acting);
}

void JoinedRoom::set_source_offset_ms(double offset_ms) {
    source_offset_ms_ = std::isfinite(offset_ms) ? offset_ms : 0;
    if (attached_) attached_->loop.poke();
}

std::optional<SyncStatus> JoinedRoom::sync() const {
    return attached_ ? std::optional{attached_->loop.status()} : std::nullopt;
}

void JoinedRoom::clock_restarted() {
    if (attached_) attached_->loop.poke();
}

void JoinedRoom::drive_player(double now_ms) {
    if (!attached_) return;
    for (const UserIntent& intent : attached_->player->take_intents()) obey(intent);
    if (!attached_) return; // a listener has let go of it
    const bool has_media = session_.replica().media().instance != MediaInstance{0};
    const SyncStatus before = attached_->loop.status();
    const bool looked =
        attached_->loop.poll(now_ms, {.clock = session_.clock(),
                                      .motion = has_media ? std::optional{session_.motion()} : std::nullopt,
                                      .tick_length = session_.tick_length(),
                                      .source_offset_ms = source_offset_ms_});
    if (!looked) return;
    const SyncStatus& now = attached_->loop.status();
    if (now.phase == before.phase && now.stalled == before.stalled && now.blocked == before.blocked) {
        figures_changed();
    } else {
        changed();
    }
}

// What a person did to the player itself is meant for the room.
void JoinedRoom::obey(const UserIntent& intent) {
    switch (intent.kind) {
    case UserIntent::Kind::play: return play({});
    case UserIntent::Kind::pause: return submit(Pause{}, media_time(intent.position_ms), {});
    case UserIntent::Kind::seek: return seek(intent.position_ms, {});
    case UserIntent::Kind::rate: return set_rate(intent.rate, {});
    }
}

// ---- coming and going

void JoinedRoom::retry() {
    session_.retry();
    tell();
}

void JoinedRoom::leave() {
    scrubber_.cancel();
    session_.leave();
    tell();
}

} // namespace playhead::client
