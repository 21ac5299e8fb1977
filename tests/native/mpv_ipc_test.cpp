#include "common/json.hpp"
#include "mpv/connection.hpp"
#include "mpv/ipc.hpp"
#include "mpv/reading.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

namespace playhead::mpv::test {
namespace {

TEST_CASE("a request is one line of JSON with its number, whatever is in it") {
    CHECK(request_line(7, command("seek", 12.5, "absolute+exact")) ==
          "{\"command\":[\"seek\",1.25E1,\"absolute+exact\"],\"request_id\":7}\n");
    CHECK(request_line(1, command("show-text", "a \"quote\"\nand a line", 2000)) ==
          "{\"command\":[\"show-text\",\"a \\\"quote\\\"\\nand a line\",2000],\"request_id\":1}\n");
    CHECK(request_line(2, command("set_property", "pause", Value{true})) ==
          "{\"command\":[\"set_property\",\"pause\",true],\"request_id\":2}\n");
}

TEST_CASE("mpv's lines are answers and events") {
    const auto reply = read_message(R"({"request_id":3,"error":"success","data":12.5})");
    REQUIRE(reply.has_value());
    CHECK(std::get<Reply>(*reply) == Reply{.request = 3, .error = "success", .data = Value{12.5}});
    const auto refusal = read_message(R"({"data":null,"error":"property unavailable","request_id":4})");
    REQUIRE(refusal.has_value());
    CHECK_FALSE(std::get<Reply>(*refusal).ok());
    CHECK(std::get<Reply>(*refusal).error == "property unavailable");
    const auto event = read_message(R"({"event":"end-file","reason":"eof","playlist_entry_id":2})");
    REQUIRE(event.has_value());
    CHECK(std::get<Event>(*event).name == "end-file");
    CHECK(programs::text_of(std::get<Event>(*event).fields, "reason") == "eof");
}

TEST_CASE("what is no line of mpv's is refused, and the refusal shows it safely") {
    struct Case {
        std::string line;
        std::string why;
    };
    const std::array<Case, 9> cases{{
        {"", "not JSON"},
        {"HTTP/1.1 400 Bad Request", "not JSON"},
        {"{\"event\":", "not JSON"},
        {"[1,2]", "no JSON object"},
        {"{}", "neither an event nor an answer"},
        {R"({"event":7})", "no name"},
        {R"({"error":"success"})", "does not say to what"},
        {R"({"error":"success","request_id":-1})", "does not say to what"},
        {R"({"error":"success","request_id":"7"})", "does not say to what"},
    }};
    for (const Case& one : cases) {
        CAPTURE(one.line);
        const auto message = read_message(one.line);
        REQUIRE_FALSE(message.has_value());
        CHECK(message.error().contains(one.why));
    }
    CHECK_FALSE(read_message("\x1b]0;title\x07").error().contains('\x1b'));
    CHECK(read_message(std::string(100'000, 'x')).error().size() < 300);
    CHECK_FALSE(read_message(std::string(5'000, '[')).has_value());
}

TEST_CASE("lines are cut wherever the bytes are") {
    const std::string text = "{\"a\":1}\n\n{\"b\":2}\r\n{\"c\":3}\n";
    for (std::size_t size = 1; size <= text.size(); ++size) {
        Lines lines;
        std::string got;
        for (std::size_t at = 0; at < text.size(); at += size) {
            REQUIRE(lines.add(std::string_view{text}.substr(at, size)));
            while (const auto line = lines.next()) got += *line + ";";
        }
        CHECK(got == "{\"a\":1};{\"b\":2};{\"c\":3};");
    }
}

TEST_CASE("a line without an end is refused at its limit, many short ones are not") {
    Lines endless;
    const std::string block(64 * 1024, 'x');
    int taken = 0;
    while (endless.add(block)) ++taken;
    CHECK(taken == Lines::line_bytes_max / block.size());
    Lines many;
    std::string short_lines;
    while (short_lines.size() < 3 * Lines::line_bytes_max) short_lines += "{}\n";
    CHECK(many.add(short_lines));
}

TEST_CASE("one text tells everything about mpv at one instant") {
    const auto playing = read_probe("12.345678|12.333333|90.000000|no|no|no|no|1.020000|30.000000|yes|4.500000");
    REQUIRE(playing.has_value());
    CHECK(*playing->audio_ms == doctest::Approx(12'345.678));
    CHECK(*playing->video_ms == doctest::Approx(12'333.333));
    CHECK(*playing->duration_ms == doctest::Approx(90'000));
    CHECK_FALSE(playing->paused);
    CHECK(playing->speed == doctest::Approx(1.02));
    CHECK(*playing->frame_ms == doctest::Approx(33.333).epsilon(0.001));
    CHECK(*playing->buffer_ms == doctest::Approx(4'500));

    const auto silent = read_probe("|3.000000||yes|yes|no|no|1.000000|||");
    REQUIRE(silent.has_value());
    CHECK(*silent->video_ms == doctest::Approx(3'000));
    CHECK(silent->seeking);
    CHECK(silent->paused);
    CHECK_FALSE(silent->duration_ms.has_value());
    CHECK_FALSE(silent->frame_ms.has_value());

    const auto idle = read_probe("|||no||||1.000000|||");
    REQUIRE(idle.has_value());
    CHECK_FALSE(idle->audio_ms.has_value());
    CHECK_FALSE(idle->video_ms.has_value());
    // What a local file has read ahead says nothing about a network.
    CHECK_FALSE(read_probe("1|1|9|no|no|no|no|1|25|no|1.5")->buffer_ms.has_value());
}

TEST_CASE("a text that is something else tells nothing") {
    for (const std::string_view text :
         {"", "yes", "|||||||||", "|||||||||||", "1|1|9|maybe|no|no|no|1|25|no|", "1|1|9|no|no|no|no|fast|25|no|",
          "1|1|9|no|no|no|no|0|25|no|", "1|1|9|no|no|no|no|nan|25|no|", "${=audio-pts:}"}) {
        CAPTURE(text);
        CHECK_FALSE(read_probe(text).has_value());
    }
    // Single numbers that make no sense are not known.
    const auto odd = read_probe("nan|1e300|-5|no|no|no|no|1|0|yes|inf");
    REQUIRE(odd.has_value());
    CHECK_FALSE(odd->audio_ms.has_value());
    CHECK_FALSE(odd->video_ms.has_value());
    CHECK_FALSE(odd->duration_ms.has_value());
    CHECK_FALSE(odd->frame_ms.has_value());
    CHECK_FALSE(odd->buffer_ms.has_value());
}

// The two ends of a local stream: ours, and the one that a program says mpv's part on.
struct Ends {
    Ends() {
        std::array<int, 2> ends{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()) == 0);
        ours = ends[0];
        other = ends[1];
    }
    ~Ends() {
        if (other >= 0) ::close(other);
    }
    Ends(const Ends&) = delete;
    Ends& operator=(const Ends&) = delete;
    void say(std::string_view text) const {
        REQUIRE(::write(other, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    }
    std::string heard() const {
        std::array<char, 4096> bytes{};
        const ssize_t size = ::read(other, bytes.data(), bytes.size());
        return {bytes.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
    }
    void hang_up() {
        ::close(other);
        other = -1;
    }
    int ours = -1;
    int other = -1;
};

TEST_CASE("a connection asks, and hands on what was said before the answer") {
    const Ends ends;
    Connection connection{ends.ours};
    const std::uint64_t request = connection.send(command("get_property", "pause"));
    CHECK(ends.heard() == request_line(request, command("get_property", "pause")));
    ends.say("{\"event\":\"seek\"}\n{\"error\":\"success\",\"request_id\":1,\"data\":false}\n{\"event\":\"pause\"}\n");
    const auto messages = connection.listen(request, 1'000);
    REQUIRE(messages.size() == 3);
    CHECK(std::get<Event>(messages[0]).name == "seek");
    CHECK(std::get<Reply>(messages[1]).data == Value{false});
    CHECK(connection.take().empty());
    CHECK(connection.open());
}

TEST_CASE("a connection on which garbage comes is closed with a reason, and what is sent then goes nowhere") {
    const Ends ends;
    Connection connection{ends.ours};
    ends.say("{\"event\":\"seek\"}\nSSH-2.0-OpenSSH\n{\"event\":\"pause\"}\n");
    const auto messages = connection.take();
    REQUIRE(messages.size() == 1);
    CHECK_FALSE(connection.open());
    CHECK(connection.fault().contains("cannot be read"));
    CHECK(connection.fault().contains("SSH-2.0"));
    CHECK(connection.send(command("stop")) > 0);
    CHECK(connection.listen(1, 1'000).empty());
}

TEST_CASE("a connection notices that mpv is gone, and one that never reads") {
    Ends gone;
    Connection left{gone.ours};
    gone.say("{\"event\":\"shutdown\"}\n");
    gone.hang_up();
    CHECK(left.take().size() == 1);
    CHECK(left.take().empty());
    CHECK_FALSE(left.open());
    CHECK(left.fault().contains("closed"));

    const Ends deaf;
    Connection connection{deaf.ours};
    const std::string long_text(8'000, 'x');
    int sent = 0;
    while (connection.open() && sent < 10'000) {
        connection.send(command("show-text", long_text));
        ++sent;
    }
    CHECK(sent < 10'000);
    CHECK(connection.fault().contains("does not read"));
}

} // namespace
} // namespace playhead::mpv::test
