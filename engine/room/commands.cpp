#include "core/text.hpp"
#include "room/media.hpp"
#include "room/permission.hpp"
#include "room/room.hpp"

#include <algorithm>

// What a command does: who may be answered, what is refused, which register decides.
namespace playhead {
namespace {

std::unexpected<Error> refused(ErrorCode code, std::string message) {
    return std::unexpected(Error{.code = code, .message = std::move(message)});
}

Outcome refusal(const Command& command, Error error) {
    return {
        .viewer = command.viewer, .sequence = command.sequence, .verdict = Verdict::refused, .error = std::move(error)};
}

bool is_engine(ViewerId viewer) { return viewer == ViewerId{0}; }

// [R6] A last-writer-wins register: takes the stamp if it is no older than what the register holds.
bool wins(Stamp& last, const Command& command) {
    Stamp stamp = command.issued;
    stamp.viewer = command.viewer;
    if (stamp < last) return false;
    last = stamp;
    return true;
}

// An answer is kept for whoever asks again; the oldest go when there are many, or plugins have said much with them.
void keep(Member& member, const Outcome& outcome) {
    std::vector<Outcome>& kept = member.outcomes;
    kept.push_back(outcome);
    std::size_t from = kept.size() - 1;
    std::size_t bytes = wire_bytes_max(outcome.data);
    while (from > 0 && kept.size() - from < Member::outcomes_kept) {
        bytes += wire_bytes_max(kept[from - 1].data);
        if (bytes > Member::outcome_data_bytes_max) break;
        --from;
    }
    kept.erase(kept.begin(), kept.begin() + static_cast<std::ptrdiff_t>(from));
}

} // namespace

// [R8] Applied once, however often it is sent.
Outcome Room::answer(const Command& command, const MotionContext& context, Judge* judge) {
    if (is_engine(command.viewer)) return decide(command, context, judge);
    const auto found = state_.viewers.find(command.viewer);
    if (found == state_.viewers.end()) {
        return refusal(command, {.code = ErrorCode::hello_expected, .message = "its author is not in this room"});
    }
    Member& member = found->second;
    if (command.sequence <= member.last_sequence) {
        const auto kept = std::ranges::find(member.outcomes, command.sequence, &Outcome::sequence);
        if (kept != member.outcomes.end()) return *kept;
        return refusal(command, {.code = ErrorCode::sequence,
                                 .message = "sequence " + std::to_string(command.sequence) +
                                            " was used before and its answer is no longer kept; the next is " +
                                            std::to_string(member.last_sequence + 1)});
    }
    if (command.sequence - member.last_sequence > Member::sequence_gap_max) {
        return refusal(command,
                       {.code = ErrorCode::sequence,
                        .message = "sequence " + std::to_string(command.sequence) + " is too far ahead; the next is " +
                                   std::to_string(member.last_sequence + 1)});
    }
    Outcome outcome = decide(command, context, judge);
    if (outcome.undecided) return outcome;
    member.last_sequence = command.sequence;
    keep(member, outcome);
    return outcome;
}

// [R16] The room's own checks, then its permissions, then its plugins; at last the rules of motion.
Outcome Room::decide(const Command& command, const MotionContext& context, Judge* judge) {
    if (auto error = refusal_of_media(command)) return refusal(command, *std::move(error));
    if (auto denial = denial_of(command)) return *std::move(denial);
    Command judged = command;
    if (judge != nullptr) {
        if (auto settled = judge->judge(judged, context.tick)) {
            settled->viewer = command.viewer;
            settled->sequence = command.sequence;
            return *std::move(settled);
        }
        if (auto error = refusal_of_media(judged)) return refusal(command, *std::move(error));
    }
    auto verdict = std::visit([&](const auto& action) { return act(judged, action, context); }, judged.action);
    if (!verdict) return refusal(command, std::move(verdict).error());
    return {.viewer = command.viewer, .sequence = command.sequence, .verdict = *verdict};
}

// [P3] Rules bind viewers: neither plugins nor the engine.
std::optional<Outcome> Room::denial_of(const Command& command) const {
    const std::string_view permission = permission_of(command.action);
    if (permission.empty() || is_engine(command.viewer) || !command.plugin.empty()) return std::nullopt;
    auto denial = denied(state_.shared, permission, state_.viewers.at(command.viewer).roles);
    if (!denial) return std::nullopt;
    Outcome outcome = refusal(command, {.code = ErrorCode::denied, .message = std::move(denial->reason)});
    outcome.plugin = std::move(denial->plugin);
    outcome.reason = "permission";
    outcome.data = Value{Value::Map{{"permission", Value{std::move(denial->permission)}}}};
    return outcome;
}

// [R7] What was meant for one media must not hit its successor.
std::optional<Error> Room::refusal_of_media(const Command& command) const {
    const bool names_no_media = std::holds_alternative<Load>(command.action) ||
                                std::holds_alternative<SetName>(command.action) ||
                                std::holds_alternative<PluginCommand>(command.action);
    if (names_no_media) return std::nullopt;
    const MediaInstance loaded = state_.media.value().instance;
    if (loaded == MediaInstance{0} && !std::holds_alternative<SetRate>(command.action)) {
        return Error{.code = ErrorCode::no_media, .message = "nothing is loaded"};
    }
    if (command.media == loaded) return {};
    return Error{.code = ErrorCode::wrong_media,
                 .message = "it was meant for media " + std::to_string(command.media.value) + ", but " +
                            std::to_string(loaded.value) + " is loaded"};
}

Result<Verdict> Room::act(const Command& command, const Play&, const MotionContext& context) {
    if (!wins(state_.last_motion, command)) return Verdict::superseded;
    const Motion before = state_.motion.value();
    state_.motion.set(played(before, context));
    if (!before.intent().playing) {
        const Playhead& start = state_.motion.value().intent();
        tell(EventKind::played, command, context.tick, start.anchor_position);
    }
    return Verdict::applied;
}

Result<Verdict> Room::act(const Command& command, const Pause&, const MotionContext& context) {
    if (!wins(state_.last_motion, command)) return Verdict::superseded;
    const Motion before = state_.motion.value();
    const Motion after = paused(before, context, command.issued.physical, command.position_seen);
    // The same stop once more moves nothing, not even the anchor tick.
    const bool same = !before.intent().playing && after.current.anchor_position == before.current.anchor_position;
    if (same) return Verdict::applied;
    state_.motion.set(after);
    if (before.intent().playing) {
        tell(EventKind::paused, command, context.tick, after.current.anchor_position);
    }
    return Verdict::applied;
}

Result<Verdict> Room::act(const Command& command, const Seek& seek, const MotionContext& context) {
    if (seek.to < MediaTime{0} || seek.to > time_max) {
        return refused(ErrorCode::out_of_range, "a seek goes to a position from 0 to " +
                                                    std::to_string(time_max.count()) + " us, not to " +
                                                    std::to_string(seek.to.count()));
    }
    if (!wins(state_.last_motion, command)) return Verdict::superseded;
    state_.motion.set(sought(state_.motion.value(), context, seek.to));
    tell(EventKind::sought, command, context.tick, state_.motion.value().current.anchor_position);
    return Verdict::applied;
}

Result<Verdict> Room::act(const Command& command, const SetRate& set_rate, const MotionContext& context) {
    if (set_rate.rate.permille < Rate::permille_min || set_rate.rate.permille > Rate::permille_max) {
        return refused(ErrorCode::out_of_range, "a rate is from " + std::to_string(Rate::permille_min) + " to " +
                                                    std::to_string(Rate::permille_max) + " thousandths, not " +
                                                    std::to_string(set_rate.rate.permille));
    }
    if (!wins(state_.last_rate, command)) return Verdict::superseded;
    const Motion before = state_.motion.value();
    state_.motion.set(rate_changed(before, context, set_rate.rate));
    if (before.intent().rate != set_rate.rate) {
        tell(EventKind::rate_changed, command, context.tick,
             before.current.position_at(context.tick, context.tick_length));
    }
    return Verdict::applied;
}

Result<Verdict> Room::act(const Command& command, const Load& wish, const MotionContext& context) {
    auto load = checked(wish);
    if (!load) return std::unexpected(std::move(load).error());
    if (!wins(state_.last_motion, command)) return Verdict::superseded;
    const MediaInstance instance{state_.media.value().instance.value + 1};
    state_.media.set({.instance = instance,
                      .kind = load->kind,
                      .url = std::move(load->url),
                      .title = std::move(load->title),
                      .duration = MediaTime{0}});
    state_.duration_open = false;
    state_.motion.set(loaded(state_.motion.value(), context, instance, load->start, load->play));
    tell(EventKind::loaded, command, context.tick, load->start);
    return Verdict::applied;
}

Result<Verdict> Room::act(const Command& command, const SetName& set_name, const MotionContext&) {
    const auto row = state_.viewers.find(command.viewer);
    if (row == state_.viewers.end()) return refused(ErrorCode::hello_expected, "the engine has no name to change");
    row->second.name = shown_name(set_name.name, command.viewer);
    show(row->second);
    return Verdict::applied;
}

// What nobody has settled: whoever judges knows every command that there is.
Result<Verdict> Room::act(const Command&, const PluginCommand& wish, const MotionContext&) {
    const bool fits =
        wish.plugin.size() <= PluginCommand::name_bytes_max && wish.name.size() <= PluginCommand::name_bytes_max;
    return refused(ErrorCode::unknown_command, fits ? "this room has no command " + wish.plugin + '.' + wish.name
                                                    : "this room has no such command");
}

} // namespace playhead
