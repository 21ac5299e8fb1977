// What TLS costs: one broadcast to many viewers over loopback, plain and sealed in turns, the connections as shipped; a
// handshake; and the memory of an idle viewer. Prints a table, and as its last line one flat JSON object: medians over
// rounds, with the 10th and 90th percentile as _p10 and _p90.
#include "net/tls/test_certificate.hpp"
#include "net/tls/tls_client.hpp"
#include "net/websocket/connection.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <malloc.h>
#include <memory>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <sys/socket.h>
#include <utility>
#include <vector>

using namespace playhead;

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr int rounds = 200;
constexpr std::size_t viewers_max = 5000;

std::int64_t now_ns() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

std::size_t heap_bytes() {
    const auto figures = ::mallinfo2();
    return figures.uordblks + figures.hblkhd;
}

class Results {
  public:
    void add(const std::string& key, double value) { values_.emplace_back(key, value); }
    // The median, for ratios.
    double add(const std::string& key, std::vector<double> samples) {
        std::ranges::sort(samples);
        const auto at = [&](double q) {
            return samples[static_cast<std::size_t>(q * static_cast<double>(samples.size() - 1))];
        };
        add(key, at(0.5));
        add(key + "_p10", at(0.1));
        add(key + "_p90", at(0.9));
        return at(0.5);
    }
    void print() const {
        for (const auto& [key, value] : values_) std::printf("%-36s %14.3f\n", key.c_str(), value);
        std::printf("{");
        const char* separator = "";
        for (const auto& [key, value] : values_)
            std::printf("%s\"%s\":%.3f", std::exchange(separator, ","), key.c_str(), value);
        std::printf("}\n");
    }

  private:
    std::vector<std::pair<std::string, double>> values_;
};

struct Silence final : ConnectionEvents {
    void on_message(ByteView) override {}
    void on_drained() override {}
    void on_closed(const Error&) override { std::fprintf(stderr, "a connection ended\n"); }
};

// Viewers of one kind, and the far ends of their sockets.
class Crowd {
  public:
    Crowd(std::size_t count, bool secure) : acceptor_(io_, {asio::ip::address_v4::loopback(), 0}) {
        std::vector<websocket::Socket> sockets;
        for (std::size_t i = 0; i < count; ++i) {
            clients_.emplace_back(io_, tcp::v4());
            clients_.back().connect(acceptor_.local_endpoint());
            sockets.push_back(acceptor_.accept(io_.get_executor()));
            servers_.push_back(sockets.back().native_handle());
        }
        connections_.reserve(count);
        if (secure) static_cast<void>(tls::test::connect(tls::test::any_context())); // what OpenSSL makes once
        const std::size_t before = heap_bytes();
        for (websocket::Socket& socket : sockets) {
            tls::MovedSession moved;
            if (secure) moved = std::move(tls::test::connect(tls::test::any_context()).server);
            connections_.push_back(websocket::make_connection(std::move(socket), *shared_, {}, std::move(moved)));
            connections_.back()->start(events_);
        }
        io_.poll();
        bytes_each = (heap_bytes() - before) / count;
    }

    // One frame for everybody; nanoseconds for each.
    double broadcast(const Frame& frame) {
        const std::array frames{frame};
        const std::int64_t start = now_ns();
        for (const auto& connection : connections_)
            if (!connection->send(frames)) std::fprintf(stderr, "the kernel is full\n");
        return per_viewer(now_ns() - start);
    }
    // The same bytes by bare system calls.
    double broadcast_bare(const Frame& frame) {
        const std::int64_t start = now_ns();
        for (const int server : servers_)
            if (::send(server, frame.wire().data(), frame.wire().size(), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
                std::fprintf(stderr, "the kernel is full\n");
        return per_viewer(now_ns() - start);
    }
    void read_all() {
        for (tcp::socket& client : clients_)
            while (::recv(client.native_handle(), nullptr, 1 << 20, MSG_TRUNC | MSG_DONTWAIT) > 0) {
            }
    }

    std::size_t bytes_each = 0;

  private:
    double per_viewer(std::int64_t ns) const {
        return static_cast<double>(ns) / static_cast<double>(connections_.size());
    }

    asio::io_context io_{1};
    tcp::acceptor acceptor_;
    std::unique_ptr<websocket::Shared> shared_ = std::make_unique<websocket::Shared>();
    Silence events_;
    std::vector<tcp::socket> clients_;
    std::vector<int> servers_;
    std::vector<std::unique_ptr<Connection>> connections_;
};

void broadcasts(Results& results, std::size_t count) {
    Crowd plain{count, false};
    Crowd secure{count, true};
    results.add("viewers", static_cast<double>(count));
    results.add("viewer_bytes_plain", static_cast<double>(plain.bytes_each));
    results.add("viewer_bytes_tls", static_cast<double>(secure.bytes_each));
    // A pause's delta, a snapshot of ten viewers, a full record.
    for (const std::size_t size : {148UZ, 612UZ, 4096UZ, 16'000UZ}) {
        std::vector<double> plain_ns;
        std::vector<double> tls_ns;
        std::vector<double> bare_ns;
        std::vector<double> seal_ns;
        auto pair = tls::test::connect(tls::test::any_context());
        Bytes sealed;
        for (int round = 0; round < rounds; ++round) {
            const Frame frame{Bytes(size, static_cast<std::byte>(round))};
            plain_ns.push_back(plain.broadcast(frame));
            plain.read_all();
            tls_ns.push_back(secure.broadcast(frame));
            secure.read_all();
            bare_ns.push_back(plain.broadcast_bare(frame));
            plain.read_all();
            const std::int64_t start = now_ns();
            for (std::size_t i = 0; i < count; ++i) {
                sealed.clear();
                pair.server.session->encrypt(frame.wire(), sealed);
            }
            seal_ns.push_back(static_cast<double>(now_ns() - start) / static_cast<double>(count));
        }
        const std::string suffix = "_" + std::to_string(size);
        const double bare = results.add("bare_send_ns" + suffix, bare_ns);
        const double one = results.add("plain_ns" + suffix, plain_ns);
        const double other = results.add("tls_ns" + suffix, tls_ns);
        results.add("seal_ns" + suffix, seal_ns);
        results.add("plain_to_bare_ratio" + suffix, one / bare);
        results.add("tls_to_plain_ratio" + suffix, other / one);
    }
}

// The server's half alone, a whole handshake each, nothing resumed.
void handshakes(Results& results) {
    for (const bool rsa : {false, true}) {
        const auto pair = tls::test::make_pair({.rsa = rsa});
        const auto context = tls::Context::make(pair.certificate, pair.key);
        tls::test::must(context.has_value());
        std::vector<double> samples;
        for (int round = 0; round < rounds; ++round) {
            tls::test::Client client;
            std::int64_t spent = -now_ns();
            tls::Session server{*context};
            spent += now_ns();
            auto kind = tls::Session::Kind::more;
            while (kind == tls::Session::Kind::more) {
                client.handshake();
                const Bytes up = client.take();
                std::span<const std::byte> input{up};
                Bytes reply;
                const std::int64_t start = now_ns();
                kind = server.handshake(input, reply).kind;
                spent += now_ns() - start;
                client.feed(reply);
            }
            samples.push_back(static_cast<double>(spent) / 1000);
        }
        results.add(rsa ? "handshake_us_rsa_2048" : "handshake_us_p256", samples);
    }
}

} // namespace

int main(int count, char** arguments) {
    std::size_t viewers = 1000;
    if (count > 1) {
        const std::string_view text{arguments[1]};
        const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), viewers);
        if (failed != std::errc{} || end != text.data() + text.size() || viewers == 0 || viewers > viewers_max) {
            std::fprintf(stderr, "usage: playhead_bench_tls [VIEWERS]   1 to %zu, by default 1000\n", viewers_max);
            return 2;
        }
    }
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    Results results;
    broadcasts(results, viewers);
    handshakes(results);
    results.print();
}
