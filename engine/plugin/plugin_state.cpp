#include "plugin/plugin_state.hpp"

#include <utility>

namespace playhead {

void Journal::before_entry(bool saved, const TableName& table, const EntryKey& key) {
    undo_.emplace_back(Entry{(saved ? state_.saved : shared_).before(table, key), saved});
}

void Journal::before_last_id(const TableName& id) {
    const auto found = state_.last_ids.find(id);
    undo_.emplace_back(LastId{id, found == state_.last_ids.end() ? std::nullopt : std::optional{found->second}});
}

void Journal::before_timer(const TimerName& timer) {
    const Timer* found = state_.timers.find(timer);
    undo_.emplace_back(NamedTimer{timer, found == nullptr ? std::nullopt : std::optional{*found}});
}

void Journal::roll_back(Mark mark) {
    while (undo_.size() > mark) {
        auto undo = std::move(undo_.back());
        undo_.pop_back();
        if (auto* entry = std::get_if<Entry>(&undo)) {
            (entry->saved ? state_.saved : shared_).restore(std::move(entry->undo));
        } else if (auto* id = std::get_if<LastId>(&undo)) {
            if (id->value)
                state_.last_ids.insert_or_assign(id->id, *id->value);
            else
                state_.last_ids.erase(id->id);
        } else {
            auto& timer = std::get<NamedTimer>(undo);
            state_.timers.restore(timer.name, std::move(timer.timer));
        }
    }
}

} // namespace playhead
