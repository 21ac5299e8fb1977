#pragma once

#include "common/news.hpp"
#include "common/output.hpp"
#include "mpv/file_size.hpp"
#include "mpv/life.hpp"
#include "mpv/options.hpp"
#include "mpv/player.hpp"
#include "mpv/screen.hpp"
#include "mpv/source.hpp"
#include "playhead/room.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace playhead::mpv {

// One person's mpv in one room: opens in mpv what the room plays, does in the room what the person does in mpv, and
// shows on mpv's screen what the room has to say. The room itself keeps mpv in step, as a player.
//   Thread: one loop, which sleeps until mpv, the room or a timer has something.
//   Errors: what goes wrong is told on mpv's screen and on the terminal; run() returns the exit code.
class Bridge {
  public:
    static constexpr int exit_ok = 0;
    static constexpr int exit_lost = 1;
    // Seeks in mpv closer together than this are scrubbing, which ends when none has come for so long.
    static constexpr double scrub_gap_ms = 350;
    static constexpr double state_gap_ms = 1'000;
    // Leaving is told to the room within this, or it finds out by itself.
    static constexpr double leave_wait_ms = 1'000;

    Bridge(Options options, std::optional<OwnCopy> own);
    ~Bridge();

    // Until mpv ends, the room is lost for good, or `stop` is set.
    int run(const std::atomic<bool>& stop);

  private:
    void begin();
    void step();
    void look_after_mpv();
    void on_player_news(const PlayerNews& news);
    void on_opened(const std::string& path);
    void on_loaded();
    void on_key(const std::string& name);
    void obey(const client::UserIntent& wish);
    void obey_seek(double position_ms);
    void skip();
    void say_ready();
    client::OnResult told(std::string_view what);
    void follow_media();
    bool plays_own(const client::MediaView& media) const;
    void compare_own();
    std::optional<Copy> room_copy();
    void look_at_room();
    void say(const programs::NewsLine& line);
    void trouble(std::string text);
    void print_state();
    void show();
    void attach(bool on);
    void wait();
    void leave();

    Options options_;
    programs::Output output_;
    Life life_;
    MpvPlayer player_;
    Screen screen_;
    programs::News news_;
    // What the room's listeners and answers have left for the loop.
    std::vector<programs::NewsLine> heard_;
    bool changed_ = true;

    bool begun_ = false;
    bool mpv_ready_ = false;
    bool attached_ = false;
    std::optional<std::uint32_t> opened_; // media instance that mpv was told to show
    std::optional<OwnCopy> own_;
    std::string own_for_;             // address of the media that it stands for; empty: what comes first
    std::optional<std::string> open_; // own path that mpv has open already
    bool compare_ = false;            // not everything is known yet by which it may differ from the room's
    std::string difference_;          // what the person was told of that
    FileSize room_file_;

    double sought_at_ms_ = 0;
    bool scrubbing_ = false;
    double state_at_ms_ = 0;
    std::optional<int> exit_;

    // Last, so that it goes first: it holds the player and calls back.
    std::unique_ptr<client::Room> room_;
};

} // namespace playhead::mpv
