#include "mpv/player.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace playhead::mpv {
namespace {

// What mpv tells by itself; a change of any is worth a look.
constexpr std::array<std::string_view, 6> observed{"pause",       "speed",   "paused-for-cache",
                                                   "eof-reached", "seeking", "duration"};
constexpr std::string_view key_section = "playhead";
// Measured on mpv 0.35.1 with a null audio device: paused is stopped, and played on from there, within a millisecond.
// Real devices take longer, which the controller learns.
constexpr double play_latency_ms = 1;
constexpr double blind_after_play_ms = 50;
// The same with the buffers that process.cpp asks for; 390 ms with mpv's own.
constexpr double rate_delay_ms_otherwise = 110;
constexpr double frame_ms_otherwise = 42;

} // namespace

std::vector<KeyBinding> key_bindings() {
    return {{">", "next"},        {"<", "previous"},        {"ENTER", "next"},         {"NEXT", "next"},
            {"PREV", "previous"}, {"MBTN_FORWARD", "next"}, {"MBTN_BACK", "previous"}, {"y", "ready"}};
}

MpvPlayer::MpvPlayer(Port& port) : port_(port), rate_delay_ms_(rate_delay_ms_otherwise) {}

// ---- telling mpv

void MpvPlayer::set(std::string_view property, Value value) {
    order(command("set_property", property, std::move(value)));
}

void MpvPlayer::set_up() {
    int number = 1;
    for (const std::string_view property : observed) port_.send(command("observe_property", number++, property));
    // At its end a film stands on its last frame, without a pause that would look like the person's; and it begins
    // where the room is, not where the person once left it.
    set("keep-open", Value{std::string{"yes"}});
    set("keep-open-pause", Value{false});
    set("resume-playback", Value{false});
    set("loop-file", Value{std::string{"no"}});
    std::string bindings;
    for (const KeyBinding& binding : key_bindings())
        bindings += std::string{binding.key} + " script-message playhead " + std::string{binding.name} + "\n";
    port_.send(command("define-section", key_section, bindings, "force"));
    port_.send(command("enable-section", key_section));
    pitch_kept_ = true;
    set("audio-pitch-correction", Value{true});
    heard_at_ms_ = port_.now_ms();
    // Something may be open already, in an mpv that was running.
    path_request_ = port_.send(command("get_property", "path"));
}

void MpvPlayer::let_go() {
    port_.send(command("disable-section", key_section));
    set_rate(1, true);
}

void MpvPlayer::open(std::string_view address, std::string_view title) {
    loaded_ = false;
    reading_.reset();
    forget_position();
    entry_.reset();
    wants_paused_ = true;
    wanted_rate_ = 1;
    controller_rate_ = 1;
    shows_room_ = false;
    set("pause", Value{true});
    set("speed", Value{1.0});
    set("force-media-title", Value{std::string{title}});
    path_request_ = 0;
    open_request_ = order(command("loadfile", address, "replace"));
    changed_ = true;
}

void MpvPlayer::adopt() {
    entry_ = playing_entry_;
    open_request_.reset();
    forget_position();
    wants_paused_ = true;
    set("pause", Value{true});
    wanted_rate_ = controller_rate_;
    set("speed", Value{controller_rate_});
    loaded_ = true;
    changed_ = true;
}

void MpvPlayer::close() {
    loaded_ = false;
    reading_.reset();
    entry_.reset();
    open_request_.reset();
    forget_position();
    order(command("stop"));
    changed_ = true;
}

void MpvPlayer::lost() {
    loaded_ = false;
    reading_.reset();
    probe_.reset();
    last_order_ = 0;
    entry_.reset();
    playing_entry_.reset();
    open_request_.reset();
    path_request_ = 0;
    forget_position();
    changed_ = true;
}

void MpvPlayer::play() {
    wants_paused_ = false;
    set("pause", Value{false});
    anchor_.reset();
    moved_at_ms_ = port_.now_ms();
}

void MpvPlayer::pause() {
    wants_paused_ = true;
    set("pause", Value{true});
    anchor_.reset();
    anchor_from_ms_ = port_.now_ms() + pause_settles_ms;
}

void MpvPlayer::seek(double position_ms) {
    if (!std::isfinite(position_ms)) return;
    seek_target_ms_ = std::max(0.0, position_ms);
    seek_begun_at_ms_ = port_.now_ms();
    ++own_seeks_;
    restarted_ = false;
    anchor_.reset();
    order(command("seek", *seek_target_ms_ / 1000, "absolute+exact"));
}

void MpvPlayer::set_rate(double rate, bool preserves_pitch) {
    if (!std::isfinite(rate)) return;
    // Keeping the pitch costs mpv a filter whose clock is rougher; a small correction is not heard without it.
    if (preserves_pitch != pitch_kept_) {
        pitch_kept_ = preserves_pitch;
        set("audio-pitch-correction", Value{preserves_pitch});
    }
    const bool large = std::abs(rate - wanted_rate_) >= telling_change;
    const bool tells =
        large && loaded_ && reading_ && !wants_paused_ && !preserves_pitch && !seek_under_way(port_.now_ms());
    const std::optional<Reading> before = tells && look() ? reading_ : std::nullopt;
    const double read_at_ms = read_at_ms_;
    controller_rate_ = rate;
    shows_room_ = false;
    wanted_rate_ = rate;
    anchor_.reset();
    set("speed", Value{rate});
    if (before && look()) learn_rate_delay(*before, read_at_ms, rate - before->speed);
}

void MpvPlayer::learn_rate_delay(const Reading& before, double read_at_ms, double change) {
    const bool both = before.audio_ms && reading_ && reading_->audio_ms && !before.paused && !reading_->paused;
    if (!both) return;
    const double jump_ms = *reading_->audio_ms - *before.audio_ms - (read_at_ms_ - read_at_ms) * before.speed;
    const double delay_ms = -jump_ms / change;
    if (delay_ms >= 0 && delay_ms <= rate_delay_ms_max) rate_delay_ms_ = delay_ms;
}

void MpvPlayer::answered(bool applied) {
    held_until_ms_ = 0;
    changed_ = true;
    rate_until_ms_ = applied ? port_.now_ms() + answer_ms : 0;
    if (!applied) settle_rate();
}

void MpvPlayer::set_room_rate(double rate) {
    room_rate_ = rate;
    if (loaded_ && wants_paused_ && port_.now_ms() >= rate_until_ms_) settle_rate();
}

// What mpv should play at when no act of the person waits for its answer. A controller that has not yet set what the
// room plays at will do so.
void MpvPlayer::settle_rate() {
    const bool behind = std::abs(controller_rate_ / room_rate_ - 1) > trim_max;
    shows_room_ = behind && (wants_paused_ || shows_room_);
    set_speed(shows_room_ ? room_rate_ : controller_rate_);
}

void MpvPlayer::set_speed(double rate) {
    if (wanted_rate_ == rate) return;
    wanted_rate_ = rate;
    anchor_.reset();
    set("speed", Value{rate});
}

void MpvPlayer::forget_position() {
    seek_target_ms_.reset();
    own_seeks_ = 0;
    seen_seeks_ = 0;
    restarted_ = false;
    placed_ = true;
    anchor_.reset();
    jumped_at_ms_.reset();
    moved_at_ms_ = port_.now_ms();
}

// ---- reporting

bool MpvPlayer::seek_under_way(double now_ms) const {
    if (reading_ && reading_->seeking) return true;
    // Until it has landed, and that was judged.
    return (seen_seeks_ > 0 || seek_target_ms_) && now_ms - seek_begun_at_ms_ < seek_timeout_ms;
}

bool MpvPlayer::should_move() const {
    return loaded_ && reading_ && !reading_->paused && !reading_->ended && !reading_->seeking;
}

// What is heard keeps the picture in step with itself, so it is what tells. Until something has been heard since a seek
// or a load, mpv counts what its buffers would hold (36 to 44 ms with 0.35.1) as on its way: only the picture is right.
bool MpvPlayer::by_sound() const { return reading_->audio_ms && !(placed_ && reading_->paused && reading_->video_ms); }

std::optional<double> MpvPlayer::position_ms() const { return by_sound() ? reading_->audio_ms : reading_->video_ms; }

bool MpvPlayer::is_stalled(double now_ms) const {
    return should_move() && (reading_->starved || now_ms - moved_at_ms_ > stall_ms);
}

client::PlayerCapabilities MpvPlayer::capabilities() const {
    client::PlayerCapabilities can;
    can.fine_rate = true;
    // Without sound only whole frames tell where mpv is.
    const bool smooth = !reading_ || reading_->audio_ms || !reading_->video_ms;
    can.clock_resolution_ms = smooth ? 0 : reading_->frame_ms.value_or(frame_ms_otherwise);
    can.waiting = true;
    can.captions = true;
    can.play_latency_ms = play_latency_ms;
    can.rate_delay_ms = rate_delay_ms_;
    can.blind_after_play_ms = blind_after_play_ms;
    return can;
}

client::PlayerReport MpvPlayer::report() {
    if (loaded_) look();
    const double now_ms = port_.now_ms();
    if (now_ms >= rate_until_ms_ && !wants_paused_) settle_rate();
    client::PlayerReport report;
    report.local_ms = now_ms;
    if (!loaded_ || !reading_) return report;
    const Reading& reading = *reading_;
    const std::optional<double> position = position_ms();
    report.seeking = seek_under_way(now_ms) || jumped_at_ms_.has_value();
    report.loaded = position.has_value() || report.seeking;
    report.position_ms = position.value_or(seek_target_ms_.value_or(0));
    // While it seeks its position means nothing, so that it need not be young.
    if (!report.seeking) report.local_ms = read_at_ms_;
    report.duration_ms = reading.duration_ms;
    report.ready = !reading.starved;
    report.paused = reading.paused;
    report.ended = reading.ended;
    report.stalled = is_stalled(now_ms);
    report.user_acting = now_ms < held_until_ms_;
    report.rate = controller_rate_;
    report.other_copy = other_copy_;
    report.buffer_ms = reading.buffer_ms.value_or(0);
    return report;
}

} // namespace playhead::mpv
