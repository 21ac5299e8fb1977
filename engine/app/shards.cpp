#include "app/shards.hpp"

#include "core/hash.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>
#include <thread>

namespace playhead {
namespace {

// Rounded up: together they may have a few more.
std::uint32_t share_of(std::uint32_t whole, std::size_t count) {
    const auto parts = static_cast<std::uint32_t>(count);
    return whole / parts + (whole % parts == 0 ? 0 : 1);
}

} // namespace

std::size_t shards_of_this_machine() {
    return std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, Shards::count_max);
}

Shards::Shards(std::size_t count, const SessionSettings& settings, TickLength tick_length, const EngineRun& run,
               const Clock& clock, RandomSource& random) {
    SessionSettings of_one = settings;
    of_one.rooms_max = share_of(settings.rooms_max, count);
    for (std::size_t index = 0; index < count; ++index) {
        const Neighbours neighbours{
            .own = index, .count = count, .at = [this](std::size_t at) -> ShardThread& { return *threads_[at]; }};
        threads_.push_back(std::make_unique<ShardThread>(neighbours, of_one, tick_length, run, clock, random));
    }
}

// They speak to each other until the last has stopped.
Shards::~Shards() {
    for (const auto& thread : threads_) thread->stop();
}

ShardThread& Shards::of(const RoomId& room) {
    std::uint32_t hash = fnv1a32_start;
    for (const char character : room.text()) hash = fnv1a32(hash, static_cast<std::uint8_t>(character));
    return *threads_[fmix32(hash) % threads_.size()];
}

void Shards::listen(const enet::Settings& settings) {
    enet::Settings of_one = settings;
    const std::size_t last_port = settings.port + threads_.size() - 1;
    if (settings.port != 0 && last_port > std::numeric_limits<std::uint16_t>::max())
        throw std::runtime_error("ENet needs a UDP port for each of " + std::to_string(threads_.size()) +
                                 " shards, and from " + std::to_string(settings.port) +
                                 " on there are not so many; choose a lower port");
    for (const auto& thread : threads_) {
        thread->listen(of_one);
        if (of_one.port != 0) ++of_one.port;
    }
}

void Shards::start(bool io_uring) {
    for (const auto& thread : threads_) thread->start(io_uring);
}

void Shards::drain(std::function<void()> done) {
    const auto missing = std::make_shared<std::atomic<std::size_t>>(threads_.size());
    for (const auto& thread : threads_) {
        thread->drain([missing, done] {
            if (missing->fetch_sub(1, std::memory_order_acq_rel) == 1) done();
        });
    }
}

} // namespace playhead
