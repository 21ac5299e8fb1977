// What a delta to a thousand ENet peers costs the engine's thread, sealed and plain, beside the same bytes given to the
// kernel by sendto() alone, in turn with it. Over the loopback device, where sending includes delivering. Prints a
// table and, as its last line, one flat JSON object.
//
// The clients are those of the tests; their checks are off here.
#define DOCTEST_CONFIG_DISABLE
#include "net/enet/enet_client.hpp"
#include "replication/encode.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <malloc.h>
#include <sys/resource.h>

using namespace playhead;
using namespace playhead::enet;
using namespace playhead::enet::test;

namespace {

constexpr unsigned peers = 1000;
constexpr int rounds = 300;

std::int64_t cpu_ns() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

double median(std::vector<double> samples) {
    std::ranges::nth_element(samples, samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 2));
    return samples[samples.size() / 2];
}

[[noreturn]] void give_up(const char* why) {
    std::fprintf(stderr, "enet: %s\n", why);
    std::exit(1);
}

Frame delta(std::uint32_t version) {
    Delta message;
    message.epoch = Epoch{1};
    message.base = Version{version - 1};
    message.version = Version{version};
    message.sent_at = ServerTime{Microseconds{1}};
    message.fields.motion = Motion{};
    return encode(ServerMessage{message});
}

// As many sockets as there are peers, which take what sendto() brings.
class Sinks {
  public:
    Sinks() {
        sender_ = ::socket(AF_INET, SOCK_DGRAM, 0);
        for (unsigned i = 0; i < peers; ++i) {
            const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
            sockaddr_in address{};
            address.sin_family = AF_INET;
            address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
            socklen_t size = sizeof address;
            if (socket < 0) give_up("no socket is to be had");
            if (::bind(socket, reinterpret_cast<sockaddr*>(&address), size) != 0) give_up("no port is free");
            ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
            sockets_.push_back(socket);
            addresses_.push_back(address);
        }
    }
    std::int64_t send_ns(std::span<const std::byte> bytes) const {
        const std::int64_t start = cpu_ns();
        for (const sockaddr_in& to : addresses_)
            ::sendto(sender_, bytes.data(), bytes.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&to),
                     sizeof to);
        return cpu_ns() - start;
    }
    void empty() const {
        std::array<std::byte, 2048> buffer{};
        for (const int socket : sockets_)
            while (::recv(socket, buffer.data(), buffer.size(), 0) > 0) {
            }
    }

  private:
    int sender_ = -1;
    std::vector<int> sockets_;
    std::vector<sockaddr_in> addresses_;
};

seal::ConnectGrant numbered_grant(unsigned number, const Clock& clock) {
    seal::ConnectGrant granted = grant(number, clock);
    std::memcpy(granted.serial.data(), &number, sizeof number);
    return granted;
}

struct Cost {
    double enet_ns = 0; // for one packet
    double sendto_ns = 0;
    double ratio = 0; // median over the rounds
    std::size_t datagram_bytes = 0;
    double heap_bytes = 0; // of one connection, ENet's peer among it
};

double heap_bytes() {
    const auto info = ::mallinfo2();
    return static_cast<double>(info.uordblks + info.hblkhd);
}

// By what is given back with the host and its connections. ENet's peers are there from the start, used or not.
double connection_heap_bytes(Stage& stage) {
    const double before = heap_bytes();
    stage.attached.clear();
    stage.host.reset();
    const double unused = static_cast<double>(stage.settings.peers_max - peers) * sizeof(ENetPeer);
    return (before - heap_bytes() - unused) / peers;
}

Cost measure(bool sealed, const Sinks& sinks) {
    Settings settings;
    settings.sealed = sealed;
    settings.peers_per_address_max = settings.peers_max;
    Stage stage{settings};
    std::vector<std::unique_ptr<Client>> clients;
    for (unsigned i = 0; i < peers; ++i) {
        clients.push_back(
            std::make_unique<Client>(stage.host->port(), numbered_grant(i, stage.clock), stage.clock, sealed));
        clients.back()->host->randomSeed = i * 1000;
        stage.clients.push_back(clients.back().get());
    }
    const auto each = [&](auto what) {
        for (std::size_t i = 0; i < clients.size(); ++i) {
            what(*clients[i]);
            if (i % 50 == 49) stage.turn(1ms); // no more at a time than a socket holds
        }
        stage.turns(4);
    };
    each([](Client& client) { client.ask(); });
    each([](Client& client) {
        if (client.cookie) client.answer();
    });
    each([](Client& client) {
        client.connect();
        client.flush();
    });
    if (!stage.run_until([&] { return stage.attached.size() == peers; }, 400)) give_up("not all peers came in");
    stage.turns(200); // the greetings are over

    Cost cost;
    std::vector<double> enet_ns;
    std::vector<double> sendto_ns;
    std::vector<double> ratios;
    for (int round = 1; round <= rounds; ++round) {
        const Frame frame = delta(static_cast<std::uint32_t>(round + 1));
        stage.clock.time += 50ms;
        const std::uint64_t datagrams = stage.counters().datagrams_sent;
        const std::uint64_t bytes = stage.counters().bytes_sent;
        const std::int64_t start = cpu_ns();
        for (const auto& listener : stage.attached) listener->connection->send({&frame, 1});
        stage.io.restart();
        stage.io.poll(); // the flush at the end of the turn
        const auto ours = static_cast<double>(cpu_ns() - start);
        if (stage.counters().datagrams_sent - datagrams != peers) continue; // ENet had something of its own to say
        cost.datagram_bytes = (stage.counters().bytes_sent - bytes) / peers;
        const Bytes same(cost.datagram_bytes);
        const auto bare = static_cast<double>(sinks.send_ns(same));
        enet_ns.push_back(ours / peers);
        sendto_ns.push_back(bare / peers);
        ratios.push_back(ours / bare);
        sinks.empty();
        for (const auto& client : clients) client->service();
        stage.host->service();
    }
    if (ratios.size() < rounds / 2) give_up("too few rounds were clean");
    std::size_t heard = 0;
    for (const auto& client : clients) heard += client->heard.size();
    if (heard < peers * ratios.size()) give_up("not every delta arrived");
    cost.enet_ns = median(enet_ns);
    cost.sendto_ns = median(sendto_ns);
    cost.ratio = median(ratios);
    cost.heap_bytes = connection_heap_bytes(stage);
    return cost;
}

} // namespace

int main() {
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = std::min<rlim_t>(files.rlim_max, 8192);
    ::setrlimit(RLIMIT_NOFILE, &files);
    if (files.rlim_cur < 3 * peers) give_up("too few files may be open here (ulimit -n)");
    const Sinks sinks;
    const Cost plain = measure(false, sinks);
    const Cost sealed = measure(true, sinks);
    std::printf("%-8s %16s %16s %8s %12s %20s\n", "", "ENet ns/packet", "sendto ns/packet", "ratio", "bytes",
                "bytes a connection");
    for (const auto& [name, cost] : {std::pair{"plain", plain}, std::pair{"sealed", sealed}})
        std::printf("%-8s %16.0f %16.0f %8.2f %12zu %20.0f\n", name, cost.enet_ns, cost.sendto_ns, cost.ratio,
                    cost.datagram_bytes, cost.heap_bytes);
    std::printf("{\"peers\":%u,\"enet_plain_ns\":%.0f,\"enet_sealed_ns\":%.0f,\"sendto_ns\":%.0f,"
                "\"ratio_sendto_plain\":%.3f,\"ratio_sendto_sealed\":%.3f,\"connection_heap_bytes_plain\":%.0f,"
                "\"connection_heap_bytes_sealed\":%.0f,\"enet_peer_bytes\":%zu}\n",
                peers, plain.enet_ns, sealed.enet_ns, plain.sendto_ns, plain.ratio, sealed.ratio, plain.heap_bytes,
                sealed.heap_bytes, sizeof(ENetPeer));
}
