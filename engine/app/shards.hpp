#pragma once

#include "app/shard_thread.hpp"

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace playhead {

// What "auto" means: one for each processor that this process may use.
std::size_t shards_of_this_machine();

// The engine's shards, each with its thread. Which of them has a room follows from the room's name, so whoever wants
// something of a room knows whom to ask: nothing is looked up, nothing is locked.
//   Thread: the HTTP thread; everything before start() as well.   Owner: app/server.
class Shards {
  public:
    static constexpr std::size_t count_max = 64;

    // Rooms and native peers are shared out: each shard may have its part of settings.rooms_max.
    Shards(std::size_t count, const SessionSettings& settings, TickLength tick_length, const EngineRun& run,
           const Clock& clock, RandomSource& random);
    ~Shards();
    Shards(const Shards&) = delete;
    Shards& operator=(const Shards&) = delete;

    std::size_t size() const { return threads_.size(); }
    ShardThread& of(const RoomId& room);
    template <class Visit>
    void each(Visit visit) {
        for (const auto& thread : threads_) visit(*thread);
    }
    // Before start() only: each shard has a port of its own, the one in `settings` and those after it; any free ones if
    // that is 0.
    //   Errors: throws std::runtime_error for an address that cannot be had.
    void listen(const enet::Settings& settings);
    void start(bool io_uring = true);

    // Asks each shard; `done` gets all answers, in the order of the shards, on the thread of the last to answer.
    template <class Answer, class Ask>
    void gather(Ask ask, http::Reply<std::vector<Answer>> done) {
        auto gathering = std::make_shared<Gathering<Answer>>(size(), std::move(done));
        for (std::size_t index = 0; index < size(); ++index) {
            ask(*threads_[index], http::Reply<Answer>{[gathering, index](Answer answer) {
                gathering->answers[index] = std::move(answer);
                if (gathering->missing.fetch_sub(1, std::memory_order_acq_rel) == 1)
                    gathering->done(std::move(gathering->answers));
            }});
        }
    }

    // Tells every client and closes every session; `done` is called on some shard's thread when nothing is left to
    // write.
    void drain(std::function<void()> done);

  private:
    template <class Answer>
    struct Gathering {
        Gathering(std::size_t count, http::Reply<std::vector<Answer>> reply)
            : answers(count),
              missing(count),
              done(std::move(reply)) {}
        std::vector<Answer> answers;
        std::atomic<std::size_t> missing;
        http::Reply<std::vector<Answer>> done;
    };

    std::vector<std::unique_ptr<ShardThread>> threads_;
};

} // namespace playhead
