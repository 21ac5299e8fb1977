#include "seal/handshake.hpp"

#include "core/overloaded.hpp"
#include "fuzz/targets.hpp"

#include <algorithm>

namespace playhead::fuzz {

// Any datagram of a stranger.
void fuzz_handshake(ByteView input) {
    const auto parsed = seal::parse_handshake(input);
    if (!parsed) {
        must(parsed.error().code == ErrorCode::malformed && !parsed.error().message.empty(), "a refusal has a reason");
        return;
    }
    const seal::ConnectGrant grant{.serial = {},
                                   .room = *RoomId::parse("cinema"),
                                   .clock_id = 77,
                                   .expires = {},
                                   .viewer = {},
                                   .roles = 0,
                                   .keys = {},
                                   .epoch = {}};
    must(seal::is_handshake(input), "what is parsed was of the handshake by its first bytes");
    must(std::ranges::equal(seal::datagram_of(*parsed), input), "each datagram has one spelling");
    std::visit(Overloaded{
                   [&](const seal::Ask& ask) {
                       must(input.size() == seal::handshake_request_bytes, "a request is no smaller than any answer");
                       must(!ask.token.empty() && ask.token.size() <= seal::connect_token_text_max,
                            "a token is within its limit");
                   },
                   [&](const seal::Answer& answer) {
                       must(input.size() == seal::handshake_request_bytes, "a request is no smaller than any answer");
                       must(!seal::CookieJar{seal::Key{}}.fits(answer.proof, input, grant, ServerTime{}),
                            "nobody guesses a proof");
                   },
                   [](const seal::Refused& refused) { must(refused.code != ErrorCode::none, "a refusal has a code"); },
                   [](const auto&) {},
               },
               *parsed);
}

} // namespace playhead::fuzz
