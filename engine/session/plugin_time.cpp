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

bool known_dear(const PluginCost& cost, ServerTime now) {
    return cost.turn > PluginTime::cheap_max || (cost.ended_at && now - *cost.ended_at <= PluginTime::remembered);
}

} // namespace

void PluginTime::begin_tick() {
    tick_used_ = loads_used_ = surprise_ = Microseconds{0};
    if (sets_.size() > sets_kept) forget_sets();
}

bool PluginTime::cheap(const PluginCost& room, const std::shared_ptr<const PluginSet>& set, ServerTime now) const {
    if (room.held || known_dear(room, now)) return false; // not excused by the others
    if (room.turns >= turns_to_know) return true;
    const auto known = sets_.find(set);
    return known != sets_.end() && known->second.turns >= turns_to_know && !known_dear(known->second, now);
}

Microseconds PluginTime::allowed(const PluginCost& room, bool cheap, bool setup) const {
    if (setup) return setup_max;
    if (!cheap || surprise_ < surprise_max) return turn_max;
    return std::clamp(room.turn * held_factor, held_min, turn_max);
}

PluginTime::Turn::Turn(PluginTime& time, PluginCost& room, std::shared_ptr<const PluginSet> set, Kind kind)
    : time_(time),
      room_(room),
      set_(std::move(set)),
      kind_(kind),
      cheap_(time.cheap(room, set_, time.clock_.now())),
      allowed_(time.allowed(room, cheap_, kind == Kind::setup)),
      held_(allowed_ < turn_max) {
    assert(time_.turn_ == nullptr);
    if (kind == Kind::setup) setup_start_ = time.clock_.thread_time();
    time_.turn_ = this;
}

PluginTime::Turn::~Turn() {
    time_.turn_ = nullptr;
    if (thread_start_) time_.write_down(*this); // else no hook has run
}

void PluginTime::begin() {
    hook_start_ = clock_.now();
    if (!turn_) return;
    if (turn_->kind_ == Turn::Kind::setup) { // each plugin has its time
        turn_->passed_before_ += std::exchange(turn_->passed_, Microseconds{0});
        turn_->thread_start_ = clock_.thread_time();
    } else if (!turn_->thread_start_) {
        turn_->thread_start_ = clock_.thread_time();
    }
}

Microseconds PluginTime::end() {
    const Microseconds passed = clock_.now() - hook_start_;
    if (!turn_) return passed;
    turn_->passed_ += passed;
    return used_by(*turn_, passed, cheap_max); // who was interrupted by the machine is not blamed for it
}

bool PluginTime::spent() {
    if (!turn_) return false;
    const Microseconds passed = turn_->passed_ + (clock_.now() - hook_start_);
    if (used_by(*turn_, passed, turn_->allowed_) <= turn_->allowed_) return false;
    turn_->ended_ = true;
    return true;
}

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
    if (turn.kind_ == Turn::Kind::setup) {
        loads_used_ += clock_.thread_time() - turn.setup_start_;
    } else if (!turn.cheap_) {
        tick_used_ += used;
    } else {
        surprise_ += std::max(used - cheap_max, Microseconds{0});
    }
    // Loading code is dear, and says nothing about running it.
    if (turn.kind_ == Turn::Kind::setup && !turn.ended_) return;
    remember(turn.room_, turn, used, now);
    remember(sets_[turn.set_], turn, used, now);
}

void PluginTime::remember(PluginCost& cost, const Turn& turn, Microseconds used, ServerTime now) {
    cost.turns = std::min(cost.turns + 1, turns_to_know);
    cost.turn += (used - cost.turn) / turns_averaged;
    cost.held = turn.ended_ && turn.held_;
    if (turn.ended_ && !turn.held_) cost.ended_at = now;
}

void PluginTime::forget_sets() {
    std::erase_if(sets_, [](const auto& one) { return one.first.use_count() == 1; });
}

} // namespace playhead
