#include "fuzz/targets.hpp"
#include "replication/decode.hpp"

namespace playhead::fuzz {

void fuzz_decode_client(ByteView input) {
    const auto decoded = decode_client(input);
    must(decoded || decoded.error().code != ErrorCode::none, "a refusal has a code");
    must(decoded || !decoded.error().message.empty(), "a refusal has a reason");
    static_cast<void>(decode_server(input));
}

} // namespace playhead::fuzz
