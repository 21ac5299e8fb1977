#pragma once

#include "mpv/port.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace playhead::mpv::test {

// An mpv that does what it is told and what a person at its keys does, in virtual time. It answers in order, tells
// seeks by events as the real one does, and can be made to hang or to talk nonsense.
class FakeMpv final : public Port {
  public:
    static constexpr double seek_takes_ms = 30;
    // Put somewhere while paused, it says that what is heard is so far behind until it plays.
    static constexpr double unheard_ms = 40;

    double now_ms() const override { return now_ms_; }
    std::uint64_t send(const Value::List& command) override;
    std::vector<Message> listen(std::uint64_t request, double wait_ms) override;

    // Time passes; what mpv tells by itself in it is in what listen() returns next.
    void pass(double ms);

    // What the person does.
    void press_space() { paused_ = !paused_; }
    void set_speed(double speed) { speed_ = speed; }
    void seek(double position_ms);
    void step_frame() { position_ms_ += 33.4; }
    void open(std::string_view path);
    // What happens.
    void file_loaded(double duration_ms);
    void fail(std::string_view why);
    void event(std::string_view name, Value::Map fields = {});
    void slip(double ms) { position_ms_ += ms; }
    void change_track(); // seeks to where it is, as mpv does then
    void starve(bool on) { starved_ = on; }
    void end_of_file() { ended_ = true; }
    void drop_sound() { sound_ = false; }
    // How much sound is on its way to the ear: mpv counts it at the new speed at once.
    void buffer_sound(double ms) { buffered_ms_ = ms; }
    void hang(bool on) { hangs_ = on; }
    void talk_nonsense(bool on) { nonsense_ = on; }

    bool paused() const { return paused_; }
    double position_ms() const { return position_ms_; }
    double speed() const { return speed_; }
    std::string pitch() const { return pitch_kept_ ? "kept" : "free"; }
    std::int64_t entry() const { return entry_; }
    int probes() const { return probes_; }
    const std::vector<Value::List>& told() const { return told_; }

  private:
    Value obey(const Value::List& command);
    std::string expanded() const;
    void begin_seek(double position_ms);

    double now_ms_ = 1'000;
    std::uint64_t last_request_ = 0;
    std::vector<Message> said_;
    std::vector<Value::List> told_;
    int probes_ = 0;

    std::int64_t entry_ = 0;
    std::string path_;
    bool loaded_ = false;
    double duration_ms_ = 0;
    double position_ms_ = 0;
    bool paused_ = true;
    double speed_ = 1;
    bool pitch_kept_ = true;
    bool starved_ = false;
    bool ended_ = false;
    bool sound_ = true;
    double buffered_ms_ = 0;
    bool unheard_ = false; // put where it stands while paused, not played since
    bool hangs_ = false;
    bool nonsense_ = false;
    std::optional<double> lands_at_ms_;
    double seek_to_ms_ = 0;
};

} // namespace playhead::mpv::test
