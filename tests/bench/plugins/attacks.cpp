#include "parts.hpp"
#include "replication/encode.hpp"
#include "stage.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <string>

namespace playhead::bench {
namespace {

constexpr int hostile_rooms = 100;
constexpr int hostile_ticks = 60; // three seconds: by then all are cut off, suspended or put off

struct Attack {
    std::string name;
    std::string source;
};

// Each begins with "--- name: how it ends".
std::vector<Attack> read_attacks() {
    std::vector<Attack> attacks;
    std::set<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator{"tests/plugin/attacks"}) files.insert(entry.path());
    for (const auto& file : files) {
        std::ifstream in{file};
        bool heading = true;
        for (std::string line; std::getline(in, line);) {
            if (line.starts_with("--- ")) {
                heading = false;
                attacks.push_back({file.stem().string() + ": " + line.substr(4, line.rfind(": ") - 4), ""});
            } else if (!heading) {
                attacks.back().source += line + '\n';
            }
        }
    }
    return attacks;
}

// Notes when it was last sent something.
struct Line {
    ConnectionEvents* events = nullptr;
    std::size_t sends = 0;
    std::int64_t last_send_ns = 0;
};

class TimedConnection final : public Connection {
  public:
    explicit TimedConnection(Line& line) : line_(line) {}
    void start(ConnectionEvents& events) override { line_.events = &events; }
    bool send(std::span<const Frame>) override {
        ++line_.sends;
        line_.last_send_ns = thread_ns();
        return true;
    }
    std::size_t bytes_waiting() const override { return 0; }
    void close(ErrorCode, std::string_view) override {}
    const std::string& peer() const override { return name_; }

  private:
    Line& line_;
    std::string name_ = "timed";
};

// One room with an honest plugin whose viewer asks for something each tick, and hostile ones beside it.
class Arena {
  public:
    Arena() {
        const auto plugins =
            plugins_of({request_of({"honest", "shared = { n = { kind = 'counter' } }",
                                    "P:decide('playback', function(room, ask) P.shared.n:add(1) end)"})});
        const CreatedRoom room = make_room(stage_.shard, "honest", plugins);
        stage_.shard.attach(room.id, std::make_unique<TimedConnection>(line_));
        line_.events->on_message(encode(ClientMessage{hello_of(room, "Ann")}));
        run(40);
        unanswered_ = 0;
    }

    // Code of its own in each room, so that none is known by the others. False if it does not load.
    bool invite(int number, const std::string& source) {
        const std::string name = "hostile" + std::to_string(number);
        auto set = load_plugins({request_of({name, "", "P:every(0.05, function(...)\n" + source + "\nend)"})});
        if (!set) return false;
        stage_.viewers.push_back(join(stage_.shard, make_room(stage_.shard, name, *set), "Eve"));
        return true;
    }

    // How much processor time a tick had taken, at worst, before the honest room's answer went out.
    double run(int ticks) {
        std::int64_t worst = 0;
        for (int i = 0; i < ticks; ++i) {
            ClientCommand command;
            command.sequence = ++sequence_;
            command.media = MediaInstance{1};
            command.issued_at = stage_.clock.now();
            command.action = Seek{MediaTime{std::int64_t{sequence_} * 1000}};
            line_.events->on_message(encode(ClientMessage{command}));
            const std::size_t sends = line_.sends;
            const std::int64_t begun = thread_ns();
            stage_.tick_ns();
            if (line_.sends == sends) ++unanswered_;
            if (line_.sends > sends) worst = std::max(worst, line_.last_send_ns - begun);
            if (i % 10 == 0) stage_.read_all();
        }
        return static_cast<double>(worst) / 1e6;
    }
    std::size_t unanswered() const { return unanswered_; }

  private:
    Line line_; // outlives the shard's connection
    Stage stage_;
    std::uint32_t sequence_ = 0;
    std::size_t unanswered_ = 0;
};

// What the others took from the honest room; nothing if the script cannot be a hook.
std::optional<double> delay_ms(const std::vector<std::string>& sources, std::size_t& unanswered) {
    Arena arena;
    const double calm = arena.run(20);
    for (int i = 0; i < hostile_rooms; ++i)
        if (!arena.invite(i, sources[static_cast<std::size_t>(i) % sources.size()])) return std::nullopt;
    const double worst = arena.run(hostile_ticks);
    unanswered += arena.unanswered();
    return worst - calm;
}

} // namespace

void attacks(Results& results, const Size& size) {
    constexpr double remarkable_ms = 3.5;
    const std::vector<Attack> all = read_attacks();
    std::vector<double> delays;
    std::vector<std::string> sources;
    std::string worst_name;
    std::size_t unanswered = 0;
    for (std::size_t i = 0; i < all.size(); i += size.all_attacks ? 1 : 10) {
        // The least of three: whatever else runs on the machine only adds.
        std::optional<double> delay;
        for (int repeat = 0; repeat < 3 && (repeat == 0 || (delay && *delay > remarkable_ms)); ++repeat) {
            const auto again = delay_ms({all[i].source}, unanswered);
            if (again) delay = std::min(delay.value_or(*again), *again);
        }
        if (!delay) {
            std::fprintf(stderr, "left out, not a hook's body: %s\n", all[i].name.c_str());
            continue;
        }
        if (delays.empty() || *delay > quantile(delays, 1)) worst_name = all[i].name;
        delays.push_back(*delay);
        sources.push_back(all[i].source);
    }
    std::printf("the worst: %s\n", worst_name.c_str());
    results.add("attack_delay_ms_max", quantile(delays, 1));
    results.add("attack_delay_ms_p50", quantile(delays, 0.5));
    results.add("attacks_run", static_cast<double>(delays.size()));
    double mixed = 1e9;
    for (int repeat = 0; repeat < 3; ++repeat) {
        for (std::size_t first = 0; first < sources.size(); first += hostile_rooms) {
            std::vector<std::string> some;
            for (std::size_t i = 0; i < hostile_rooms; ++i) some.push_back(sources[(first + i) % sources.size()]);
            const double delay = delay_ms(some, unanswered).value_or(0);
            mixed = first == 0 && repeat == 0 ? delay : std::max(mixed, delay);
        }
    }
    results.add("attack_delay_ms_all_at_once", mixed);
    results.add("attack_answers_late", static_cast<double>(unanswered));
}

} // namespace playhead::bench
