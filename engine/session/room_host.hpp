#pragma once

#include "core/ids.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "room/room.hpp"
#include "session/broadcast.hpp"
#include "session/fan_out.hpp"
#include "session/places.hpp"
#include "session/session.hpp"
#include "session/settings.hpp"
#include "session/shard_context.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace playhead {

// A room's heartbeat: holds its Room, its viewers' places and its sessions; queues what arrives and, on a tick, applies
// it and tells everyone. It connects parts and decides little: rules are in Room, who may speak in Protocol and
// admit(), what goes out in Outbox, when in FanOut.
//   Thread: its shard.   Owner: the shard's Directory.
class RoomHost final : private SessionOwner {
  public:
    // Sessions that have not said hello, beyond the viewers a room may have.
    static constexpr std::uint32_t newcomers_max = 1000;
    // What one tick applies. Rate limits keep a room far below; a command beyond is answered rate_limited.
    static constexpr std::size_t inputs_per_tick_max = 50'000;

    RoomHost(RoomId id, RoomInfo info, const RoomKeys& keys, bool permanent, Epoch epoch, ShardContext& shard);
    ~RoomHost();
    RoomHost(const RoomHost&) = delete;
    RoomHost& operator=(const RoomHost&) = delete;

    // Loads media as the room's creator wished.
    std::optional<Error> load(const Load& load);
    // A connection that has finished its handshake.
    void attach(std::unique_ptr<Connection> connection);

    // One tick; it stands for `missed` earlier ones too.
    void run(Tick tick, std::uint32_t missed);
    // Goes on with fan-out until the clock reaches `deadline`; false while work is left.
    bool fan_out(ServerTime deadline);
    bool fan_out_idle() const { return fan_out_.idle(); }
    // Nobody has been here for as long as an empty room is kept.
    bool expired(ServerTime now) const;

    // Closes every session.
    void close_all(const Error& error);
    std::size_t session_count() const { return fan_out_.size(); }

    const RoomId& id() const { return id_; }
    const RoomKeys& keys() const { return keys_; }
    const RoomState& state() const { return room_.state(); }

  private:
    void on_message(Session& session, ByteView message) override;
    void on_drained(Session& session) override;
    void on_closed(Session& session, const Error& error) override;

    void obey(Session& session, Decision decision, ServerTime now);
    void admit_viewer(Session& session, const decision::Admit& admit);
    void observe(Session& session, const Report& report, ServerTime now);
    void refuse(Session& session, const Reply& reply);
    // Says why, as far as the peer can hear it, and lets the connection finish; the viewer's place is kept.
    void close(Session& session, const Error& error, bool resumable);
    // The viewer and its session part; on_closed() comes later.
    void detach(Session& session, ServerTime now);
    void reconnect(ViewerId viewer);
    void remove_place(ViewerId viewer);

    void enqueue(Input input);
    Session* session_of(ViewerId viewer);
    void welcome(Session& session, ServerTime now);
    void answer(const Outcome& outcome, Tick tick);
    void send();
    // Once a second: who is still there, how is everyone doing, how far ahead must motion be scheduled.
    Beacon survey(ServerTime now);
    void wake() { shard_.due.wake(due_, shard_.next_tick); }
    std::optional<Tick> next_due(Tick tick) const;
    Tick next_beacon_after(Tick tick) const;
    bool empty() const { return places_.empty() && fan_out_.size() == 0; }

    ShardContext& shard_;
    const RoomId id_;
    const RoomKeys keys_;
    const bool permanent_;
    Room room_;
    Broadcast broadcast_;
    Places places_;
    FanOut fan_out_;
    DueRooms::Entry due_;
    Lead lead_;
    Tick beacon_tick_; // when the next one is due
    ServerTime empty_since_;

    // Since the last tick.
    std::vector<Input> inputs_;
    std::vector<ViewerId> newcomers_;            // to be welcomed
    std::vector<ViewerId> owed_;                 // have an answer or a snapshot coming
    std::vector<std::unique_ptr<Session>> gone_; // destroyed on a tick, never inside their own callbacks
};

} // namespace playhead
