#include "talk.hpp"

#include "playhead_talk.hpp"
#include "raw_talk.hpp"

namespace playhead::load {

std::unique_ptr<Talk> make_talk(const Options& options, Hall& hall, std::uint32_t process) {
    if (options.dialect == Dialect::playhead) return std::make_unique<PlayheadTalk>(options, hall, process);
    return std::make_unique<RawTalk>(options, hall);
}

void mark_done(Hall& hall, Viewer& viewer, Nanoseconds now) {
    Board& board = hall.board();
    const std::uint64_t wanted = board.wanted.load();
    if (viewer.heard < wanted || viewer.done == wanted || viewer.pace != Viewer::Pace::quick) return;
    viewer.done = wanted;
    hall.tally().heard.record((now - board.burst_ns.load()) / 1000);
    if (board.remaining.fetch_sub(1) != 1) return;
    board.last_ns.store(now);
    hall.all_heard();
}

} // namespace playhead::load
