#include "fuzz/input.hpp"
#include "fuzz/socket_pair.hpp"
#include "fuzz/targets.hpp"
#include "net/http/connection.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <array>
#include <cerrno>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace playhead::fuzz {
namespace {

struct StandingClock final : Clock {
    ServerTime now() const override { return {}; }
    std::int64_t unix_us() const override { return 1'800'000'000'000'000; }
};

// An engine with one room that does what is asked of it, and takes viewers only to let them go.
struct SmallBackend final : http::Backend {
    void create_room(RoomRequest, http::Reply<Result<CreatedRoom>> reply) override {
        reply(CreatedRoom{demo, "j.demo.x", "o.demo.x"});
    }
    void list_rooms(http::Reply<std::vector<RoomSummary>> reply) override { reply({room()}); }
    void find_room(RoomId id, http::Reply<std::optional<RoomSummary>> reply) override {
        reply(id == demo ? std::optional{room()} : std::nullopt);
    }
    void join_room(RoomId, JoinRequest, http::Reply<Result<http::Entrance>> reply) override {
        reply(std::unexpected(Error{ErrorCode::token_wrong, "this link does not open the room"}));
    }
    void reload_plugins(http::Reply<Result<PluginReload>> reply) override { reply(PluginReload{}); }
    void start_recording(RoomId id, bool, http::Reply<Result<std::string>> reply) override { reply(id.text()); }
    void stop_recording(RoomId, http::Reply<Result<void>> reply) override { reply({}); }
    void list_plugins(http::Reply<std::vector<PluginUse>> reply) override { reply({}); }
    void overview(http::Reply<std::vector<ShardOverview>> reply) override { reply({}); }
    void metrics_page(http::Reply<std::string> reply) override { reply("shard 1\n"); }
    void attach(http::UpgradedSocket) override {}

    RoomSummary room() const { return {demo, "Demo", true, 2, "Film", "j.demo.x"}; }
    RoomId demo = RoomId::parse("demo").value();
};

// All that the peer has to say, in pieces; then it listens until the engine hangs up.
class Peer {
  public:
    explicit Peer(int socket) : socket_(socket) {}
    ~Peer() { ::close(socket_); }
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;

    bool done() const { return done_; }
    const std::string& heard() const { return heard_; }
    void say(ByteView bytes) {
        static_cast<void>(::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
    }
    void say_no_more() { ::shutdown(socket_, SHUT_WR); }
    void listen() {
        std::array<char, 16 * 1024> buffer; // NOLINT(*-member-init): read into
        for (;;) {
            const auto got = ::recv(socket_, buffer.data(), buffer.size(), MSG_DONTWAIT);
            if (got < 0 && errno == EAGAIN) return;
            if (got <= 0) {
                done_ = true;
                return;
            }
            heard_.append(buffer.data(), static_cast<std::size_t>(got));
        }
    }

  private:
    const int socket_;
    bool done_ = false;
    std::string heard_;
};

} // namespace

// What a peer sends to the HTTP port, through the connection and the service as shipped, over a socket. The first byte
// says in how large pieces it comes.
void fuzz_http_request(ByteView bytes) {
    if (bytes.empty()) return;
    Input input{bytes};
    const std::size_t piece = 1 + std::size_t{input.byte()} * 16;
    boost::asio::io_context io{1};
    SocketPair<boost::asio::ip::tcp::socket> sockets{io};

    const StandingClock clock;
    SmallBackend backend;
    http::Settings settings;
    settings.admin_token = "0123456789abcdef";
    http::Service service{settings, {77, TickLength{}, "fuzz"}, clock, backend};
    Peer peer{sockets.peer};
    const auto connection = std::make_shared<http::HttpConnection>(std::move(sockets.engine), nullptr, service);
    boost::asio::co_spawn(io, connection->run(connection), boost::asio::detached);
    while (input.more()) {
        peer.say(input.bytes(piece));
        io.poll();
        peer.listen();
    }
    peer.say_no_more();
    for (int turn = 0; turn < 100 && !peer.done(); ++turn) {
        io.poll();
        peer.listen();
    }
    must(peer.done(), "who says no more is hung up on");
    const std::string_view heard = peer.heard();
    if (heard.empty()) return;
    must(heard.starts_with("HTTP/1.1 "), "answers are HTTP");
    must(heard.find("HTTP/1.1 500") == std::string_view::npos, "nothing that is asked is too much for it");
}

} // namespace playhead::fuzz
