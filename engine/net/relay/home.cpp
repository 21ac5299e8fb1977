#include "net/relay/home.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace playhead::relay {

namespace {

// Not only equal: one frame, which all share.
bool same(const Frame& a, const Frame& b) { return a.wire().data() == b.wire().data() && a.delivery() == b.delivery(); }

} // namespace

// What a session holds of a socket on another shard.
class RelayedConnection final : public Connection {
  public:
    RelayedConnection(Home& home, std::string peer, MakeConnection make)
        : home_(home),
          peer_(std::move(peer)),
          make_(std::move(make)) {}
    ~RelayedConnection() override {
        if (events_) home_.leave(number_, closed_);
    }
    RelayedConnection(const RelayedConnection&) = delete;
    RelayedConnection& operator=(const RelayedConnection&) = delete;

    void start(ConnectionEvents& events) override {
        assert(events_ == nullptr && "a connection is started once");
        events_ = &events;
        number_ = home_.give(*this);
        home_.order(Open{number_, std::move(make_)});
    }
    // That the kernel is full is known a moment later: what is sent until then waits with the relay.
    bool send(std::span<const Frame> frames) override {
        if (closing_ || closed_) return true;
        if (!frames.empty()) home_.send(number_, frames);
        if (!full_) return true;
        for (const Frame& frame : frames) bytes_waiting_ += frame.wire().size();
        owes_drained_ = true;
        return false;
    }
    std::size_t bytes_waiting() const override { return bytes_waiting_; }
    void close(ErrorCode code, std::string_view reason) override {
        if (closed_ || std::exchange(closing_, true)) return;
        home_.order(Close{number_, code, std::string{reason}});
    }
    const std::string& peer() const override { return peer_; }
    std::size_t relay() const override { return home_.relay_; }

    void on_message(ByteView message) {
        if (!closing_) events_->on_message(message);
    }
    void on_full(std::size_t bytes) {
        full_ = true;
        bytes_waiting_ = bytes;
    }
    void on_drained() {
        full_ = false;
        bytes_waiting_ = 0;
        if (std::exchange(owes_drained_, false) && !closing_) events_->on_drained();
    }
    void on_closed(const Error& error) {
        closed_ = true;
        events_->on_closed(error);
    }

  private:
    Home& home_;
    const std::string peer_;
    MakeConnection make_;
    ConnectionEvents* events_ = nullptr;
    Number number_ = 0;
    std::size_t bytes_waiting_ = 0;
    bool full_ = false;
    bool owes_drained_ = false; // send() returned false; on_drained() has not followed yet
    bool closing_ = false;
    bool closed_ = false;
};

std::unique_ptr<Connection> Home::connection(std::string peer, MakeConnection make) {
    return std::make_unique<RelayedConnection>(*this, std::move(peer), std::move(make));
}

void Home::order(Order order) {
    if (orders_.empty()) wish_();
    orders_.push_back(std::move(order));
}

// Neighbours in a pass are mostly sent the same.
void Home::send(Number number, std::span<const Frame> frames) {
    sends_ordered_ = true;
    if (!orders_.empty()) {
        auto* last = std::get_if<Send>(&orders_.back());
        if (last && std::ranges::equal(last->frames, frames, same)) return last->to.push_back(number);
    }
    order(Send{{frames.begin(), frames.end()}, {number}});
}

Orders Home::take_orders() {
    if (!orders_.empty()) ++batches_out_;
    sends_ordered_ = false;
    return std::exchange(orders_, {});
}

Number Home::give(RelayedConnection& connection) {
    if (free_.empty()) {
        connections_.push_back(&connection);
        return static_cast<Number>(connections_.size() - 1);
    }
    const Number number = free_.back();
    free_.pop_back();
    connections_[number] = &connection;
    return number;
}

void Home::leave(Number number, bool closed) {
    connections_[number] = nullptr;
    order(Forget{number});
    if (closed) free_.push_back(number);
}

void Home::take(Tidings tidings) {
    // Whoever hears of something may destroy its connection, and others: each is looked up when its turn comes.
    const auto of = [this](Number number) { return connections_[number]; };
    for (Tiding& tiding : tidings) {
        if (std::holds_alternative<Done>(tiding)) {
            --batches_out_;
        } else if (const auto* message = std::get_if<Message>(&tiding)) {
            if (auto* connection = of(message->number)) connection->on_message(message->bytes);
        } else if (const auto* full = std::get_if<Full>(&tiding)) {
            if (auto* connection = of(full->number)) connection->on_full(full->bytes);
        } else if (const auto* drained = std::get_if<Drained>(&tiding)) {
            if (auto* connection = of(drained->number)) connection->on_drained();
        } else if (const auto* closed = std::get_if<Closed>(&tiding)) {
            if (auto* connection = of(closed->number))
                connection->on_closed(closed->error);
            else
                free_.push_back(closed->number);
        }
    }
}

} // namespace playhead::relay
