#include "loopback_engine.hpp"

#include "net/loopback/loopback.hpp"

#include <spdlog/spdlog.h>

#include <ctime>
#include <stdexcept>
#include <utility>

namespace playhead::load {
namespace {

Nanoseconds thread_cpu_ns() {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

SessionSettings settings_of_load() {
    SessionSettings settings;
    settings.viewers_per_room_max = viewers_max;
    settings.commands_per_s = 1000; // for bursts by one viewer
    settings.command_burst = 1000;
    return settings;
}

} // namespace

// The viewer's end.
class LoopbackEngine::Line final : public client::Carrier {
  public:
    Line(LoopbackEngine& engine, std::shared_ptr<LoopbackPeer> peer) : engine_(engine), peer_(std::move(peer)) {}
    ~Line() override { engine_.said_.push_back({.peer = std::move(peer_), .message = {}, .gone = true}); }

    std::optional<client::CarrierEvent> poll(double now_ms) override {
        polled_ms_ = now_ms;
        if (!std::exchange(open_, true)) return client::Opened{};
        const auto frames = peer_->receive(1);
        if (!frames.empty()) {
            const ByteView message = frames.front().payload();
            return client::Received{Bytes{message.begin(), message.end()}, now_ms};
        }
        if (!peer_->closed()) return std::nullopt;
        return client::Ended{{.message = "the engine closed the connection: " + peer_->close_reason().message}};
    }
    double next_poll_ms() const override {
        return polled_ms_ + 1000;
    } // the engine's turns are all there is to wait for
    std::vector<int> wait_handles() const override { return {}; }
    void send(ByteView message, client::Importance) override {
        engine_.said_.push_back({.peer = peer_, .message = Bytes{message.begin(), message.end()}});
    }
    std::size_t buffered() const override { return 0; }
    void close() override {}

  private:
    LoopbackEngine& engine_;
    std::shared_ptr<LoopbackPeer> peer_;
    double polled_ms_ = 0;
    bool open_ = false;
};

LoopbackEngine::LoopbackEngine()
    : settings_(settings_of_load()),
      run_{.clock_id = 1, .sealing_key = {}},
      began_ns_(now_ns()),
      shard_(settings_, TickLength{}, run_, clock_, random_) {
    spdlog::set_level(spdlog::level::off); // standard output has results on it
    RoomRequest request;
    request.title = "Load";
    request.media = Load{};
    request.media->url = "/media/demo.mp4"; // nobody plays it
    const auto created = shard_.create(request);
    if (!created) throw std::runtime_error("there is no room to be had: " + created.error().message);
    room_ = {.room = created->id.text(), .token = created->join_token};
}

LoopbackEngine::~LoopbackEngine() = default;

std::unique_ptr<client::Carrier> LoopbackEngine::connect() {
    auto pair = make_loopback();
    new_.push_back(std::move(pair.engine));
    return std::make_unique<Line>(*this, std::move(pair.peer));
}

void LoopbackEngine::turn() {
    const Nanoseconds start = thread_cpu_ns();
    const RoomId room = RoomId::parse(room_.room).value();
    for (auto& connection : std::exchange(new_, {})) shard_.attach(room, std::move(connection));
    for (const Said& said : std::exchange(said_, {})) {
        if (said.gone) {
            said.peer->vanish();
        } else {
            said.peer->send(said.message);
        }
    }
    due_ = shard_.run_due();
    more_ = shard_.fan_out_slice();
    cpu_ns_ += thread_cpu_ns() - start;
}

Nanoseconds LoopbackEngine::next() const {
    if (more_ || !new_.empty() || !said_.empty()) return 0;
    return began_ns_ + std::chrono::nanoseconds(due_.time_since_epoch()).count();
}

} // namespace playhead::load
