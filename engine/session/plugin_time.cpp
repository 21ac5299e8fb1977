#include "session/plugin_time.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace playhead {
namespace {

// Records of sets that no room runs any more are dropped when there are more than this.
constexpr std::size_t sets_kept = 256;

// The newest turn counts an eighth.
constexpr int turns_averaged = 8;

using Standing = PluginTime::Standing;

Standing standing_by(const PluginCost& cost, ServerTime now) {
    if (cost.ended_at && now - *cost.ended_at <= PluginTime::remembered &&
        cost.turns_since_ended < PluginTime::remembered_turns)
        return Standing::ended;
    if (cost.turn <= PluginTime::cheap_max) return Standing::cheap;
    return cost.turn <= PluginTime::slow_max && cost.work <= PluginTime::little_work ? Standing::slow : Standing::dear;
}

bool trusted(Standing standing) { return standing <= Standing::slow; }

// More is a surprise.
Microseconds expected(const PluginCost& room) {
    return std::max(2 * duration_cast<Microseconds>(room.turn), PluginTime::surprise_from);
}

} // namespace

void PluginTime::begin_tick() {
    look();
    used_ = {};
    surprise_ = Microseconds{0};
    if (sets_.size() > sets_kept) forget_sets();
}

Standing PluginTime::standing(const PluginCost& room, const std::shared_ptr<const PluginSet>& set,
                              ServerTime now) const {
    const Standing own = standing_by(room, now);
    if (!trusted(own)) return own;
    if (room.held) return Standing::dear; // not excused by the others
    if (room.turns >= turns_to_know) return own;
    const auto known = sets_.find(set);
    if (known == sets_.end() || known->second.turns < turns_to_know) return Standing::dear;
    return std::max(own, standing_by(known->second, now));
}

bool PluginTime::used_up(Standing standing) const {
    const auto index = std::to_underlying(standing);
    return used_[index] >= shares[index];
}

Microseconds PluginTime::allowed(const PluginCost& room, Standing standing) const {
    if (standing == Standing::loads) return setup_max;
    if (!trusted(standing) || surprise_ < surprise_max) return turn_max;
    return std::clamp(duration_cast<Microseconds>(room.turn * held_factor), held_min, turn_max);
}

PluginTime::Turn::Turn(PluginTime& time, PluginCost& room, std::shared_ptr<const PluginSet> set, Kind kind)
    : time_(time),
      room_(room),
      set_(std::move(set)),
      standing_(kind == Kind::setup ? Standing::loads : time.standing(room, set_, time.clock_.now())),
      allowed_(time.allowed(room, standing_)),
      held_(allowed_ < turn_max) {
    assert(time_.turn_ == nullptr);
    if (is_setup()) setup_start_ = time.clock_.thread_time();
    time_.turn_ = this;
}

PluginTime::Turn::~Turn() {
    time_.turn_ = nullptr;
    if (thread_start_) time_.write_down(*this); // else no hook has run
}

void PluginTime::look() {
    looked_at_ = clock_.now();
    thread_time_ = clock_.thread_time();
}

void PluginTime::begin() {
    hook_start_ = clock_.now();
    if (!turn_) return;
    if (turn_->is_setup()) { // each plugin has its time
        turn_->passed_before_ += std::exchange(turn_->passed_, Microseconds{0});
        turn_->work_ = 0;
    } else if (turn_->thread_start_) {
        return;
    }
    if (*hook_start_ - looked_at_ > look_max) look();
    turn_->thread_start_ = thread_time_;
}

Microseconds PluginTime::end(std::int64_t instructions) {
    const Microseconds passed = clock_.now() - *std::exchange(hook_start_, std::nullopt);
    if (!turn_) return passed;
    turn_->work_ += instructions;
    turn_->passed_ += passed;
    if (std::exchange(turn_->cut_off_, false)) blame(*turn_);
    return used_by(*turn_, passed, cheap_max); // who was interrupted by the machine is not blamed for it
}

bool PluginTime::spent() {
    if (!turn_) return false;
    Microseconds passed = turn_->passed_;
    if (hook_start_) passed += clock_.now() - *hook_start_;
    if (used_by(*turn_, passed, turn_->allowed_) <= turn_->allowed_) return false;
    if (hook_start_)
        turn_->cut_off_ = true;
    else
        blame(*turn_);
    return true;
}

void PluginTime::blame(Turn& turn) { turn.ended_ = turn.held_ || turn.work_ > little_work; }

// Time that passed counts what the machine did elsewhere meanwhile, and the thread's own counts what the room did
// between its hooks: the smaller of the two is nearer.
Microseconds PluginTime::used_by(const Turn& turn, Microseconds passed, Microseconds limit) const {
    if (passed <= limit) return passed;
    return std::min(passed, clock_.thread_time() - *turn.thread_start_);
}

void PluginTime::write_down(const Turn& turn) {
    const ServerTime now = clock_.now();
    const Microseconds used = turn.passed_before_ + used_by(turn, turn.passed_, cheap_max);
    turn.room_.total += used;
    used_[std::to_underlying(turn.standing_)] += turn.is_setup() ? clock_.thread_time() - turn.setup_start_ : used;
    if (trusted(turn.standing_)) surprise_ += std::max(used - expected(turn.room_), Microseconds{0});
    // Loading code is dear, and says nothing about running it.
    if (turn.is_setup() && !turn.ended_) return;
    remember(turn.room_, turn, used, now);
    remember(sets_[turn.set_], turn, used, now);
}

void PluginTime::remember(PluginCost& cost, const Turn& turn, Microseconds used, ServerTime now) {
    cost.turns = std::min(cost.turns + 1, turns_to_know);
    cost.turn += (used - cost.turn) / turns_averaged;
    cost.work += (turn.work_ - cost.work) / turns_averaged;
    cost.held = turn.ended_ && turn.held_;
    if (turn.ended_ && !turn.held_) {
        cost.ended_at = now;
        cost.turns_since_ended = 0;
    } else {
        ++cost.turns_since_ended;
    }
}

void PluginTime::forget_sets() {
    std::erase_if(sets_, [](const auto& one) { return one.first.use_count() == 1; });
}

} // namespace playhead
