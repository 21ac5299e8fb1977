#include "fuzz/targets.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

using namespace playhead;

namespace {

using Target = void (*)(ByteView);

struct Input {
    std::string name;
    Bytes bytes;
};

std::vector<Input> corpus(const std::string& name) {
    std::vector<Input> inputs;
    for (const auto& file : std::filesystem::directory_iterator{"tests/fuzz/corpus/" + name}) {
        std::ifstream stream{file.path(), std::ios::binary};
        const std::string content{std::istreambuf_iterator<char>{stream}, {}};
        const auto bytes = std::as_bytes(std::span{content});
        inputs.push_back({file.path().filename(), {bytes.begin(), bytes.end()}});
    }
    std::ranges::sort(inputs, {}, &Input::name); // the folder's own order is any
    return inputs;
}

void mutate(Bytes& bytes, std::mt19937& random) {
    const auto below = [&](std::size_t bound) { return static_cast<std::size_t>(random() % bound); };
    for (std::size_t changes = 1 + below(4); changes > 0; --changes) {
        if (bytes.empty()) return;
        const auto at = bytes.begin() + static_cast<std::ptrdiff_t>(below(bytes.size()));
        switch (below(5)) {
        case 0: *at ^= static_cast<std::byte>(1U << below(8)); break;
        case 1: *at = static_cast<std::byte>(below(256)); break;
        case 2: bytes.erase(at, bytes.end()); break;
        case 3: bytes.erase(at); break;
        default: bytes.insert(at, static_cast<std::byte>(below(256))); break;
        }
    }
}

void replay(const std::string& name, Target target, int mutations) {
    const std::uint32_t seed = 20260212;
    CAPTURE(seed);
    const auto inputs = corpus(name);
    REQUIRE(inputs.size() >= 5);
    std::mt19937 random{seed};
    target({});
    for (const Input& input : inputs) {
        CAPTURE(input.name);
        target(input.bytes);
        for (int i = 0; i < mutations; ++i) {
            Bytes mutant = input.bytes;
            mutate(mutant, random);
            CAPTURE(i);
            target(mutant);
        }
    }
}

} // namespace

TEST_CASE("the frame codec survives its corpus and its mutants") { replay("frame_codec", fuzz::fuzz_frame_codec, 500); }
TEST_CASE("the decoder of messages survives its corpus and its mutants") {
    replay("decode_client", fuzz::fuzz_decode_client, 500);
}
TEST_CASE("the decoder of values survives its corpus and its mutants") {
    replay("decode_value", fuzz::fuzz_decode_value, 2000);
}
TEST_CASE("connect tokens survive their corpus and its mutants") {
    replay("connect_token", fuzz::fuzz_connect_token, 500);
}
TEST_CASE("the handshake of datagrams survives its corpus and its mutants") {
    replay("handshake", fuzz::fuzz_handshake, 500);
}
TEST_CASE("the opener of packets survives its corpus and its mutants") {
    replay("packet_opener", fuzz::fuzz_packet_opener, 500);
}
TEST_CASE("what looks into datagrams survives its corpus and its mutants") {
    replay("datagram", fuzz::fuzz_datagram, 2000);
}
TEST_CASE("a client in a room survives what its engine says, and mutants of it") {
    replay("client_session", fuzz::fuzz_client_session, 300);
}
TEST_CASE("scripts of the corpus and their mutants end") { replay("script", fuzz::fuzz_script, 50); }
TEST_CASE("HTTP requests of the corpus and their mutants are answered or refused") {
    replay("http_request", fuzz::fuzz_http_request, 200);
}
TEST_CASE("media addresses survive their corpus and its mutants") { replay("media_url", fuzz::fuzz_media_url, 1000); }
TEST_CASE("manifests of the corpus and their mutants are read or refused") {
    replay("manifest", fuzz::fuzz_manifest, 50);
}
TEST_CASE("configs of the corpus and their mutants are read or refused") { replay("config", fuzz::fuzz_config, 20); }
TEST_CASE("a live room survives what its people do, and mutants of it") {
    replay("live_session", fuzz::fuzz_live_session, 10);
}
TEST_CASE("recordings of the corpus and their mutants are read and replayed, or refused") {
    replay("recording", fuzz::fuzz_recording, 100);
}
