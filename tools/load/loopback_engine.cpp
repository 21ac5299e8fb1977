#include "loopback_engine.hpp"

#include "net/loopback/loopback.hpp"
#include "session/clock.hpp"
#include "session/engine_run.hpp"
#include "session/settings.hpp"
#include "session/shard.hpp"

#include <spdlog/spdlog.h>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

namespace playhead::load {
namespace {

SessionSettings settings_of_load() {
    SessionSettings settings;
    settings.viewers_per_room_max = viewers_max;
    settings.commands_per_s = 1000; // for bursts by one viewer
    settings.command_burst = 1000;
    return settings;
}

// A message, or with `gone` the end of the connection.
struct Said {
    std::shared_ptr<LoopbackPeer> peer;
    Bytes message;
    bool gone = false;
};

// The viewer's end.
class Line final : public client::Carrier {
  public:
    Line(std::vector<Said>& said, std::shared_ptr<LoopbackPeer> peer) : said_(said), peer_(std::move(peer)) {}
    ~Line() override { said_.push_back({.peer = std::move(peer_), .message = {}, .gone = true}); }

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
        said_.push_back({.peer = peer_, .message = Bytes{message.begin(), message.end()}});
    }
    std::size_t buffered() const override { return 0; }
    void close() override {}

  private:
    std::vector<Said>& said_; // to the engine
    std::shared_ptr<LoopbackPeer> peer_;
    double polled_ms_ = 0;
    bool open_ = false;
};

} // namespace

struct LoopbackEngine::Impl {
    SessionSettings settings = settings_of_load();
    EngineRun run{.clock_id = 1, .sealing_key = {}};
    SteadyClock clock;
    Nanoseconds began_ns = now_ns(); // when the clock did
    SystemRandom random;
    Shard shard{settings, TickLength{}, run, clock, random};
    RoomLink link;
    std::vector<Said> said;
    std::vector<std::unique_ptr<Connection>> arrived;
    ServerTime due{};
    bool more = false; // a pass is under way
    Microseconds cpu{0};
};

LoopbackEngine::LoopbackEngine() : impl_(std::make_unique<Impl>()) {
    spdlog::set_level(spdlog::level::off); // standard output has results on it
    RoomRequest request;
    request.title = "Load";
    request.media = Load{};
    request.media->url = "/media/demo.mp4"; // nobody plays it
    const auto created = impl_->shard.create(request);
    if (!created) throw std::runtime_error("there is no room to be had: " + created.error().message);
    impl_->link = {.room = created->id.text(), .token = created->join_token};
}

LoopbackEngine::~LoopbackEngine() = default;

const RoomLink& LoopbackEngine::room() const { return impl_->link; }

std::unique_ptr<client::Carrier> LoopbackEngine::connect() {
    auto pair = make_loopback();
    impl_->arrived.push_back(std::move(pair.engine));
    return std::make_unique<Line>(impl_->said, std::move(pair.peer));
}

void LoopbackEngine::turn() {
    Impl& own = *impl_;
    const Microseconds start = own.clock.thread_time();
    const RoomId room = RoomId::parse(own.link.room).value();
    for (auto& connection : std::exchange(own.arrived, {})) own.shard.attach(room, std::move(connection));
    for (const Said& said : std::exchange(own.said, {})) {
        if (said.gone) {
            said.peer->vanish();
        } else {
            said.peer->send(said.message);
        }
    }
    own.due = own.shard.run_due();
    own.more = own.shard.fan_out_slice();
    own.cpu += own.clock.thread_time() - start;
}

Nanoseconds LoopbackEngine::next() const {
    if (impl_->more || !impl_->arrived.empty() || !impl_->said.empty()) return 0;
    return impl_->began_ns + std::chrono::nanoseconds(impl_->due.time_since_epoch()).count();
}

Nanoseconds LoopbackEngine::cpu() const { return std::chrono::nanoseconds(impl_->cpu).count(); }

} // namespace playhead::load
