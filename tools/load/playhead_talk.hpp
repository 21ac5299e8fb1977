#pragma once

#include "heard.hpp"
#include "talk.hpp"

#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace playhead::load {

// Viewers of an engine's rooms, as schemas/PROTOCOL.md has it: hello, welcome, snapshot, deltas; reports and clock
// comparisons at the times that the welcome says; commands that are known again when their effect is heard. States are
// followed by their versions: a delta that does not fit what a viewer holds is a gap. Over ENet, which may lose some,
// states are acknowledged, and one that does not fit is waited out, then asked for [E5].
class PlayheadTalk final : public Talk {
  public:
    PlayheadTalk(const Options& options, Hall& hall, std::uint32_t process);

    Bytes greeting(Viewer& viewer) override;
    std::expected<std::size_t, std::string> hear(Viewer& viewer, ByteView received, Nanoseconds now) override;
    void on_open(Viewer& viewer) override;
    std::expected<void, std::string> on_message(Viewer& viewer, ByteView message, Nanoseconds now) override;
    void on_task(Viewer& viewer, Task task, Nanoseconds now) override;
    void obey(Viewer& first, const Order& order, Nanoseconds now) override;
    void judge(Viewer& viewer) override;

  private:
    std::expected<std::size_t, std::string> hear_joined(Viewer& viewer, ByteView received);
    void on_beacon(Viewer& viewer, const Heard& heard, Nanoseconds now);
    void acknowledge(Viewer& viewer);
    // Over ENet: something newer than what the viewer holds is known.
    void miss(Viewer& viewer, Nanoseconds now);
    void on_state(Viewer& viewer, const Heard& heard, Nanoseconds now);
    void on_reply(Viewer& viewer, const Heard& heard, Nanoseconds now);
    void on_pong(Viewer& viewer, const Heard& heard, Nanoseconds now);
    // The viewer's player, if it has one.
    void hear_of(Viewer& viewer, const Heard& heard, Nanoseconds now);
    void follow(Viewer& viewer, Nanoseconds now);
    void look(Viewer& viewer, Nanoseconds now);
    void on_place(Viewer& viewer, std::uint32_t number, Tick tick, Nanoseconds now);
    void begin(Viewer& viewer, Nanoseconds now);
    void open_turn(Viewer& viewer);
    void record_heard(const Viewer& viewer, std::uint32_t number, Nanoseconds now);

    // What all viewers of a room that are in this process know of it.
    struct Room {
        MediaInstance media; // what it shows, as the newest state says
        Epoch epoch;         // of the newest state that any of them has heard of ...
        Version version;
        std::optional<Motion> motion; // ... and how it moves
        bool asked_to_play = false;
        Nanoseconds report_interval = 0;
        Nanoseconds ping_interval = 0;
    };
    Room& room_of(const Viewer& viewer) { return rooms_[viewer.room]; }
    std::size_t viewers_of_room() const { return options_.viewers / options_.rooms.size(); }

    void act(Viewer& viewer, Nanoseconds now);
    std::uint32_t take_number(Nanoseconds now);
    ClientMessage command_of(Viewer& viewer, Action action, std::optional<MediaTime> seen, Nanoseconds now);
    bool comes_back(const Viewer& viewer) const;
    bool lossy() const { return options_.transport == Transport::enet; }
    Hello hello_of(Viewer& viewer) const;
    Bytes frame_of(const ClientMessage& message);
    // All at once, where that can be.
    void say(Viewer& viewer, std::span<const ClientMessage> messages, Importance importance = Importance::needed);
    void say(Viewer& viewer, const ClientMessage& message, Importance importance = Importance::needed) {
        say(viewer, std::span{&message, 1}, importance);
    }
    Nanoseconds phase_of(const Viewer& viewer, Nanoseconds interval);

    const Options& options_;
    Hall& hall_;
    std::uint32_t process_;
    Ear ear_;
    std::minstd_rand masks_;
    std::vector<Room> rooms_;
    Nanoseconds round_trip_min_ = 0; // of the clock comparison that told Board::zero_ns
};

} // namespace playhead::load
