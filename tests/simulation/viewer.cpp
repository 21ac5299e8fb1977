#include "simulation/viewer.hpp"

#include "replication/decode.hpp"
#include "replication/encode.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

namespace playhead::simulation {
namespace {

constexpr Microseconds report_interval{1'000'000};
// A player is looked at no sooner than this: nobody's timers are finer.
constexpr Microseconds soonest{1000};
constexpr Microseconds latest{1'000'000};
constexpr Microseconds patience{500'000}; // before a snapshot is asked for
constexpr MediaTime media_length{600'000'000};
// Beacons come once a second: who hears nothing for so long has lost its connection. Looked at every second.
constexpr Microseconds silence_max{8'000'000};
constexpr Microseconds listening_interval{1'000'000};
// Unanswered commands: as many as may be said again at once after a break, and far fewer than the engine remembers.
constexpr std::size_t unanswered_max = 10;
static_assert(unanswered_max < Member::outcomes_kept);

client::PlayerCapabilities coarse() {
    client::PlayerCapabilities says = client::test::fine();
    says.clock_resolution_ms = 40;
    return says;
}

} // namespace

// mpv, Chromium, Firefox, and one that takes half a second for a seek.   Source: reference/players.md
const std::vector<PlayerKind> player_kinds{
    {"mpv", client::test::mpv, client::test::mpv_says(), Microseconds{10'000}},
    {"Chromium", client::test::chromium, client::test::fine(), Microseconds{15'000}},
    {"Firefox",
     {.play_latency_ms = 84, .seek_ms = 30, .rate_delay_ms = 80, .step_ms = 40},
     coarse(),
     Microseconds{25'000}},
    {"slow",
     {.play_latency_ms = 120, .seek_ms = 500, .rate_delay_ms = 100},
     client::test::fine(),
     Microseconds{15'000}},
};

Viewer::Viewer(Timeline& timeline, Random& random, Shard& shard, CreatedRoom room, std::string name,
               const Habits& habits)
    : timeline_(timeline),
      random_(random),
      shard_(shard),
      room_(std::move(room)),
      name_(std::move(name)),
      habits_(habits),
      follower_(player_kinds.at(habits.player), habits.media_drift, habits.clock.ms_at(timeline.now())) {}

Viewer::~Viewer() {
    *alive_ = false;
    if (wire_) wire_->die();
}

void Viewer::plan(Microseconds delay, void (Viewer::*what)()) {
    timeline_.after(delay, [this, what, life = life_, alive = alive_] {
        if (*alive && life == life_ && !left_) (this->*what)();
    });
}

void Viewer::arrive() { dial(); }

std::string Viewer::in_words() const {
    std::string words = name_ + " (" + std::to_string(id_.value) + ")";
    if (left_) words += ", who has left";
    if (lossy()) words += ", over a lossy way";
    if (wire_ && wire_->open()) words += ", whose connection is open";
    if (!last_goodbye_.empty()) words += ", last sent away with \"" + last_goodbye_ + "\"";
    return words;
}

void Viewer::calm_down() {
    calm_ = true;
    read_on();
}

void Viewer::read_on() {
    if (std::exchange(reading_, true) || !wire_) return;
    last_heard_ = timeline_.now();
    wire_->set_reading(true);
}

void Viewer::dial() {
    ++life_;
    wire_ = connect(timeline_, random_, shard_, room_.id, habits_.quality, *this);
    Hello hello;
    hello.protocol_min = hello.protocol_max = 1;
    hello.room = room_.id.text();
    hello.join_token = room_.join_token;
    hello.resume_token = resume_token_;
    hello.name = name_;
    hello.have_epoch = replica_.epoch();
    hello.have_version = replica_.version();
    hello.device = name_;
    // The handshake first; a message before it would have nowhere to go.
    timeline_.after(habits_.quality.delay_up + habits_.quality.delay_down,
                    [wire = wire_, bytes = encode(ClientMessage{hello})] { wire->send(bytes); });
    plan(std::chrono::seconds{20}, &Viewer::suffer);
}

void Viewer::say(const ClientMessage& message, Delivery delivery) {
    if (!wire_) return;
    ++messages_said_;
    wire_->send(encode(message), delivery);
}

void Viewer::acknowledge() {
    if (habits_.quality.lossy) say(Ack{replica_.epoch(), replica_.version()}, Delivery::lossy);
}

void Viewer::fall_behind(Version seen) {
    newest_seen_ = std::max(newest_seen_, seen);
    if (std::exchange(asking_, true)) return;
    plan(patience, &Viewer::ask_if_behind);
}

void Viewer::ask_if_behind() {
    asking_ = false;
    if (replica_.version() < newest_seen_) say(Resync{replica_.version(), 0, false});
}

void Viewer::on_bytes(ByteView bytes) {
    for (const std::byte byte : bytes) trace_ = (trace_ ^ std::to_integer<std::uint64_t>(byte)) * 1099511628211u;
    trace_ ^= static_cast<std::uint64_t>(timeline_.now().time_since_epoch().count());
    const auto message = decode_server(bytes);
    last_heard_ = timeline_.now();
    if (!message) return complain(Invariant::protocol, "undecodable: " + message.error().message);
    ++heard_.at(message->index());
    if (!joined_ && !std::holds_alternative<Welcome>(*message) && !std::holds_alternative<Goodbye>(*message)) {
        if (habits_.quality.lossy) return; // [E5] it has overtaken the welcome
        complain(Invariant::protocol, "[J5] something came before the welcome");
    }
    std::visit([this](const auto& what) { on(what); }, *message);
}

void Viewer::on(const Welcome& welcome) {
    if (joined_) complain(Invariant::protocol, "[J5] welcomed twice");
    joined_ = true;
    welcomed_at_ = timeline_.now();
    asking_ = false;
    newest_seen_ = {};
    resume_token_ = welcome.resume_token;
    if (id_ != welcome.viewer) { // someone new: nothing of before counts
        id_ = welcome.viewer;
        sequence_ = 0;
        unanswered_.clear();
    }
    ++met_[welcome.resumed ? "welcomed back" : "welcomed"];
    // What was not answered is said again, in order, under the same numbers. [S2]
    for (const std::size_t place : unanswered_) say(said_[place].command);
    follower_.welcome(welcome, local_ms());
    plan(Microseconds{1}, &Viewer::follow);
    plan(report_interval, &Viewer::report);
    plan(listening_interval, &Viewer::listen);
    if (habits_.sleep.count() > 0) plan(random_.between(Microseconds{0}, Microseconds{8'000'000}), &Viewer::sleep);
    if (habits_.stall.count() > 0) plan(random_.between(Microseconds{0}, Microseconds{8'000'000}), &Viewer::stall);
    if (habits_.clog.count() > 0) plan(random_.between(Microseconds{0}, Microseconds{8'000'000}), &Viewer::suffer);
    if (habits_.think_time.count() > 0) plan(random_.between(Microseconds{0}, 2 * habits_.think_time), &Viewer::act);
    if (habits_.connection_lifetime.count() > 0)
        plan(random_.between(Microseconds{0}, 2 * habits_.connection_lifetime), &Viewer::suffer);
    if (habits_.reading_pause.count() > 0)
        plan(random_.between(Microseconds{0}, Microseconds{8'000'000}), &Viewer::suffer);
}

// [T1] Versions and ticks only go up; epochs do not change under a viewer.
void Viewer::check_version(Epoch epoch, Version version) {
    if (replica_.epoch() != Epoch{0} && epoch != replica_.epoch()) complain(Invariant::only_up, "the epoch changed");
    if (epoch == replica_.epoch() && version < replica_.version()) complain(Invariant::only_up, "a version went down");
}

void Viewer::check_tick(Tick tick) {
    if (!habits_.quality.lossy && tick < newest_tick_) complain(Invariant::only_up, "a tick went down");
    newest_tick_ = std::max(newest_tick_, tick);
}

void Viewer::on(const Snapshot& snapshot) {
    check_tick(snapshot.tick);
    // One that was lost and said again may come behind what made it unnecessary; then it changes nothing.
    if (!habits_.quality.lossy) check_version(snapshot.epoch, snapshot.version);
    const Version before = replica_.epoch() == snapshot.epoch ? replica_.version() : Version{0};
    if (replica_.apply(snapshot) == Replica::Applied::hash_mismatch)
        complain(Invariant::deltas_lead_to_state, "hash mismatch in a snapshot");
    if (replica_.version() < before) complain(Invariant::only_up, "a version went down");
    follower_.motion(replica_.motion());
    acknowledge();
}

void Viewer::on(const Delta& delta) {
    check_tick(delta.tick);
    if (!habits_.quality.lossy) check_version(delta.epoch, delta.version);
    const auto applied = replica_.apply(delta);
    if (applied == Replica::Applied::hash_mismatch)
        complain(Invariant::deltas_lead_to_state, "hash mismatch in a delta");
    if (applied == Replica::Applied::needs_snapshot) {
        if (habits_.quality.lossy)
            return fall_behind(delta.version); // the snapshot that it leads on from is not here yet
        complain(Invariant::deltas_lead_to_state, "a delta did not fit");
    }
    follower_.motion(replica_.motion());
    if (delta.sent_at) follower_.one_way(*delta.sent_at, local_ms());
    acknowledge();
}

void Viewer::on(const Beacon& beacon) {
    if (beacon.fresh) follower_.one_way(beacon.server_time, local_ms());
    if (habits_.quality.lossy && beacon.version != replica_.version()) {
        if (beacon.version > replica_.version()) fall_behind(beacon.version);
        return;
    }
    if (beacon.version != replica_.version())
        complain(Invariant::protocol, "[S3] a beacon spoke of another version than was sent before it");
    if (beacon.state_hash != replica_.state_hash()) complain(Invariant::same_state, "hash mismatch in a beacon");
}

void Viewer::on(const Reply& reply) {
    if (reply.version > replica_.version()) complain(Invariant::answered, "[S2] an answer came before its effect");
    const auto said = std::ranges::find_if(unanswered_, [&](std::size_t place) {
        return said_[place].command.sequence == reply.sequence && said_[place].viewer == id_;
    });
    if (said == unanswered_.end()) return; // answered before, and asked again meanwhile
    said_[*said].reply = reply;
    ++met_["answer " + std::to_string(std::to_underlying(reply.verdict)) + " error " +
           std::to_string(std::to_underlying(reply.error.code))];
    unanswered_.erase(said);
}

void Viewer::on(const Event& event) {
    check_tick(event.tick);
    ++met_["event " + std::to_string(std::to_underlying(event.kind))];
    events_.push_back(event);
}

// [P2] What a plugin tells is told once, and behind the state that led to it.
void Viewer::on(const PluginEvent& event) {
    ++met_["event of " + event.plugin + ": " + event.name];
    if (event.plugin != "ward" && event.plugin != "ready" && event.plugin != "@engine")
        complain(Invariant::protocol, "an event of an unknown plugin");
    if (event.name == "suspended" && event.plugin == "@engine" && !habits_.plugins)
        complain(Invariant::levels, "a guest heard of a failure");
}

void Viewer::on(const Goodbye& goodbye) {
    ++met_["goodbye " + std::to_string(std::to_underlying(goodbye.error.code))];
    last_goodbye_ = goodbye.error.message;
    if (goodbye.error.code == ErrorCode::kicked) {
        if (goodbye.resumable) complain(Invariant::protocol, "[J11] a kicked viewer was asked back");
        return;
    }
    if (goodbye.resumable || goodbye.error.code == ErrorCode::replaced) return;
    complain(Invariant::everyone_back, "refused: " + goodbye.error.message);
}

void Viewer::on(const Pong& pong) { follower_.pong(pong, local_ms()); }

void Viewer::on_gone(ErrorCode code) {
    joined_ = false;
    reading_ = true;
    newest_tick_ = {};
    follower_.lost();
    ++life_;
    if (left_ || code == ErrorCode::replaced) {
        left_ = true;
        return;
    }
    plan(random_.between(Microseconds{100'000}, habits_.back_after), &Viewer::dial);
}

// The client's own loop: the player, and the clock that it is steered by.
void Viewer::follow() {
    follower_.check_sleep(local_ms(), static_cast<double>(timeline_.now().time_since_epoch().count()) / 1000);
    follower_.poll(local_ms());
    if (const auto ping = follower_.due_ping(local_ms(), replica_.viewer_count())) say(*ping, Delivery::lossy);
    const double next_ms = std::min(follower_.next_ms(), local_ms() + static_cast<double>(latest.count()) / 1000);
    plan(std::max(habits_.clock.when(next_ms) - timeline_.now(), soonest), &Viewer::follow);
}

void Viewer::report() {
    Report report = follower_.report(replica_.version(), replica_.media().instance, local_ms());
    report.duration = media_length;
    say(report, Delivery::lossy);
    plan(report_interval, &Viewer::report);
}

void Viewer::stall() {
    if (calm_) return;
    ++met_["stalled"];
    follower_.set_stalled(true, local_ms());
    timeline_.after(random_.between(Microseconds{100'000}, habits_.stall), [this, alive = alive_] {
        if (*alive) refill();
    });
    plan(random_.between(habits_.stall, Microseconds{20'000'000}), &Viewer::stall);
}

void Viewer::refill() {
    refilled_at_ = timeline_.now();
    follower_.set_stalled(false, local_ms());
}

ServerTime Viewer::estimated_server_time() const { return follower_.server_time(local_ms()).value_or(ServerTime{}); }

void Viewer::act() {
    if (calm_) return;
    plan(random_.between(Microseconds{0}, 2 * habits_.think_time), &Viewer::act);
    if (unanswered_.size() >= unanswered_max) return;
    if (habits_.plugins && random_.chance(0.3))
        say(ClientSignal{"ward", "poke", sorted_map({{"n", Value{random_.between(0, 99)}}})}, Delivery::lossy);
    ClientCommand command;
    command.sequence = ++sequence_;
    command.media = replica_.media().instance;
    command.issued_at = estimated_server_time();
    if (habits_.lies) command.issued_at += random_.between(Microseconds{-2'000'000}, Microseconds{60'000'000});
    command.position_seen = std::max(player_position(), MediaTime{0});
    command.action = habits_.plugins && random_.chance(0.6) ? random_plugin_command() : random_action();
    unanswered_.push_back(said_.size());
    said_.push_back({command, id_, {}});
    say(command);
}

Action Viewer::random_action() {
    // Each target is said once in a world, so that what was applied can be counted.
    const MediaTime unique{random_.between(0, media_length.count() - 1)};
    switch (random_.between(0, 9)) {
    case 0:
    case 1:
    case 2: return Play{};
    case 3:
    case 4: return Pause{};
    case 5:
    case 6: return Seek{unique};
    case 7: return SetRate{Rate{static_cast<std::int32_t>(random_.between(200, 2100))}};
    case 8: return SetName{name_ + std::to_string(sequence_)};
    default: {
        Load load;
        load.url = "/media/" + std::to_string(unique.count()) + ".mp4";
        load.start = unique;
        load.play = random_.chance(0.5);
        return load;
    }
    }
}

Action Viewer::random_plugin_command() {
    const auto ask = [](std::string name, Value::Map args) {
        return PluginCommand{"ward", std::move(name), sorted_map(std::move(args))};
    };
    const Value key{std::string(1, static_cast<char>(random_.between('a', 'e')))};
    const Value text{std::string(static_cast<std::size_t>(random_.between(0, 200)), 'x')};
    const Value number{random_.between(-5, 1'000'000)};
    // Not the first one, the witness; and not always someone who is there.
    const Value someone{random_.between(2, 12)};
    if (random_.chance(habits_.mischief)) switch (random_.between(0, 9)) {
        case 0:
        case 1:
        case 2: return ask("kick", {{"viewer", someone}});
        case 3:
        case 4: return ask("spin", {{"n", Value{random_.between(1000, 100'000)}}});
        default: return ask("fail", {{"n", number}});
        }
    switch (random_.between(0, 8)) {
    case 0:
    case 1: return ask("note", {{"key", key}, {"text", text}});
    case 2: return ask("drop", {{"key", key}});
    case 3: return ask("staff", {{"text", text}});
    case 4: return ask("seal", {{"n", number}});
    case 5: return ask("push", {{"n", number}});
    case 6: return ask("shift", {});
    case 7: return ask("promote", {{"viewer", someone}});
    default: return ask("demote", {{"viewer", someone}});
    }
}

// What goes wrong with connections.
void Viewer::suffer() {
    if (!joined_) { // no welcome in all this time: dial again
        if (wire_) wire_->die();
        return on_gone(ErrorCode::none);
    }
    if (calm_) return;
    if (habits_.reading_pause.count() > 0 && random_.chance(0.7)) {
        wire_->set_reading(reading_ = false);
        ++met_["stopped reading"];
        const Microseconds pause = random_.between(Microseconds{0}, habits_.reading_pause);
        plan(pause, &Viewer::read_on);
        return plan(pause + random_.between(Microseconds{0}, Microseconds{8'000'000}), &Viewer::suffer);
    }
    if (habits_.clog.count() > 0 && random_.chance(0.7)) {
        ++met_["clogged"];
        wire_->clog(random_.between(Microseconds{0}, habits_.clog));
        return plan(random_.between(Microseconds{0}, Microseconds{8'000'000}), &Viewer::suffer);
    }
    if (habits_.connection_lifetime.count() == 0) return;
    if (random_.chance(habits_.half_open)) {
        ++met_["half open"];
        wire_->go_half_open();
    } else if (random_.chance(habits_.silent_death)) {
        ++met_["died silently"];
        wire_->die();
        on_gone(ErrorCode::none);
    } else {
        ++met_["cut off"];
        wire_->cut();
    }
}

// A peer that is gone without a word is noticed by its silence.
void Viewer::listen() {
    plan(listening_interval, &Viewer::listen);
    if (!reading_ || timeline_.now() - last_heard_ < silence_max) return;
    ++met_["noticed silence"];
    wire_->die();
    on_gone(ErrorCode::none);
}

// The machine sleeps for a moment, of which its steady clock knows nothing.
void Viewer::sleep() {
    if (calm_) return;
    ++met_["slept"];
    habits_.clock.offset -= random_.between(Microseconds{0}, habits_.sleep);
    plan(random_.between(Microseconds{0}, Microseconds{20'000'000}), &Viewer::sleep);
}

void Viewer::leave() {
    if (joined_) say(Bye{});
    left_ = true;
}

void Viewer::take_over_from(const Viewer& other, std::uint32_t sequence) {
    resume_token_ = other.resume_token_;
    id_ = other.id_;
    sequence_ = sequence;
    dial();
}

} // namespace playhead::simulation
