#include "session/shard.hpp"

#include "replication/encode.hpp"
#include "session/log.hpp"
#include "session/reloads.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <deque>
#include <iterator>
#include <map>
#include <string>
#include <tuple>
#include <utility>

namespace playhead {
namespace {

// A connection for which there is no room: told so, and kept until it has closed.
class Refused final : public ConnectionEvents {
  public:
    Refused(std::unique_ptr<Connection> connection, const Error& error) : connection_(std::move(connection)) {
        connection_->start(*this);
        const Frame goodbye = encode(ServerMessage{Goodbye{error, false}});
        static_cast<void>(connection_->send({&goodbye, 1}));
        connection_->close(error.code, error.message);
    }
    void on_message(ByteView) override {}
    void on_drained() override {}
    void on_closed(const Error&) override { closed_ = true; }
    bool closed() const { return closed_; }

  private:
    std::unique_ptr<Connection> connection_;
    bool closed_ = false;
};

std::unexpected<Error> no_room(const RoomId& id) {
    return std::unexpected(Error{ErrorCode::room_unknown, "there is no room '" + id.text() + "'"});
}

// While less than this part of its length has passed, a tick sends to its small rooms itself.
constexpr int sending_share = 8;

// How many ticks the load of late goes by: about two seconds of them.
constexpr double ticks_averaged = 32;

// More at once, and the oldest are dropped without ceremony.
constexpr std::size_t refused_max = 256;

} // namespace

struct Shard::Impl {
    ShardContext context;
    SessionSettings settings; // `context` refers to it
    Directory directory{context};
    Reloads reloads{context, directory};
    std::deque<RoomHost*> sliced; // rooms whose fan-out goes on between ticks, in turn
    std::vector<RoomHost*> held;  // rooms whose fan-out waits for relays
    // Rooms whose plugins wait for the others', by standing, in the order in which they run.
    std::array<std::deque<RoomHost*>, PluginTime::shares.size()> behind;
    // While a tick runs: those that wait since this one. Kept between ticks, and put in order without another block: a
    // large block that is asked for again and again makes malloc tidy up all small ones each time.
    struct Arrival {
        RoomHost* room;
        PluginTime::Standing standing;
        std::chrono::nanoseconds turn; // what it takes, on average
        std::size_t order;
    };
    std::vector<Arrival> came;
    std::deque<std::unique_ptr<Refused>> refused;

    Impl(const SessionSettings& given, TickLength tick_length, const EngineRun& run, const Clock& clock,
         RandomSource& random)
        : context{.settings = settings,
                  .tick_length = tick_length,
                  .run = run,
                  .clock = clock,
                  .random = random,
                  .metrics = {},
                  .plugin_figures = {},
                  .plugin_time = PluginTime{clock},
                  .lua_memory = {},
                  .due = {},
                  .next_tick = tick_length.at_or_after(clock.now()),
                  .sends_until = {},
                  .used_tokens = {},
                  .admissions = AdmissionQueue{given, tick_length},
                  .peer_log = {},
                  .plugin_log = {}},
          settings(given) {}

    void run(Tick tick);
    void let_in(ServerTime now);
    void run_room(RoomHost& room, Tick tick, std::uint32_t missed, ServerTime start);
    std::size_t run_behind(Tick tick, ServerTime start);
};

Shard::Shard(const SessionSettings& settings, TickLength tick_length, const EngineRun& run, const Clock& clock,
             RandomSource& random)
    : impl_(std::make_unique<Impl>(settings, tick_length, run, clock, random)) {}

Shard::~Shard() = default;

Result<CreatedRoom> Shard::create(const RoomRequest& request) { return impl_->directory.create(request); }

std::vector<RoomSummary> Shard::listed_rooms() const { return impl_->directory.listed(); }

std::optional<RoomSummary> Shard::find(const RoomId& id) const {
    const RoomHost* room = impl_->directory.find(id);
    if (!room) return std::nullopt;
    RoomSummary summary = impl_->directory.summary(*room);
    summary.plugins = room->plugin_summaries();
    return summary;
}

const RoomState* Shard::state(const RoomId& id) const {
    const RoomHost* room = impl_->directory.find(id);
    return room ? &room->state() : nullptr;
}

Result<IssuedToken> Shard::issue(const RoomId& id, const JoinRequest& request) {
    if (impl_->context.draining)
        return std::unexpected(Error{ErrorCode::draining, "the engine is going down", drain_retry_ms});
    RoomHost* room = impl_->directory.find(id);
    return room ? room->issue(request) : no_room(id);
}

void Shard::use_recordings(RecordingRules rules) { impl_->context.recording = std::move(rules); }

Result<std::string> Shard::record(const RoomId& id, bool left_out) {
    RoomHost* room = impl_->directory.find(id);
    return room ? room->record(left_out) : no_room(id);
}

Result<void> Shard::stop_recording(const RoomId& id) {
    RoomHost* room = impl_->directory.find(id);
    if (!room) return no_room(id);
    if (room->stop_recording()) return {};
    return std::unexpected(Error{ErrorCode::denied, "the room '" + id.text() + "' is not recorded"});
}

seal::UsedTokens& Shard::used_tokens() { return impl_->context.used_tokens; }

void Shard::use_plugins(PluginSets sets) { impl_->directory.use_plugins(std::move(sets)); }

void Shard::reload(PluginSets sets, std::move_only_function<void(PluginReload)> done) {
    impl_->reloads.begin(std::move(sets), std::move(done));
}

std::vector<PluginUse> Shard::plugin_uses() const {
    std::map<std::tuple<std::string, std::string, std::string>, PluginUse> uses;
    impl_->directory.for_each([&](const RoomHost& room) {
        for (const PluginSummary& plugin : room.plugin_summaries()) {
            PluginUse& use = uses[{plugin.name, plugin.version, plugin.hash}];
            use.name = plugin.name;
            use.version = plugin.version;
            use.hash = plugin.hash;
            ++use.rooms;
            use.suspended_rooms += plugin.suspended;
        }
    });
    std::vector<PluginUse> list;
    list.reserve(uses.size());
    for (auto& [key, use] : uses) list.push_back(std::move(use));
    return list;
}

const PluginFigures& Shard::plugin_figures() const { return impl_->context.plugin_figures; }

void Shard::attach(const RoomId& id, std::unique_ptr<Connection> connection) {
    if (RoomHost* room = impl_->directory.find(id)) return room->attach(std::move(connection));
    ++impl_->context.metrics.sessions_refused_total;
    if (impl_->refused.size() >= refused_max) impl_->refused.pop_front();
    impl_->refused.push_back(std::make_unique<Refused>(
        std::move(connection), Error{ErrorCode::room_unknown, "there is no room " + id.text()}));
}

void Shard::use_relays(const Relays& relays) { impl_->context.relays = &relays; }

std::size_t Shard::writer_of_next(const RoomId& id) const {
    const RoomHost* room = impl_->directory.find(id);
    return room ? room->writer_of_next() : 0;
}

void Shard::relays_caught_up() { std::ranges::copy(std::exchange(impl_->held, {}), std::back_inserter(impl_->sliced)); }

ServerTime Shard::run_due() {
    ShardContext& context = impl_->context;
    const Tick newest = context.tick_length.at(context.clock.now());
    if (newest >= context.next_tick) impl_->run(newest);
    return context.tick_length.start_of(context.next_tick);
}

void Shard::Impl::run(Tick tick) {
    const ServerTime start = context.clock.now();
    reloads.run(tick);
    let_in(start);
    const Tick first_due = std::exchange(context.next_tick, tick + 1);
    const std::uint32_t missed = tick.number - first_due.number;
    context.sends_until = start + context.tick_length.value / sending_share;
    std::erase_if(refused, [](const auto& connection) { return connection->closed(); });

    context.plugin_time.begin_tick();
    std::size_t rooms_run = 0;
    while (DueRooms::Entry* entry = context.due.take_due(tick)) {
        RoomHost& room = entry->room();
        if (room.waits()) continue;
        if (const auto standing = room.standing(tick, start); standing != PluginTime::Standing::cheap) {
            room.wait(tick, missed);
            came.push_back({&room, standing, room.plugin_cost().turn, came.size()});
            continue;
        }
        run_room(room, tick, missed, start);
        ++rooms_run;
    }
    rooms_run += run_behind(tick, start);

    const Microseconds duration = context.clock.now() - start;
    context.admissions.end_tick(duration);
    Metrics& metrics = context.metrics;
    ++metrics.ticks_total;
    metrics.ticks_skipped_total += missed;
    metrics.tick_duration.record(duration);
    const double load = static_cast<double>(duration.count()) / static_cast<double>(context.tick_length.value.count());
    context.tick_load += (load - context.tick_load) / ticks_averaged;
    metrics.tick_lateness.record(start - context.tick_length.start_of(first_due));
    if (duration > context.tick_length.value) {
        ++metrics.tick_overruns_total;
        log_tick_overrun(tick, duration, rooms_run);
    }
}

// Before the rooms' turn: who comes in now is welcomed by this very tick.
void Shard::Impl::let_in(ServerTime now) {
    AdmissionQueue& queue = context.admissions;
    queue.begin_tick();
    while (const auto waiting = queue.next(now, context.metrics))
        waiting->room->let_in(*waiting->session, waiting->hello, now);
    for (const AdmissionQueue::Waiting& waiting : queue.take_overdue(now, context.metrics))
        waiting.room->turn_away(*waiting.session, now);
}

void Shard::Impl::run_room(RoomHost& room, Tick tick, std::uint32_t missed, ServerTime start) {
    room.run(tick, missed);
    if (room.expired(start)) {
        log_room_expired(room.id());
        std::erase(sliced, &room);
        std::erase(held, &room);
        directory.erase(RoomId{room.id()});
    } else if (!room.fan_out_idle() && std::ranges::find(sliced, &room) == sliced.end()) {
        std::erase(held, &room);
        sliced.push_back(&room);
    }
}

// The rooms that are not cheap. When the share of their standing is used up, the rest waits for the next tick.
std::size_t Shard::Impl::run_behind(Tick tick, ServerTime start) {
    // Of those that came at the same tick, the cheapest first.
    std::ranges::sort(came, {}, [](const Arrival& arrival) { return std::pair{arrival.turn, arrival.order}; });
    for (const Arrival& arrival : came) behind[std::to_underlying(arrival.standing)].push_back(arrival.room);
    came.clear();

    std::size_t rooms_run = 0;
    using enum PluginTime::Standing;
    for (const PluginTime::Standing standing : {slow, dear, ended, loads}) {
        std::deque<RoomHost*>& queue = behind[std::to_underlying(standing)];
        while (!queue.empty() && !context.plugin_time.used_up(standing)) {
            RoomHost& room = *queue.front();
            queue.pop_front();
            run_room(room, tick, 0, start); // it knows what it has missed
            ++rooms_run;
        }
        context.metrics.plugin_room_ticks_put_off_total += queue.size();
    }
    return rooms_run;
}

bool Shard::fan_out_slice() {
    const Clock& clock = impl_->context.clock;
    const ServerTime deadline = slice_end();
    while (!impl_->sliced.empty()) {
        RoomHost* room = impl_->sliced.front();
        impl_->sliced.pop_front();
        if (!room->fan_out(deadline))
            impl_->sliced.push_back(room);
        else if (!room->fan_out_idle())
            impl_->held.push_back(room);
        if (clock.now() >= deadline) break;
    }
    return !impl_->sliced.empty();
}

ServerTime Shard::slice_end() const {
    const ShardContext& context = impl_->context;
    return std::min(context.clock.now() + Microseconds{impl_->settings.fan_out_slice},
                    context.tick_length.start_of(context.next_tick));
}

void Shard::drain() {
    impl_->context.draining = true;
    const Error error{ErrorCode::draining, "the engine is going down", drain_retry_ms};
    impl_->directory.for_each([&](RoomHost& room) { room.close_all(error); });
}

bool Shard::drained() const {
    return impl_->context.draining && impl_->context.metrics.sessions == 0 &&
           std::ranges::all_of(impl_->refused, [](const auto& connection) { return connection->closed(); });
}

ShardOverview Shard::overview() const { return overview_of(impl_->context, impl_->directory); }

Microseconds Shard::processor_time() const { return impl_->context.clock.thread_time(); }

Metrics& Shard::metrics() { return impl_->context.metrics; }

} // namespace playhead
