#include "fuzz/input.hpp"
#include "fuzz/socket_pair.hpp"
#include "fuzz/targets.hpp"
#include "net/websocket/client_frames.hpp"
#include "net/websocket/connection.hpp"
#include "replication/decode.hpp"
#include "replication/encode.hpp"
#include "replication/replica.hpp"
#include "replication/state_hash.hpp"
#include "simulation/network.hpp"
#include "simulation/ward.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <optional>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace playhead::fuzz {
namespace {

// The far end of a socket whose near end the engine has. Speaks the protocol as far as the script lets it.
class Client {
  public:
    explicit Client(int socket) : socket_(socket) {}
    ~Client() { hang_up(); }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    bool connected() const { return socket_ >= 0; }
    bool joined() const { return connected() && id_ != ViewerId{0}; }
    ViewerId id() const { return id_; }
    const Replica& replica() const { return replica_; }
    const std::string& resume_token() const { return resume_token_; }

    void hang_up() {
        if (socket_ >= 0) ::close(std::exchange(socket_, -1));
        id_ = ViewerId{0};
    }
    void write(const Bytes& bytes) {
        // What the engine does not take is lost: to it, that is nonsense in the middle of a frame.
        if (socket_ >= 0) static_cast<void>(::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
    }
    void say(const ClientMessage& message) { write(websocket::test::binary(encode(message))); }

    void read() {
        std::array<std::byte, 16 * 1024> buffer; // NOLINT(*-member-init): read into
        while (socket_ >= 0) {
            const auto got = ::recv(socket_, buffer.data(), buffer.size(), MSG_DONTWAIT);
            if (got < 0 && errno == EAGAIN) break;
            if (got <= 0) {
                hear_frames();
                return hang_up();
            }
            received_.insert(received_.end(), buffer.begin(), buffer.begin() + got);
        }
        hear_frames();
    }

  private:
    // [RFC 6455 5.2] A server's frames: whole, not masked, the shortest lengths.
    void hear_frames() {
        std::size_t at = 0;
        const auto number = [&](std::size_t from, std::size_t bytes) {
            std::size_t value = 0;
            for (std::size_t i = 0; i < bytes; ++i)
                value = value << 8U | std::to_integer<std::size_t>(received_[from + i]);
            return value;
        };
        while (received_.size() - at >= 2) {
            const std::size_t kind = number(at, 1);
            std::size_t length = number(at + 1, 1);
            must(kind == 0x82 || kind == 0x88 || kind == 0x8a, "a server sends whole messages, pongs and a close");
            must(length < 128, "a server masks nothing");
            const std::size_t more = length == 126 ? 2 : length == 127 ? 8 : 0;
            if (received_.size() - at < 2 + more) break;
            if (more > 0) length = number(at + 2, more);
            must(more == 0 || length > (more == 2 ? 125U : 65535U), "lengths are as short as they can be");
            if (received_.size() - at < 2 + more + length) break;
            if (kind == 0x82) hear(ByteView{received_}.subspan(at + 2 + more, length));
            at += 2 + more + length;
        }
        received_.erase(received_.begin(), received_.begin() + static_cast<std::ptrdiff_t>(at));
    }
    void hear(ByteView bytes) {
        const auto message = decode_server(bytes);
        must(message.has_value(), "what the engine says can be read");
        if (const auto* welcome = std::get_if<Welcome>(&*message)) {
            must(id_ == ViewerId{0}, "nobody is welcomed twice");
            id_ = welcome->viewer;
            resume_token_ = welcome->resume_token;
        }
        if (const auto* snapshot = std::get_if<Snapshot>(&*message))
            must(replica_.apply(*snapshot) != Replica::Applied::hash_mismatch, "a snapshot has its hash");
        if (const auto* delta = std::get_if<Delta>(&*message))
            must(replica_.apply(*delta) <= Replica::Applied::unchanged, "a delta leads on from what was sent");
    }

    int socket_;
    Bytes received_;
    ViewerId id_;
    std::string resume_token_;
    Replica replica_;
};

struct Place {
    std::unique_ptr<Client> client;
    bool reading = true;
    std::uint32_t sequence = 0;
    std::string resume_token;
};

class Life {
  public:
    Life() : shard_(settings(), TickLength{}, EngineRun{7, {}}, time_, random_), room_(make_room()) {}

    void live(Input script) {
        for (int steps = 0; script.more() && steps < 400; ++steps) step(script);
        calm_down();
        for (Place& place : places_) place.client.reset();
        pass(settings().silence_timeout + settings().viewer_grace + std::chrono::seconds{3});
        must(shard_.metrics().sessions == 0 && shard_.metrics().viewers == 0, "nobody is left");
        must(shared_->counters.open == 0, "no socket is left");
    }

  private:
    static SessionSettings settings() {
        SessionSettings settings;
        settings.silence_timeout = std::chrono::seconds{5};
        settings.fresh_viewers_max = 2; // wide rooms, too
        return settings;
    }
    CreatedRoom make_room() {
        static const auto plugins = simulation::ward();
        RoomRequest request;
        request.id = RoomId::parse("fuzz").value();
        request.media = Load{};
        request.media->url = "/media/film.mp4";
        request.plugins = plugins;
        return shard_.create(request).value();
    }
    Place& any_place(Input& script) { return places_[script.byte() % places_.size()]; }

    void step(Input& script) {
        switch (script.byte() % 11) {
        case 0: connect(any_place(script), script); break;
        case 1: pass(Microseconds{50'000} * (1 + script.byte() % 8)); break;
        case 2: command(any_place(script), script); break;
        case 3: plugin_command(any_place(script), script); break;
        case 4: say_raw(any_place(script), script); break;
        case 5: write_raw(any_place(script), script); break;
        case 6: {
            Place& place = any_place(script);
            place.reading = !place.reading;
            break;
        }
        case 7: any_place(script).client.reset(); break;
        case 8: pass(std::chrono::seconds{1 + script.byte() % 7}); break;
        case 9: small_talk(any_place(script), script); break;
        default: turn(); break;
        }
    }

    void connect(Place& place, Input& script) {
        SocketPair<websocket::Socket> sockets{io_};
        constexpr int small = 4096; // a reader that stops is noticed soon
        ::setsockopt(sockets.engine.native_handle(), SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
        const unsigned how = script.byte();
        place.client = std::make_unique<Client>(sockets.peer);
        place.reading = true;
        shard_.attach(room_.id, websocket::make_connection(std::move(sockets.engine), *shared_, {}));
        Hello hello;
        hello.protocol_min = hello.protocol_max = 1;
        hello.room = room_.id.text();
        hello.join_token = (how & 1) != 0 ? room_.owner_token : room_.join_token;
        if ((how & 2) != 0) hello.resume_token = place.resume_token;
        if ((how & 12) == 12) hello.join_token = "j.fuzz.wrong";
        hello.name = "viewer";
        if ((how & 16) == 0) place.client->say(hello);
        turn();
    }
    void command(Place& place, Input& script) {
        if (!place.client) return;
        ClientCommand command;
        command.sequence = ++place.sequence + (script.byte() % 16 == 0 ? script.byte() : 0);
        command.media = place.client->replica().media().instance;
        command.issued_at = time_.now() - Microseconds{10'000} * script.byte();
        const MediaTime where{std::int64_t{100'000} * script.byte()};
        switch (script.byte() % 6) {
        case 0: command.action = Play{}; break;
        case 1: command.action = Pause{}; break;
        case 2: command.action = Seek{where}; break;
        case 3: command.action = SetRate{Rate{static_cast<std::int32_t>(10 * script.byte())}}; break;
        case 4: command.action = SetName{"name " + std::to_string(script.byte())}; break;
        default: {
            Load load;
            load.url = "/media/" + std::to_string(script.byte()) + ".mp4";
            load.play = script.byte() % 2 != 0;
            load.start = where;
            command.action = load;
        }
        }
        place.client->say(command);
    }
    void plugin_command(Place& place, Input& script) {
        if (!place.client) return;
        static constexpr std::array<const char*, 10> names{"note",  "drop",    "staff", "seal", "push",
                                                           "shift", "promote", "kick",  "fail", "nothing"};
        const std::string key(1 + script.byte() % 24, static_cast<char>('a' + script.byte() % 5));
        const std::int64_t number = script.byte();
        ClientCommand command;
        command.sequence = ++place.sequence;
        command.media = place.client->replica().media().instance;
        command.issued_at = time_.now();
        Value::Map args{{"key", Value{key}}, {"n", Value{number}}, {"text", Value{key}}, {"viewer", Value{number % 6}}};
        const unsigned wrong = script.byte();
        const auto name = names[wrong / 2 % names.size()];
        if (wrong % 2 == 0) args = args_of(name, std::move(args));
        command.action = PluginCommand{"ward", name, sorted_map(std::move(args))};
        place.client->say(command);
    }
    // What that command takes, so that more than its refusal happens.
    static Value::Map args_of(std::string_view name, Value::Map all) {
        const auto keep = [&](std::initializer_list<std::string_view> wanted) {
            std::erase_if(all, [&](const auto& one) { return std::ranges::find(wanted, one.key) == wanted.end(); });
            return std::move(all);
        };
        if (name == "note") return keep({"key", "text"});
        if (name == "drop") return keep({"key"});
        if (name == "staff") return keep({"text"});
        if (name == "promote" || name == "kick") return keep({"viewer"});
        if (name == "shift") return keep({});
        return keep({"n"});
    }
    void small_talk(Place& place, Input& script) {
        if (!place.client) return;
        switch (script.byte() % 5) {
        case 0: place.client->say(Ping{static_cast<std::int64_t>(script.byte())}); break;
        case 1: place.client->say(Resync{place.client->replica().version(), 0, script.byte() % 2 != 0}); break;
        case 2: place.client->say(Ack{place.client->replica().epoch(), Version{script.byte()}}); break;
        case 3: place.client->say(Report{}); break;
        default: place.client->say(Bye{}); break;
        }
    }
    // A message of the peer's own making.
    static void say_raw(Place& place, Input& script) {
        const std::size_t size = script.byte();
        if (place.client) place.client->write(websocket::test::binary(script.bytes(size)));
    }
    static void write_raw(Place& place, Input& script) {
        const std::size_t size = script.byte() % 32;
        if (place.client) place.client->write(script.bytes(size));
    }

    // Everything that is ready happens, here and there.
    void turn() {
        for (int i = 0; i < 4; ++i) {
            io_.restart();
            io_.poll();
            for (Place& place : places_) {
                if (!place.client || !place.reading) continue;
                place.client->read();
                if (place.client->joined()) place.resume_token = place.client->resume_token();
                if (!place.client->connected()) place.client.reset();
            }
        }
    }
    void pass(Microseconds time) {
        const ServerTime until = time_.now() + time;
        while (time_.now() < until) {
            const ServerTime due = shard_.run_due();
            while (shard_.fan_out_slice()) {
            }
            turn();
            time_.run_until(std::min(due, until));
        }
    }
    // Everyone reads again; who is there then has what the engine has.
    void calm_down() {
        for (Place& place : places_) place.reading = true;
        pass(std::chrono::seconds{3});
        const RoomState& state = *shard_.state(room_.id);
        for (const Place& place : places_) {
            if (!place.client || !place.client->joined()) continue;
            const auto row = state.viewers.find(place.client->id());
            if (row == state.viewers.end()) continue;                         // its goodbye is on its way
            if (place.client->replica().version() != state.version) continue; // ... or plugins go on
            must(place.client->replica().state_hash() == StateHash::of(state, audience_of(row->second.roles)),
                 "who is there has what the engine has");
        }
    }

    boost::asio::io_context io_{1};
    std::unique_ptr<websocket::Shared> shared_ = std::make_unique<websocket::Shared>();
    simulation::Timeline time_;
    simulation::Random random_{1};
    Shard shard_;
    CreatedRoom room_;
    std::array<Place, 4> places_;
};

} // namespace

// A script of what four people do to a live room: the shipped shard with a plugin, WebSocket connections over sockets,
// real frames both ways. Time is the script's.
void fuzz_live_session(ByteView input) {
    static const bool quiet = [] {
        spdlog::set_level(spdlog::level::off); // of nonsense there is much to be said
        return true;
    }();
    static_cast<void>(quiet);
    Life{}.live(Input{input});
}

} // namespace playhead::fuzz
