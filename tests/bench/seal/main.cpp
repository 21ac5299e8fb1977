// What sealing costs: nanoseconds for each packet sealed, opened and checked, and for each connect token, beside a
// plain copy of the same bytes in the same run. Prints a table, and as its last line one flat JSON object: medians over
// batches, with the 10th and 90th percentile as _p10 and _p90.
#include "seal/connect_token.hpp"
#include "seal/handshake.hpp"
#include "seal/packet.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

using namespace playhead;
using namespace playhead::seal;

namespace {

constexpr std::size_t batches = 200;
constexpr std::size_t calls = 2'000; // of one batch; more than a window of them

// Keeps the compiler from leaving out what nobody looks at.
void keep(const void* bytes) { asm volatile("" : : "g"(bytes) : "memory"); }

class Results {
  public:
    // Runs `call(n)` for n in 0..calls-1, again and again, and notes what one took. `prepare` is not counted.
    template <class Prepare, class Call>
    void measure(const std::string& key, Prepare prepare, Call call) {
        std::vector<double> samples;
        for (std::size_t batch = 0; batch < batches; ++batch) {
            prepare();
            const auto start = std::chrono::steady_clock::now();
            for (std::size_t n = 0; n < calls; ++n) call(n);
            const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
            samples.push_back(took.count() / static_cast<double>(calls));
        }
        std::ranges::sort(samples);
        add(key, samples[samples.size() / 2]);
        add(key + "_p10", samples[samples.size() / 10]);
        add(key + "_p90", samples[samples.size() * 9 / 10]);
    }
    void print() const {
        for (const auto& [key, value] : values_) std::printf("%-36s %10.1f\n", key.c_str(), value);
        std::printf("{");
        const char* separator = "";
        for (const auto& [key, value] : values_)
            std::printf("%s\"%s\":%.1f", std::exchange(separator, ","), key.c_str(), value);
        std::printf("}\n");
    }

  private:
    void add(const std::string& key, double value) { values_.emplace_back(key, value); }
    std::vector<std::pair<std::string, double>> values_;
};

void must(bool held, const char* what) {
    if (held) return;
    std::fprintf(stderr, "%s\n", what);
    std::exit(1);
}

Key some_key() {
    Key key;
    for (std::size_t i = 0; i < key.bytes.size(); ++i) key.bytes[i] = static_cast<std::byte>(i * 7);
    return key;
}

void packets(Results& results, std::size_t size) {
    const std::string suffix = "_" + std::to_string(size);
    const std::vector<std::byte> plain(size, std::byte{0x55});
    const std::size_t packet_size = size + packet_overhead_bytes;
    std::vector<std::byte> sealed(calls * packet_size);
    const auto packet = [&](std::size_t n) { return std::span{sealed}.subspan(n * packet_size, packet_size); };
    const auto nothing = [] {};

    results.measure("copy_ns" + suffix, nothing, [&](std::size_t n) {
        std::memcpy(packet(n).data(), plain.data(), plain.size());
        keep(sealed.data());
    });
    PacketSealer sealer{some_key()};
    results.measure("seal_ns" + suffix, nothing, [&](std::size_t n) { sealer.seal(plain, packet(n)); });
    PacketSealer other{some_key()};
    PacketOpener opener{some_key()};
    results.measure(
        "open_ns" + suffix,
        [&] {
            for (std::size_t n = 0; n < calls; ++n) other.seal(plain, packet(n));
        },
        [&](std::size_t n) { must(opener.open(packet(n)).has_value(), "a packet does not open"); });
    const HeaderChecksum checksum{some_key()};
    results.measure("checksum_ns" + suffix, nothing, [&](std::size_t n) {
        const std::uint32_t value = checksum.of(packet(n).first(size));
        keep(&value);
    });
}

void tokens(Results& results) {
    const ConnectGrant grant{.serial = {},
                             .room = *RoomId::parse("cinema"),
                             .clock_id = 77,
                             .expires = ServerTime{std::chrono::seconds{30}},
                             .viewer = {},
                             .roles = 0,
                             .keys = {some_key(), some_key()},
                             .epoch = Epoch{1}};
    const auto nothing = [] {};
    std::string text;
    results.measure("token_seal_ns", nothing, [&](std::size_t) { text = seal::seal(grant, some_key(), {}); });
    results.measure("token_open_ns", nothing, [&](std::size_t) {
        must(open_connect_token(text, some_key(), 77, {}).has_value(), "a token does not open");
    });
    // What a flood of forged ones costs for each.
    std::string forged = text;
    forged[forged.size() / 2] = forged[forged.size() / 2] == 'A' ? 'B' : 'A';
    results.measure("token_refuse_ns", nothing, [&](std::size_t) {
        must(!open_connect_token(forged, some_key(), 77, {}), "a forged token opens");
    });
    const CookieJar jar{some_key()};
    results.measure("cookie_ns", nothing, [&](std::size_t) {
        const Cookie cookie = jar.cookie(std::as_bytes(std::span{text}).first(6), grant.serial, {});
        keep(&cookie);
    });
}

} // namespace

int main() {
    Results results;
    for (const std::size_t size : {64U, 148U, 1200U}) packets(results, size);
    tokens(results);
    results.print();
}
