#include "core/value.hpp"
#include "fuzz/targets.hpp"
#include "replication/value_codec.hpp"

namespace playhead::fuzz {

// Any bytes as the arguments of a plugin's command: what is taken may travel on, and means the same at its end.
void fuzz_decode_value(ByteView input) {
    const auto decoded = decode_value(input);
    must(decoded || !decoded.error().message.empty(), "a refusal has a reason");
    if (!decoded) return;
    must(canonical(*decoded) == *decoded, "numbers have one form");
    const auto fault = canonical_fault(*decoded);
    must(!fault || fault->ends_with("more than 8192"), "what is taken may travel, if it is not too large");
    if (fault) return;
    const ByteView bytes = encode_value(*decoded);
    must(bytes.size() <= wire_bytes_max(*decoded), "no value takes more than was counted");
    must(decode_value(bytes) == *decoded, "what is written is the same value");
}

} // namespace playhead::fuzz
