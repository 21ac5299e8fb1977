#include "plugin/host_stage.hpp"
#include "recording/mask.hpp"
#include "recording/memory_store.hpp"
#include "recording/recorder.hpp"
#include "recording/replay.hpp"
#include "replication/decode.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <iterator>
#include <optional>
#include <random>
#include <span>
#include <string>

using namespace playhead;
using namespace playhead::test;
using namespace playhead::recording;

namespace {

// Keeps what is said, for everyone and for itself, by chance and by time.
const PluginText diary{
    .name = "diary",
    .manifest =
        R"(shared = { log = { kind = "ring", size = 20, of = { type = "record", fields = { who = "text", text = "text" } } },
                              rolled = { kind = "value", of = "int" } },
                   saved = { seen = { kind = "map", key = "viewer", of = "int", size = 100 } },
                   commands = { say = { args = { text = "text:1..200" } }, roll = {}, spin = {} },
                   events = { said = { of = "text" } })",
    .code = R"(P:command("say", function(room, call)
                   P.shared.log:push({ who = room:viewer(call.viewer).name, text = call.args.text })
                   P.saved.seen[call.viewer] = (P.saved.seen[call.viewer] or 0) + 1
                   P:emit("said", call.args.text)
               end)
               P:command("roll", function(room)
                   P.shared.rolled = room:random(1, 1000000)
                   P:after(2, "again", { sides = 6 })
               end)
               P:on_timer("again", function(room, data) P.shared.rolled = room:random(1, data.sides) end)
               P:command("spin", function(room)
                   local sum = 0
                   for i = 1, 3000 do sum = sum + i % 7 end
                   P.shared.rolled = sum
               end)
               P:every(1, function(room) P.saved.seen[1] = room:random(1, 100) end))"};

// Says now and then that the time is up, as a busy machine would.
class MoodyTime final : public TimeAllowance {
  public:
    void begin() override {}
    Microseconds end(std::int64_t) override { return Microseconds{draw() % 900}; }
    bool spent() override { return draw() % 23 == 0; }

  private:
    std::uint32_t draw() { return static_cast<std::uint32_t>(random_()); }
    std::minstd_rand random_{5};
};

// Says once that the time is up: the so-many-th time that it is asked from some moment on.
class TimeThatIsUpOnce final : public TimeAllowance {
  public:
    void begin() override {}
    Microseconds end(std::int64_t) override { return Microseconds{700}; }
    bool spent() override { return due && (*due)-- == 0; }
    std::optional<int> due;
};

// Takes a while to load, and builds tables meanwhile.
const PluginText slow_to_load{
    .name = "slow", .manifest = R"(shared = { n = { kind = "counter" } })", .code = R"(local words = {}
                                  for i = 1, 300 do
                                      words["word " .. i] = { i }
                                      words["word " .. (i - 7)] = nil
                                  end
                                  P:on("started", function(room) P.shared.n:add(1) end)
                                  P:decide("playback", function(room, ask) P.shared.n:add(1) end))"};

Value text_args(const std::string& text) { return map_of({{"text", Value{text}}}); }

// What happens in the room, by chance.
void live(HostStage& stage, const std::function<void(const std::vector<Outcome>&)>& after_tick, unsigned ticks,
          unsigned seed = 3) {
    std::minstd_rand random{seed};
    const auto draw = [&](unsigned most) { return static_cast<unsigned>(random()) % most; };
    std::vector<ViewerId> viewers;
    for (unsigned i = 0; i < ticks; ++i) {
        std::optional<Outcome> outcome;
        const ViewerId who = viewers.empty() ? ViewerId{0} : viewers[draw(static_cast<unsigned>(viewers.size()))];
        switch (viewers.empty() ? 0U : draw(12)) {
        case 0:
            if (viewers.size() < 8) viewers.push_back(stage.join("Ännchen " + std::to_string(i)));
            break;
        case 1: outcome = stage.command(who, "diary", "say", text_args("Hello " + std::to_string(i) + "!")); break;
        case 2: outcome = stage.command(who, "diary", "roll"); break;
        case 3: outcome = stage.command(who, "diary", "spin"); break;
        case 4: outcome = stage.act(who, Play{}); break;
        case 5: outcome = stage.act(who, Pause{}); break;
        case 6: outcome = stage.act(who, Seek{MediaTime{draw(600) * 1'000'000}}); break;
        case 7: stage.step(WallTime{std::int64_t{1'700'000'000'000'000} + i}); break;
        case 8: outcome = stage.command(who, "diary", "nothing"); break;
        case 9:
            if (viewers.size() > 2) {
                stage.step(Leave{who, LeaveReason::left});
                std::erase(viewers, who);
            }
            break;
        default: stage.step();
        }
        after_tick(outcome && !outcome->undecided ? std::vector{*outcome} : std::vector<Outcome>{});
    }
}

struct Recorded {
    explicit Recorded(PluginContext context = {}, bool without_names = false,
                      const std::vector<PluginText>& plugins = {diary})
        : stage(plugins, 7, std::move(context)),
          left_out(without_names) {
        stage.act(ViewerId{0}, Load{.kind = MediaKind::file, .url = "/media/film.mp4", .title = "Film"});
    }

    // False: its plugins could not be started anew.
    bool begin() {
        baseline.observe(stage.room.state(), stage.tick);
        Recorder::About about{.engine = "test", .room = *RoomId::parse("cinema")};
        if (left_out)
            about.mask = pseudonyms([](std::string_view text) { return std::hash<std::string_view>{}(text); });
        recorder.emplace(std::move(about), stage.room, store.open(*RoomId::parse("cinema"), 1), stage.tick, 0);
        return !stage.room.started() || stage.room.restart(stage.tick).has_value();
    }
    void end_turn(const std::vector<Outcome>& outcomes) {
        const Version before = recorder->version_before();
        baseline.observe(stage.room.state(), stage.tick);
        Recorder::Result result;
        if (before != stage.room.state().version)
            result.update = baseline.update_from(stage.room.state(), Epoch{1}, before, std::nullopt, Audience::owner);
        if (!stage.room.behind())
            result.refused = static_cast<std::uint32_t>(
                std::ranges::count(outcomes, Verdict::refused, [](const Outcome& o) { return o.verdict; }));
        recorder->end_turn(std::move(result));
    }
    void live_on(unsigned ticks, unsigned seed = 3) {
        live(stage, [&](const auto& outcomes) { end_turn(outcomes); }, ticks, seed);
    }
    std::vector<Record> records() {
        recorder.reset();
        return records_of(store.files.back()->bytes);
    }

    HostStage stage;
    MemoryStore store;
    bool left_out;
    Baseline baseline;
    std::optional<Recorder> recorder;
};

struct Replayed {
    std::unique_ptr<Replay> replay;
    std::size_t turns = 0, cut_offs = 0, digests = 0;
    std::vector<Difference> differences;
};

Replayed replay(const std::vector<Record>& records) {
    Replayed done;
    for (const Record& record : records) {
        if (const auto* opening = std::get_if<Opening>(&record)) {
            auto made = Replay::of(*opening);
            REQUIRE(made.has_value());
            done.replay = *std::move(made);
        }
        const auto* turn = std::get_if<Turn>(&record);
        if (turn == nullptr) continue;
        const Replay::Result result = done.replay->run(*turn);
        ++done.turns;
        done.cut_offs += turn->cut_offs.size();
        if (turn->digest) ++done.digests;
        done.differences = result.differences;
        if (!done.differences.empty()) break;
    }
    return done;
}

std::string first_of(const Replayed& done) {
    if (done.differences.empty()) return {};
    const Difference& difference = done.differences.front();
    return difference.what + ": " + difference.recorded + " / " + difference.replayed;
}

bool contains(const MemoryStore::File& file, std::string_view text) {
    const std::string_view bytes{reinterpret_cast<const char*>(file.bytes.data()), file.bytes.size()};
    return bytes.contains(text);
}

} // namespace

TEST_SUITE("replay") {
    TEST_CASE("a room that was recorded from its beginning is the same again, to the last of what its plugins keep") {
        Recorded room;
        REQUIRE(room.begin());
        room.live_on(1500);
        const Replayed again = replay(room.records());
        CHECK(first_of(again) == "");
        CHECK(again.turns > 1400);
        CHECK(again.digests > 10);
        CHECK(again.replay->room().state().viewers == room.stage.room.state().viewers);
        CHECK(again.replay->room().plugin_state() == room.stage.room.plugin_state());
    }

    TEST_CASE("so is one whose recording began when much had happened already") {
        Recorded room;
        live(room.stage, [](const auto&) {}, 900);
        REQUIRE(room.stage.room.settled());
        REQUIRE(room.begin());
        room.live_on(700, 11);
        const Replayed again = replay(room.records());
        CHECK(first_of(again) == "");
        CHECK(again.digests > 5);
        CHECK(digest_of(again.replay->room(), false) == digest_of(room.stage.room, false));
    }

    TEST_CASE("what time cuts off while plugins start anew is cut off there again") {
        for (int asked = 0; asked < 40; ++asked) {
            CAPTURE(asked);
            TimeThatIsUpOnce time;
            Recorded room{
                PluginContext{.figures = nullptr, .time = &time, .room = "cinema"}, false, {slow_to_load, diary}};
            live(room.stage, [](const auto&) {}, 40);
            REQUIRE(room.stage.room.settled());
            time.due = asked;
            if (!room.begin()) continue; // long work that was cut off has failed
            room.live_on(60, 11);
            CHECK(first_of(replay(room.records())) == "");
        }
    }

    TEST_CASE("what time cut off is cut off at the same instruction") {
        MoodyTime time;
        Recorded room{PluginContext{.figures = nullptr, .time = &time, .room = "cinema"}};
        REQUIRE(room.begin());
        room.live_on(1500);
        const Replayed again = replay(room.records());
        CHECK(again.cut_offs > 20);
        CHECK(first_of(again) == "");
    }

    TEST_CASE("a reload, and what it brings, is part of it") {
        Recorded room;
        REQUIRE(room.begin());
        room.live_on(300);
        PluginText next = diary;
        next.version = "1.1.0";
        next.code += "\nP:on(\"join\", function(room) P.shared.rolled = 7 end)";
        REQUIRE(room.stage.room.reload(set_of({next}), room.stage.tick + 1).has_value());
        room.live_on(300, 5);
        const Replayed again = replay(room.records());
        CHECK(first_of(again) == "");
        CHECK(again.replay->room().plugins().plugins().front().manifest.version.text() == "1.1.0");
    }

    TEST_CASE("a room that slept is the same again") {
        Recorded room;
        REQUIRE(room.begin());
        room.live_on(100);
        // Nobody is here and nothing is planned: the periodic hook is what keeps it awake, so it is taken away.
        PluginText quiet = diary;
        quiet.version = "1.2.0";
        quiet.code = quiet.code.substr(0, quiet.code.find("P:every"));
        REQUIRE(room.stage.room.reload(set_of({quiet}), room.stage.tick + 1).has_value());
        for (int i = 0; i < 2400; ++i) {
            room.stage.step();
            room.end_turn({});
        }
        REQUIRE(room.stage.room.asleep());
        room.live_on(200, 9);
        CHECK(first_of(replay(room.records())) == "");
    }

    // tests/recording/renew.mjs made it.
    TEST_CASE("what the shipped engine recorded is the same on this build, with the plugins that ship") {
        std::ifstream file{"tests/recording/living_room.playrec", std::ios::binary};
        const std::string text{std::istreambuf_iterator<char>{file}, {}};
        const Replayed again = replay(records_of(std::as_bytes(std::span{text})));
        CHECK(first_of(again) == "");
        CHECK(again.turns > 40);
        CHECK(again.digests > 0);
        CHECK(again.replay->room().plugins().size() > 5);
    }

    TEST_CASE("what is not as it was recorded is found in its turn, and both sides are told") {
        Recorded room;
        REQUIRE(room.begin());
        room.live_on(400);
        std::vector<Record> records = room.records();
        std::size_t changed = 0;
        for (std::size_t i = 200; i < records.size() && changed == 0; ++i) {
            auto* turn = std::get_if<Turn>(&records[i]);
            if (turn == nullptr || !turn->update) continue;
            for (Call& call : turn->calls) {
                auto* input = std::get_if<Input>(&call);
                auto* command = input == nullptr ? nullptr : std::get_if<Command>(input);
                auto* wish = command == nullptr ? nullptr : std::get_if<PluginCommand>(&command->action);
                if (wish == nullptr || wish->name != "say") continue;
                wish->args = text_args("Something else");
                changed = i;
            }
        }
        REQUIRE(changed > 0);
        const Replayed again = replay(records);
        REQUIRE(again.differences.size() == 1);
        CHECK(again.turns == changed); // the first record is no turn
        CHECK(again.differences.front().recorded.contains("Hello "));
        CHECK(again.differences.front().replayed.contains("Something else"));
    }

    TEST_CASE("what plugins keep for themselves is compared as well") {
        Recorded room;
        REQUIRE(room.begin());
        room.live_on(400);
        std::vector<Record> records = room.records();
        auto& opening = std::get<Opening>(records.front());
        opening.plugin_state.last_ids.insert_or_assign({"diary", "log"}, 5);
        const Replayed again = replay(records);
        CHECK_FALSE(again.differences.empty());
    }

    TEST_CASE("names and chat are left out, and it can be replayed all the same") {
        Recorded room{{}, true};
        live(room.stage, [](const auto&) {}, 300);
        REQUIRE(room.begin());
        room.live_on(900, 11);
        const std::vector<Record> records = room.records();
        const MemoryStore::File& file = *room.store.files.back();
        CHECK_FALSE(contains(file, "Hello"));
        CHECK_FALSE(contains(file, "nnchen"));
        CHECK(contains(file, "/media/film.mp4"));
        const Replayed again = replay(records);
        CHECK(first_of(again) == "");
        CHECK(again.digests > 5);
    }

    TEST_CASE("nothing was left out otherwise") {
        Recorded room;
        REQUIRE(room.begin());
        room.live_on(200);
        room.records();
        CHECK(contains(*room.store.files.back(), "Hello"));
    }

    TEST_CASE("a recording that was cut off anywhere is whole up to there") {
        Recorded room;
        REQUIRE(room.begin());
        room.live_on(60);
        const std::vector<Record> records = room.records();
        const ByteView bytes{room.store.files.back()->bytes};
        std::size_t most = 0;
        for (std::size_t size = 0; size < bytes.size(); size += 7) {
            Reader reader{bytes.first(size)};
            std::size_t whole = 0;
            for (auto next = reader.next(); next && *next; next = reader.next()) ++whole;
            CHECK(whole >= most);
            CHECK(whole < records.size());
            most = std::max(most, whole);
        }
        CHECK(most > 40);
    }

    TEST_CASE("a recording that cannot be written is lost, and the room lives on") {
        Recorded room;
        room.store.bytes_max = 20'000;
        REQUIRE(room.begin());
        room.live_on(300);
        CHECK(room.recorder->lost());
        CHECK(room.stage.room.state().viewers.size() > 2);
    }
}
