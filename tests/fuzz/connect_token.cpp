#include "seal/connect_token.hpp"

#include "core/base64url.hpp"
#include "fuzz/targets.hpp"

#include <algorithm>
#include <string_view>

namespace playhead::fuzz {

// Any text as a connect token, to an engine whose key is all zeros and which the corpus knows: what opens is what that
// engine would seal again to the same text, so there is no second spelling of it.
void fuzz_connect_token(ByteView input) {
    const std::string_view text{reinterpret_cast<const char*>(input.data()), input.size()};
    const seal::Key engine{};
    constexpr std::uint64_t clock_id = 77;
    const auto grant = seal::open_connect_token(text, engine, clock_id, ServerTime{});
    if (!grant) {
        must(grant.error().code == ErrorCode::token_malformed || grant.error().code == ErrorCode::token_wrong ||
                 grant.error().code == ErrorCode::token_stale,
             "a refusal is one of three");
        must(!grant.error().message.empty(), "a refusal has a reason");
        return;
    }
    must(text.size() <= seal::connect_token_text_max, "a token is within its limit");
    must(grant->clock_id == clock_id && grant->expires > ServerTime{}, "what opens is for here and now");
    const auto sealed = from_base64url(text.substr(text.rfind('.') + 1));
    must(sealed.has_value(), "what opens is base64url");
    seal::Nonce nonce{};
    std::copy_n(sealed->begin(), nonce.size(), nonce.begin());
    must(seal::seal(*grant, engine, nonce) == text, "what opens has one spelling");
    seal::UsedTokens used;
    must(used.use(*grant, ServerTime{}).has_value() && !used.use(*grant, ServerTime{}), "what opens opens once");
}

} // namespace playhead::fuzz
