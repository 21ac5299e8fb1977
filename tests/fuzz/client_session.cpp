#include "fuzz/targets.hpp"
#include "native/hostile_engine.hpp"

#include <algorithm>
#include <cmath>

namespace playhead::fuzz {
namespace {

// The next message: two bytes of length, then as many of those as there are.
Bytes take(ByteView& input) {
    if (input.size() < 2) {
        input = {};
        return {};
    }
    const auto wanted = std::to_integer<std::size_t>(input[0]) | std::to_integer<std::size_t>(input[1]) << 8;
    const ByteView message = input.subspan(2, std::min(wanted, input.size() - 2));
    input = input.subspan(2 + message.size());
    return {message.begin(), message.end()};
}

} // namespace

// Whatever an engine sends to a client that is in a room, and uses it. The first byte says whether it comes over ENet,
// and whether there was an honest welcome before.
void fuzz_client_session(ByteView input) {
    if (input.empty()) return;
    const auto kind = std::to_integer<unsigned>(input[0]);
    input = input.subspan(1);
    client::test::Victim victim{(kind & 1) != 0};
    if ((kind & 2) != 0) victim.join();
    std::size_t answers = 0;
    std::size_t asked = 0;
    victim.room->on_change([&] { static_cast<void>(victim.room->view()); });
    while (!input.empty()) {
        victim.engine->say(take(input));
        victim.poll();
        if (asked < 3) {
            ++asked;
            victim.room->play([&](const client::CommandResult&) { ++answers; });
        }
        must(std::isfinite(victim.room->position_ms()), "a position is a number");
        const client::RoomView& view = victim.room->view();
        must(view.viewers.size() <= client::Session::rows_max, "no more rows than may be");
        must(view.status != client::RoomStatus::closed || view.problem, "what is closed has a reason");
    }
    victim.poll(700);
    victim.room->leave();
    must(answers == asked, "every command is answered once");
    must(victim.engine->messages_heard < 10'000, "nobody talks for ever");
}

} // namespace playhead::fuzz
