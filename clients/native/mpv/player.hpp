#pragma once

#include "mpv/port.hpp"
#include "mpv/reading.hpp"
#include "playhead/player.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace playhead::mpv {

// What mpv did that whoever plays something with it has to know.
struct FileLoaded {};
struct FileFailed {
    std::string why;
};
// The person opened something else in mpv itself: dropped a file on it, or chose from its playlist.
struct FileOpened {
    std::string path;
};
// One of our keys in mpv, by the name in key_bindings.
struct KeyPressed {
    std::string name;
};
// mpv is about to end because the person wants it to.
struct Quit {};
using PlayerNews = std::variant<FileLoaded, FileFailed, FileOpened, KeyPressed, Quit>;

// mpv as a player that a room keeps in step.
//
// Who did it? mpv answers in the order in which it was told, so what it answers to a question after an order is never
// older than that order. Every report is such an answer. The player remembers what it last told mpv (paused or playing,
// how fast, where to); a report that differs was the person's doing, becomes an intent once, and is then what is
// remembered. No time passes in which acts go unseen. Events of mpv only say that it is worth looking; seeks are the
// exception, since where a player stands says nothing about why: more of them than we asked for are the person's, if
// the position is not the one we asked for.
//
// Its intents go to whoever made it (take_wishes), not to the room by itself: a refusal has to be shown in mpv.
//   Units: milliseconds.   Thread: one; report() waits for mpv, at most probe_wait_ms.
//   Owner: whoever made it; `port` outlives it.
//   Errors: an mpv that does not answer is a stalled player; one that answers what makes no sense has not loaded.
class MpvPlayer final : public client::Player {
  public:
    // How long a report waits for mpv, which answers in 0.05 ms unless it is busy. Source: reference/players.md.
    static constexpr double probe_wait_ms = 8;
    // An answer that took longer does not say when it was true: asked again.
    static constexpr double torn_ms = 1;
    static constexpr int probe_attempts = 3;
    // A seek of ours lands so close, whatever the length of a frame or what mpv calls exact.
    static constexpr double own_seek_ms = 400;
    // A seek of ours that nothing was heard of for so long is over.
    static constexpr double seek_timeout_ms = 3'000;
    // A position further from the expected one than this has jumped: while playing, and while paused.
    static constexpr double jump_playing_ms = 300;
    static constexpr double jump_paused_ms = 15;
    // A jump is held for the seek whose event is still on its way, so long.
    static constexpr double jump_explained_ms = 60;
    // After pause() the position still settles by the sound that was under way.
    static constexpr double pause_settles_ms = 250;
    // Less than this between two reports is no movement, and a position that should move and has not for so long is a
    // stall.
    static constexpr double moved_ms = 1;
    static constexpr double stall_ms = 300;
    // After an act of the person the room has so long to answer before mpv is steered again; an answer ends it.
    static constexpr double answer_ms = 600;
    // How far the controller's rate may be from the room's without a correction: what it holds against drift.
    static constexpr double trim_max = 0.002;
    // A change of rate reaches the ear once what is buffered has been heard at the old one, and mpv's position, which
    // counts all of it at the new one, jumps by as much as that is wrong: so the jump tells how much is buffered. It is
    // read from changes of at least this much, and believed up to this.
    static constexpr double telling_change = 0.005;
    static constexpr double rate_delay_ms_max = 1'500;
    // What is not yet told is dropped beyond this: mpv is talking nonsense.
    static constexpr std::size_t news_max = 64;

    explicit MpvPlayer(Port& port);

    // ---- mpv
    // Makes a freshly connected mpv ours: options, keys, what it shall tell.
    void set_up();
    // Gives the keys back to an mpv that lives on.
    void let_go();
    // Plays `address` from now on, stopped at its beginning. `title` is what mpv shows.
    void open(std::string_view address, std::string_view title);
    // Takes what the person opened (FileOpened) for what shall be played.
    void adopt();
    // Plays nothing.
    void close();
    // Something mpv has said; also what report() heard comes through here by itself.
    void received(const Message& message);
    // The connection is gone; a new one begins with set_up() and open().
    void lost();
    // What the room plays at, which speed keys are counted from. The controller sets it when it plays; until then mpv
    // shows it all the same.
    void set_room_rate(double rate);
    // Whether what is open is another file than the room's, so that its length says nothing of the room's.
    void set_other_copy(bool other) { other_copy_ = other; }
    // The room has answered what the person did. What it did not apply is taken back here only where the controller
    // could not know of it: the speed.
    void answered(bool applied);

    std::vector<PlayerNews> take_news();
    // What the person did to mpv since the last call, oldest first.
    std::vector<client::UserIntent> take_wishes();
    // Whether one of the two above has something, or take_change().
    bool has_news() const { return changed_ || !news_.empty() || !wishes_.empty(); }
    bool loaded() const { return loaded_; }
    // When mpv last said anything, and since when a question has been waiting for its answer.
    double heard_at_ms() const { return heard_at_ms_; }
    std::optional<double> waiting_since_ms() const;

    // ---- client::Player
    client::PlayerCapabilities capabilities() const override;
    client::PlayerReport report() override;
    void play() override;
    void pause() override;
    void seek(double position_ms) override;
    void set_rate(double rate, bool preserves_pitch) override;
    bool take_change() override { return std::exchange(changed_, false); }
    std::vector<client::UserIntent> take_intents() override { return {}; }

  private:
    struct Probe {
        std::uint64_t request = 0;
        double sent_at_ms = 0;
    };
    // Where the player stood when nothing was being done to it.
    struct Anchor {
        double local_ms = 0;
        double position_ms = 0;
        bool by_sound = false;
    };

    std::uint64_t order(const Value::List& command) { return last_order_ = port_.send(command); }
    void set(std::string_view property, Value value);
    bool look();
    bool probe();
    void hear(const std::vector<Message>& messages);
    void on_reply(const Reply& reply);
    void on_event(const Event& event);
    void on_start(const Event& event);
    void on_end(const Event& event);
    void take(const Reading& reading, double local_ms);
    void judge_switches(double local_ms);
    void judge_seek(double local_ms);
    void judge_position(double local_ms);
    void intend(client::UserIntent intent, double local_ms);
    void tell(PlayerNews news);
    void forget_position();
    void settle_rate();
    void set_speed(double rate);
    void learn_rate_delay(const Reading& before, double read_at_ms, double change);
    bool seek_under_way(double now_ms) const;
    bool should_move() const;
    bool by_sound() const;
    std::optional<double> position_ms() const;
    std::optional<double> expected_ms(double local_ms) const;
    bool is_stalled(double now_ms) const;

    Port& port_;
    // What mpv last said, and when that was true.
    std::optional<Reading> reading_;
    double read_at_ms_ = 0;
    std::optional<Probe> probe_;   // not answered yet
    std::uint64_t last_order_ = 0; // what was asked before says nothing about what it has done
    double heard_at_ms_ = 0;

    // What is open.
    bool loaded_ = false;
    std::optional<std::uint64_t> open_request_; // until mpv has said which entry it is
    std::optional<std::int64_t> entry_;         // ours
    std::optional<std::int64_t> playing_entry_; // what mpv has begun to load or plays
    std::uint64_t path_request_ = 0;

    // What mpv was last told.
    bool wants_paused_ = true;
    double wanted_rate_ = 1;     // what mpv plays at, as far as we know
    double controller_rate_ = 1; // what it was told to by the controller: another one is a wish, or shown while paused
    bool shows_room_ = false;    // mpv was given the room's rate before the controller has set it
    bool pitch_kept_ = true;
    double room_rate_ = 1;
    bool other_copy_ = false;
    std::optional<double> seek_target_ms_;
    double seek_begun_at_ms_ = 0; // the last one, ours or not
    int own_seeks_ = 0;           // sent since the last landing
    int seen_seeks_ = 0;          // begun by mpv since then
    bool restarted_ = false;      // playback has begun again since then
    bool placed_ = false;         // put where it stands by a seek or a load, and not played since

    std::optional<Anchor> anchor_;
    double anchor_from_ms_ = 0; // no anchor before
    std::optional<double> jumped_at_ms_;
    double moved_at_ms_ = 0;
    double moved_to_ms_ = 0;
    double held_until_ms_ = 0;
    double rate_delay_ms_;
    double rate_until_ms_ = 0; // until then the controller may make the person's speed its own

    bool changed_ = false;
    std::vector<PlayerNews> news_;
    std::vector<client::UserIntent> wishes_;
};

// Keys that mean something else while a room plays: what they send, and the keys.
struct KeyBinding {
    std::string_view key;
    std::string_view name;
};
std::vector<KeyBinding> key_bindings();

} // namespace playhead::mpv
