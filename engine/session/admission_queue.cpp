#include "session/admission_queue.hpp"

#include "session/room_host.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace playhead {

bool AdmissionQueue::passes(Kind kind, const RoomHost& room, ServerTime now) {
    if (lines(Kind::returning).size > 0) return false;
    if (kind == Kind::newcomer && (lines(kind).size > 0 || !room.takes_newcomers())) return false;
    return pace_.take(now);
}

// How many come in before one more of this kind would, at worst.
std::size_t AdmissionQueue::ahead_of(Kind kind) const {
    const std::size_t returning = lines_[std::to_underlying(Kind::returning)].size;
    const std::size_t newcomers = lines_[std::to_underlying(Kind::newcomer)].size;
    if (kind == Kind::newcomer) return returning + newcomers;
    return returning + std::min(newcomers, returning / returning_for_each_newcomer);
}

bool AdmissionQueue::add(Kind kind, Waiting waiting, Metrics& metrics) {
    if (ahead_of(kind) >= pace_.waiting_max()) return false;
    Lines& all = lines(kind);
    RoomHost* room = waiting.room;
    const Session* session = waiting.session;
    const auto [line, is_new] = all.of.try_emplace(room);
    if (is_new) all.turns.push_back(room);
    line->second.push_back(std::move(waiting));
    ++all.size;
    spots_.emplace(session, Spot{kind, room, std::prev(line->second.end())});
    metrics.hellos_waiting = spots_.size();
    return true;
}

void AdmissionQueue::remove(const Session& session, Metrics& metrics) {
    const auto spot = spots_.find(&session);
    if (spot == spots_.end()) return;
    Lines& all = lines(spot->second.kind);
    all.of.at(spot->second.room).erase(spot->second.at);
    --all.size;
    spots_.erase(spot);
    metrics.hellos_waiting = spots_.size();
}

AdmissionQueue::Waiting AdmissionQueue::take(Kind kind, Line& line, ServerTime now, Metrics& metrics) {
    Waiting first = std::move(line.front());
    line.pop_front();
    --lines(kind).size;
    spots_.erase(first.session);
    metrics.hellos_waiting = spots_.size();
    metrics.hello_wait.record(now - first.since);
    return first;
}

void AdmissionQueue::begin_tick() {
    for (Lines& all : lines_) {
        all.turns.insert(all.turns.begin(), all.aside.begin(), all.aside.end());
        all.aside.clear();
    }
}

// The room whose turn it is. A room whose line has emptied is looked at no more: it may be gone.
RoomHost* AdmissionQueue::first_in_turn(Kind kind) {
    Lines& all = lines(kind);
    while (!all.turns.empty()) {
        RoomHost* room = all.turns.front();
        if (all.of.at(room).empty()) {
            all.of.erase(room);
        } else if (kind == Kind::newcomer && !room->takes_newcomers()) {
            all.aside.push_back(room);
        } else {
            return room;
        }
        all.turns.pop_front();
    }
    return nullptr;
}

std::optional<AdmissionQueue::Waiting> AdmissionQueue::next(ServerTime now, Metrics& metrics) {
    Kind kind =
        turn_ % (returning_for_each_newcomer + 1) == returning_for_each_newcomer ? Kind::newcomer : Kind::returning;
    RoomHost* room = first_in_turn(kind);
    if (!room) {
        kind = kind == Kind::newcomer ? Kind::returning : Kind::newcomer;
        room = first_in_turn(kind);
    }
    if (!room || !pace_.take(now)) return std::nullopt;
    ++turn_;
    Lines& all = lines(kind);
    all.turns.pop_front();
    all.turns.push_back(room);
    return take(kind, all.of.at(room), now, metrics);
}

std::vector<AdmissionQueue::Waiting> AdmissionQueue::take_overdue(ServerTime now, Metrics& metrics) {
    std::vector<Waiting> overdue;
    if (spots_.empty()) return overdue;
    for (const Kind kind : {Kind::returning, Kind::newcomer}) {
        const auto look = [&](RoomHost* room) {
            Line& line = lines(kind).of.at(room);
            while (!line.empty() && now - line.front().since > pace_.wait_max())
                overdue.push_back(take(kind, line, now, metrics));
        };
        for (RoomHost* room : lines(kind).turns) look(room);
        for (RoomHost* room : lines(kind).aside) look(room);
    }
    return overdue;
}

} // namespace playhead
