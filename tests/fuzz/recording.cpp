#include "fuzz/targets.hpp"
#include "recording/reader.hpp"
#include "recording/replay.hpp"
#include "recording/words.hpp"

#include <memory>

namespace playhead::fuzz {

// Any bytes as a recording; what can be read of it is told and replayed.
void fuzz_recording(ByteView input) {
    constexpr int records_max = 60;
    recording::Reader reader{input};
    std::unique_ptr<recording::Replay> replay;
    for (int i = 0; i < records_max; ++i) {
        const auto next = reader.next();
        if (!next) {
            must(!next.error().message.empty(), "a refusal has a reason");
            return;
        }
        if (!*next) return;
        const auto again = recording::decode(recording::encode(**next));
        must(again && again->index() == (*next)->index(), "what was read can be written and read again");
        if (const auto* opening = std::get_if<recording::Opening>(&**next)) {
            auto made = recording::Replay::of(*opening);
            if (!made) {
                must(!made.error().empty(), "why plugins cannot be run is said");
                return;
            }
            replay = *std::move(made);
        }
        const auto* turn = std::get_if<recording::Turn>(&**next);
        if (turn == nullptr) continue;
        for (const recording::Call& call : turn->calls) must(!in_words(call).empty(), "every call has words");
        if (!replay) continue;
        for (const recording::Difference& difference : replay->run(*turn).differences)
            must(difference.recorded != difference.replayed, "a difference is one");
    }
}

} // namespace playhead::fuzz
