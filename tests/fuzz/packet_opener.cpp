#include "fuzz/input.hpp"
#include "fuzz/targets.hpp"
#include "seal/packet.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace playhead::fuzz {
namespace {

constexpr std::size_t packets_max = 64;

struct Sealed {
    Bytes plain;
    Bytes packet;
    bool opened = false;
};

// Takes the input as a script: what a true peer seals, and what a network (or somebody in it) does with it.
class Script {
  public:
    explicit Script(ByteView input) : input_(input) {}

    void run() {
        while (input_.more() && packets_.size() < packets_max) {
            switch (input_.byte() % 4) {
            case 0: seal(); break;
            case 1: deliver(); break;
            case 2: deliver_altered(); break;
            default: deliver_raw(); break;
            }
        }
    }

  private:
    void seal() {
        Sealed sealed{input_.bytes(input_.byte()), {}};
        sealed.packet.resize(sealed.plain.size() + seal::packet_overhead_bytes);
        sealer_.seal(sealed.plain, sealed.packet);
        packets_.push_back(std::move(sealed));
    }
    void deliver() {
        if (packets_.empty()) return;
        Sealed& sealed = packets_[input_.byte() % packets_.size()];
        Bytes copy = sealed.packet;
        const auto opened = opener_.open(copy);
        must(opened.has_value() == !sealed.opened, "a packet opens once");
        must(!opened || std::ranges::equal(*opened, sealed.plain), "it opens to what was sealed");
        must(opened || opened.error().code == ErrorCode::sequence, "a repeated packet is told as such");
        sealed.opened = true;
    }
    void deliver_altered() {
        if (packets_.empty()) return;
        Bytes copy = packets_[input_.byte() % packets_.size()].packet;
        const std::size_t at = input_.byte() * 256 + input_.byte();
        copy[at % copy.size()] ^= static_cast<std::byte>(1U << input_.byte() % 8);
        must(!opener_.open(copy), "an altered packet does not open");
    }
    void deliver_raw() {
        Bytes bytes = input_.bytes(input_.byte());
        const auto opened = opener_.open(bytes);
        must(!opened, "nobody guesses a packet");
        must(!opened.error().message.empty(), "a refusal has a reason");
    }

    // Not the key of the corpus: nothing in the script is sealed with it already.
    static constexpr seal::Key key{std::array<std::byte, seal::Key::bytes_count>{std::byte{1}}};

    Input input_;
    seal::PacketSealer sealer_{key};
    seal::PacketOpener opener_{key};
    std::vector<Sealed> packets_;
};

} // namespace

void fuzz_packet_opener(ByteView input) {
    Bytes whole{input.begin(), input.end()};
    static_cast<void>(seal::HeaderChecksum{seal::Key{}}.of(whole));
    Script{input}.run();
    // And all of it as one packet. libFuzzer does not know the key; the corpus has some that were sealed with it.
    seal::PacketOpener opener{seal::Key{}};
    const auto opened = opener.open(whole);
    must(opened || !opened.error().message.empty(), "a refusal has a reason");
    must(!opened || opened->size() + seal::packet_overhead_bytes == input.size(), "what opens has the right length");
}

} // namespace playhead::fuzz
