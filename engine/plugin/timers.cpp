#include "plugin/timers.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace playhead {

const Timer* Timers::find(const TimerName& name) const {
    const auto found = timers_.find(name);
    return found == timers_.end() ? nullptr : &found->second;
}

std::size_t Timers::count_of(std::string_view plugin) const {
    std::size_t count = 0;
    for (auto at = timers_.lower_bound({std::string{plugin}, {}}); at != timers_.end() && at->first.plugin == plugin;
         ++at)
        ++count;
    return count;
}

std::vector<std::pair<TimerName, Timer>> Timers::in_order() const {
    std::vector<std::pair<TimerName, Timer>> all(timers_.begin(), timers_.end());
    std::ranges::sort(all, {}, [](const auto& timer) { return timer.second.serial; });
    return all;
}

void Timers::set(const TimerName& name, Tick due, Value data) {
    timers_.insert_or_assign(name, Timer{due, std::move(data), ++serial_});
    next_known_ = false;
}

void Timers::cancel(const TimerName& name) {
    timers_.erase(name);
    next_known_ = false;
}

std::optional<Timer> Timers::take(const Due& due) {
    const auto found = timers_.find(due.name);
    if (found == timers_.end() || found->second.serial != due.serial) return std::nullopt;
    Timer timer = std::move(found->second);
    timers_.erase(found);
    next_known_ = false;
    return timer;
}

void Timers::restore(const TimerName& name, std::optional<Timer> timer) {
    if (timer)
        timers_.insert_or_assign(name, *std::move(timer));
    else
        timers_.erase(name);
    next_known_ = false;
}

void Timers::forget(std::string_view plugin) {
    std::erase_if(timers_, [&](const auto& timer) { return timer.first.plugin == plugin; });
    next_known_ = false;
}

std::vector<Timers::Due> Timers::due(Tick tick) const {
    std::vector<std::pair<Tick, Due>> found;
    for (const auto& [name, timer] : timers_)
        if (timer.due <= tick) found.push_back({timer.due, {name, timer.serial}});
    std::ranges::sort(found, {}, [](const auto& entry) { return std::tie(entry.first, entry.second.name); });
    std::vector<Due> due;
    due.reserve(found.size());
    for (auto& entry : found) due.push_back(std::move(entry.second));
    return due;
}

std::optional<Tick> Timers::next() const {
    if (std::exchange(next_known_, true)) return next_;
    next_.reset();
    for (const auto& [name, timer] : timers_)
        if (!next_ || timer.due < *next_) next_ = timer.due;
    return next_;
}

} // namespace playhead
