#include "lib/transport/dialer.hpp"

#include <algorithm>
#include <utility>

namespace playhead::client {

Dialer::Dialer(Dial dial, Wires& wires, double now_ms) : dial_(std::move(dial)), wires_(wires), polled_ms_(now_ms) {
    ask();
}

void Dialer::ask() { asking_ = wires_.ask(join_request(dial_)); }

std::optional<CarrierEvent> Dialer::poll(double now_ms) {
    polled_ms_ = now_ms;
    if (ended_) return std::nullopt;
    if (asking_) {
        const auto answer = asking_->poll();
        if (!answer) return std::nullopt;
        asking_.reset();
        auto event = *answer ? answered(**answer, now_ms) : Ended{unreachable(answer->error())};
        ended_ = event.has_value();
        return event;
    }
    if (!carrier_) return std::nullopt;
    auto event = carrier_->poll(now_ms);
    if (open_) {
        ended_ = event && std::holds_alternative<Ended>(*event);
        return event;
    }
    const bool over = event && std::holds_alternative<Ended>(*event);
    if (by_enet_ && (over || (!event && now_ms >= enet_until_ms_)) && dial_.transport == Transport::automatic) {
        return fall_back(now_ms);
    }
    open_ = event && std::holds_alternative<Opened>(*event);
    ended_ = over;
    return event;
}

std::optional<CarrierEvent> Dialer::answered(const HttpAnswer& answer, double now_ms) {
    const auto joined = parse_join_answer(answer);
    if (!joined) return Ended{joined.error()};
    if (const auto door = enet_door(*joined, answer, now_ms)) {
        by_enet_ = true;
        enet_until_ms_ = now_ms + enet_ms_max;
        carrier_ = wires_.enet(*door, now_ms);
        return std::nullopt;
    }
    if (dial_.transport == Transport::enet)
        return Ended{
            unreachable("the engine offers no ENet that could be reached from here, and nothing else was wanted")};
    by_enet_ = false;
    carrier_ = wires_.websocket(dial_, joined->connect_token);
    return std::nullopt;
}

std::optional<EnetDoor> Dialer::enet_door(const JoinAnswer& joined, const HttpAnswer& answer, double now_ms) const {
    const auto& offer = joined.enet;
    if (dial_.transport == Transport::websocket || !offer) return std::nullopt;
    if (dial_.transport == Transport::automatic && (without_enet_ || now_ms < wires_.enet_silent_until_ms))
        return std::nullopt;
    // IPv4 only: the address that answered, or else another of the same host.
    const auto v4 = std::ranges::find_if(answer.addresses, [](const std::string& text) { return !text.contains(':'); });
    if (v4 == answer.addresses.end()) return std::nullopt;
    return EnetDoor{.address = *v4,
                    .port = offer->port,
                    .sealed = offer->sealed,
                    .connect_token = joined.connect_token,
                    .keys = joined.keys};
}

// The connect token may be used up by now: another one is asked for.
std::optional<CarrierEvent> Dialer::fall_back(double now_ms) {
    wires_.enet_silent_until_ms = now_ms + enet_rest_ms;
    without_enet_ = true;
    by_enet_ = false;
    carrier_.reset();
    ask();
    return std::nullopt;
}

double Dialer::next_poll_ms() const {
    if (asking_) return polled_ms_ + asking_->gap_ms();
    if (!carrier_ || ended_) return polled_ms_ + enet_ms_max;
    const double next_ms = carrier_->next_poll_ms();
    return by_enet_ && !open_ ? std::min(next_ms, enet_until_ms_) : next_ms;
}

std::vector<int> Dialer::wait_handles() const {
    if (asking_) return asking_->wait_handles();
    return carrier_ && !ended_ ? carrier_->wait_handles() : std::vector<int>{};
}

void Dialer::send(ByteView message, Importance importance) {
    if (carrier_) carrier_->send(message, importance);
}

void Dialer::close() {
    if (carrier_) carrier_->close();
}

} // namespace playhead::client
