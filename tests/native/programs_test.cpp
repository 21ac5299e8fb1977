#include "cli/options.hpp"
#include "cli/table.hpp"
#include "common/json.hpp"
#include "common/news.hpp"
#include "common/words.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <vector>

namespace playhead::programs::test {
namespace {

using client::ErrorCode;
using client::EventKind;
using client::RoomStatus;
using client::RoomView;
using client::Verdict;
using client::ViewerView;
using Kind = NewsLine::Kind;

TEST_CASE("JSON comes back as it went") {
    const std::string text = R"({"a":[1,-2,2.5E0,"x \" y",true,null],"b":{"c":[]}})";
    const auto value = parse_json(text);
    REQUIRE(value.has_value());
    CHECK(to_json(*value) == text);
    CHECK(to_json(Value{std::numeric_limits<double>::infinity()}) == "null");
    CHECK(parse_json("18446744073709551615")->get_if<double>() != nullptr);
    for (const std::string_view bad : {"", "{", "[1,]", "nul", "1 2", "{\"a\":}"})
        CHECK_FALSE(parse_json(bad).has_value());
    CHECK_FALSE(parse_json(std::string(100, '[') + std::string(100, ']')).has_value());
}

TEST_CASE("positions are written as people write them") {
    struct Case {
        std::string_view text;
        std::optional<double> ms;
    };
    const std::vector<Case> cases{
        {"90", 90'000},
        {"0", 0},
        {"12.5", 12'500},
        {"1:02", 62'000},
        {"1:02:03.5", 3'723'500},
        {"+10", 70'000},
        {"-1:00", 0},
        {"-90", 0},
        {"+0.5", 60'500},
        {"", {}},
        {"1:60", {}},
        {"1:2:3:4", {}},
        {"a", {}},
        {"1:", {}},
        {":1", {}},
        {"1.5:00", {}},
        {"--1", {}},
        {"+-1", {}},
        {"nan", {}},
        {"1e5", {}},
        {"99999999999999999999", {}},
    };
    for (const Case& one : cases) {
        CAPTURE(one.text);
        CHECK(position_of(one.text, 60'000) == one.ms);
    }
}

TEST_CASE("times and rates are read as people read them") {
    CHECK(time_words(0) == "0:00");
    CHECK(time_words(65'900) == "1:05");
    CHECK(time_words(3'723'000) == "1:02:03");
    CHECK(time_words(-5) == "0:00");
    CHECK(time_words(std::numeric_limits<double>::quiet_NaN()) == "0:00");
    CHECK(rate_words(1.25) == "1.25x");
    CHECK(rate_words(1) == "1x");
}

TEST_CASE("a refusal says why, and when to try again") {
    CHECK(refusal_words({}).empty());
    CHECK(refusal_words({.verdict = Verdict::superseded}) == "Somebody was quicker.");
    CHECK(refusal_words({.verdict = Verdict::refused, .code = ErrorCode::denied, .message = "only the host"}) ==
          "Only the host.");
    CHECK(
        refusal_words(
            {.verdict = Verdict::refused, .code = ErrorCode::rate_limited, .message = "too fast", .retry_ms = 1'200}) ==
        "Too fast. Again in 0:02.");
    CHECK(refusal_words({.verdict = Verdict::refused,
                         .code = ErrorCode::denied,
                         .data = object({{"retry_ms", Value{std::int64_t{400}}}})}) ==
          "The room said \"denied\". Again in 0:01.");
    CHECK_FALSE(refusal_words({.verdict = Verdict::refused, .message = "\x1b[2Jgone"}).contains('\x1b'));
}

ViewerView viewer(std::uint32_t id, std::string name) {
    ViewerView one;
    one.id = id;
    one.name = std::move(name);
    one.connected = true;
    return one;
}

RoomView live() {
    RoomView view;
    view.status = RoomStatus::live;
    view.room = "demo";
    view.title = "Film night";
    view.me = 1;
    view.viewers = {viewer(1, "Me")};
    view.viewer_count = 1;
    return view;
}

client::SharedField value_field(Value value) { return {.kind = "value", .value = std::move(value), .items = {}}; }
Value text(std::string from) { return Value{std::move(from)}; }
Value number(std::int64_t from) { return Value{from}; }

client::SharedItem line(std::int64_t index, std::int64_t from, std::string name, std::string said) {
    return {.key = index,
            .value =
                object({{"from", number(from)}, {"name", text(std::move(name))}, {"text", text(std::move(said))}})};
}

TEST_CASE("who comes and goes is told, but not who was there before, nor in rooms that tell it themselves") {
    News news;
    RoomView view = live();
    view.viewers.push_back(viewer(2, "Ann"));
    CHECK(news.changed(view) == std::vector<NewsLine>{{Kind::room, "In the room Film night"}});
    view.viewers.push_back(viewer(3, "Ben\x1b[31m"));
    auto lines = news.changed(view);
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].kind == Kind::people);
    CHECK(lines[0].text.starts_with("Ben"));
    CHECK_FALSE(lines[0].text.contains('\x1b'));
    view.viewers.erase(view.viewers.begin() + 1);
    CHECK(news.changed(view) == std::vector<NewsLine>{{Kind::people, "Ann left"}});
    view.plugins["presence"] = {};
    view.viewers.push_back(viewer(4, "Cat"));
    CHECK(news.changed(view).empty());
}

TEST_CASE("chat lines of others are told from the moment one is there, the last few of many") {
    News news;
    RoomView view = live();
    auto& log = view.plugins["chat"].state["log"];
    log.kind = "ring";
    log.items = {line(1, 2, "Ann", "old")};
    CHECK(news.changed(view).size() == 1); // in the room
    log.items.push_back(line(2, 2, "Ann", "hello"));
    log.items.push_back(line(3, 1, "Me", "mine"));
    CHECK(news.changed(view) == std::vector<NewsLine>{{Kind::chat, "Ann: hello"}});
    CHECK(news.changed(view).empty());
    for (std::int64_t index = 4; index < 40; ++index) log.items.push_back(line(index, 2, "Ann", std::to_string(index)));
    const auto many = news.changed(view);
    CHECK(many.size() == News::chat_lines_max);
    CHECK(many.back().text == "Ann: 39");
}

TEST_CASE("the first line of an empty chat is told") {
    News news;
    RoomView view = live();
    auto& log = view.plugins["chat"].state["log"];
    log.kind = "ring";
    news.changed(view);
    log.items.push_back(line(0, 2, "Ann", "first"));
    CHECK(news.changed(view) == std::vector<NewsLine>{{Kind::chat, "Ann: first"}});
}

TEST_CASE("a loss is told once with its reason, and the way back") {
    News news;
    RoomView view = live();
    news.changed(view);
    view.status = RoomStatus::reconnecting;
    view.problem = client::Problem{.code = ErrorCode::unreachable, .message = "connection refused", .retry_at_ms = 5};
    auto lines = news.changed(view);
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].kind == Kind::trouble);
    CHECK(lines[0].text == "The server does not answer. Connection refused.");
    CHECK(news.changed(view).empty());
    view.status = RoomStatus::live;
    view.problem.reset();
    CHECK(news.changed(view) == std::vector<NewsLine>{{Kind::room, "Back in the room Film night"}});
}

TEST_CASE("what others do is told, what one does oneself is not") {
    const News news;
    RoomView view = live();
    view.viewers.push_back(viewer(2, "Ann"));
    view.motion.rate = 1.5;
    CHECK(news.event({EventKind::paused, 2, 65'000}, view)->text == "Ann paused at 1:05");
    CHECK(news.event({EventKind::rate_changed, 2, 0}, view)->text == "Ann set the speed to 1.5x");
    CHECK(news.event({EventKind::played, 0, 0}, view)->text == "The room pressed play");
    CHECK(news.event({EventKind::sought, 9, 0}, view)->text == "Someone went to 0:00");
    CHECK_FALSE(news.event({EventKind::paused, 1, 0}, view).has_value());
}

TEST_CASE("plugins' news are told in words, and what makes no sense is harmless") {
    const News news;
    const RoomView view = live();
    const auto person = [](std::int64_t id, std::string name) {
        return object({{"viewer", number(id)}, {"name", text(std::move(name))}});
    };
    const Value joined = Value{Value::List{person(1, "Me"), person(2, "Ann"), person(3, "Ben")}};
    const auto told = [&](std::string plugin, std::string name, Value data) {
        const auto one = news.plugin_event(
            {.plugin = std::move(plugin), .name = std::move(name), .tick = 1, .data = std::move(data)}, view);
        return one ? one->text : std::string{};
    };
    CHECK(told("presence", "came_and_went", object({{"joined", joined}, {"joined_more", number(4)}})) ==
          "Ann, Ben and 4 more joined");
    CHECK(told("presence", "came_and_went", object({{"left", joined}})) == "Ann and Ben left");
    CHECK(told("presence", "came_and_went", object({{"joined", Value{Value::List{person(1, "Me")}}}})).empty());
    CHECK(told("presence", "came_and_went", text("nonsense")).empty());
    CHECK(told("ready", "check_ended",
               object({{"result", text("timeout")}, {"ready", number(1)}, {"asked", number(3)}})) ==
          "Only 1 of 3 were ready in time");
    CHECK(told("ready", "went_on_without",
               object({{"names", Value{Value::List{text("Ann")}}}, {"why", text("timeout")}})) ==
          "Ann took too long: going on");
    CHECK(told("queue", "failed", object({{"title", text("Film")}, {"why", text("gone")}})) ==
          "Could not load \"Film\": gone");
    CHECK(told("reactions", "burst", object({})).empty());
}

TEST_CASE("who is waited for stays on the screen in words") {
    RoomView view = live();
    CHECK(waiting_words(view).empty());
    auto& ready = view.plugins["ready"];
    ready.state["waiting"] = value_field({});
    CHECK(waiting_words(view).empty());
    const Value whom = object({{"viewer", number(2)}, {"name", text("Ann")}, {"reason", text("stalled")}});
    ready.state["waiting"] =
        value_field(object({{"whom", Value{Value::List{whom}}}, {"more", number(0)}, {"resume", Value{true}}}));
    CHECK(waiting_words(view) == "Waiting for Ann (buffering)");
    ready.state["waiting"] =
        value_field(object({{"whom", Value{Value::List{whom}}}, {"more", number(2)}, {"resume", Value{false}}}));
    CHECK(waiting_words(view) == "Waiting for Ann (buffering) and 2 more. It stays paused afterwards");
    ready.state["waiting"] = value_field({});
    ready.state["check"] = value_field(object({{"by_name", text("Ben")}}));
    CHECK(waiting_words(view) == "Ben asks: are you ready?");
}

TEST_CASE("the table of a room shows who is how far off") {
    RoomView view = live();
    view.media = {
        .instance = 3, .kind = client::MediaKind::file, .url = "/a.mp4", .title = "Film", .duration_ms = 600'000};
    view.motion.playing = true;
    ViewerView ann = viewer(2, "Ann");
    ann.drift_ms = -12.34;
    ann.delay_ms = 40;
    ann.buffer_ms = 65'535;
    ann.stalled = true;
    view.viewers.push_back(ann);
    view.viewer_count = 5;
    const std::string table = cli::room_table(view, 83'000);
    CHECK(table.contains("Film night, live"));
    CHECK(table.contains("playing 1:23 of 10:00: Film"));
    CHECK(table.contains("-12.3 ms"));
    CHECK(table.contains("40 ms"));
    CHECK(table.contains("buffering"));
    CHECK(table.contains("and 3 more"));
    view.viewers[1].name = "\x1b[2J";
    CHECK_FALSE(cli::room_table(view, 0).contains('\x1b'));
}

TEST_CASE("the table of a queue shows the numbers that commands take") {
    RoomView view = live();
    CHECK(cli::queue_table(view).contains("no queue"));
    auto& items = view.plugins["queue"].state["items"];
    items.kind = "list";
    CHECK(cli::queue_table(view).contains("nothing waits"));
    items.items = {{.key = std::int64_t{17}, .value = object({{"title", text("Film")}, {"by_name", text("Ann")}})}};
    CHECK(cli::queue_table(view).contains("17  Film  (Ann)"));
}

std::expected<cli::Options, std::string> parsed(std::vector<std::string_view> words) {
    return cli::parse_options(words);
}
constexpr std::string_view link = "https://host/r/demo#j.demo.key";

TEST_CASE("playhead-cli takes a link and a command, or a server") {
    using Verb = cli::Options::Verb;
    CHECK(parsed({link, "state", "--json"})->verb == Verb::state);
    CHECK(parsed({link, "state", "--json"})->json);
    CHECK(parsed({link, "seek", "-1:00"})->text == "-1:00");
    CHECK(parsed({link, "rate", "1.5"})->number == 1.5);
    CHECK(parsed({link, "chat", "--", "--not an option"})->text == "--not an option");
    CHECK(parsed({link, "queue", "add", "https://a/b.mp4", "--title", "B"})->verb == Verb::queue_add);
    CHECK(parsed({link, "queue", "remove", "12"})->item == 12);
    CHECK(parsed({"watch", "--for", "2.5", link}).has_value() == false);
    CHECK(parsed({link, "watch", "--for", "2.5"})->for_s == 2.5);
    CHECK(parsed({"--server", "http://host:1", "rooms"})->verb == Verb::rooms);
    const auto created = parsed({"--server", "http://host:1", "create", "/media/a.mp4", "--title", "A", "--listed"});
    REQUIRE(created.has_value());
    CHECK(created->verb == Verb::create);
    CHECK(created->text == "/media/a.mp4");
    CHECK(created->listed);
}

TEST_CASE("a wrong command line of playhead-cli is refused with what is wrong") {
    struct Case {
        std::vector<std::string_view> words;
        std::string_view why;
    };
    const std::vector<Case> cases{
        {{}, "which LINK"},
        {{"nonsense", "state"}, "link"},
        {{link}, "which COMMAND"},
        {{link, "dance"}, "no command 'dance'"},
        {{link, "seek"}, "which POSITION"},
        {{link, "play", "now"}, "'now' is one too many"},
        {{link, "rate", "3"}, "0.25 to 2"},
        {{link, "rate", "nan"}, "0.25 to 2"},
        {{link, "queue"}, "list, add, remove"},
        {{link, "queue", "burn"}, "not 'burn'"},
        {{link, "queue", "remove", "first"}, "an item is a number"},
        {{link, "rooms"}, "--server"},
        {{"--server", "http://host:1", "play"}, "LINK"},
        {{"--server", "host", "rooms"}, "host"},
        {{link, "watch", "--for", "-1"}, "seconds"},
        {{link, "watch", "--for"}, "needs a value"},
        {{link, "state", "--loud"}, "no option '--loud'"},
    };
    for (const Case& one : cases) {
        const auto options = parsed(one.words);
        CAPTURE(one.why);
        REQUIRE_FALSE(options.has_value());
        CAPTURE(options.error());
        CHECK(options.error().contains(one.why));
    }
}

} // namespace
} // namespace playhead::programs::test
