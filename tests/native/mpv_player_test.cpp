#include "core/random.hpp"
#include "mpv/player.hpp"
#include "native/fake_mpv.hpp"

#include <doctest/doctest.h>

#include <string>
#include <variant>
#include <vector>

namespace playhead::mpv::test {
namespace {

using client::PlayerReport;
using client::UserIntent;
using Kind = UserIntent::Kind;

constexpr double film_ms = 600'000;

// A player whose mpv has the film open and stands at its beginning.
struct Stage {
    FakeMpv mpv;
    MpvPlayer player{mpv};

    Stage() {
        player.set_up();
        player.open("http://server/film.mp4", "Film");
        hear();
        mpv.file_loaded(film_ms);
        hear();
        player.report();
        hear();
        player.take_news();
        player.take_change();
        REQUIRE(player.take_wishes().empty());
    }
    void hear() {
        for (const Message& message : mpv.listen(0, 0)) player.received(message);
    }
    // Lets time pass as the program's loop does: what mpv says is heard, and reports are asked for.
    PlayerReport run(double ms, double step_ms = 10) {
        PlayerReport report;
        for (int step = 0; step * step_ms < ms; ++step) {
            mpv.pass(std::min(step_ms, ms - step * step_ms));
            hear();
            report = player.report();
        }
        return report;
    }
    void play() {
        player.play();
        run(500);
        REQUIRE(player.take_wishes().empty());
    }
    std::vector<UserIntent> wishes() { return player.take_wishes(); }
    template <class News>
    std::vector<News> news() {
        std::vector<News> found;
        for (const PlayerNews& one : player.take_news())
            if (const News* news = std::get_if<News>(&one)) found.push_back(*news);
        return found;
    }
};

TEST_CASE("a film is loaded when mpv says so, and stands stopped at its beginning") {
    FakeMpv mpv;
    MpvPlayer player{mpv};
    player.set_up();
    player.open("http://server/film.mp4", "Film");
    for (const Message& message : mpv.listen(0, 0)) player.received(message);
    CHECK_FALSE(player.report().loaded);
    CHECK(mpv.paused());
    mpv.file_loaded(film_ms);
    for (const Message& message : mpv.listen(0, 0)) player.received(message);
    CHECK(player.take_change());
    const PlayerReport report = player.report();
    CHECK(report.loaded);
    CHECK(report.ready);
    CHECK(report.paused);
    CHECK(report.position_ms == 0);
    CHECK(*report.duration_ms == doctest::Approx(film_ms));
    CHECK(report.local_ms == mpv.now_ms());
    CHECK(std::holds_alternative<FileLoaded>(player.take_news().at(0)));
    CHECK(player.capabilities().fine_rate);
    CHECK(player.capabilities().clock_resolution_ms == 0);
}

TEST_CASE("what it is told to do is no wish of the person's") {
    Stage stage;
    stage.player.play();
    CHECK_FALSE(stage.run(1'000).paused);
    stage.player.set_rate(1.02, false);
    CHECK(stage.run(100).rate == doctest::Approx(1.02));
    CHECK(stage.mpv.pitch() == "free");
    stage.player.seek(60'000);
    CHECK(stage.player.report().seeking);
    const PlayerReport landed = stage.run(200);
    CHECK_FALSE(landed.seeking);
    CHECK(landed.position_ms == doctest::Approx(stage.mpv.position_ms()));
    CHECK(landed.position_ms > 60'000);
    stage.player.pause();
    CHECK(stage.run(1'000).paused);
    CHECK(stage.wishes().empty());
    CHECK_FALSE(stage.player.report().user_acting);
}

TEST_CASE("put somewhere while it stands it is where its picture is, whatever its sound says") {
    Stage stage;
    stage.player.seek(60'000);
    CHECK(stage.run(200).position_ms == doctest::Approx(60'000));
    // From there on it is what is heard that counts; and stopped again it stands where the sound has stopped.
    stage.player.play();
    CHECK(stage.run(500).position_ms == doctest::Approx(60'500));
    stage.player.pause();
    CHECK(stage.run(500).position_ms == doctest::Approx(stage.mpv.position_ms()));
    CHECK(stage.wishes().empty());
    // Where the person goes from there is no other than what they see.
    stage.mpv.seek(120'000);
    stage.run(200);
    const auto wishes = stage.wishes();
    REQUIRE(wishes.size() == 1);
    CHECK(wishes[0].position_ms == doctest::Approx(120'000));
}

TEST_CASE("orders in any order and at any pace are never taken for wishes") {
    playhead::test::Random random{20261128};
    Stage stage;
    for (int round = 0; round < 2'000; ++round) {
        CAPTURE(round);
        switch (random.below(6)) {
        case 0: stage.player.play(); break;
        case 1: stage.player.pause(); break;
        case 2: stage.player.seek(static_cast<double>(random.below(500'000))); break;
        case 3: stage.player.set_rate(0.95 + static_cast<double>(random.below(11)) / 100, random.below(2) == 0); break;
        default: stage.run(static_cast<double>(random.below(200)), static_cast<double>(1 + random.below(20)));
        }
        const auto wishes = stage.wishes();
        REQUIRE(wishes.empty());
    }
}

TEST_CASE("the person's pause and play are wishes, once, with the position on their screen") {
    Stage stage;
    stage.play();
    stage.mpv.press_space();
    const PlayerReport paused = stage.run(20);
    auto wishes = stage.wishes();
    REQUIRE(wishes.size() == 1);
    CHECK(wishes[0].kind == Kind::pause);
    CHECK(wishes[0].position_ms == doctest::Approx(stage.mpv.position_ms()));
    CHECK(paused.paused);
    CHECK(paused.user_acting);
    stage.run(1'000);
    CHECK(stage.wishes().empty());
    stage.mpv.press_space();
    stage.run(20);
    wishes = stage.wishes();
    REQUIRE(wishes.size() == 1);
    CHECK(wishes[0].kind == Kind::play);
}

TEST_CASE("a person who acts between two of our orders is seen, however quickly") {
    Stage stage;
    stage.play();
    // We pause, they play on within the same millisecond: mpv would tell no change at all.
    stage.player.pause();
    stage.mpv.press_space();
    stage.player.report();
    const auto wishes = stage.wishes();
    REQUIRE(wishes.size() == 1);
    CHECK(wishes[0].kind == Kind::play);
}

TEST_CASE("the room's answer, or its silence, gives mpv back to the controller") {
    Stage stage;
    stage.play();
    stage.mpv.press_space();
    CHECK(stage.run(20).user_acting);
    stage.player.answered(true);
    CHECK_FALSE(stage.player.report().user_acting);
    stage.mpv.press_space();
    CHECK(stage.run(MpvPlayer::answer_ms - 100).user_acting);
    CHECK_FALSE(stage.run(200).user_acting);
}

TEST_CASE("the person's seek is a wish where it has landed") {
    Stage stage;
    stage.play();
    stage.mpv.seek(120'000);
    CHECK(stage.run(10).seeking);
    CHECK(stage.wishes().empty());
    stage.run(60);
    const auto wishes = stage.wishes();
    REQUIRE(wishes.size() == 1);
    CHECK(wishes[0].kind == Kind::seek);
    CHECK(wishes[0].position_ms >= 120'000);
    CHECK(wishes[0].position_ms < 120'100);
    stage.run(2'000);
    CHECK(stage.wishes().empty());
}

TEST_CASE("a person who seeks while ours is under way gets theirs, and one who seeks to the same place nothing") {
    Stage stage;
    stage.play();
    stage.player.seek(60'000);
    stage.run(10);
    stage.mpv.seek(200'000);
    stage.run(100);
    const auto wishes = stage.wishes();
    REQUIRE(wishes.size() == 1);
    CHECK(wishes[0].position_ms >= 200'000);

    stage.player.seek(60'000);
    stage.run(10);
    stage.mpv.seek(60'100);
    stage.run(500);
    CHECK(stage.wishes().empty());
}

TEST_CASE("a seek of ours that lands elsewhere, in a stream that cannot do better, moves nobody") {
    Stage stage;
    stage.player.seek(2 * film_ms);
    stage.run(500);
    CHECK(stage.wishes().empty());
    CHECK_FALSE(stage.player.report().seeking);
}

TEST_CASE("mpv seeks by itself when a track is changed: nobody's wish") {
    Stage stage;
    stage.play();
    stage.mpv.change_track();
    stage.run(500);
    CHECK(stage.wishes().empty());
}

TEST_CASE("stepping by frames while paused is seeking") {
    Stage stage;
    stage.player.seek(10'000);
    stage.run(1'000);
    stage.mpv.step_frame();
    stage.run(200);
    const auto wishes = stage.wishes();
    REQUIRE(wishes.size() == 1);
    CHECK(wishes[0].kind == Kind::seek);
    CHECK(wishes[0].position_ms == doctest::Approx(10'033.4));
}

TEST_CASE("a slip of mpv's clock while playing is an error to correct, no wish") {
    Stage stage;
    stage.play();
    stage.mpv.slip(-900);
    // Its explanation may be under way: for a moment nothing is measured.
    CHECK(stage.run(10).seeking);
    const PlayerReport later = stage.run(200);
    CHECK_FALSE(later.seeking);
    CHECK(later.position_ms == doctest::Approx(stage.mpv.position_ms()));
    CHECK(stage.wishes().empty());
}

TEST_CASE("speed keys count from the room's rate, whatever correction is under way") {
    struct Case {
        double room;
        double told; // by the controller
        double pressed;
        std::optional<double> wish;
    };
    const std::vector<Case> cases{
        {1, 1, 1.1, 1.1},
        {1, 1.02, 1.02 * 1.1, 1.1},
        {1, 0.9902, 0.9902 / 1.1, 0.91},
        {1.5, 1.53, 1.53 * 1.1, 1.65},
        {1.5, 1.53, 1.0, 1.0}, // the key that resets
        {1, 1.02, 1.0, {}},    // of what the room does anyway
        {1, 1, 8, 2.0},        // a room's bounds
        {1, 1, 0.01, 0.25},
    };
    for (const Case& one : cases) {
        CAPTURE(one.pressed);
        Stage stage;
        stage.player.set_room_rate(one.room);
        stage.player.set_rate(one.told, true);
        stage.run(50);
        stage.mpv.set_speed(one.pressed);
        stage.run(50);
        stage.player.answered(true);
        stage.player.set_rate(one.pressed, true);
        const auto wishes = stage.wishes();
        REQUIRE(wishes.size() == (one.wish ? 1U : 0U));
        if (one.wish) CHECK(wishes[0].rate == doctest::Approx(*one.wish));
        stage.run(50);
        CHECK(stage.wishes().empty());
    }
}

TEST_CASE(
    "a speed that the room refuses, or does not answer to, is taken back; one that it takes is the controller's") {
    for (const bool answers : {true, false}) {
        Stage stage;
        stage.play();
        stage.mpv.set_speed(1.1);
        // What the controller has set is what it is told, until it sets another.
        CHECK(stage.run(50).rate == 1);
        CHECK(stage.mpv.speed() == 1.1);
        REQUIRE(stage.wishes().size() == 1);
        if (answers) stage.player.answered(false);
        stage.run(answers ? 10 : MpvPlayer::answer_ms + 20);
        CHECK(stage.mpv.speed() == 1);
        CHECK(stage.wishes().empty());
    }
    Stage stage;
    stage.play();
    stage.mpv.set_speed(1.1);
    stage.run(50);
    stage.wishes();
    stage.player.answered(true);
    stage.player.set_rate(1.1, true);
    CHECK(stage.run(1'000).rate == 1.1);
    CHECK(stage.mpv.speed() == 1.1);
    CHECK(stage.wishes().empty());
}

TEST_CASE("while paused mpv shows the room's speed, so that the keys count from it") {
    Stage stage;
    stage.mpv.set_speed(1.1);
    stage.run(50);
    CHECK(stage.wishes().size() == 1);
    stage.player.answered(true);
    stage.player.set_room_rate(1.1);
    stage.run(1'000);
    stage.player.set_room_rate(1.1);
    CHECK(stage.mpv.speed() == 1.1);
    stage.mpv.set_speed(1);
    stage.run(50);
    const auto wishes = stage.wishes();
    REQUIRE(wishes.size() == 1);
    CHECK(wishes[0].rate == 1);
    // What others set while it stands, too.
    stage.player.answered(true);
    stage.run(1'000);
    stage.player.set_room_rate(1.5);
    CHECK(stage.mpv.speed() == 1.5);
    CHECK(stage.run(50).rate == 1);
    stage.player.set_rate(1.5005, true);
    stage.player.play();
    CHECK(stage.run(500).rate == 1.5005);
    CHECK(stage.mpv.speed() == 1.5005);
    CHECK(stage.wishes().empty());
}

TEST_CASE("how late a change of rate is heard is read from the jump that it makes") {
    Stage stage;
    stage.mpv.buffer_sound(390);
    stage.play();
    stage.player.set_rate(1.02, false);
    CHECK(*stage.player.capabilities().rate_delay_ms == doctest::Approx(390).epsilon(0.01));
    stage.run(500);
    stage.mpv.buffer_sound(120);
    stage.player.set_rate(1, false);
    CHECK(*stage.player.capabilities().rate_delay_ms == doctest::Approx(120).epsilon(0.02));
    // A small change tells nothing, nor does one while it stands.
    stage.mpv.buffer_sound(900);
    stage.player.set_rate(1.0005, false);
    stage.player.pause();
    stage.player.set_rate(1.02, false);
    CHECK(*stage.player.capabilities().rate_delay_ms == doctest::Approx(120).epsilon(0.02));
    stage.run(500);
    CHECK(stage.wishes().empty());
}

TEST_CASE("a cache that runs dry is a stall, neither a pause nor a seek") {
    Stage stage;
    stage.play();
    stage.mpv.starve(true);
    const PlayerReport starved = stage.run(50);
    CHECK(starved.stalled);
    CHECK_FALSE(starved.ready);
    CHECK_FALSE(starved.paused);
    CHECK_FALSE(starved.seeking);
    stage.run(5'000);
    stage.mpv.starve(false);
    const PlayerReport back = stage.run(100);
    CHECK_FALSE(back.stalled);
    CHECK(back.ready);
    CHECK(stage.wishes().empty());
}

TEST_CASE("the end of the film is its end, and going on from there is no wish") {
    Stage stage;
    stage.play();
    stage.mpv.end_of_file();
    const PlayerReport ended = stage.run(1'000);
    CHECK(ended.ended);
    CHECK_FALSE(ended.stalled);
    stage.player.seek(0);
    stage.run(500);
    CHECK_FALSE(stage.player.report().ended);
    CHECK(stage.wishes().empty());
}

// Seen on mpv 0.35.1: the seek to the last frame comes after the end is told.
TEST_CASE("mpv's own seek to the last frame is no wish, and a person's back from there is one") {
    Stage stage;
    stage.play();
    stage.mpv.end_of_file();
    stage.run(200);
    SUBCASE("while the room still plays") {}
    SUBCASE("when the room stands") { stage.player.pause(); }
    stage.run(100);
    stage.mpv.change_track();
    stage.mpv.end_of_file();
    stage.run(500);
    CHECK(stage.wishes().empty());
    stage.mpv.seek(2'000);
    stage.run(500);
    CHECK(stage.wishes().size() == 1);
}

TEST_CASE("an mpv that hangs is reported as old, asked no second question, and taken up again") {
    Stage stage;
    stage.play();
    const double last_ms = stage.player.report().local_ms;
    stage.mpv.hang(true);
    const int asked = stage.mpv.probes();
    PlayerReport report = stage.run(1'000);
    CHECK(report.local_ms == last_ms);
    CHECK(report.stalled);
    CHECK(stage.mpv.probes() == asked + 1);
    CHECK(*stage.player.waiting_since_ms() < stage.mpv.now_ms());
    stage.mpv.hang(false);
    report = stage.run(100);
    CHECK(report.local_ms == doctest::Approx(stage.mpv.now_ms()));
    CHECK(report.position_ms == doctest::Approx(stage.mpv.position_ms()));
    stage.run(1'000);
    CHECK(stage.wishes().empty());
}

TEST_CASE("a late answer to what was asked before an order is not taken for an act of the person") {
    Stage stage;
    stage.play();
    stage.mpv.hang(true);
    stage.player.report(); // its answer will say: playing, at speed 1
    stage.player.set_rate(1.02, false);
    stage.player.pause();
    stage.player.seek(60'000);
    stage.mpv.hang(false);
    const PlayerReport report = stage.run(500);
    CHECK(report.paused);
    CHECK(report.rate == 1.02);
    CHECK(report.position_ms == doctest::Approx(60'000));
    CHECK(stage.wishes().empty());
}

TEST_CASE("an mpv that answers nonsense is taken for one that does not answer") {
    Stage stage;
    stage.play();
    const double last_ms = stage.player.report().local_ms;
    stage.mpv.talk_nonsense(true);
    const PlayerReport report = stage.run(1'000);
    CHECK(report.local_ms == last_ms);
    CHECK(report.stalled);
    CHECK(stage.wishes().empty());
}

TEST_CASE("without sound whole frames tell where it is, and the capabilities say so") {
    Stage stage;
    stage.mpv.drop_sound();
    stage.run(20);
    CHECK(stage.player.capabilities().clock_resolution_ms == doctest::Approx(40));
    stage.play();
    CHECK(stage.player.report().position_ms == doctest::Approx(stage.mpv.position_ms()));
}

TEST_CASE("what cannot be opened is told with mpv's reason, what was replaced is not") {
    Stage stage;
    stage.player.open("http://server/other.mp4", "Other");
    stage.hear();
    CHECK(stage.news<FileFailed>().empty());
    stage.mpv.fail("unrecognized file format");
    stage.hear();
    const auto failed = stage.news<FileFailed>();
    REQUIRE(failed.size() == 1);
    CHECK(failed[0].why == "unrecognized file format");
    CHECK_FALSE(stage.player.report().loaded);
}

TEST_CASE("the first entry of a list that was opened is what plays") {
    Stage stage;
    stage.player.open("http://server/list.m3u", "List");
    stage.hear();
    const std::int64_t list = stage.mpv.entry();
    stage.mpv.event("end-file", {{"reason", Value{std::string{"redirect"}}},
                                 {"playlist_entry_id", Value{list}},
                                 {"playlist_insert_id", Value{std::int64_t{77}}}});
    stage.mpv.event("start-file", {{"playlist_entry_id", Value{std::int64_t{77}}}});
    stage.mpv.file_loaded(film_ms);
    stage.hear();
    CHECK(stage.news<FileLoaded>().size() == 1);
    CHECK(stage.player.report().loaded);
}

TEST_CASE("a file that the person opens is told, and plays with the room once it is taken") {
    Stage stage;
    stage.play();
    stage.mpv.open("/films/own.mkv");
    stage.hear();
    CHECK_FALSE(stage.player.report().loaded);
    stage.mpv.file_loaded(film_ms);
    stage.hear();
    stage.hear();
    const auto opened = stage.news<FileOpened>();
    REQUIRE(opened.size() == 1);
    CHECK(opened[0].path == "/films/own.mkv");
    stage.player.adopt();
    stage.hear();
    CHECK(stage.mpv.paused());
    const PlayerReport report = stage.run(50);
    CHECK(report.loaded);
    CHECK(report.paused);
    CHECK(stage.wishes().empty());
}

TEST_CASE("our keys are told by name, and messages of other programs are not ours") {
    Stage stage;
    const auto message = [&stage](Value::List words) {
        stage.mpv.event("client-message", {{"args", Value{std::move(words)}}});
    };
    message(command("playhead", "next"));
    message(command("other", "next"));
    message(command("playhead"));
    message(command("playhead", 7));
    stage.mpv.event("client-message");
    stage.hear();
    const auto pressed = stage.news<KeyPressed>();
    REQUIRE(pressed.size() == 1);
    CHECK(pressed[0].name == "next");
}

TEST_CASE("news that nobody takes are bounded") {
    Stage stage;
    for (int i = 0; i < 1'000; ++i) stage.mpv.event("client-message", {{"args", Value{command("playhead", "next")}}});
    stage.hear();
    CHECK(stage.player.take_news().size() == MpvPlayer::news_max);
}

TEST_CASE("mpv is left with its keys, at normal speed") {
    Stage stage;
    stage.player.set_rate(1.1, false);
    stage.player.let_go();
    CHECK(stage.mpv.speed() == 1);
    CHECK(stage.mpv.pitch() == "kept");
    bool disabled = false;
    for (const Value::List& told : stage.mpv.told())
        disabled = disabled || told == command("disable-section", "playhead");
    CHECK(disabled);
}

TEST_CASE("after mpv is lost nothing is loaded until it is opened again") {
    Stage stage;
    stage.play();
    stage.player.lost();
    CHECK_FALSE(stage.player.report().loaded);
    stage.player.set_up();
    stage.player.open("http://server/film.mp4", "Film");
    stage.hear();
    stage.mpv.file_loaded(film_ms);
    stage.hear();
    CHECK(stage.player.report().loaded);
    CHECK(stage.player.report().paused);
    CHECK(stage.wishes().empty());
}

} // namespace
} // namespace playhead::mpv::test
