#pragma once

#include "net/relay/hub.hpp"
#include "session/clock.hpp"

#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace playhead::relay::test {

// Two shards' hubs on one thread: what they post each other waits until turn().
class TwoShards {
  public:
    class StandingClock final : public Clock {
      public:
        ServerTime now() const override {
            time += per_look;
            return time;
        }
        std::int64_t unix_us() const override { return 0; }
        Microseconds thread_time() const override { return {}; }

        mutable ServerTime time;
        Microseconds per_look{0};
    };

    // What the home side sees of a connection that the other shard writes for.
    std::unique_ptr<Connection> relayed(std::unique_ptr<Connection> connection, std::string peer = "far away") {
        return home().connection(1, std::move(peer),
                                 [connection = std::move(connection)]() mutable { return std::move(connection); });
    }
    Hub& home() { return *hubs_[0]; }
    Hub& relay() { return *hubs_[1]; }
    // Everything that is due on both; writing is left to the caller if `writes` is false.
    void turn() {
        for (int i = 0; i < 4; ++i) {
            for (const auto& hub : hubs_) hub->hand_over();
            while (!posted_.empty()) {
                auto [shard, work] = std::move(posted_.front());
                posted_.pop_front();
                work(*hubs_[shard]);
            }
            if (!writes) continue;
            for (const auto& hub : hubs_)
                while (hub->write(ServerTime::max())) {
                }
        }
    }

    StandingClock clock;
    bool writes = true;
    int caught_up = 0;
    int asked_to_hand_over = 0;
    int asked_to_write = 0;

  private:
    std::unique_ptr<Hub> hub(std::size_t own) {
        return std::make_unique<Hub>(
            own, 2,
            [this](std::size_t shard, std::move_only_function<void(Hub&)> work) {
                posted_.emplace_back(shard, std::move(work));
            },
            Hub::Wishes{.hand_over = [this] { ++asked_to_hand_over; },
                        .write = [this] { ++asked_to_write; },
                        .caught_up = [this] { ++caught_up; }},
            clock);
    }

    std::deque<std::pair<std::size_t, std::move_only_function<void(Hub&)>>> posted_;
    std::array<std::unique_ptr<Hub>, 2> hubs_{hub(0), hub(1)};
};

} // namespace playhead::relay::test
