#include "net/enet/datagram.hpp"

#include "fuzz/targets.hpp"

namespace playhead::fuzz {

// Any datagram at ENet's door. `reliable_arrived` comes from its first two bytes.
void fuzz_datagram(ByteView input) {
    constexpr std::size_t arrived_bytes = 2;
    if (input.size() < arrived_bytes) return;
    const auto arrived =
        static_cast<std::uint16_t>(std::to_integer<unsigned>(input[0]) << 8U | std::to_integer<unsigned>(input[1]));
    const ByteView datagram = input.subspan(arrived_bytes);
    const auto head = enet::head_of(datagram);
    if (!head) return;
    must(datagram.size() <= enet::datagram_bytes_max, "what is too long has no head");
    must(head->bytes <= datagram.size(), "a head lies within its datagram");

    const bool said = enet::may_say(datagram, *head, arrived);
    must(said == enet::may_say(datagram, *head, arrived), "what may be said does not change");
    if (said) {
        // Nobody may say half of something.
        const ByteView cut = datagram.first(datagram.size() - 1);
        const auto cut_head = enet::head_of(cut);
        must(!cut_head || !enet::may_say(cut, *cut_head, arrived), "a datagram that was cut may not be said");
    }
    if (!enet::connect_request(datagram, *head)) return;
    must(head->peer == enet::none_peer, "only strangers ask to connect");
    Bytes bounded(datagram.begin(), datagram.end());
    enet::limit_datagrams(bounded, *head);
    must(!enet::limit_datagrams(bounded, *head), "a limit holds at once");
    must(enet::connect_request(bounded, *head).has_value(), "a limited request is a request");
}

} // namespace playhead::fuzz
