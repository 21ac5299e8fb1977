#include "session/fan_out.hpp"

#include <cassert>
#include <utility>

namespace playhead {

Session& FanOut::add(std::unique_ptr<Session> session) {
    session->slot_ = static_cast<std::uint32_t>(sessions_.size());
    const std::size_t relay = session->connection().relay();
    if (relay >= written_by_.size()) written_by_.resize(relay + 1);
    ++written_by_[relay];
    sessions_.push_back(std::move(session));
    ++size_;
    return *sessions_.back();
}

std::unique_ptr<Session> FanOut::remove(Session& session) {
    assert(session.slot_ < sessions_.size() && sessions_[session.slot_].get() == &session);
    const std::uint32_t slot = session.slot_;
    std::unique_ptr<Session> removed = std::move(sessions_[slot]);
    --size_;
    --written_by_[removed->connection().relay()];
    if (idle()) { // no gaps then, and nothing remembers a slot
        if (slot + 1 < sessions_.size()) {
            sessions_[slot] = std::move(sessions_.back());
            sessions_[slot]->slot_ = slot;
        }
        sessions_.pop_back();
    }
    return removed;
}

std::size_t FanOut::least_loaded(std::size_t relays) const {
    std::size_t least = 0;
    const auto load = [this](std::size_t who) { return who < written_by_.size() ? written_by_[who] : 0; };
    for (std::size_t relay = 1; relay <= relays; ++relay)
        if (load(relay) < load(least)) least = relay;
    return least;
}

void FanOut::everyone() {
    if (passing_) {
        again_ = true;
        return;
    }
    passing_ = true;
    pass_next_ = 0;
}

void FanOut::one(Session& session) {
    if (std::exchange(session.visit_due_, true)) return;
    owed_.push_back(session.slot_);
}

bool FanOut::run(Broadcast& room, const Clock& clock, ServerTime deadline, Metrics& metrics, const Relays* relays) {
    ServerTime now = clock.now();
    std::size_t visits = 0;
    const auto visit = [&](Session& session) {
        session.flush(room, now, metrics);
        if (++visits % visits_between_looks == 0) now = clock.now();
        return now < deadline;
    };
    while (owed_next_ < owed_.size()) {
        Session* session = sessions_[owed_[owed_next_++]].get();
        if (!session) continue;
        session->visit_due_ = false;
        if (!visit(*session)) return false;
    }
    owed_.clear();
    owed_next_ = 0;
    while (passing_) {
        if (pass_next_ == 0 && !may_begin(relays)) break;
        while (pass_next_ < sessions_.size()) {
            Session* session = sessions_[pass_next_++].get();
            if (session && !visit(*session)) return false;
        }
        finish_pass(room, metrics);
    }
    close_gaps();
    return true;
}

void FanOut::finish_pass(Broadcast& room, Metrics& metrics) {
    ++metrics.fan_out_passes_total;
    passing_ = std::exchange(again_, false);
    pass_next_ = 0;
    if (!passing_) room.forget_events();
}

// Slots keep their numbers while anything remembers them; this is when nothing does.
void FanOut::close_gaps() {
    if (size_ == sessions_.size()) return;
    std::erase(sessions_, nullptr);
    for (std::uint32_t slot = 0; slot < sessions_.size(); ++slot) sessions_[slot]->slot_ = slot;
}

} // namespace playhead
