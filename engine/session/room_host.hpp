#pragma once

#include "core/ids.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "plugin/ruled_room.hpp"
#include "recording/recorder.hpp"
#include "session/admission.hpp"
#include "session/bans.hpp"
#include "session/broadcast.hpp"
#include "session/drift_histogram.hpp"
#include "session/fan_out.hpp"
#include "session/places.hpp"
#include "session/plugin_sets.hpp"
#include "session/plugin_time.hpp"
#include "session/session.hpp"
#include "session/settings.hpp"
#include "session/shard_context.hpp"
#include "session/telemetry.hpp"

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace playhead {

// A room's heartbeat: holds its RuledRoom, its viewers' places and its sessions; queues what arrives and, on a tick,
// applies it and tells everyone. It connects parts and decides little: rules are in RuledRoom, who may speak in
// Protocol and admit(), what goes out in Outbox, when in FanOut.
//   Files:  room_host.cpp          a tick
//           room_host_messages.cpp what arrives between ticks
//           room_host_viewers.cpp  who comes and goes
//           room_host_plugins.cpp  what plugins ask for, and their reload
//           room_host_recording.cpp  writing down what the room is told
//   Thread: its shard.   Owner: the shard's Directory.
class RoomHost final : private SessionOwner {
  public:
    // Sessions that have not said hello, beyond the viewers a room may have.
    static constexpr std::uint32_t newcomers_max = 1000;
    // What one tick applies. Rate limits keep a room far below; a command beyond is answered rate_limited, a signal
    // lost.
    static constexpr std::size_t inputs_per_tick_max = 50'000;
    // Places that are given up in one tick; of ten thousand who were lost at once the others follow in the next ones.
    static constexpr std::size_t leaves_per_tick_max = 500;
    // Newcomers in one tick of a room with plugins: at first, and however its plugins keep up with them.
    static constexpr std::uint32_t joins_max_first = 64;
    static constexpr std::uint32_t joins_max_least = 4;
    static constexpr std::uint32_t joins_max_most = 4096;
    // How old the wall time may be that plugins know.
    static constexpr std::chrono::seconds wall_time_interval{60};

    // `plugins` may be null: none.
    RoomHost(RoomId id, RoomInfo info, const RoomKeys& keys, bool permanent, Epoch epoch,
             std::shared_ptr<const PluginSet> plugins, std::uint64_t seed, ShardContext& shard);
    ~RoomHost();
    RoomHost(const RoomHost&) = delete;
    RoomHost& operator=(const RoomHost&) = delete;

    // Loads media as the room's creator wished.
    std::optional<Error> load(const Load& load);
    // A connection that has finished its handshake.
    void attach(std::unique_ptr<Connection> connection);
    // A connect token for who may join.   Errors: room_full, and those of may_join().
    Result<IssuedToken> issue(const JoinRequest& request);

    // ---- what the shard's AdmissionQueue says (it holds hellos of ours that wait)
    bool takes_newcomers() const;
    // Its turn has come.
    void let_in(Session& session, const Hello& hello, ServerTime now);
    // It would have to wait too long: it is told when to come back.
    void turn_away(Session& session, ServerTime now);

    // One tick; it stands for `missed` earlier ones too.
    void run(Tick tick, std::uint32_t missed);
    // It was to run at this tick, and comes behind others since its plugins are dear; at a later one, perhaps. Until it
    // runs everything waits.
    void wait(Tick tick, std::uint32_t missed) { waits_ = {tick, missed}; }
    bool waits() const { return waits_.has_value(); }
    // Goes on with fan-out until the clock reaches `deadline`; false while work is left. True and not idle: it waits
    // for relays.
    bool fan_out(ServerTime deadline);
    bool fan_out_idle() const { return fan_out_.idle(); }
    // Who is to write for the next connection: the shard itself (0) or one of its relays.
    std::size_t writer_of_next() const;
    // Nobody has been here for as long as an empty room is kept.
    bool expired(ServerTime now) const;

    // Closes every session.
    void close_all(const Error& error);
    std::size_t session_count() const { return fan_out_.size(); }

    // ---- plugins
    bool has_plugins() const { return plugins_ && !plugins_->empty(); }
    // Behind whom it comes in a tick.
    PluginTime::Standing standing(Tick tick, ServerTime now) const;
    // This tick begins with loading its plugins: for the first viewer, or because the room has slept and something
    // happens.
    bool loads_plugins(Tick tick) const;
    const PluginCost& plugin_cost() const { return cost_; }
    const std::shared_ptr<const PluginSet>& plugins() const { return plugins_; }
    std::vector<PluginSummary> plugin_summaries() const;
    // Runs these instead, from `tick` on; or goes on with the old ones, and says why.
    std::expected<void, std::string> reload(std::shared_ptr<const PluginSet> plugins, Tick tick);

    // ---- recording
    // Names and what people write are left out if either it is asked for or the rules say so. From now on; the name of
    // the recording. The room's plugins start anew for it, as by a reload.
    //   Errors: denied, with the reason: there is nowhere to, it is recorded already, its plugins cannot be started.
    Result<std::string> record(bool left_out);
    // False if it was not recorded.
    bool stop_recording();
    bool recorded() const { return recorder_ != nullptr; }

    const RoomId& id() const { return id_; }
    const RoomKeys& keys() const { return keys_; }
    // As of the last beacon.
    const DriftHistogram& drift() const { return drift_; }
    std::uint32_t slow_sessions() const { return slow_sessions_; }
    const RoomState& state() const { return room_.state(); }

  private:
    void on_message(Session& session, ByteView message) override;
    void on_drained(Session& session) override;
    void on_closed(Session& session, const Error& error) override;

    void obey(Session& session, Decision decision, ServerTime now);
    void observe(Session& session, const Report& report, ServerTime now);
    void refuse(Session& session, const Reply& reply);
    void enqueue(Input input);

    Door door();
    std::optional<Error> full() const;
    Result<Admission> check(Session& session, const Hello& hello, ServerTime now);
    void receive(Session& session, Hello hello, ServerTime now);
    void admit_viewer(Session& session, const Hello& hello, const Admission& admission, ServerTime now);
    void pace_newcomers();
    void resume(Session& session, const Hello& hello, Place& place);
    ReportingPace pace() const;
    void welcome(Session& session, ServerTime now);
    // Says why, as far as the peer can hear it, and lets the connection finish; the viewer's place is kept.
    void close(Session& session, const Error& error, bool resumable);
    // The viewer and its session part; on_closed() comes later.
    void detach(Session& session, ServerTime now);
    void reconnect(const Place& place);
    void remove_place(ViewerId viewer, LeaveReason why);
    // For good: the place goes first, and the session with it.
    void expel(ViewerId viewer, LeaveReason why, const Error& error);
    Session* session_of(ViewerId viewer);
    // What the room shows the viewer as; empty if it is not there.
    std::string name_of(ViewerId viewer) const;

    std::expected<void, std::string> begin_recording(recording::Recorder::About about, Tick tick);
    void end_recording(std::string_view why);
    bool too_wide_to_begin() const { return state().viewers.size() > recording::Recorder::whole_viewers_max; }
    // A recording that has become long goes on in another file; one that is lost ends.
    void keep_recording(Tick tick);
    // Before anyone is told of it.
    void write_down(const std::vector<Outcome>& outcomes, ServerTime start, const std::optional<Beacon>& beacon);

    void load_plugins(Tick tick);
    void rest(Tick tick);
    void tell_wall_time(Tick tick, ServerTime now);
    void answer(const Outcome& outcome, Tick tick);
    // Events, requests; what is for one viewer only is kept until newcomers are welcomed.
    bool tell_events();
    void tell_viewers(const std::vector<PluginEvent>& events);
    void carry_out(const Kick& kick);
    void carry_out(const Ban& ban);
    void carry_out(const Unban& unban);
    void carry_out(const Log& line);
    void send();
    bool wide() const;
    bool send_at_once();
    // Once a second: who is still there, how is everyone doing, how far ahead must motion be scheduled.
    Beacon survey(ServerTime now);
    void note(const DriftHistogram& drift, std::uint32_t slow_sessions);
    void wake() { shard_.due.wake(due_, shard_.next_tick); }
    std::optional<Tick> next_due(Tick tick) const;
    Tick next_beacon_after(Tick tick) const;
    bool empty() const { return places_.empty() && fan_out_.size() == 0; }

    ShardContext& shard_;
    const RoomId id_;
    const RoomKeys keys_;
    const bool permanent_;
    std::shared_ptr<const PluginSet> plugins_;
    PluginCost cost_;
    RuledRoom room_;
    std::unique_ptr<recording::Recorder> recorder_; // of room_; null: it is not recorded
    Broadcast broadcast_;
    Places places_;
    Bans bans_;
    FanOut fan_out_;
    DueRooms::Entry due_;
    Lead lead_;
    Tick beacon_tick_;       // when the next one is due
    ServerTime surveyed_at_; // last
    ServerTime empty_since_;
    DriftHistogram drift_; // what of the shard's is ours
    std::uint32_t slow_sessions_ = 0;
    bool plugins_started_ = false;
    std::optional<ServerTime> wall_told_at_;
    struct Waits {
        Tick since;
        std::uint32_t missed;
    };
    std::optional<Waits> waits_;
    std::uint32_t joins_ = 0;                   // newcomers since the last tick that was run ...
    std::uint32_t joins_max_ = joins_max_first; // ... and how many there may be

    // Since the last tick.
    std::vector<Input> inputs_;
    std::vector<ViewerId> newcomers_;            // to be welcomed
    std::vector<ViewerId> owed_;                 // have an answer or a snapshot coming
    std::vector<PluginEvent> personal_;          // events for one viewer each
    std::vector<std::unique_ptr<Session>> gone_; // destroyed on a tick, never inside their own callbacks
};

} // namespace playhead
