#include "fuzz/targets.hpp"
#include "replication/decode.hpp"

namespace playhead::fuzz {
namespace {

template <class Message>
void look_at(const Result<Message>& decoded) {
    must(decoded || decoded.error().code != ErrorCode::none, "a refusal has a code");
    must(decoded || !decoded.error().message.empty(), "a refusal has a reason");
}

} // namespace

void fuzz_decode_client(ByteView input) {
    look_at(decode_client(input));
    look_at(decode_server(input));
}

} // namespace playhead::fuzz
