#include "board.hpp"

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <new>
#include <sys/mman.h>
#include <system_error>

namespace playhead::load {

static_assert(std::atomic<std::uint64_t>::is_always_lock_free && std::atomic<Phase>::is_always_lock_free,
              "what processes share cannot be guarded by a lock of one of them");

Nanoseconds now_ns() {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

void Board::complain(std::string_view what) {
    if (complained_.exchange(true)) return;
    std::ranges::copy(what.substr(0, complaint_.size() - 1), complaint_.begin());
    complaint_written_.store(true, std::memory_order_release);
}

std::string Board::complaint() const {
    return complaint_written_.load(std::memory_order_acquire) ? std::string(complaint_.data()) : std::string();
}

Board& make_shared_board() {
    void* memory = ::mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "mmap");
    return *new (memory) Board; // lives as long as the process
}

} // namespace playhead::load
