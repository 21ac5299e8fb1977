#include "net/loopback/loopback.hpp"

#include <cassert>
#include <deque>

namespace playhead {
namespace {

// What both ends share. The engine's end is empty once it has been destroyed.
struct Link {
    std::size_t capacity_bytes;
    ConnectionEvents* events = nullptr;
    bool engine_there = true;
    bool closing = false; // the engine has called close()
    bool closed = false;  // on_closed() has been called, or there is nobody to call
    bool full = false;    // send() has returned false
    std::deque<Frame> frames;
    std::size_t frame_bytes = 0;
    Error close_reason{ErrorCode::none, {}};

    void end(const Error& error) {
        if (std::exchange(closed, true)) return;
        if (engine_there && events) events->on_closed(error);
    }
};

class EngineEnd final : public Connection {
  public:
    EngineEnd(std::shared_ptr<Link> link, std::string name) : link_(std::move(link)), name_(std::move(name)) {}
    ~EngineEnd() override {
        link_->engine_there = false;
        link_->events = nullptr;
    }

    void start(ConnectionEvents& events) override { link_->events = &events; }

    bool send(std::span<const Frame> frames) override {
        assert(!link_->full && "send() before on_drained()");
        if (link_->closing || link_->closed) return true;
        for (const Frame& frame : frames) {
            link_->frames.push_back(frame);
            link_->frame_bytes += frame.wire().size();
        }
        link_->full = link_->frame_bytes > link_->capacity_bytes;
        return !link_->full;
    }

    std::size_t bytes_waiting() const override {
        return link_->frame_bytes > link_->capacity_bytes ? link_->frame_bytes - link_->capacity_bytes : 0;
    }

    void close(ErrorCode code, std::string_view reason) override {
        if (std::exchange(link_->closing, true)) return;
        link_->close_reason = Error{code, std::string{reason}};
    }

    const std::string& peer() const override { return name_; }

  private:
    std::shared_ptr<Link> link_;
    std::string name_;
};

class PeerEnd final : public LoopbackPeer {
  public:
    explicit PeerEnd(std::shared_ptr<Link> link) : link_(std::move(link)) {}
    ~PeerEnd() override { vanish(); }

    bool send(ByteView message) override {
        settle();
        if (closed() || !link_->events) return false;
        link_->events->on_message(message);
        return true;
    }

    std::vector<Frame> receive(std::size_t messages_max) override {
        std::vector<Frame> taken;
        while (!link_->frames.empty() && taken.size() < messages_max) {
            link_->frame_bytes -= link_->frames.front().wire().size();
            taken.push_back(std::move(link_->frames.front()));
            link_->frames.pop_front();
        }
        if (link_->full && link_->frame_bytes <= link_->capacity_bytes) {
            link_->full = false;
            if (link_->events && !link_->closing && !link_->closed) link_->events->on_drained();
        }
        if (link_->frames.empty()) settle();
        return taken;
    }

    void vanish() override { link_->end(Error{ErrorCode::none, {}}); }

    void settle() override {
        if (link_->closing) link_->end(Error{ErrorCode::none, {}});
        if (!link_->engine_there) link_->closed = true;
    }

    bool closed() const override { return link_->closed || !link_->engine_there; }
    const Error& close_reason() const override { return link_->close_reason; }

  private:
    std::shared_ptr<Link> link_;
};

} // namespace

LoopbackPair make_loopback(std::size_t capacity_bytes, std::string name) {
    auto link = std::make_shared<Link>(Link{.capacity_bytes = capacity_bytes, .frames = {}});
    auto engine = std::make_unique<EngineEnd>(link, std::move(name));
    return {std::move(engine), std::make_unique<PeerEnd>(std::move(link))};
}

} // namespace playhead
