#pragma once

#include "core/time.hpp"
#include "lib/session/commands.hpp"
#include "lib/session/connection.hpp"
#include "lib/session/environment.hpp"
#include "lib/session/resyncs.hpp"
#include "lib/sync/clock_driver.hpp"
#include "lib/sync/lead.hpp"
#include "lib/sync/reports.hpp"
#include "playhead/api.hpp"
#include "replication/replica.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace playhead::client {

// One viewer's dealings with the engine: wires connection, replica, commands and clock together. Each of them knows
// nothing of the others; what happens between them happens here. Of players and views it knows nothing; see
// room/joined_room.hpp. clients/sdk/src/session.ts is its twin. Sans I/O: bytes, time and chance come by the
// Environment.
//   Owner: a room, which is its Events.
class Session final : private Connection::Events {
  public:
    // Over a transport that loses and reorders, what is missing is on its way again with the next tick; so long it is
    // waited for.   Unit: ms.
    static constexpr double patience_ms = 500;
    // No honest engine shows more; one that does would fill our memory bit by bit.
    static constexpr std::size_t rows_max = 4 * Roster::rows_max;
    static constexpr std::size_t shared_bytes_max = 4 * SharedState::bytes_max;

    // Called from inside poll() and submit(); nothing may be called back.
    class Events {
      public:
        virtual void motion_changed() = 0;  // where the media should be, now or later, may have changed
        virtual void changed() = 0;         // anything else that a view shows
        virtual void figures_changed() = 0; // figures that change all the time
        virtual void event(const RoomEvent& event) = 0;
        virtual void plugin_event(const PluginEvent& event) = 0;
        virtual void clock_restarted() = 0;                 // what was known of the engine's clock is void
        virtual std::optional<SyncStatus> sync() const = 0; // how the player is doing; empty without one

      protected:
        ~Events() = default;
    };

    struct Identity {
        std::string name;
        std::string client_name;
    };

    Session(Dial dial, Identity identity, Environment& environment, Events& events);

    void poll(double now_ms);
    double next_poll_ms() const;
    std::vector<int> wait_handles() const { return connection_.wait_handles(); }

    // ---- what is known
    const Connection& connection() const { return connection_; }
    const sync::ClockDriver& clock() const { return clock_; }
    const Replica& replica() const { return replica_; }
    ViewerId me() const { return me_; }
    TickLength tick_length() const { return tick_length_; }
    const std::map<ViewerId, Telemetry>& telemetry() const { return telemetry_; }
    const std::optional<DriftDistribution>& distribution() const { return distribution_; }
    std::size_t pending_commands() const { return commands_.pending(); }
    std::uint32_t hash_mismatches() const { return resyncs_.mismatches(); }

    // The room's motion with own unanswered commands shown.
    sync::RoomMotion motion() const;
    double position_ms() const;
    Permission may(std::string_view permission, std::optional<std::uint32_t> viewer) const;
    std::optional<double> until_tick_ms(std::uint32_t tick) const;

    // ---- what is asked for
    void submit(Action action, std::optional<MediaTime> position, OnAnswer answer);
    void signal(ClientSignal signal);
    // The next hello says it again.
    void keep_name(std::string name) { identity_.name = std::move(name); }
    void retry();
    void leave();
    // Of options that lead nowhere.
    void close(ErrorCode code, std::string message) { connection_.close(code, std::move(message)); }

  private:
    Hello hello() override;
    void forget_place() override { resume_token_.clear(); }
    void welcome(const Welcome& welcome, double received_ms) override;
    bool message(const ServerMessage& message, double received_ms) override;
    void malformed() override { resync(false); }
    void connection_changed() override;
    void lost() override;

    bool on(const Snapshot& snapshot, double received_ms);
    bool on(const Delta& delta, double received_ms);
    bool on(const Beacon& beacon, double received_ms);
    bool on(const Pong& pong, double received_ms);
    bool on(const Reply& reply, double received_ms);
    bool on(const Event& event, double received_ms);
    bool on(const playhead::PluginEvent& event, double received_ms);
    bool on(const Welcome&, double) { return false; }
    bool on(const Goodbye&, double) { return false; }
    bool took_state(Replica::Applied applied);
    void acknowledge();
    bool oversized(const RoomFields& fields) const;
    // Something is missing: asks for it at once, or, where it may still come, when it has not come in time.
    void missing();
    void resync(bool mismatch);
    void send_commands();

    const std::string room_;
    const std::string join_token_;
    const std::string device_;
    Identity identity_;
    Environment& environment_;
    Events& events_;
    Connection connection_;
    Replica replica_;
    std::uint32_t state_hash_ = 0; // of the replica: made once for each state
    bool mismatched_ = false;      // it is not what the engine said it is
    Commands commands_;
    Resyncs resyncs_;
    sync::ClockDriver clock_;
    sync::LeadEstimate lead_;
    sync::ReportSchedule reports_;

    ViewerId me_;
    std::uint32_t welcomed_roles_ = 0;
    std::string resume_token_;
    TickLength tick_length_;
    std::map<ViewerId, Telemetry> telemetry_;
    std::optional<DriftDistribution> distribution_;
    std::optional<double> missing_since_ms_;
    bool left_ = false;
};

} // namespace playhead::client
