#pragma once

#include "lib/session/environment.hpp"
#include "lib/transport/carrier.hpp"
#include "playhead/api.hpp"
#include "replication/messages.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace playhead::client {

// The life of a room's connection: dials, says hello, notices silence, and comes back after a loss with the token and
// version it holds. It reads messages but knows nothing of rooms. clients/sdk/src/connection.ts is its twin.
//
//   connecting -> joining (hello sent) -> live (welcome and a state) -> reconnecting -> connecting ...
//   any -> closed, when trying again is no use or the client has left.
//
//   Units: ms, local time.   Owner: a Session, which is its Events.
class Connection {
  public:
    // From dialling until the first state.
    static constexpr double join_ms_max = 10'000;
    // The engine says something at least once a second; so much silence means that nobody is there.
    static constexpr double silence_ms_max = 6'000;
    // After a late poll (a machine that slept) the engine has so long to say something.
    static constexpr double wake_ms = 2'000;
    // A connection that was live for so long starts counting failures afresh.
    static constexpr double stable_ms = 10'000;
    // More malformed frames than this on one connection, and it is closed.
    static constexpr std::uint32_t malformed_max = 3;
    // So much unsent, and what may be lost (pings, reports) is not added to it; the rest up to the second.   Unit:
    // bytes.
    static constexpr std::size_t buffered_bytes_max = 64 * 1024;
    static constexpr std::size_t unsent_bytes_max = 1024 * 1024;
    // A connection that was left has so long to say its last words.
    static constexpr double farewell_ms_max = 1'000;
    // One poll handles so many messages; what else has come waits for the next, so that an engine that never stops
    // talking does not stop the loop.
    static constexpr std::size_t messages_per_poll_max = 1'000;

    // Called from inside poll(), retry() and close(). None of them calls back but by send() and refuse().
    class Events {
      public:
        // What to say first; asked for at every attempt. Its join token is the one that dialling begins with.
        virtual Hello hello() = 0;
        // The place is lost: the next hello is a new viewer's.
        virtual void forget_place() = 0;
        virtual void welcome(const Welcome& welcome, double received_ms) = 0;
        // Everything but welcome and goodbye. Returns true once a state is held, which makes the connection live.
        virtual bool message(const ServerMessage& message, double received_ms) = 0;
        // A frame that could not be read: something may be missing.
        virtual void malformed() = 0;
        // Status or problem changed.
        virtual void connection_changed() = 0;
        // The carrier is gone: nothing sent before this has a sure fate.
        virtual void lost() = 0;

      protected:
        ~Events() = default;
    };

    Connection(Dial dial, Environment& environment, Events& events);

    RoomStatus status() const { return status_; }
    const std::optional<Problem>& problem() const { return problem_; }
    // Welcomed: commands may be sent.
    bool open() const { return welcomed_; }
    // What carries it, once it is open.
    std::optional<Transport> carrier() const;
    bool acknowledges() const { return opened_ && opened_->acknowledges; }

    void poll(double now_ms);
    double next_poll_ms() const;
    std::vector<int> wait_handles() const;

    // False when nothing can be sent now.
    bool send(const ClientMessage& message, Importance importance = Importance::needed);
    // Does not wait out the rest of the pause; from `closed` begins anew.
    void retry();
    // For good. What was sent still has a moment to leave.
    void close(ErrorCode code, std::string message);
    // Something that only a broken or hostile engine does: counted like a frame that cannot be read.
    void refuse(std::string_view reason);

  private:
    void start(double now_ms);
    void handle(CarrierEvent& event, double now_ms);
    void opened(const Opened& opened);
    void received(const Received& received, double now_ms);
    void become_live(double now_ms);
    void watch(double now_ms);
    void end(const Ending& ending, double now_ms);
    void drop_carrier();
    void set_status(RoomStatus status, std::optional<Problem> problem);

    const Dial dial_;
    Environment& environment_;
    Events& events_;
    RoomStatus status_ = RoomStatus::connecting;
    std::optional<Problem> problem_;
    std::unique_ptr<Carrier> carrier_;
    std::unique_ptr<Carrier> leaving_; // says its last words
    double leaving_until_ms_ = 0;

    // Of this attempt.
    Hello hello_;
    std::optional<Opened> opened_;
    bool welcomed_ = false;
    bool presented_connect_token_ = false;
    std::uint32_t malformed_frames_ = 0;
    double received_ms_ = 0; // when something was last heard
    // What is due: the end of the attempt, the next look at the silence, or the next attempt.
    double due_ms_ = 0;

    // Over all attempts.
    std::uint32_t failures_ = 0;
    std::optional<double> live_since_ms_;
    double retry_floor_ms_ = 0;
    bool started_ = false;
};

} // namespace playhead::client
