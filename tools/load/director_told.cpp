#include "director.hpp"

#include <cstdio>
#include <iostream>
#include <poll.h>
#include <sys/eventfd.h>
#include <variant>

// What is done as standard input says, and answered by a line each.
namespace playhead::load {
namespace {

constexpr double burst_seconds_max = 30;
constexpr double reconnect_seconds_max = 120;
constexpr double play_seconds = 1; // until it has begun

void answer(const FlatJson& json) {
    std::printf("%s\n", json.text().c_str());
    std::fflush(stdout);
}

FlatJson answer_to(std::string_view kind) { return FlatJson().add("kind", kind); }

double milliseconds(Nanoseconds time) { return static_cast<double>(time) / 1e6; }

} // namespace

bool Director::act_as_told() {
    answer(answer_to("ready").add("viewers", sums().live).add("seconds", milliseconds(joined_ns_ - began_ns_) / 1000));
    std::string line;
    while (std::getline(std::cin, line)) {
        if (line.empty()) continue;
        const auto told = parse_told(line, options_);
        if (!told) {
            std::fprintf(stderr, "playhead-load: %s\n", told.error().c_str());
            return false;
        }
        if (!std::visit([this](const auto& wish) { return obey(wish); }, *told)) return false;
    }
    return true;
}

void Director::order(Wish wish, std::uint32_t messages, std::uint32_t bytes) {
    board_.order = {.wish = wish, .messages = messages, .bytes = bytes};
    const bool all = wish == Wish::reconnect;
    for (std::size_t process = 0; process < (all ? worker_bells_.size() : 1); ++process)
        ::eventfd_write(worker_bells_[process], 1);
}

// False, with a word about it, if it takes too long.
bool Director::wait_for_all(const char* what) {
    const double seconds_max = board_.order.wish == Wish::reconnect ? reconnect_seconds_max : burst_seconds_max;
    const Nanoseconds end = now_ns() + static_cast<Nanoseconds>(seconds_max * 1e9);
    for (;;) {
        eventfd_t rung = 0;
        if (::eventfd_read(director_bell_, &rung) == 0 && board_.remaining.load() <= 0) return true;
        if (now_ns() > end) break;
        pollfd bell{.fd = director_bell_, .events = POLLIN, .revents = 0};
        ::poll(&bell, 1, 500);
        tell(what);
    }
    std::fprintf(stderr, "playhead-load: %s: %lld viewers are missing after %.0f s. %s\n", what,
                 static_cast<long long>(board_.remaining.load()), seconds_max, board_.complaint().c_str());
    return false;
}

bool Director::obey(const told::Burst& burst) {
    const Moment before = now();
    std::vector<double> whole_ms;
    std::vector<double> tick_wait_ms;
    for (std::uint32_t n = 0; n < burst.count; ++n) {
        // A room's viewers are through when they know the number of the last command; others count what comes.
        const bool tcp = options_.dialect == Dialect::tcp;
        const std::uint64_t unit = tcp ? std::uint64_t{burst.messages} * burst.bytes : burst.messages;
        const bool engine = options_.dialect == Dialect::playhead;
        board_.wanted.store((engine ? board_.numbers.load() : board_.wanted.load()) + unit);
        board_.remaining.store(static_cast<std::int64_t>(sums().counting));
        order(Wish::burst, burst.messages, burst.bytes);
        if (!wait_for_all("bursting")) return false;
        // Of an engine, what a tick costs is told apart from the waiting for it.
        const Nanoseconds sent = board_.burst_ns.load();
        Nanoseconds from = sent;
        if (const Nanoseconds zero = board_.zero_ns.load(); zero != 0)
            from = zero + Nanoseconds{board_.burst_tick.load()} * board_.tick_us.load() * 1000;
        whole_ms.push_back(milliseconds(board_.last_ns.load() - from));
        tick_wait_ms.push_back(milliseconds(from - sent));
    }
    look();
    const Moment after = now();
    FlatJson json = answer_to("burst");
    json.add("changes", std::uint64_t{burst.count}).add("messages_each", std::uint64_t{burst.messages});
    json.add("deliveries", after.sums.deliveries - before.sums.deliveries);
    json.add("messages", after.sums.messages - before.sums.messages);
    json.add("payload_bytes", after.sums.bytes - before.sums.bytes);
    json.add("seconds", milliseconds(after.at - before.at) / 1000);
    add_latencies(json, "latency", after.heard.since(before.heard));
    add_cpu(json, before);
    answer(json.add("whole_ms", whole_ms).add("tick_wait_ms", tick_wait_ms));
    return true;
}

bool Director::obey(const told::Play&) {
    order(Wish::play);
    pass_time(play_seconds);
    answer(answer_to("play"));
    return true;
}

bool Director::obey(const told::Act& wish) {
    const Moment before = now();
    act(wish.time);
    board_.phase.store(Phase::quiet);
    FlatJson json = answer_to("act");
    add_to(json, outcome_since(before));
    add_cpu(json, before);
    answer(json);
    return true;
}

bool Director::obey(const told::Idle& idle) {
    const Moment before = now();
    pass_time(std::chrono::duration<double>(idle.time).count());
    const Sums after = sums();
    FlatJson json = answer_to("idle");
    json.add("seconds", static_cast<std::uint64_t>(idle.time.count()));
    json.add("deliveries", after.deliveries - before.sums.deliveries);
    json.add("messages", after.messages - before.sums.messages);
    json.add("payload_bytes", after.bytes - before.sums.bytes);
    add_cpu(json, before);
    answer(json);
    return true;
}

bool Director::obey(const told::Reconnect&) {
    const Moment start = now();
    const Sums& before = start.sums;
    board_.remaining.store(static_cast<std::int64_t>(before.live));
    board_.burst_ns.store(now_ns());
    order(Wish::reconnect);
    if (!wait_for_all("coming back")) return false;
    const Sums after = sums();
    FlatJson json = answer_to("reconnect");
    json.add("viewers", before.live).add("whole_ms", milliseconds(board_.last_ns.load() - board_.burst_ns.load()));
    json.add("by_delta", after.by_delta - before.by_delta).add("by_snapshot", after.by_snapshot - before.by_snapshot);
    json.add("turned_away", after.turned_away - before.turned_away).add("lost", after.lost - before.lost);
    json.add("payload_bytes", after.bytes - before.bytes);
    add_latencies(json, "back", all_of({board_.tallies.data(), options_.processes}, &Tally::back));
    add_cpu(json, start);
    answer(json);
    return true;
}

} // namespace playhead::load
