// From a command to its effect on another client, over both transports at once: pairs of real clients of the library in
// this one process, so that one clock times both ends.
//
//   playhead_bench_transports --commands N --seed S --pair TRANSPORT LINK LINK [--pair ...]
//
// Of each pair the first client seeks a paused room to ever later places, at random moments; the second waits until its
// confirmed state shows that place or a later one. Prints one JSON object a pair: {"transport":...,"applied_ms":[...]}.
#include "playhead/room.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <poll.h>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace playhead::client;

namespace {

constexpr double join_ms_max = 30'000;
constexpr double apply_ms_max = 20'000; // beyond it a command is given up for lost, and the run with it
constexpr double settle_ms = 3'000;     // after joining, so that only the commands are under way
constexpr double place_ms = 1'000;      // each seek goes so much further
constexpr double pause_ms_min = 150;    // between two commands of a pair: no fixed relation to the engine's ticks,
constexpr double pause_ms_max = 350;    // and below the ten a second that the engine takes
constexpr int commands_max = 100'000;

struct Pair {
    Transport transport = Transport::automatic;
    std::unique_ptr<Room> author;
    std::unique_ptr<Room> other;
    double next_ms = 0;
    std::vector<double> sent_ms;    // by command
    std::vector<double> applied_ms; // how long each took
    int refused = 0;
};

[[noreturn]] void fail(const std::string& why) { throw std::runtime_error(why); }

int count_of(std::string_view name, std::string_view text, int max) {
    int number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || number < 1 || number > max)
        fail(std::string(name) + " is '" + std::string(text) + "'; expected a whole number from 1 to " +
             std::to_string(max));
    return number;
}

Transport transport_of(std::string_view text) {
    for (const auto known : {Transport::websocket, Transport::enet})
        if (name_of(known) == text) return known;
    fail("--pair is '" + std::string(text) + "'; expected websocket or enet, and two links");
}

std::unique_ptr<Room> join(std::string_view link, Transport transport, std::string_view name) {
    JoinOptions options;
    options.link = link;
    options.transport = transport;
    options.name = name;
    options.client_name = "playhead-bench";
    return join_room(std::move(options));
}

// One turn of the loop: waits until something can be done, at most until `until_ms`, then does it.
void turn(const std::vector<Room*>& rooms, double until_ms) {
    std::vector<pollfd> handles;
    for (const auto* room : rooms) {
        until_ms = std::min(until_ms, room->next_poll_ms());
        for (const int handle : room->wait_handles()) handles.push_back({.fd = handle, .events = POLLIN, .revents = 0});
    }
    // Whole milliseconds are too coarse for what is timed here.
    const auto wait_us = std::clamp((until_ms - local_now_ms()) * 1000.0, 0.0, 50'000.0);
    const timespec wait{.tv_sec = 0, .tv_nsec = std::lround(wait_us) * 1000};
    ::ppoll(handles.data(), handles.size(), &wait, nullptr);
    for (auto* room : rooms) room->poll(local_now_ms());
}

std::string problem_of(const Room& room) {
    const auto& view = room.view();
    return std::string(name_of(view.status)) + (view.problem ? ": " + view.problem->message : std::string());
}

void until_live(const std::vector<Room*>& rooms) {
    const double end_ms = local_now_ms() + join_ms_max;
    for (const auto* room : rooms) {
        while (room->view().status != RoomStatus::live || room->view().media.instance == 0) {
            if (local_now_ms() > end_ms || room->view().status == RoomStatus::closed)
                fail("a client did not join: " + problem_of(*room));
            turn(rooms, local_now_ms() + 50);
        }
    }
}

// Which place of the author's seeks this client's confirmed state shows: 0 before the first.
std::size_t place_of(const Room& room) {
    const auto& motion = room.view().confirmed_motion;
    return static_cast<std::size_t>(std::max(0L, std::lround(motion.current.position_ms / place_ms)));
}

void send(Pair& pair, double now_ms) {
    pair.sent_ms.push_back(now_ms);
    pair.author->seek(static_cast<double>(pair.sent_ms.size()) * place_ms, [&pair](const CommandResult& result) {
        if (result.verdict != Verdict::applied) ++pair.refused;
    });
}

void run(std::vector<Pair>& pairs, int commands, std::uint64_t seed) {
    std::vector<Room*> rooms;
    for (auto& pair : pairs) rooms.insert(rooms.end(), {pair.author.get(), pair.other.get()});
    until_live(rooms);
    const double begin_ms = local_now_ms() + settle_ms;
    while (local_now_ms() < begin_ms) turn(rooms, begin_ms);

    for (auto& pair : pairs) {
        pair.next_ms = begin_ms;
        pair.other->on_change([&pair] {
            const double now_ms = local_now_ms();
            const auto place = std::min(place_of(*pair.other), pair.sent_ms.size());
            while (pair.applied_ms.size() < place)
                pair.applied_ms.push_back(now_ms - pair.sent_ms[pair.applied_ms.size()]);
        });
    }
    std::mt19937_64 random(seed);
    std::uniform_real_distribution<double> pause_ms(pause_ms_min, pause_ms_max);
    const auto total = static_cast<std::size_t>(commands);
    for (bool done = false; !done;) {
        done = true;
        double until_ms = local_now_ms() + 50;
        for (auto& pair : pairs) {
            const double now_ms = local_now_ms();
            if (pair.sent_ms.size() < total && now_ms >= pair.next_ms) {
                send(pair, now_ms);
                pair.next_ms += pause_ms(random);
            }
            if (pair.applied_ms.size() < total) done = false;
            const auto waiting = pair.applied_ms.size();
            if (waiting < pair.sent_ms.size() && now_ms - pair.sent_ms[waiting] > apply_ms_max)
                fail("a command over " + std::string(name_of(pair.transport)) + " never reached the other client (" +
                     problem_of(*pair.author) + "; " + problem_of(*pair.other) + ")");
            if (pair.sent_ms.size() < total) until_ms = std::min(until_ms, pair.next_ms);
        }
        turn(rooms, until_ms);
    }
}

void print(const Pair& pair) {
    std::printf("{\"transport\":\"%s\",\"refused\":%d,\"hash_mismatches\":%u,\"applied_ms\":[",
                std::string(name_of(pair.transport)).c_str(), pair.refused,
                pair.author->view().hash_mismatches + pair.other->view().hash_mismatches);
    for (std::size_t n = 0; n < pair.applied_ms.size(); ++n) std::printf(n == 0 ? "%.3f" : ",%.3f", pair.applied_ms[n]);
    std::printf("]}\n");
}

} // namespace

int main(int count, char** values) {
    try {
        const std::vector<std::string_view> words(values + 1, values + count);
        std::vector<Pair> pairs;
        int commands = 0;
        int seed = 1;
        for (std::size_t n = 0; n < words.size();) {
            const auto left = words.size() - n;
            if (words[n] == "--commands" && left > 1) {
                commands = count_of(words[n], words[n + 1], commands_max);
                n += 2;
            } else if (words[n] == "--seed" && left > 1) {
                seed = count_of(words[n], words[n + 1], 1'000'000);
                n += 2;
            } else if (words[n] == "--pair" && left > 3) {
                Pair pair;
                pair.transport = transport_of(words[n + 1]);
                pair.author = join(words[n + 2], pair.transport, "author");
                pair.other = join(words[n + 3], pair.transport, "other");
                pairs.push_back(std::move(pair));
                n += 4;
            } else {
                fail("unknown option '" + std::string(words[n]) + "', or too little behind it");
            }
        }
        if (commands == 0 || pairs.empty()) fail("expected --commands N and --pair TRANSPORT LINK LINK");
        run(pairs, commands, static_cast<std::uint64_t>(seed));
        for (const auto& pair : pairs) print(pair);
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "playhead_bench_transports: %s\n", error.what());
        return 1;
    }
}
