#include "net/relay/relay.hpp"

#include <span>
#include <utility>

namespace playhead::relay {

// The socket's own connection, and what it tells.
class Relay::Socket final : public ConnectionEvents {
  public:
    Socket(Relay& relay, Number number, std::unique_ptr<Connection> connection)
        : relay_(relay),
          number_(number),
          connection_(std::move(connection)) {
        connection_->start(*this);
    }

    void send(std::span<const Frame> frames) {
        if (over_) return;
        if (!full_) return note(connection_->send(frames));
        for (const Frame& frame : frames) held_bytes_ += frame.wire().size();
        held_.insert(held_.end(), frames.begin(), frames.end());
        if (held_bytes_ <= held_bytes_max) return;
        held_ = {};
        connection_->close(ErrorCode::slow, "the connection does not take what the room sends");
    }
    void close(const Close& close) {
        held_ = {};
        if (!over_) connection_->close(close.code, close.reason);
    }
    bool over() const { return over_; }

    void on_message(ByteView message) override { relay_.tell(Message{number_, {message.begin(), message.end()}}); }
    void on_drained() override {
        held_bytes_ = 0;
        const std::vector<Frame> held = std::exchange(held_, {});
        if (!held.empty() && !connection_->send(held)) return note(false);
        full_ = false;
        relay_.tell(Drained{number_});
    }
    void on_closed(const Error& error) override {
        over_ = true;
        held_ = {};
        relay_.tell(Closed{number_, error});
    }

  private:
    void note(bool all_sent) {
        if (all_sent) return;
        full_ = true;
        relay_.tell(Full{number_, connection_->bytes_waiting()});
    }

    Relay& relay_;
    const Number number_;
    std::unique_ptr<Connection> connection_;
    std::vector<Frame> held_; // while it is full
    std::size_t held_bytes_ = 0;
    bool full_ = false;
    bool over_ = false;
};

Relay::Relay(std::function<void()> wish) : wish_(std::move(wish)) {}
Relay::~Relay() = default;

void Relay::tell(Tiding tiding) {
    if (tidings_.empty()) wish_();
    tidings_.push_back(std::move(tiding));
}

void Relay::run(const Clock& clock, ServerTime deadline) {
    std::size_t sends = 0;
    while (!batches_.empty()) {
        Orders& orders = batches_.front();
        while (order_ < orders.size()) {
            Order& order = orders[order_];
            if (const auto* send = std::get_if<Send>(&order)) {
                while (to_ < send->to.size()) {
                    if (const auto& socket = sockets_[send->to[to_++]]) socket->send(send->frames);
                    if (++sends % sends_between_looks == 0 && clock.now() >= deadline) return;
                }
                to_ = 0;
            } else if (auto* open = std::get_if<Open>(&order)) {
                carry_out(*open);
            } else if (const auto* close = std::get_if<Close>(&order)) {
                carry_out(*close);
            } else {
                carry_out(std::get<Forget>(order));
            }
            ++order_;
        }
        batches_.pop_front();
        order_ = 0;
        tell(Done{});
    }
}

void Relay::carry_out(Open& open) {
    if (open.number >= sockets_.size()) sockets_.resize(open.number + 1);
    std::unique_ptr<Connection> connection = open.make();
    if (!connection) return tell(Closed{open.number, {ErrorCode::none, "the connection was reset"}});
    sockets_[open.number] = std::make_unique<Socket>(*this, open.number, std::move(connection));
}

void Relay::carry_out(const Close& close) {
    if (const auto& socket = sockets_[close.number]) socket->close(close);
}

void Relay::carry_out(const Forget& forget) {
    const std::unique_ptr<Socket> socket = std::exchange(sockets_[forget.number], nullptr);
    if (socket && !socket->over()) tell(Closed{forget.number, {ErrorCode::none, {}}});
}

} // namespace playhead::relay
