#include "lib/session/connection.hpp"

#include "lib/session/retry.hpp"
#include "replication/decode.hpp"
#include "replication/encode.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

namespace playhead::client {
namespace {

constexpr double never_ms = std::numeric_limits<double>::infinity();

// What comes out of order may come before the welcome.
bool may_precede_welcome(const ServerMessage& message) {
    return std::holds_alternative<Delta>(message) || std::holds_alternative<Beacon>(message) ||
           std::holds_alternative<Pong>(message) || std::holds_alternative<playhead::PluginEvent>(message);
}

} // namespace

Connection::Connection(Dial dial, Environment& environment, Events& events)
    : dial_(std::move(dial)),
      environment_(environment),
      events_(events) {}

std::optional<Transport> Connection::carrier() const {
    return opened_ ? std::optional{opened_->carrier} : std::nullopt;
}

void Connection::poll(double now_ms) {
    if (leaving_) {
        while (const auto event = leaving_->poll(now_ms))
            if (std::holds_alternative<Ended>(*event)) leaving_until_ms_ = now_ms;
        if (now_ms >= leaving_until_ms_) leaving_.reset();
    }
    if (!std::exchange(started_, true) && status_ != RoomStatus::closed) start(now_ms);
    for (std::size_t count = 0; carrier_ && count < messages_per_poll_max; ++count) {
        auto event = carrier_->poll(now_ms);
        if (!event) break;
        handle(*event, now_ms);
    }
    if (status_ == RoomStatus::closed || now_ms < due_ms_) return;
    if (!carrier_) {
        start(now_ms);
    } else if (status_ == RoomStatus::live) {
        watch(now_ms);
    } else {
        end(unreachable("the engine did not answer in time"), now_ms);
    }
}

double Connection::next_poll_ms() const {
    double next_ms = status_ == RoomStatus::closed ? never_ms : due_ms_;
    if (!started_ && status_ != RoomStatus::closed) next_ms = -never_ms;
    if (carrier_) next_ms = std::min(next_ms, carrier_->next_poll_ms());
    if (leaving_) next_ms = std::min({next_ms, leaving_->next_poll_ms(), leaving_until_ms_});
    return next_ms;
}

std::vector<int> Connection::wait_handles() const {
    std::vector<int> handles;
    for (const Carrier* carrier : {carrier_.get(), leaving_.get()})
        if (carrier) std::ranges::copy(carrier->wait_handles(), std::back_inserter(handles));
    return handles;
}

bool Connection::send(const ClientMessage& message, Importance importance) {
    if (!carrier_ || !welcomed_) return false;
    const std::size_t most = importance == Importance::may_be_lost ? buffered_bytes_max : unsent_bytes_max;
    if (carrier_->buffered() > most) return false;
    carrier_->send(encode(message), importance);
    return true;
}

void Connection::retry() {
    const double now_ms = environment_.now_ms();
    if (carrier_ || (status_ != RoomStatus::closed && now_ms < retry_floor_ms_)) return;
    failures_ = 0;
    started_ = true;
    start(now_ms);
}

void Connection::close(ErrorCode code, std::string message) {
    if (carrier_ && welcomed_) {
        carrier_->close();
        leaving_ = std::move(carrier_);
        leaving_until_ms_ = environment_.now_ms() + farewell_ms_max;
        welcomed_ = false;
        opened_.reset();
        events_.lost();
    } else {
        drop_carrier();
    }
    set_status(RoomStatus::closed, Problem{code, std::move(message), {}});
}

void Connection::refuse(std::string_view reason) {
    ++malformed_frames_;
    if (malformed_frames_ > malformed_max || !welcomed_) {
        end({.code = ErrorCode::malformed, .message = "the engine sent what cannot be read: " + std::string{reason}},
            environment_.now_ms());
    } else {
        events_.malformed();
    }
}

void Connection::start(double now_ms) {
    opened_.reset();
    welcomed_ = false;
    presented_connect_token_ = false;
    malformed_frames_ = 0;
    retry_floor_ms_ = 0;
    due_ms_ = now_ms + join_ms_max;
    hello_ = events_.hello();
    Dial dial = dial_;
    dial.join_token = hello_.join_token;
    dial.resume_token = hello_.resume_token;
    carrier_ = environment_.open(dial);
    const bool first = failures_ == 0 && !live_since_ms_;
    if (first) {
        set_status(RoomStatus::connecting, {});
    } else { // why the last attempt failed still stands
        std::optional<Problem> problem = problem_;
        if (problem) problem->retry_at_ms.reset();
        set_status(RoomStatus::reconnecting, std::move(problem));
    }
}

void Connection::handle(CarrierEvent& event, double now_ms) {
    if (const auto* opening = std::get_if<Opened>(&event)) {
        opened(*opening);
    } else if (const auto* message = std::get_if<Received>(&event)) {
        received(*message, now_ms);
    } else if (const auto* unreadable = std::get_if<Unreadable>(&event)) {
        refuse(unreadable->reason);
    } else {
        end(std::get<Ended>(event).ending, now_ms);
    }
}

void Connection::opened(const Opened& opened) {
    if (opened_) return;
    opened_ = opened;
    // The place may have been lost meanwhile, and the name changed; what it dialled with stays.
    presented_connect_token_ = opened.join_token != hello_.join_token;
    hello_.join_token = opened.join_token;
    if (status_ == RoomStatus::connecting) set_status(RoomStatus::joining, {});
    carrier_->send(encode(ClientMessage{hello_}), Importance::needed);
}

void Connection::received(const Received& received, double now_ms) {
    received_ms_ = now_ms;
    if (received.bytes.size() > server_message_bytes_max) return refuse("a message that is too long");
    const auto decoded = decode_server(received.bytes);
    if (!decoded) return refuse(decoded.error().message);
    if (const auto* goodbye = std::get_if<Goodbye>(&*decoded)) {
        // The engine closes now; a close that never comes must not keep us.
        end(ending_of(*goodbye), now_ms);
    } else if (const auto* welcome = std::get_if<Welcome>(&*decoded)) {
        if (welcomed_ || !opened_) return refuse("a second welcome");
        welcomed_ = true;
        events_.welcome(*welcome, received.received_ms);
    } else if (!welcomed_) {
        if (acknowledges() && may_precede_welcome(*decoded)) return;
        refuse("a message before the welcome");
    } else if (events_.message(*decoded, received.received_ms) && status_ != RoomStatus::live) {
        become_live(now_ms);
    }
}

void Connection::become_live(double now_ms) {
    if (!carrier_) return;
    live_since_ms_ = now_ms;
    due_ms_ = now_ms + silence_ms_max;
    set_status(RoomStatus::live, {});
}

void Connection::watch(double now_ms) {
    const double silent_ms = now_ms - received_ms_;
    if (silent_ms < silence_ms_max) {
        due_ms_ = received_ms_ + silence_ms_max;
    } else if (now_ms - due_ms_ > wake_ms) {
        // A machine that was asleep has not read what may already be waiting for it.
        due_ms_ = now_ms + wake_ms;
    } else {
        end(unreachable("the engine has fallen silent"), now_ms);
    }
}

void Connection::end(const Ending& ending, double now_ms) {
    const bool was_stable = status_ == RoomStatus::live && live_since_ms_ && now_ms - *live_since_ms_ >= stable_ms;
    failures_ = was_stable ? 1 : failures_ + 1;
    const Attempts attempts{.failures = failures_,
                            .resumed = !hello_.resume_token.empty(),
                            .has_join_token = !dial_.join_token.empty(),
                            .connect_token = opened_ && presented_connect_token_};
    drop_carrier();
    const Decision decision = after_ending(ending, attempts, environment_.random());
    if (!decision.again) return set_status(RoomStatus::closed, Problem{ending.code, ending.message, {}});
    if (decision.forget) events_.forget_place();
    retry_floor_ms_ = now_ms + decision.floor_ms;
    due_ms_ = now_ms + decision.delay_ms;
    set_status(RoomStatus::reconnecting, Problem{ending.code, ending.message, due_ms_});
}

void Connection::drop_carrier() {
    welcomed_ = false;
    opened_.reset();
    if (!carrier_) return;
    carrier_.reset();
    events_.lost();
}

void Connection::set_status(RoomStatus status, std::optional<Problem> problem) {
    status_ = status;
    problem_ = std::move(problem);
    events_.connection_changed();
}

} // namespace playhead::client
