#pragma once

#include "core/result.hpp"
#include "replication/frame.hpp"
#include "session/connection.hpp"
#include "session/outbox.hpp"
#include "session/protocol.hpp"
#include "session/telemetry.hpp"

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>

namespace playhead {

class Session;

// Whoever holds sessions: hears what happens on them.
class SessionOwner {
  public:
    virtual void on_message(Session& session, ByteView message) = 0;
    virtual void on_drained(Session& session) = 0;
    virtual void on_closed(Session& session, const Error& error) = 0;

  protected:
    ~SessionOwner() = default;
};

// A viewer's connection as the engine sees it: what it may say, what it is owed, how it is doing. Decides nothing
// itself.
//   Owner: one room's FanOut, for as long as the connection lives; longer than the viewer's wish to stay.
class Session final : public ConnectionEvents {
  public:
    Session(SessionOwner& owner, std::unique_ptr<Connection> connection, const SessionSettings& settings,
            ServerTime now)
        : owner_(&owner),
          connection_(std::move(connection)),
          protocol(settings, now) {
        if (const std::size_t lossy_bytes_max = connection_->lossy_bytes_max()) outbox.expect_losses(lossy_bytes_max);
    }

    void start() { connection_->start(*this); }
    Connection& connection() { return *connection_; }

    // Sends what is owed, as the viewer's roles let it be seen.
    void flush(Broadcast& room, ServerTime now, Metrics& metrics) {
        if (outbox.lane() == Outbox::Lane::silent) return;
        outbox.flush(room, audience(room), *connection_, now, metrics);
        if (outbox.unsettled()) room.visit_again(protocol.viewer());
    }
    // The connection can take frames again.
    void drained(Broadcast& room, ServerTime now, Metrics& metrics) {
        outbox.drained(room, audience(room), metrics);
        flush(room, now, metrics);
    }

    // ConnectionEvents: handed on, with our name.
    void on_message(ByteView message) override { owner_->on_message(*this, message); }
    void on_drained() override { owner_->on_drained(*this); }
    void on_closed(const Error& error) override { owner_->on_closed(*this, error); }

  private:
    // Looked up when somebody's roles have changed, and not for each of ten thousand viewers with each frame.
    Audience audience(const Broadcast& room) {
        if (roles_revision_ != room.roles_revision()) {
            roles_revision_ = room.roles_revision();
            audience_ = room.audience_of(protocol.viewer());
        }
        return audience_;
    }

    SessionOwner* owner_;
    std::unique_ptr<Connection> connection_;

  public:
    Protocol protocol;
    Outbox outbox;
    ViewerFigures figures;
    bool resumed = false; // the viewer was here before
    // The last duration that was handed to the room: it hears of it when it changes, not with every report.
    MediaInstance duration_media;
    MediaTime duration{0};
    // The same of how it is: bits of ReportFlag; of someone who was here before it is not known what the room was told.
    std::optional<std::uint8_t> condition = 0;

  private:
    friend class FanOut;
    static constexpr std::uint32_t no_slot = std::numeric_limits<std::uint32_t>::max();
    std::uint32_t slot_ = no_slot;
    bool visit_due_ = false;
    Audience audience_ = Audience::everyone;
    std::optional<std::uint32_t> roles_revision_; // as of which `audience_` is right
};

} // namespace playhead
