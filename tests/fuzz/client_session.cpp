#include "fuzz/input.hpp"
#include "fuzz/targets.hpp"
#include "native/hostile_engine.hpp"

#include <cmath>

namespace playhead::fuzz {
namespace {

// The next message: two bytes of length, then as many of those as there are.
Bytes take_message(Input& input) {
    const std::size_t low = input.byte();
    return input.bytes(low | std::size_t{input.byte()} << 8U);
}

} // namespace

// Whatever an engine sends to a client that is in a room, and uses it. The first byte says whether it comes over ENet,
// and whether there was an honest welcome before.
void fuzz_client_session(ByteView bytes) {
    if (bytes.empty()) return;
    Input input{bytes};
    const unsigned kind = input.byte();
    client::test::Victim victim{(kind & 1) != 0};
    if ((kind & 2) != 0) victim.join();
    std::size_t answers = 0;
    std::size_t asked = 0;
    victim.room->on_change([&] { static_cast<void>(victim.room->view()); });
    while (input.more()) {
        victim.engine->say(take_message(input));
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
