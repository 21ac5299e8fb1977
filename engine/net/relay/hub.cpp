#include "net/relay/hub.hpp"

#include <cassert>
#include <utility>

namespace playhead::relay {

Hub::Hub(std::size_t own, std::size_t shards, Post post, Wishes wishes, const Clock& clock)
    : own_(own),
      shards_(shards),
      post_(std::move(post)),
      wishes_(std::move(wishes)),
      clock_(clock),
      homes_(shards),
      relays_(shards) {
    const auto wish = [this] { wish_hand_over(); };
    for (std::size_t relay = 1; relay < shards; ++relay) {
        homes_[shard_of(relay)] = std::make_unique<Home>(relay, wish);
        relays_[shard_of(relay)] = std::make_unique<Relay>(wish);
    }
}

std::unique_ptr<Connection> Hub::connection(std::size_t relay, std::string peer, MakeConnection make) {
    assert(relay >= 1 && relay < shards_);
    return homes_[shard_of(relay)]->connection(std::move(peer), std::move(make));
}

bool Hub::behind() const {
    for (const auto& home : homes_)
        if (home && home->behind()) return true;
    return false;
}

// In turns: no home waits for all of another's.
bool Hub::write(ServerTime deadline) {
    for (std::size_t looked = 0; looked < shards_ && clock_.now() < deadline; ++looked) {
        if (const auto& relay = relays_[next_]) relay->run(clock_, deadline);
        next_ = (next_ + 1) % shards_;
    }
    for (const auto& relay : relays_)
        if (relay && !relay->idle()) return true;
    return false;
}

void Hub::wish_hand_over() {
    if (!std::exchange(hand_over_wished_, true)) wishes_.hand_over();
}

void Hub::hand_over() {
    hand_over_wished_ = false;
    for (std::size_t relay = 1; relay < shards_; ++relay) {
        const std::size_t shard = shard_of(relay);
        Orders orders = homes_[shard]->take_orders();
        Tidings tidings = relays_[shard]->take_tidings();
        if (orders.empty() && tidings.empty()) continue;
        post_(shard, [from = own_, orders = std::move(orders), tidings = std::move(tidings)](Hub& hub) mutable {
            hub.take(from, std::move(orders), std::move(tidings));
        });
    }
}

void Hub::take(std::size_t from, Orders orders, Tidings tidings) {
    if (!orders.empty()) {
        relays_[from]->take(std::move(orders));
        wishes_.write();
    }
    if (tidings.empty()) return;
    const bool were_behind = behind();
    homes_[from]->take(std::move(tidings));
    if (were_behind && !behind()) wishes_.caught_up();
}

} // namespace playhead::relay
