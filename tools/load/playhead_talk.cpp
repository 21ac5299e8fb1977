#include "playhead_talk.hpp"

#include "replication/encode.hpp"
#include "wire.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace playhead::load {
namespace {

constexpr Nanoseconds second = 1'000'000'000;
constexpr Nanoseconds away_time = second;        // of those who leave
constexpr Nanoseconds cut_off_time = second / 2; // of those who reconnect
constexpr Nanoseconds stall_time = second;
constexpr Nanoseconds believable = 60 * second; // an effect that comes later is not this command's
constexpr std::uint32_t opening_pings = 20;     // of the first viewer, in a row [S6]
constexpr Nanoseconds opening_ping_interval = 20'000'000;
constexpr std::size_t device_letters = 32;
constexpr Nanoseconds look_interval = second / 10; // at a player
constexpr Nanoseconds patience = second / 2;       // for what may still come [E5]

constexpr std::uint32_t pause_reach = 400; // places of commands in a row are a millisecond apart

// A pause moves a room by half a second at most [R2]. It may stand anywhere at first, and where there are many rooms,
// most commands are for others.
std::string_view text_of(ByteView bytes) {
    // A view of bytes as characters, which the language allows.
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Bytes copy_of(std::string_view text) {
    const auto bytes = std::as_bytes(std::span{text});
    return {bytes.begin(), bytes.end()};
}

bool may_pause(const Viewer& viewer, std::uint32_t number) {
    return viewer.place > 0 && number - viewer.place <= pause_reach;
}

// As long as a browser's is, so that it costs the engine as much.
std::string device_of(std::uint32_t process, std::uint32_t viewer) {
    std::string digits = std::to_string(std::uint64_t{process} * viewers_per_process_max + viewer);
    return std::string(device_letters - digits.size(), '0') + digits;
}

} // namespace

PlayheadTalk::PlayheadTalk(const Options& options, Hall& hall, std::uint32_t process)
    : options_(options),
      hall_(hall),
      process_(process),
      masks_(process + 1),
      rooms_(options.rooms.size()) {}

// Who may have to show who it was.
bool PlayheadTalk::comes_back(const Viewer& viewer) const {
    return viewer.act == Act::reconnect || viewer.pace != Viewer::Pace::quick || options_.commands;
}

Bytes PlayheadTalk::frame_of(const ClientMessage& message) {
    return client_frame(Opcode::binary, encode(message), static_cast<std::uint32_t>(masks_()));
}

void PlayheadTalk::say(Viewer& viewer, std::span<const ClientMessage> messages, Importance importance) {
    if (viewer.carrier) {
        for (const ClientMessage& message : messages) hall_.tell(viewer, encode(message), importance);
        return;
    }
    Bytes bytes;
    for (const ClientMessage& message : messages) {
        const Bytes frame = frame_of(message);
        bytes.insert(bytes.end(), frame.begin(), frame.end());
    }
    hall_.say(viewer, bytes);
}

Hello PlayheadTalk::hello_of(Viewer& viewer) const {
    Hello hello;
    hello.protocol_min = 1;
    hello.protocol_max = 1;
    const RoomLink& link = options_.rooms[viewer.room];
    hello.room = link.room;
    hello.join_token = link.token;
    hello.name = "Load " + std::to_string(process_) + "." + std::to_string(viewer.index);
    hello.client = "playhead-load";
    hello.device = device_of(process_, viewer.index);
    if (!viewer.resume_token.empty()) {
        hello.resume_token = viewer.resume_token;
        hello.have_epoch = viewer.epoch;
        hello.have_version = viewer.version;
    } else {
        viewer.sequence = 0;
        viewer.epoch = {};
        viewer.version = {};
    }
    viewer.missing_since = 0;
    viewer.welcomed = false;
    return hello;
}

// Over WebSocket the hello does not wait for the server's agreement [H7].
Bytes PlayheadTalk::greeting(Viewer& viewer) {
    const RoomLink& link = options_.rooms[viewer.room];
    const std::string host = options_.host + ":" + std::to_string(options_.port);
    if (lossy()) {
        const auto request = client::join_request({.server = {},
                                                   .room = link.room,
                                                   .join_token = link.token,
                                                   .resume_token = viewer.resume_token,
                                                   .device = {}});
        return copy_of(post_request(host, request.target, request.body));
    }
    Bytes bytes = copy_of(upgrade_request(host, "/ws/" + link.room, "playhead.v1"));
    const auto frame = frame_of(hello_of(viewer));
    bytes.insert(bytes.end(), frame.begin(), frame.end());
    return bytes;
}

// The answer to who asked to join, over HTTP.
std::expected<std::size_t, std::string> PlayheadTalk::hear_joined(Viewer& viewer, ByteView received) {
    const auto read = whole_reply(text_of(received));
    if (!read) return std::unexpected(read.error());
    const std::optional<HttpReply>& reply = *read;
    if (!reply) return 0;
    const std::chrono::milliseconds retry_after = reply->retry_after.value_or(std::chrono::seconds{0});
    const auto joined = client::parse_join_answer({.status = reply->status,
                                                   .body = std::string(reply->body),
                                                   .content_bytes = {},
                                                   .retry_after_ms = static_cast<double>(retry_after.count()),
                                                   .addresses = {}});
    if (!joined) {
        viewer.back_after = std::chrono::nanoseconds(retry_after).count();
        return std::unexpected("the engine did not let it in: " + joined.error().message);
    }
    if (auto gone_on = hall_.go_on(viewer, *joined); !gone_on) return std::unexpected(std::move(gone_on.error()));
    return received.size();
}

// What proved who we are stands in no hello.
void PlayheadTalk::on_open(Viewer& viewer) {
    Hello hello = hello_of(viewer);
    if (lossy()) hello.join_token.clear();
    say(viewer, hello);
}

std::expected<std::size_t, std::string> PlayheadTalk::hear(Viewer& viewer, ByteView received, Nanoseconds now) {
    if (lossy()) return hear_joined(viewer, received);
    std::size_t used = 0;
    if (viewer.state == Viewer::State::greeting) {
        const auto head = agreed_head_bytes(text_of(received));
        if (!head) {
            viewer.back_after =
                std::chrono::nanoseconds(head.error().retry_after.value_or(std::chrono::seconds{0})).count();
            return std::unexpected("the server did not agree: " + head.error().why);
        }
        const std::optional<std::size_t>& bytes = *head;
        if (!bytes) return 0;
        used = *bytes;
        viewer.state = Viewer::State::joining;
    }
    while (viewer.state == Viewer::State::joining || viewer.state == Viewer::State::live) {
        const auto read = first_frame(received.subspan(used));
        if (!read) return std::unexpected(read.error());
        const std::optional<ServerFrame>& frame = *read;
        if (!frame) break;
        used += frame->bytes;
        switch (frame->opcode) {
        case Opcode::binary:
            if (auto heard = on_message(viewer, frame->payload, now); !heard)
                return std::unexpected(std::move(heard.error()));
            break;
        case Opcode::ping:
            hall_.say(viewer, client_frame(Opcode::pong, frame->payload, static_cast<std::uint32_t>(masks_())));
            break;
        case Opcode::close: return std::unexpected(std::string("the engine closed the connection"));
        default: break;
        }
    }
    return used;
}

std::expected<void, std::string> PlayheadTalk::on_message(Viewer& viewer, ByteView message, Nanoseconds now) {
    Tally& tally = hall_.tally();
    tally.messages.add();
    tally.bytes.add(message.size());
    const Heard& heard = ear_.hear(message);
    tally.decoded.set(ear_.decoded());
    using Kind = Heard::Kind;
    // What overtakes the welcome says nothing yet [E4].
    if (!viewer.welcomed && heard.kind != Kind::welcome && heard.kind != Kind::goodbye && lossy()) return {};
    switch (heard.kind) {
    case Kind::broken: return std::unexpected("a message that is none: " + heard.why);
    case Kind::goodbye:
        viewer.back_after = Nanoseconds{heard.retry_ms} * 1'000'000;
        if (!heard.resumable) viewer.resume_token.clear();
        return std::unexpected("goodbye, " + heard.why);
    case Kind::welcome:
        viewer.welcomed = true;
        if (comes_back(viewer)) viewer.resume_token = heard.welcome.resume_token;
        room_of(viewer).report_interval = Nanoseconds{heard.welcome.report_interval_ms} * 1'000'000;
        room_of(viewer).ping_interval = Nanoseconds{heard.welcome.ping_interval_ms} * 1'000'000;
        hall_.board().tick_us.store(static_cast<std::uint32_t>(heard.welcome.tick_length.count()));
        if (viewer.follower) viewer.follower->welcome(heard.welcome, now);
        break;
    case Kind::snapshot:
    case Kind::delta: on_state(viewer, heard, now); break;
    case Kind::beacon: on_beacon(viewer, heard, now); break;
    case Kind::event:
    case Kind::plugin_event: open_turn(viewer); break;
    case Kind::reply: on_reply(viewer, heard, now); break;
    case Kind::pong: on_pong(viewer, heard, now); break;
    }
    return {};
}

// All that is heard at once is one delivery, begun by a newer state if there is one in it: an engine sends a viewer
// what a tick has for it at once, the state first [S1].
void PlayheadTalk::open_turn(Viewer& viewer) {
    if (std::exchange(viewer.turn_open, true)) return;
    hall_.tally().deliveries.add();
}

void PlayheadTalk::on_beacon(Viewer& viewer, const Heard& heard, Nanoseconds now) {
    open_turn(viewer);
    if (viewer.follower && heard.sent_at) viewer.follower->one_way(*heard.sent_at, now);
    if (lossy() && viewer.state == Viewer::State::live && heard.version > viewer.version) miss(viewer, now);
}

void PlayheadTalk::acknowledge(Viewer& viewer) {
    if (lossy()) say(viewer, Ack{viewer.epoch, viewer.version}, Importance::may_be_lost);
}

void PlayheadTalk::miss(Viewer& viewer, Nanoseconds now) {
    if (viewer.missing_since != 0) return;
    viewer.missing_since = now;
    hall_.later(viewer, Task::resync, now + patience);
}

void PlayheadTalk::on_state(Viewer& viewer, const Heard& heard, Nanoseconds now) {
    Tally& tally = hall_.tally();
    const bool joins = viewer.state == Viewer::State::joining;
    const bool fits =
        heard.kind == Heard::Kind::snapshot || (heard.epoch == viewer.epoch && heard.base <= viewer.version);
    if (lossy() && !fits) { // the snapshot that it leads on from is on its way
        open_turn(viewer);
        return miss(viewer, now);
    }
    if (lossy() && !joins && heard.epoch == viewer.epoch && heard.version <= viewer.version) {
        open_turn(viewer);
        tally.repeated.add();
        return acknowledge(viewer); // it is said again because our word got lost
    }
    hear_of(viewer, heard, now);
    if (!fits) {
        tally.gaps.add();
        hall_.board().complain("an update that does not fit what a viewer holds");
    }
    viewer.missing_since = 0;
    viewer.epoch = heard.epoch;
    viewer.version = heard.version;
    acknowledge(viewer);
    auto& newest = hall_.board().versions[viewer.room].newest;
    for (auto known = newest.load(); known < heard.version.value;)
        if (newest.compare_exchange_weak(known, heard.version.value)) break;
    if (joins) {
        (heard.kind == Heard::Kind::snapshot ? tally.by_snapshot : tally.by_delta).add();
        // A place that an earlier run has left there says nothing.
        if (heard.place && *heard.place <= hall_.board().numbers.load()) viewer.place = *heard.place;
        viewer.line = std::max(viewer.line, heard.line.value_or(0));
        begin(viewer, now);
        return;
    }
    viewer.turn_open = true;
    tally.deliveries.add();
    tally.updates.add();
    if (heard.place) on_place(viewer, *heard.place, heard.tick, now);
    if (heard.line && *heard.line > viewer.line) {
        viewer.line = *heard.line;
        record_heard(viewer, *heard.line, now);
    }
}

// What a state says of what the room shows and how that moves, to whom that matters.
void PlayheadTalk::hear_of(Viewer& viewer, const Heard& heard, Nanoseconds now) {
    Room& room = room_of(viewer);
    if (heard.media) room.media = *heard.media;
    if (options_.players == 0) return;
    if (heard.motion && (heard.epoch != room.epoch || heard.version >= room.version)) {
        room.epoch = heard.epoch;
        room.version = heard.version;
        room.motion = heard.motion;
    }
    if (!viewer.follower) return;
    if (heard.sent_at) viewer.follower->one_way(*heard.sent_at, now);
    if (heard.motion && room.media != MediaInstance{0}) {
        viewer.follower->motion(*heard.motion);
        if (viewer.state == Viewer::State::live) follow(viewer, now);
    }
}

void PlayheadTalk::follow(Viewer& viewer, Nanoseconds now) {
    Follower& follower = *viewer.follower;
    follower.poll(now);
    if (const auto ping = follower.due_ping(now_ns(), viewers_of_room())) say(viewer, *ping, Importance::may_be_lost);
    const Nanoseconds next = follower.next(now);
    if (follower.planned != 0 && follower.planned <= next) return;
    follower.planned = next;
    hall_.later(viewer, Task::follow, next);
}

void PlayheadTalk::look(Viewer& viewer, Nanoseconds now) {
    hall_.later(viewer, Task::look, now + look_interval);
    const Board& board = hall_.board();
    const Room& room = room_of(viewer);
    if (board.zero_ns.load() == 0 || !room.motion || room.media == MediaInstance{0}) return;
    const RoomTruth truth{.zero_ns = board.zero_ns.load(),
                          .motion = *room.motion,
                          .tick_length = TickLength{Microseconds{board.tick_us.load()}}};
    if (!truth.plays(now)) return;
    hall_.tally().looks.add();
    if (viewer.follower->follows())
        hall_.tally().drift.record(std::llround(std::abs(viewer.follower->ahead_ms(truth, now)) * 1000));
}

void PlayheadTalk::on_place(Viewer& viewer, std::uint32_t number, Tick tick, Nanoseconds now) {
    Board& board = hall_.board();
    if (number <= viewer.place || number > board.numbers.load()) return;
    viewer.place = number;
    if (board.phase.load() != Phase::quiet) { // everybody acts, and nobody is waited for
        record_heard(viewer, number, now);
        return;
    }
    viewer.heard = number;
    if (number >= board.wanted.load()) board.burst_tick.store(tick.number);
    mark_done(hall_, viewer, now);
}

void PlayheadTalk::record_heard(const Viewer& viewer, std::uint32_t number, Nanoseconds now) {
    if (number == viewer.own) return; // the others are who it is about
    const Nanoseconds sent = hall_.board().sent_ns[number % Board::remembered_max].load(std::memory_order_relaxed);
    if (sent == 0 || now - sent > believable) return;
    hall_.tally().heard.record((now - sent) / 1000);
}

void PlayheadTalk::on_reply(Viewer& viewer, const Heard& heard, Nanoseconds now) {
    Tally& tally = hall_.tally();
    if (heard.sequence == viewer.sequence && viewer.asked_ns != 0) {
        tally.answered.record((now - viewer.asked_ns) / 1000);
        viewer.asked_ns = 0;
    }
    switch (heard.verdict) {
    case Verdict::applied: tally.applied.add(); break;
    case Verdict::superseded: tally.superseded.add(); break;
    case Verdict::refused:
        tally.refused.add();
        hall_.board().complain("refused: " + heard.why);
        break;
    }
}

// Where the engine's clock begins on ours: the quickest exchange is wrong by half of its time at most.
void PlayheadTalk::on_pong(Viewer& viewer, const Heard& heard, Nanoseconds now) {
    if (viewer.follower) viewer.follower->pong(heard.pong, now);
    if (process_ != 0) return;
    const Nanoseconds sent = viewer.follower
                                 ? viewer.follower->clock().when(static_cast<double>(heard.pong.t0_us) / 1000)
                                 : heard.pong.t0_us * 1000;
    const Nanoseconds there = (heard.pong.t1.time_since_epoch() + heard.pong.t2.time_since_epoch()).count() * 500;
    const Nanoseconds round_trip = now - sent;
    if (round_trip_min_ != 0 && round_trip >= round_trip_min_) return;
    round_trip_min_ = round_trip;
    hall_.board().zero_ns.store(sent + round_trip / 2 - there);
}

// A moment of its own for each viewer, so that they do not all speak at once.
Nanoseconds PlayheadTalk::phase_of(const Viewer& viewer, Nanoseconds interval) {
    return static_cast<Nanoseconds>(std::uint64_t{viewer.index} * 2'654'435'761U % 1000) * interval / 1000;
}

void PlayheadTalk::begin(Viewer& viewer, Nanoseconds now) {
    hall_.came_in(viewer);
    const bool first = process_ == 0 && viewer.index == 0;
    if (viewer.follower) {
        Room& room = room_of(viewer);
        viewer.follower->planned = 0;
        follow(viewer, now);
        hall_.later(viewer, Task::look, now + phase_of(viewer, look_interval));
        if (!options_.commands && !std::exchange(room.asked_to_play, true) && room.motion &&
            !room.motion->intent().playing)
            say(viewer, command_of(viewer, Play{}, std::nullopt, now));
    } else if (first && viewer.connections == 1)
        for (std::uint32_t n = 1; n <= opening_pings; ++n)
            hall_.later(viewer, Task::ping, now + n * opening_ping_interval);
    if (!options_.silent) {
        const Room& room = room_of(viewer);
        if (room.report_interval > 0) hall_.later(viewer, Task::report, now + phase_of(viewer, room.report_interval));
        if (room.ping_interval > 0 && !first && !viewer.follower)
            hall_.later(viewer, Task::ping, now + phase_of(viewer, room.ping_interval));
    }
    const Nanoseconds every = std::chrono::nanoseconds(options_.every).count();
    if (viewer.act != Act::watch)
        hall_.later(viewer, Task::act, now + std::max<Nanoseconds>(phase_of(viewer, every), 1));
}

void PlayheadTalk::on_task(Viewer& viewer, Task task, Nanoseconds now) {
    if (viewer.state != Viewer::State::live) return;
    if (task == Task::report) {
        const MediaInstance media = room_of(viewer).media;
        Report report{.version = viewer.version, .media = media};
        if (viewer.follower) report = viewer.follower->report(viewer.version, media, now);
        say(viewer, report, Importance::may_be_lost);
        hall_.later(viewer, Task::report, now + room_of(viewer).report_interval);
    } else if (task == Task::ping) {
        say(viewer, Ping{now / 1000}, Importance::may_be_lost);
        if (!options_.silent && (process_ != 0 || viewer.index != 0))
            hall_.later(viewer, Task::ping, now + room_of(viewer).ping_interval);
    } else if (task == Task::follow) {
        if (viewer.follower->planned <= now) viewer.follower->planned = 0;
        follow(viewer, now);
    } else if (task == Task::look) {
        look(viewer, now);
    } else if (task == Task::resync) {
        if (viewer.missing_since == 0 || now - viewer.missing_since < patience) return;
        viewer.missing_since = 0;
        hall_.tally().resyncs.add();
        say(viewer, Resync{.version = viewer.version});
    } else if (task == Task::act) {
        hall_.later(viewer, Task::act, now + std::chrono::nanoseconds(options_.every).count());
        if (hall_.board().phase.load() == Phase::acting) act(viewer, now);
    }
}

std::uint32_t PlayheadTalk::take_number(Nanoseconds now) {
    Board& board = hall_.board();
    const std::uint32_t number = ++board.numbers;
    board.sent_ns[number % Board::remembered_max].store(now, std::memory_order_relaxed);
    return number;
}

ClientMessage PlayheadTalk::command_of(Viewer& viewer, Action action, std::optional<MediaTime> seen, Nanoseconds now) {
    ClientCommand command;
    command.sequence = ++viewer.sequence;
    command.media = room_of(viewer).media;
    command.issued_at = ServerTime{time_max}; // the engine makes it the moment of arrival [T2]
    command.position_seen = seen;
    command.action = std::move(action);
    viewer.asked_ns = now;
    hall_.tally().commands.add();
    return command;
}

void PlayheadTalk::act(Viewer& viewer, Nanoseconds now) {
    switch (viewer.act) {
    case Act::watch: return;
    case Act::pause:
    case Act::seek: {
        viewer.own = take_number(now);
        const MediaTime place = place_of(viewer.own);
        const bool pause = viewer.act == Act::pause && may_pause(viewer, viewer.own);
        say(viewer, command_of(viewer, pause ? Action{Pause{}} : Action{Seek{place}}, place, now));
        return;
    }
    case Act::chat: {
        viewer.own = take_number(now);
        Value args{Value::Map{{"text", Value{line_of(viewer.own)}}}};
        say(viewer, command_of(viewer, PluginCommand{"chat", "say", std::move(args)}, std::nullopt, now));
        return;
    }
    case Act::react: {
        say(viewer, ClientSignal{"reactions", "react", Value{Value::Map{{"emoji", Value{std::string("\U0001F44D")}}}}});
        hall_.tally().commands.add();
        return;
    }
    case Act::leave:
        say(viewer, Bye{});
        viewer.resume_token.clear();
        hall_.tally().left.add();
        hall_.leave(viewer, away_time);
        return;
    case Act::reconnect:
        hall_.tally().reconnected.add();
        hall_.leave(viewer, cut_off_time);
        return;
    case Act::stall:
        hall_.tally().stalled.add();
        hall_.stall(viewer, now + stall_time);
        return;
    }
}

void PlayheadTalk::obey(Viewer& first, const Order& order, Nanoseconds now) {
    if (first.state != Viewer::State::live) return;
    std::vector<ClientMessage> messages;
    if (order.wish == Wish::play) {
        messages.push_back(command_of(first, Play{}, std::nullopt, now));
    } else if (order.messages == 1) {
        const std::uint32_t number = take_number(now);
        const MediaTime place = place_of(number);
        messages.push_back(
            command_of(first, may_pause(first, number) ? Action{Pause{}} : Action{Seek{place}}, place, now));
    } else {
        for (std::uint32_t n = 0; n < order.messages; ++n) {
            const MediaTime place = place_of(take_number(now));
            messages.push_back(command_of(first, Seek{place}, place, now));
        }
    }
    say(first, messages);
}

void PlayheadTalk::judge(Viewer& viewer) {
    if (viewer.pace != Viewer::Pace::quick || viewer.state != Viewer::State::live) return;
    if (viewer.version.value < hall_.board().versions[viewer.room].last.load()) hall_.tally().behind.add();
}

} // namespace playhead::load
