#include "session/reloads.hpp"

#include "session/log.hpp"

#include <algorithm>
#include <cassert>
#include <set>
#include <string>
#include <utility>

namespace playhead {
namespace {

const std::shared_ptr<const PluginSet>& something_that_runs() {
    static const auto set = [] {
        PluginRequest request;
        request.source.name = "trial";
        request.source.manifest = "return { name = 'trial', version = '1.0.0', api = 1 }";
        auto loaded = load_plugins({request});
        assert(loaded);
        return *std::move(loaded);
    }();
    return set;
}

} // namespace

void Reloads::begin(PluginSets sets, Done done) {
    PluginReload refused;
    refused.problems = problems_of(sets);
    if (!refused.problems.empty()) {
        const PluginSets& old = directory_->plugin_sets();
        if (old.standard) refused.plugins = summaries_of(*old.standard);
        return done(std::move(refused));
    }
    directory_->use_plugins(std::move(sets));
    done_.push_back(std::move(done));
    result_ = {};
    waiting_.clear();
    directory_->for_each([&](const RoomHost& room) { waiting_.push_back(room.id()); });
    std::ranges::sort(waiting_, std::greater{}, &RoomId::text); // whatever the map's order: the same every time
}

// What is wrong with the code itself shows in a room that nobody is in, and spares the others the attempt. That room
// runs something already, or it would wait with loading until somebody comes.
std::vector<std::string> Reloads::problems_of(const PluginSets& sets) const {
    std::vector<std::string> problems;
    std::set<const PluginSet*> tried;
    const auto attempt = [&](const std::shared_ptr<const PluginSet>& before,
                             const std::shared_ptr<const PluginSet>& set, const std::string& where) {
        if (!set || same_plugins(before, set) || !tried.insert(set.get()).second) return;
        PluginCost cost;
        const PluginTime::Turn turn{shard_->plugin_time, cost, set, PluginTime::Turn::Kind::setup};
        RuledRoom room{Epoch{1}, {}, shard_->tick_length, something_that_runs(), 1, {nullptr, &shard_->plugin_time}};
        room.start(shard_->next_tick);
        if (const auto swapped = room.reload(set, shard_->next_tick); !swapped)
            problems.push_back(where + swapped.error());
    };
    const PluginSets& old = directory_->plugin_sets();
    attempt(old.standard, sets.standard, "");
    for (const auto& [room, set] : sets.of_room) attempt(old.of(room), set, "room " + room.text() + ": ");
    return problems;
}

void Reloads::run(Tick tick) {
    if (idle()) return;
    const Microseconds start = shard_->clock.thread_time();
    while (!waiting_.empty() && shard_->clock.thread_time() - start < tick_max) {
        const RoomId id = std::move(waiting_.back());
        waiting_.pop_back();
        if (RoomHost* room = directory_->find(id)) swap(*room, tick);
    }
    if (waiting_.empty()) finish();
}

void Reloads::swap(RoomHost& room, Tick tick) {
    std::shared_ptr<const PluginSet> set = directory_->plugin_sets().of(room.id());
    if (same_plugins(room.plugins(), set)) {
        ++result_.rooms_unchanged;
        return;
    }
    const auto swapped = room.reload(std::move(set), tick);
    if (swapped) {
        ++result_.rooms_swapped;
        return;
    }
    ++result_.rooms_kept;
    if (result_.kept.size() >= PluginReload::kept_named_max) return;
    log_plugins_kept(room.id(), swapped.error());
    result_.kept.push_back({room.id(), swapped.error()});
}

void Reloads::finish() {
    if (const auto& standard = directory_->plugin_sets().standard) result_.plugins = summaries_of(*standard);
    for (Done& done : std::exchange(done_, {})) done(result_);
    result_ = {};
}

} // namespace playhead
