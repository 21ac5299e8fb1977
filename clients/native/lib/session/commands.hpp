#pragma once

#include "lib/sync/predict.hpp"
#include "playhead/api.hpp"
#include "replication/messages.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace playhead::client {

using OnAnswer = std::function<void(const CommandResult&)>;

CommandResult refusal(ErrorCode code, std::string message);

// When a person acted, and what they saw.
struct Act {
    MediaInstance media;
    double local_ms = 0;
    std::optional<MediaTime> position;
    std::optional<sync::Issue> issue; // for showing it at once; empty while the room's time is not known
};

// Own commands from the moment a person acts until the room has answered: numbered once, sent again with the same
// number after a loss (the room applies each number once), shown at once and taken back when refused.
// clients/sdk/src/commands.ts is its twin. Pure but for the answers it gives: time comes in as arguments.
//   Units: ms, local time.   Owner: a Session.
class Commands {
  public:
    // Below the answers that the room keeps for commands that are sent again (Member::outcomes_kept).
    static constexpr std::size_t unanswered_max = 16;
    // A command that could not be sent for so long is given up: nobody expects it any more.
    static constexpr double unsent_ms_max = 10'000;

    std::size_t pending() const { return unanswered_.size(); }

    // `answer` is called once, at once if too many wait already.
    void submit(Action action, const Act& act, OnAnswer answer);

    // Commands that have not been sent yet, in order, ready for it. `issued_at` tells server time at a local time.
    // Numbers and stamps are given here, once: both grow, also when the clock estimate steps back.
    std::vector<ClientCommand> take_unsent(const std::function<ServerTime(double)>& issued_at);
    // After a resumed connection: commands whose fate is not known, to be sent again.
    std::vector<ClientCommand> sent() const;

    // False when it answers nothing that waits.
    bool answer(const Reply& reply);
    // A new viewer starts counting afresh; the fate of what the old one sent will never be told.
    void restart();
    // Gives up what could not be sent in time. True when something was given up.
    bool expire(double now_ms);
    // When expire() may have something to do; infinite if nothing waits to be sent.
    double expires_ms() const;
    void refuse_all(ErrorCode code, const std::string& message);

    // The room's motion with everything unanswered on top; commands meant for other media change nothing.
    sync::RoomMotion echo(const sync::RoomMotion& confirmed, MediaInstance media) const;

  private:
    struct Unanswered {
        Action action;
        Act act;
        OnAnswer answer;
        std::optional<ClientCommand> message; // once it has been sent; sent again as it was
    };

    bool refuse_where(const std::function<bool(const Unanswered&)>& matches, ErrorCode code,
                      const std::string& message);
    ClientCommand stamp(const Unanswered& command, ServerTime issued_at);

    std::vector<Unanswered> unanswered_;
    std::uint32_t sequence_ = 0;
    std::optional<ServerTime> last_issued_;
    std::uint16_t last_logical_ = 0;
};

} // namespace playhead::client
