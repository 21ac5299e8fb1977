#include "lib/transport/dialer.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace playhead::client;
using playhead::Bytes;
using playhead::ByteView;

namespace {

const std::string key(43, 'A');
const std::string with_enet =
    R"({"connect_token":"c.1","enet":{"port":8081,"sealed":true},"keys":{"client_to_engine":")" + key +
    R"(","engine_to_client":")" + key + R"("}})";
const std::string without_enet = R"({"connect_token":"c.1","enet":null})";

// A carrier that says what the test wants it to.
struct Puppet final : Carrier {
    std::optional<CarrierEvent> says;
    std::vector<Bytes> sent;
    bool closed = false;

    std::optional<CarrierEvent> poll(double) override { return std::exchange(says, std::nullopt); }
    double next_poll_ms() const override { return 1e9; }
    std::vector<int> wait_handles() const override { return {7}; }
    void send(ByteView message, Importance) override { sent.emplace_back(message.begin(), message.end()); }
    std::size_t buffered() const override { return 0; }
    void close() override { closed = true; }
};

struct TestWires final : Wires {
    std::expected<HttpAnswer, std::string> answer =
        HttpAnswer{.status = 200, .body = with_enet, .addresses = {"::1", "127.0.0.1"}};
    std::vector<HttpRequest> asked;
    std::vector<std::string> websockets;
    std::vector<EnetDoor> doors;
    Puppet* carrier = nullptr; // the newest

    struct Answered final : Asking {
        explicit Answered(TestWires& owner) : wires(owner) {}
        std::optional<std::expected<HttpAnswer, std::string>> poll() override { return wires.answer; }
        std::vector<int> wait_handles() const override { return {}; }
        double gap_ms() const override { return 5; }
        TestWires& wires;
    };

    std::unique_ptr<Asking> ask(const HttpRequest& request) override {
        asked.push_back(request);
        return std::make_unique<Answered>(*this);
    }
    std::unique_ptr<Carrier> websocket(const Dial&, const std::string& token) override {
        websockets.push_back(token);
        return puppet();
    }
    std::unique_ptr<Carrier> enet(const EnetDoor& door, double) override {
        doors.push_back(door);
        return puppet();
    }
    std::unique_ptr<Carrier> puppet() {
        auto made = std::make_unique<Puppet>();
        carrier = made.get();
        return made;
    }
};

Dial dial_by(Transport transport) {
    return {.server = "http://h:1",
            .room = "cinema",
            .join_token = "j.x",
            .resume_token = {},
            .device = {},
            .transport = transport};
}

std::optional<CarrierEvent> poll_until(Dialer& dialer, double& now_ms, double until_ms) {
    while (now_ms < until_ms) {
        if (auto event = dialer.poll(now_ms)) return event;
        now_ms += 10;
    }
    return std::nullopt;
}

} // namespace

TEST_CASE("ENet is tried first, at the address that answered, and stands once it is open") {
    TestWires wires;
    Dialer dialer{dial_by(Transport::automatic), wires, 0};
    CHECK_FALSE(dialer.poll(0));
    REQUIRE(wires.doors.size() == 1);
    CHECK(wires.doors[0].address == "127.0.0.1");
    CHECK(wires.doors[0].port == 8081);
    CHECK(wires.doors[0].connect_token == "c.1");
    wires.carrier->says = Opened{.carrier = Transport::enet, .join_token = {}, .acknowledges = true};
    const auto event = dialer.poll(10);
    REQUIRE(event);
    CHECK(std::get<Opened>(*event).acknowledges);
    CHECK_FALSE(dialer.poll(Dialer::enet_ms_max + 100)); // open: no patience to lose
    CHECK(wires.websockets.empty());
    CHECK(dialer.wait_handles() == std::vector{7});
}

TEST_CASE(
    "where ENet is silent, WebSocket follows after two seconds, with a token of its own, and comes first next time") {
    TestWires wires;
    double now_ms = 0;
    Dialer dialer{dial_by(Transport::automatic), wires, now_ms};
    CHECK_FALSE(poll_until(dialer, now_ms, 1'990));
    CHECK(wires.websockets.empty());
    CHECK_FALSE(poll_until(dialer, now_ms, 2'100));
    CHECK(wires.websockets == std::vector<std::string>{"c.1"});
    CHECK(wires.asked.size() == 2);
    wires.carrier->says = Opened{};
    CHECK(dialer.poll(now_ms));

    Dialer next{dial_by(Transport::automatic), wires, now_ms};
    CHECK_FALSE(next.poll(now_ms));
    CHECK(wires.doors.size() == 1);
    CHECK(wires.websockets.size() == 2);

    now_ms += Dialer::enet_rest_ms + 100;
    Dialer later{dial_by(Transport::automatic), wires, now_ms};
    CHECK_FALSE(later.poll(now_ms));
    CHECK(wires.doors.size() == 2);
}

TEST_CASE("where ENet fails at once, WebSocket follows at once") {
    TestWires wires;
    Dialer dialer{dial_by(Transport::automatic), wires, 0};
    CHECK_FALSE(dialer.poll(0));
    wires.carrier->says = Ended{unreachable("no UDP")};
    CHECK_FALSE(dialer.poll(10));
    CHECK_FALSE(dialer.poll(20));
    CHECK(wires.websockets.size() == 1);
}

TEST_CASE("who wants only one transport gets that one or is told why not") {
    TestWires wires;
    Dialer by_websocket{dial_by(Transport::websocket), wires, 0};
    CHECK_FALSE(by_websocket.poll(0));
    CHECK(wires.doors.empty());
    CHECK(wires.websockets.size() == 1);

    Dialer by_enet{dial_by(Transport::enet), wires, 0};
    CHECK_FALSE(by_enet.poll(0));
    CHECK_FALSE(by_enet.poll(Dialer::enet_ms_max + 1)); // waits for as long as it takes
    CHECK(wires.doors.size() == 1);
    wires.carrier->says = Ended{unreachable("no answer")};
    CHECK(std::get<Ended>(by_enet.poll(3'000).value()).ending.message == "no answer");
    CHECK_FALSE(by_enet.poll(3'010)); // nothing follows the end

    wires.answer->body = without_enet;
    Dialer in_vain{dial_by(Transport::enet), wires, 0};
    CHECK(std::get<Ended>(in_vain.poll(0).value()).ending.code == ErrorCode::unreachable);
}

TEST_CASE("a host without IPv4, and an engine without ENet, are reached by WebSocket") {
    TestWires wires;
    wires.answer->addresses = {"::1"};
    Dialer dialer{dial_by(Transport::automatic), wires, 0};
    CHECK_FALSE(dialer.poll(0));
    wires.answer->body = without_enet;
    Dialer other{dial_by(Transport::automatic), wires, 0};
    CHECK_FALSE(other.poll(0));
    CHECK(wires.doors.empty());
    CHECK(wires.websockets.size() == 2);
}

TEST_CASE("an engine that is not there, or refuses, ends the attempt") {
    TestWires wires;
    wires.answer = std::unexpected("h:1 cannot be reached");
    Dialer dialer{dial_by(Transport::automatic), wires, 0};
    CHECK(std::get<Ended>(dialer.poll(0).value()).ending == unreachable("h:1 cannot be reached"));
    CHECK_FALSE(dialer.poll(10));

    wires.answer = HttpAnswer{
        .status = 403, .body = R"({"error":{"code":"banned","message":"out"}})", .retry_after_ms = 0, .addresses = {}};
    Dialer refused{dial_by(Transport::automatic), wires, 0};
    CHECK(std::get<Ended>(refused.poll(0).value()).ending.code == ErrorCode::banned);
}
