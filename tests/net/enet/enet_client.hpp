#pragma once

#include "net/enet/datagram.hpp"
#include "net/enet/host.hpp"
#include "seal/connect_token.hpp"
#include "seal/handshake.hpp"
#include "seal/packet.hpp"

#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>
#include <enet/enet.h>

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <chrono>
#include <cstring>
#include <deque>
#include <functional>
#include <memory>
#include <netinet/in.h>
#include <optional>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <vector>

// A host, clients and what lies between them, in one thread, over sockets of the loopback device. Time is the test's:
// it passes when the test says so, and everybody's ENet goes by it.
namespace playhead::enet::test {

using namespace std::chrono_literals;

class FakeClock final : public Clock {
  public:
    ServerTime now() const override { return time; }
    std::int64_t unix_us() const override { return time.time_since_epoch().count(); }
    ServerTime time{1s};
};

inline Bytes bytes_of(std::string_view text) {
    const auto view = std::as_bytes(std::span{text});
    return {view.begin(), view.end()};
}

inline EngineRun engine_run() {
    EngineRun run{.clock_id = 77, .sealing_key = {}};
    run.sealing_key.bytes.fill(std::byte{0x5A});
    return run;
}

// A command's number with what is said of it.
inline enet_uint8 acknowledged(int command) {
    return static_cast<enet_uint8>(command | int{ENET_PROTOCOL_COMMAND_FLAG_ACKNOWLEDGE});
}
inline enet_uint8 unsequenced(int command) {
    return static_cast<enet_uint8>(command | int{ENET_PROTOCOL_COMMAND_FLAG_UNSEQUENCED});
}

// Different for each number.
inline seal::ConnectGrant grant(unsigned number, const Clock& clock) {
    seal::ConnectGrant grant{.serial = {}, .room = RoomId::parse("den").value(), .clock_id = 77};
    grant.serial.fill(static_cast<std::byte>(number));
    grant.expires = clock.now() + seal::connect_token_life;
    grant.keys.client_to_engine.bytes.fill(static_cast<std::byte>(number + 100));
    grant.keys.engine_to_client.bytes.fill(static_cast<std::byte>(number + 200));
    return grant;
}

inline std::string token_of(const seal::ConnectGrant& grant, const EngineRun& run = engine_run()) {
    seal::Nonce nonce{};
    nonce.fill(grant.serial[0]);
    return seal::seal(grant, run.sealing_key, nonce);
}

// The engine's side of one connection, which writes down what it is told.
struct Listener final : ConnectionEvents {
    std::unique_ptr<Connection> connection;
    RoomId room = RoomId::parse("none").value();
    std::vector<Bytes> messages;
    std::vector<Error> closed;
    int drained = 0;

    void on_message(ByteView message) override { messages.emplace_back(message.begin(), message.end()); }
    void on_drained() override { ++drained; }
    void on_closed(const Error& error) override { closed.push_back(error); }
};

// A native client's half, as PROTOCOL.md describes it; and, for bad ones, a socket to say anything with.
class Client {
  public:
    Client(std::uint16_t port, const seal::ConnectGrant& granted, const Clock& clock, bool is_sealed = true)
        : grant(granted),
          sealed(is_sealed),
          clock_(clock),
          sealer_(granted.keys.client_to_engine),
          opener_(granted.keys.engine_to_client),
          checksum_out(granted.keys.client_to_engine),
          checksum_in_(granted.keys.engine_to_client) {
        to_.host = htonl(INADDR_LOOPBACK);
        to_.port = port;
        enter();
        ENetAddress any{htonl(INADDR_LOOPBACK), 0};
        host = enet_host_create(&any, 1, channel_count, 0, 0);
        REQUIRE(host != nullptr);
        host->intercept = on_datagram;
        host->checksum = on_checksum;
        host->mtu = host->peers[0].mtu = datagram_bytes_max; // ENet has made its peer already
    }
    ~Client() {
        enter();
        enet_host_destroy(host);
        entered() = nullptr;
    }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    // ---- the handshake
    void ask() { raw(seal::datagram_of(seal::Ask{token()})); }
    void answer() {
        REQUIRE(cookie.has_value());
        raw(seal::datagram_of(seal::Answer{token(), seal::proof_of(*cookie, grant.keys)}));
    }
    void connect() {
        enter();
        peer = enet_host_connect(host, &to_, channel_count, 0);
        REQUIRE(peer != nullptr);
    }
    const std::string& token() {
        if (token_.empty()) token_ = token_of(grant);
        return token_;
    }

    void raw(std::span<const std::byte> datagram) {
        const ENetBuffer buffer{const_cast<std::byte*>(datagram.data()), datagram.size()};
        enet_socket_send(host->socket, &to_, &buffer, 1);
    }
    // One with a good checksum, as ENet would send it now; `commands` is what stands behind the header.
    Bytes datagram_with(std::span<const std::byte> commands) const {
        const auto head = static_cast<std::uint16_t>(0x8000 | peer->outgoingSessionID << 12 | peer->outgoingPeerID);
        const std::array<std::uint16_t, 2> header{htons(head), 0};
        Bytes datagram(sizeof header + sizeof peer->connectID);
        std::memcpy(datagram.data(), header.data(), sizeof header);
        std::memcpy(datagram.data() + sizeof header, &peer->connectID, sizeof peer->connectID);
        datagram.insert(datagram.end(), commands.begin(), commands.end());
        const std::uint32_t sum = checksum_out.of(datagram);
        std::memcpy(datagram.data() + sizeof header, &sum, sizeof sum);
        return datagram;
    }

    void say(std::span<const std::byte> message, Channel channel = Channel::reliable) {
        const enet_uint32 flags =
            channel == Channel::reliable ? ENET_PACKET_FLAG_RELIABLE : ENET_PACKET_FLAG_UNSEQUENCED;
        Bytes packet(message.begin(), message.end());
        if (sealed) {
            packet.resize(message.size() + seal::packet_overhead_bytes);
            sealer_.seal(message, packet);
        }
        ENetPacket* queued = enet_packet_create(packet.data(), packet.size(), flags);
        if (enet_peer_send(peer, static_cast<enet_uint8>(channel), queued) != 0) enet_packet_destroy(queued);
    }
    void flush() {
        enter();
        enet_host_flush(host);
    }
    // Everything due.
    void service() {
        enter();
        ENetEvent event;
        while (enet_host_service(host, &event, 0) > 0) {
            switch (event.type) {
            case ENET_EVENT_TYPE_NONE: break;
            case ENET_EVENT_TYPE_CONNECT:
                connected = true;
                enet_peer_ping_interval(peer, 5000); // ENet's own is half a second
                break;
            case ENET_EVENT_TYPE_DISCONNECT: gone = event.data; break;
            case ENET_EVENT_TYPE_RECEIVE: take(event); break;
            }
        }
    }
    void hang_up() {
        enter();
        if (peer != nullptr) enet_peer_disconnect_now(peer, 0);
    }

    const seal::ConnectGrant grant;
    const bool sealed;
    ENetHost* host = nullptr;
    ENetPeer* peer = nullptr;
    bool connected = false;
    std::optional<std::uint32_t> gone; // what the engine's disconnect said
    std::vector<std::pair<Channel, Bytes>> heard;
    std::vector<seal::Handshake> answers; // of the engine's to the handshake
    std::size_t answer_bytes_max = 0;
    std::optional<seal::Cookie> cookie;
    std::size_t unopened = 0;
    std::size_t largest_datagram = 0;

  private:
    void enter() {
        entered() = this;
        const auto since_start = std::chrono::floor<std::chrono::milliseconds>(clock_.now().time_since_epoch());
        enet_time_set(static_cast<enet_uint32>(since_start.count() + 1));
    }
    static Client*& entered() {
        thread_local Client* client = nullptr;
        return client;
    }
    static int ENET_CALLBACK on_datagram(ENetHost* from, ENetEvent*) {
        const auto datagram = std::as_bytes(std::span{from->receivedData, from->receivedDataLength});
        Client& client = *entered();
        client.largest_datagram = std::max(client.largest_datagram, datagram.size());
        if (!seal::is_handshake(datagram)) return 0;
        client.answer_bytes_max = std::max(client.answer_bytes_max, datagram.size());
        const auto words = seal::parse_handshake(datagram);
        REQUIRE(words.has_value());
        if (const auto* challenge = std::get_if<seal::Challenge>(&*words)) client.cookie = challenge->cookie;
        client.answers.push_back(*words);
        return 1;
    }
    static enet_uint32 ENET_CALLBACK on_checksum(const ENetBuffer* buffers, std::size_t count) {
        Client& client = *entered();
        Bytes whole;
        for (const ENetBuffer& buffer : std::span{buffers, count}) {
            const auto* data = static_cast<const std::byte*>(buffer.data);
            whole.insert(whole.end(), data, data + buffer.dataLength);
        }
        return buffers == client.host->buffers ? client.checksum_out.of(whole) : client.checksum_in_.of(whole);
    }
    void take(const ENetEvent& event) {
        auto packet = std::as_writable_bytes(std::span{event.packet->data, event.packet->dataLength});
        std::span<const std::byte> message = packet;
        if (sealed) {
            const auto opened = opener_.open(packet);
            if (opened) {
                message = *opened;
            } else {
                ++unopened;
            }
        }
        heard.emplace_back(Channel{event.channelID}, Bytes{message.begin(), message.end()});
        enet_packet_destroy(event.packet);
    }

    const Clock& clock_;
    std::string token_;
    ENetAddress to_{};
    seal::PacketSealer sealer_;
    seal::PacketOpener opener_;

  public:
    const seal::HeaderChecksum checksum_out;

  private:
    const seal::HeaderChecksum checksum_in_;
};

// A host and whoever came.
class Stage {
  public:
    explicit Stage(const Settings& wanted = {}) : settings(wanted) {
        settings.host = "127.0.0.1";
        settings.port = 0;
        host = std::make_unique<Host>(io, settings, engine_run(), used_tokens, clock,
                                      [this](const RoomId& room, std::unique_ptr<Connection> connection) {
                                          auto& listener = *attached.emplace_back(std::make_unique<Listener>());
                                          listener.room = room;
                                          listener.connection = std::move(connection);
                                          if (start_at_once) listener.connection->start(listener);
                                      });
    }
    ~Stage() { attached.clear(); }

    // Some time passes, and everybody does what is due.
    void turn(Microseconds time = 5ms) {
        clock.time += time;
        io.restart();
        io.poll();
        host->service();
        if (between) between();
        for (Client* client : clients) client->service();
        if (between) between();
        host->service();
        io.restart();
        io.poll(); // what was sent in answer leaves
    }
    void turns(int count) {
        for (int i = 0; i < count; ++i) turn();
    }
    template <class Done>
    bool run_until(Done done, int turns_max = 20'000) {
        for (int i = 0; i < turns_max && !done(); ++i) turn();
        return done();
    }
    // Through the whole handshake; false if that took too long.
    bool join(Client& client) {
        clients.push_back(&client);
        const std::size_t before = attached.size();
        client.ask();
        if (!run_until([&] { return client.cookie.has_value(); }, 20)) return false;
        client.answer();
        const auto expected = [](const seal::Handshake& words) {
            return std::holds_alternative<seal::Expected>(words);
        };
        if (!run_until([&] { return std::ranges::any_of(client.answers, expected); }, 20)) return false;
        client.connect();
        return run_until([&] { return client.connected && attached.size() > before; }, 20);
    }
    Connection& connection(std::size_t index = 0) { return *attached.at(index)->connection; }
    const Counters& counters() const { return host->counters(); }

    boost::asio::io_context io{1};
    FakeClock clock;
    Settings settings;
    seal::UsedTokens used_tokens;
    std::vector<std::unique_ptr<Listener>> attached;
    bool start_at_once = true;
    std::unique_ptr<Host> host;
    std::vector<Client*> clients;
    std::function<void()> between; // what happens to datagrams on their way
};

// A way between one client and the host that loses, repeats, holds back and alters datagrams, from a seed.
class BadWay {
  public:
    struct Manners {
        unsigned lost_permille = 0;
        unsigned repeated_permille = 0;
        unsigned late_permille = 0; // comes up to `late_turns_max` later, behind others
        unsigned altered_permille = 0;
        unsigned late_turns_max = 8;
        unsigned delay_turns = 0; // for all
    };
    BadWay(std::uint16_t host_port, std::uint64_t seed) : state_(seed), host_(address(host_port)) {
        front_ = open(port);
        std::uint16_t ignored = 0;
        back_ = open(ignored);
    }
    ~BadWay() {
        ::close(front_);
        ::close(back_);
    }
    BadWay(const BadWay&) = delete;
    BadWay& operator=(const BadWay&) = delete;

    void pump() {
        ++turn_;
        sockaddr_in from{};
        while (auto datagram = receive(front_, from)) {
            client_ = from;
            seen_by_engine_max = std::max(seen_by_engine_max, datagram->size());
            treat(*std::move(datagram), true);
        }
        while (auto datagram = receive(back_, from)) {
            seen_by_client_max = std::max(seen_by_client_max, datagram->size());
            if (watch) watch(*datagram);
            treat(*std::move(datagram), false);
        }
        for (auto held = held_.begin(); held != held_.end();) {
            if (held->due > turn_) {
                ++held;
                continue;
            }
            send(*held);
            held = held_.erase(held);
        }
    }

    Manners manners;
    std::uint16_t port = 0; // where the client thinks the host is
    std::size_t seen_by_engine_max = 0;
    std::size_t seen_by_client_max = 0;
    std::size_t lost = 0;
    std::function<void(const Bytes&)> watch; // what the engine sends

  private:
    struct Held {
        unsigned due = 0;
        Bytes datagram;
        bool to_engine = false;
    };
    static sockaddr_in address(std::uint16_t port) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.sin_port = htons(port);
        return address;
    }
    static int open(std::uint16_t& port) {
        const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
        REQUIRE(socket >= 0);
        sockaddr_in local = address(0);
        REQUIRE(::bind(socket, reinterpret_cast<sockaddr*>(&local), sizeof local) == 0);
        socklen_t size = sizeof local;
        ::getsockname(socket, reinterpret_cast<sockaddr*>(&local), &size);
        port = ntohs(local.sin_port);
        return socket;
    }
    static std::optional<Bytes> receive(int socket, sockaddr_in& from) {
        Bytes datagram(65536);
        socklen_t size = sizeof from;
        const auto got =
            ::recvfrom(socket, datagram.data(), datagram.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
        if (got < 0) return std::nullopt;
        datagram.resize(static_cast<std::size_t>(got));
        return datagram;
    }
    void treat(Bytes datagram, bool to_engine) {
        if (chance(manners.lost_permille)) {
            ++lost;
            return;
        }
        if (chance(manners.altered_permille) && !datagram.empty())
            datagram[next() % datagram.size()] ^= static_cast<std::byte>(1 << next() % 8);
        const unsigned copies = chance(manners.repeated_permille) ? 3 : 1;
        for (unsigned copy = 0; copy < copies; ++copy) {
            const bool late = chance(manners.late_permille);
            const auto extra = late ? static_cast<unsigned>(next() % manners.late_turns_max) : 0;
            held_.push_back({turn_ + manners.delay_turns + extra, datagram, to_engine});
        }
    }
    void send(const Held& held) {
        const sockaddr_in& to = held.to_engine ? host_ : client_;
        ::sendto(held.to_engine ? back_ : front_, held.datagram.data(), held.datagram.size(), 0,
                 reinterpret_cast<const sockaddr*>(&to), sizeof to);
    }
    std::uint64_t next() {
        std::uint64_t z = state_ += 0x9E3779B97F4A7C15u;
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
        z = (z ^ z >> 27) * 0x94D049BB133111EBu;
        return z ^ z >> 31;
    }
    bool chance(unsigned permille) { return next() % 1000 < permille; }

    std::uint64_t state_;
    sockaddr_in host_;
    sockaddr_in client_{};
    int front_ = -1;
    int back_ = -1;
    unsigned turn_ = 0;
    std::deque<Held> held_;
};

} // namespace playhead::enet::test
