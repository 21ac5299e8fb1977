#include "net/websocket/frame_codec.hpp"

#include "fuzz/targets.hpp"

#include <algorithm>
#include <vector>

namespace playhead::fuzz {
namespace {

using websocket::FrameDecoder;

struct Seen {
    FrameDecoder::Kind kind;
    Bytes payload;
    std::uint16_t code;
    bool operator==(const Seen&) const = default;
};

std::vector<Seen> read(ByteView stream, std::size_t piece) {
    static constexpr FrameDecoder::Limits limits;
    FrameDecoder decoder{limits};
    std::vector<Seen> seen;
    for (std::size_t at = 0; at < stream.size(); at += piece) {
        const ByteView part = stream.subspan(at, std::min(piece, stream.size() - at));
        Bytes copy{part.begin(), part.end()};
        std::span<std::byte> input{copy};
        for (;;) {
            const auto step = decoder.next(input, FrameDecoder::Time{});
            if (step.kind == FrameDecoder::Kind::more) break;
            must(step.payload.size() <= limits.message_bytes_max, "a message is within its limit");
            seen.push_back({step.kind, {step.payload.begin(), step.payload.end()}, step.code});
        }
        must(input.empty(), "all input is taken");
        must(decoder.bytes_kept() <= limits.message_bytes_max + 125,
             "no more is kept than a message and a control frame");
    }
    for (std::size_t i = 0; i + 1 < seen.size(); ++i)
        must(seen[i].kind != FrameDecoder::Kind::close && seen[i].kind != FrameDecoder::Kind::broken,
             "nothing follows the end");
    return seen;
}

} // namespace

// The first byte says in which pieces the rest comes: they must not matter.
void fuzz_frame_codec(ByteView input) {
    if (input.empty()) return;
    const std::size_t piece = std::to_integer<std::size_t>(input[0]) + 1;
    const ByteView stream = input.subspan(1);
    must(read(stream, piece) == read(stream, std::max<std::size_t>(stream.size(), 1)), "the pieces do not matter");
}

} // namespace playhead::fuzz
