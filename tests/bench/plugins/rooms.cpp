#include "parts.hpp"
#include "plugin/figures.hpp"
#include "session/metrics.hpp"
#include "stage.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

namespace playhead::bench {
namespace {

constexpr int starts_per_tick = 3; // no more than a tick has time for
// After nothing has happened for so long all rooms are as they were, or have given their Lua back.
constexpr int awake_s = 50;
constexpr int asleep_s = 120;

std::string room_name(int number) { return "room" + std::to_string(number); }

// Rooms with one viewer each whose plugins have started.
struct ColdRooms {
    explicit ColdRooms(const std::shared_ptr<const PluginSet>& plugins, int rooms) : before_kib(resident_kib()) {
        for (int i = 0; i < rooms; ++i) {
            stage.viewers.push_back(join(stage.shard, make_room(stage.shard, room_name(i), plugins, false), "Ann"));
            if (i % starts_per_tick == 0) stage.tick_ns();
            if (i % 1000 == 0) stage.read_all();
        }
        stage.ticks(ticks_per_s);
        stage.read_all();
    }
    double kib() const { return (resident_kib() - before_kib) / static_cast<double>(stage.viewers.size()); }
    void fall_silent(int seconds) {
        for (int second = 0; second < seconds; ++second) {
            stage.ticks(ticks_per_s);
            stage.read_all();
        }
    }
    // Of a tick, in each of some seconds.
    std::vector<double> tick_us_per_room() {
        std::vector<double> samples;
        for (int second = 0; second < 20; ++second) {
            std::int64_t ns = 0;
            for (int tick = 0; tick < ticks_per_s; ++tick) ns += stage.tick_ns();
            samples.push_back(static_cast<double>(ns) / 1e3 / ticks_per_s / static_cast<double>(stage.viewers.size()));
            stage.read_all();
        }
        return samples;
    }

    Stage stage;
    double before_kib;
};

void need(bool good, const char* what) {
    if (good) return;
    std::fprintf(stderr, "this measures nothing: %s\n", what);
    std::exit(1);
}

// All started, and none suspended.
void check_started(Shard& shard, std::size_t plugins, int rooms) {
    const auto uses = shard.plugin_uses();
    need(uses.size() == plugins, "other plugins run than were asked for");
    for (const PluginUse& use : uses) {
        need(use.rooms == static_cast<std::size_t>(rooms), "not every room has its plugins");
        need(use.suspended_rooms == 0, "plugins are suspended");
    }
    for (const auto& [name, figure] : shard.plugin_figures().plugins)
        need(figure.rooms == static_cast<std::uint64_t>(rooms), "not every room has started");
}

} // namespace

void cold_rooms(Results& results, const Size& size) {
    const auto plugins = preset("living_room.lua");
    ColdRooms rooms{plugins, size.rooms};
    check_started(rooms.stage.shard, plugins->size(), size.rooms);
    rooms.fall_silent(awake_s);
    results.add("room_kib_10_plugins_awake", rooms.kib());
    results.add("room_lua_kib_10_plugins_awake",
                static_cast<double>(rooms.stage.shard.plugin_figures().lua_bytes) / 1024 / size.rooms);
    rooms.fall_silent(asleep_s - awake_s);
    results.add("room_kib_10_plugins", rooms.kib());
    const auto lua_bytes = static_cast<double>(rooms.stage.shard.plugin_figures().lua_bytes);
    results.add("room_lua_kib_10_plugins", lua_bytes / 1024 / size.rooms);
    results.add("room_tick_us_10_plugins", rooms.tick_us_per_room());
}

void cold_rooms_without_plugins(Results& results, const Size& size) {
    ColdRooms rooms{nullptr, size.rooms};
    rooms.fall_silent(asleep_s);
    results.add("room_kib_without_plugins", rooms.kib());
    results.add("room_tick_us_without_plugins", rooms.tick_us_per_room());
}

void periodic_rooms(Results& results, const Size& size) {
    std::vector<PluginRequest> requests;
    for (int i = 0; i < 10; ++i) {
        requests.push_back(request_of({"small" + std::to_string(i), "shared = { n = { kind = 'value', of = 'int' } }",
                                       "local beats = 0\n"
                                       "P:every(1, function(room)\n"
                                       "  beats = beats + 1\n"
                                       "  if beats % 3600 == 0 then P.shared.n = beats end\n"
                                       "end)"}));
    }
    ColdRooms rooms{plugins_of(requests), size.rooms};
    check_started(rooms.stage.shard, requests.size(), size.rooms);
    rooms.fall_silent(asleep_s);
    results.add("room_kib_10_small_plugins", rooms.kib());
    results.add("room_tick_us_10_periodic_plugins", rooms.tick_us_per_room());
}

void beginnings(Results& results, const Size& size) {
    const auto plugins = preset("living_room.lua");
    Stage stage;
    std::vector<CreatedRoom> rooms;
    std::vector<double> create_us;
    std::vector<double> start_ms;
    for (int i = 0; i < size.rooms / 5; ++i) {
        const std::int64_t begun = thread_ns();
        rooms.push_back(make_room(stage.shard, room_name(i), plugins));
        create_us.push_back(static_cast<double>(thread_ns() - begun) / 1e3);
    }
    stage.ticks(2 * ticks_per_s);
    for (const CreatedRoom& room : rooms) {
        stage.viewers.push_back(join(stage.shard, room, "Ann"));
        start_ms.push_back(static_cast<double>(stage.tick_ns()) / 1e6);
    }
    check_started(stage.shard, plugins->size(), static_cast<int>(rooms.size()));
    results.add("room_create_us", std::move(create_us));
    results.add("room_start_ms_max", quantile(start_ms, 1));
    results.add("room_start_ms_p99", quantile(start_ms, 0.99));
    results.add("room_start_ms", std::move(start_ms));
    // The longest tick when many rooms start at once.
    Stage crowd;
    constexpr int at_once = 500;
    for (int i = 0; i < at_once; ++i)
        crowd.viewers.push_back(join(crowd.shard, make_room(crowd.shard, room_name(i), plugins), "Ann"));
    std::vector<double> tick_ms;
    int ticks = 0;
    while (crowd.shard.plugin_figures().lua_states < at_once && ticks < 10'000) {
        tick_ms.push_back(static_cast<double>(crowd.tick_ns()) / 1e6);
        ++ticks;
    }
    results.add("rooms500_start_tick_ms_max", quantile(tick_ms, 1));
    results.add("rooms500_start_ticks", ticks);
}

namespace {

// Rooms of two in real time: half of the viewers ask for a place in the film, the others talk; each room does both once
// in ten seconds. Ticks are run when they are due; what viewers do happens between them, as it would in other
// processes.
class LiveRooms {
  public:
    struct Figures {
        std::vector<double> tick_ms; // all its sends among it
        std::vector<double> used_ms; // processor time of it
        std::uint64_t skipped = 0;
        std::uint64_t applied = 0;
    };

    explicit LiveRooms(int rooms) {
        for (int i = 0; i < rooms; ++i) {
            const CreatedRoom room = make_room(shard_, room_name(i), plugins_);
            seekers_.push_back(join(shard_, room, "Ann"));
            talkers_.push_back(join(shard_, room, "Bob"));
            if (i % starts_per_tick == 0) tick();
        }
    }

    // One more room, with the same rules. One of its viewers asks for another place with every tick.
    void open_wide(int viewers) {
        const CreatedRoom room = make_room(shard_, "wide", plugins_);
        for (int i = 0; i < viewers; ++i) {
            wide_.push_back(join(shard_, room, "Viewer"));
            if (i % wide_joins_per_tick == 0) act_and_tick();
        }
    }

    Figures act(int seconds) {
        figures_ = {};
        const Metrics before = shard_.metrics();
        for (int ticks = seconds * ticks_per_s; ticks > 0; --ticks) act_and_tick();
        figures_.skipped = shard_.metrics().ticks_skipped_total - before.ticks_skipped_total;
        figures_.applied = shard_.metrics().commands_applied_total - before.commands_applied_total;
        return figures_;
    }

    Shard& shard() { return shard_; }
    std::size_t plugins() const { return plugins_->size(); }

    static constexpr int round_ticks = 10 * ticks_per_s;

  private:
    static constexpr int wide_joins_per_tick = 50;

    void act_and_tick() {
        const auto rooms = static_cast<int>(seekers_.size());
        for (int i = ticks_acted_ % round_ticks; i < rooms; i += round_ticks) {
            const auto at = static_cast<std::size_t>(i);
            seekers_[at].ask(Seek{MediaTime{std::int64_t{ticks_acted_} * 10'000}}, clock_.now());
            talkers_[at].ask(say("line " + std::to_string(ticks_acted_)), clock_.now());
            seekers_[at].read();
            talkers_[at].read();
        }
        if (!wide_.empty()) wide_.front().ask(Seek{MediaTime{std::int64_t{ticks_acted_} * 1000}}, clock_.now());
        for (Viewer& viewer : wide_) viewer.read();
        ++ticks_acted_;
        tick();
    }

    void tick() {
        while (clock_.now() < next_) {
            const auto left = std::chrono::nanoseconds{next_ - clock_.now()};
            const timespec pause{.tv_sec = left.count() / 1'000'000'000, .tv_nsec = left.count() % 1'000'000'000};
            nanosleep(&pause, nullptr);
        }
        const std::int64_t begun = now_ns();
        const std::int64_t used = thread_ns();
        next_ = shard_.run_due();
        while (shard_.fan_out_slice()) {
        }
        figures_.tick_ms.push_back(static_cast<double>(now_ns() - begun) / 1e6);
        figures_.used_ms.push_back(static_cast<double>(thread_ns() - used) / 1e6);
    }

    SteadyClock clock_;
    SystemRandom random_;
    SessionSettings settings_ = bench_settings();
    Shard shard_{settings_, TickLength{}, EngineRun{1, {}}, clock_, random_};
    std::shared_ptr<const PluginSet> plugins_ = preset("living_room.lua");
    ServerTime next_ = shard_.run_due();
    std::vector<Viewer> seekers_;
    std::vector<Viewer> talkers_;
    std::vector<Viewer> wide_;
    int ticks_acted_ = 0;
    Figures figures_;
};

// What viewers asked for has been done, or it is said what became of it.
void check_applied(Shard& shard, std::uint64_t applied, double asked) {
    if (static_cast<double>(applied) >= 0.99 * asked) return;
    const Metrics& metrics = shard.metrics();
    std::fprintf(stderr,
                 "asked %.0f, applied %llu, since the start refused %llu, put off %llu, skipped %llu, sessions %llu\n",
                 asked, static_cast<unsigned long long>(applied),
                 static_cast<unsigned long long>(metrics.commands_refused_total),
                 static_cast<unsigned long long>(metrics.plugin_room_ticks_put_off_total),
                 static_cast<unsigned long long>(metrics.ticks_skipped_total),
                 static_cast<unsigned long long>(metrics.sessions));
    need(false, "commands were not applied");
}

void add_live(Results& results, const std::string& name, LiveRooms::Figures figures, int seconds) {
    results.add(name + "_tick_ms_p99", quantile(figures.tick_ms, 0.99));
    results.add(name + "_tick_ms_max", quantile(figures.tick_ms, 1));
    results.add(name + "_ticks_skipped", static_cast<double>(figures.skipped));
    results.add(name + "_tick_ms", std::move(figures.tick_ms));
    results.add(name + "_tick_cpu_ms_p99", quantile(std::move(figures.used_ms), 0.99));
    results.add(name + "_commands_per_s", static_cast<double>(figures.applied) / seconds);
}

} // namespace

void live_rooms(Results& results, const Size& size) {
    keep_to_one_core();
    LiveRooms rooms{size.rooms};
    // Rooms have fallen asleep while others joined: it counts when all are awake and have done it once.
    rooms.act(10 * LiveRooms::round_ticks / ticks_per_s);
    std::fprintf(stderr, "live: all rooms are awake\n"); // for whoever profiles this process
    const double commands_per_s = 2.0 * size.rooms * ticks_per_s / LiveRooms::round_ticks;
    const LiveRooms::Figures alone = rooms.act(size.live_s);
    check_started(rooms.shard(), rooms.plugins(), size.rooms);
    check_applied(rooms.shard(), alone.applied, commands_per_s * size.live_s);
    add_live(results, "rooms10k", alone, size.live_s);
    results.add("rooms10k_kib_per_room", resident_kib() / size.rooms);
    if (size.wide_viewers > 0) {
        rooms.open_wide(size.wide_viewers);
        rooms.act(10);
        const LiveRooms::Figures beside = rooms.act(size.beside_wide_s);
        check_started(rooms.shard(), rooms.plugins(), size.rooms + 1);
        check_applied(rooms.shard(), beside.applied, (commands_per_s + ticks_per_s) * size.beside_wide_s);
        add_live(results, "rooms10k_beside_wide", beside, size.beside_wide_s);
    }
    results.add("rooms10k_put_off", static_cast<double>(rooms.shard().metrics().plugin_room_ticks_put_off_total));
}

} // namespace playhead::bench
