#include "plugin/ruled_room.hpp"

#include "plugin/plugin_host.hpp"
#include "plugin/plugin_state.hpp"

#include <algorithm>
#include <utility>

namespace playhead {
namespace {

std::shared_ptr<const PluginSet> or_none(std::shared_ptr<const PluginSet> plugins) {
    static const auto none = std::make_shared<const PluginSet>(std::vector<Plugin>{});
    if (plugins == nullptr) return none;
    return plugins;
}

bool same_code(const PluginSet& one, const PluginSet& other) {
    return std::ranges::equal(one.plugins(), other.plugins(), [](const Plugin& left, const Plugin& right) {
        return left.manifest.name == right.manifest.name && left.hash == right.hash && left.settings == right.settings;
    });
}

// Does the room come to life with it? What the engine itself loads before anybody is here needs no plugins.
bool wakes(const Input& input) {
    if (const auto* command = std::get_if<Command>(&input)) return command->viewer != ViewerId{0};
    return std::holds_alternative<Join>(input) || std::holds_alternative<Signal>(input);
}

} // namespace

RuledRoom::RuledRoom(Epoch epoch, RoomInfo info, TickLength tick_length, std::shared_ptr<const PluginSet> plugins,
                     std::uint64_t seed, PluginContext context)
    : room_(epoch, std::move(info), tick_length),
      time_(context.time),
      context_(std::move(context)),
      plugins_(or_none(std::move(plugins))),
      plugin_state_(std::make_unique<PluginState>(seed)) {
    context_.time = time_.used();
}

RuledRoom::RuledRoom(RoomState state, PluginState plugin_state, TickLength tick_length,
                     std::shared_ptr<const PluginSet> plugins, PluginContext context)
    : room_(std::move(state), tick_length),
      time_(context.time),
      context_(std::move(context)),
      plugins_(or_none(std::move(plugins))),
      plugin_state_(std::make_unique<PluginState>(std::move(plugin_state))) {
    context_.time = time_.used();
}

RuledRoom::~RuledRoom() = default;

void RuledRoom::use(RoomWitness* witness) {
    witness_ = witness;
    time_.use(witness);
}

Microseconds RuledRoom::WitnessedTime::end(std::int64_t instructions) {
    const Microseconds took = time_->end(instructions);
    if (witness_ != nullptr) witness_->saw_end(took);
    return took;
}

bool RuledRoom::WitnessedTime::spent() {
    const bool spent = time_->spent();
    if (witness_ != nullptr) witness_->saw_time(spent);
    return spent;
}

void RuledRoom::start(Tick tick) {
    if (witness_ != nullptr) witness_->saw(RoomStep::start, tick);
    start_plugins(tick);
}

void RuledRoom::start_plugins(Tick tick) {
    if (host_ != nullptr || plugins_->empty()) return;
    host_ = std::make_unique<PluginHost>(room_, *plugin_state_, plugins_, context_);
    events_ = room_.take_events(); // of before: no plugin heard of them
    host_->start(tick, {});
}

std::optional<Outcome> RuledRoom::apply(const Input& input, Tick tick, const Lead& lead) {
    if (witness_ != nullptr) witness_->saw(input, tick, lead);
    if (host_ == nullptr && !plugins_->empty() && wakes(input)) start_plugins(tick);
    if (host_ != nullptr) return host_->apply(input, tick, lead);
    if (const auto* wall = std::get_if<WallTime>(&input)) plugin_state_->wall = PluginState::Wall{wall->unix_us, tick};
    return room_.apply(input, tick, lead);
}

void RuledRoom::advance(Tick tick, std::uint32_t missed, const Lead& lead) {
    if (witness_ != nullptr) witness_->saw_advance(tick, missed, lead);
    if (host_ != nullptr)
        host_->advance(tick, lead);
    else
        room_.advance(tick);
}

Version RuledRoom::commit() {
    if (witness_ != nullptr) witness_->saw(RoomStep::commit, std::nullopt);
    return room_.commit();
}

std::vector<Event> RuledRoom::take_events() {
    std::vector<Event> events = std::exchange(events_, {});
    for (Event& event : host_ != nullptr ? host_->take_events() : room_.take_events()) {
        if (events.size() < Room::events_per_tick_max) events.push_back(std::move(event));
    }
    return events;
}

std::vector<PluginEvent> RuledRoom::take_plugin_events() {
    std::vector<PluginEvent> events = std::exchange(plugin_events_, {});
    if (host_ == nullptr) return events;
    if (events.empty()) return host_->take_plugin_events();
    for (PluginEvent& event : host_->take_plugin_events()) events.push_back(std::move(event));
    return events;
}

std::vector<PluginRequestOut> RuledRoom::take_requests() {
    std::vector<PluginRequestOut> requests = std::exchange(requests_, {});
    if (host_ == nullptr) return requests;
    if (requests.empty()) return host_->take_requests();
    for (PluginRequestOut& request : host_->take_requests()) requests.push_back(std::move(request));
    return requests;
}

std::optional<Tick> RuledRoom::next_due(Tick tick) const {
    return host_ != nullptr ? host_->next_due(tick) : std::nullopt;
}

bool RuledRoom::behind() const { return host_ != nullptr && host_->behind(); }

void RuledRoom::collect_garbage() {
    if (host_ == nullptr) return;
    if (witness_ != nullptr) witness_->saw(RoomStep::collect_garbage, std::nullopt);
    host_->collect_garbage();
}

void RuledRoom::sleep_if_due() {
    if (host_ == nullptr) return;
    if (witness_ != nullptr) witness_->saw(RoomStep::sleep, std::nullopt);
    host_->sleep_if_due();
}

std::optional<Tick> RuledRoom::sleeps_at() const { return host_ != nullptr ? host_->sleeps_at() : std::nullopt; }

bool RuledRoom::asleep() const { return host_ != nullptr && host_->asleep(); }

void RuledRoom::wake(Tick tick, const Lead& lead) {
    if (!asleep()) return;
    if (witness_ != nullptr) witness_->saw(RoomStep::wake, tick);
    host_->wake(tick, lead);
}

void RuledRoom::suspend(std::string_view plugin, Tick tick) {
    if (host_ != nullptr) host_->suspend(plugin, tick);
}

std::vector<HookCalls> RuledRoom::hooks() const { return host_ != nullptr ? host_->hooks() : std::vector<HookCalls>{}; }

bool RuledRoom::settled() const {
    const bool idle = events_.empty() && plugin_events_.empty() && requests_.empty();
    return idle && !room_.changed() && (host_ == nullptr || host_->settled());
}

std::expected<void, std::string> RuledRoom::reload(std::shared_ptr<const PluginSet> plugins, Tick tick) {
    plugins = or_none(std::move(plugins));
    if (witness_ != nullptr) witness_->saw_reload(*plugins, tick);
    if (host_ == nullptr) {
        const bool starts = plugins_->empty() && !room_.state().viewers.empty();
        plugins_ = std::move(plugins);
        if (starts) start_plugins(tick);
        return {};
    }
    if (same_code(*plugins_, *plugins)) return {}; // the sets may be two copies: the host keeps the one it has
    return swap(std::move(plugins), tick);
}

std::expected<void, std::string> RuledRoom::restart(Tick tick) {
    if (witness_ != nullptr) witness_->saw(RoomStep::restart, tick);
    return swap(plugins_, tick);
}

// All that the new plugins do until they are accepted is done to the state in place; it is a value, so putting a copy
// back undoes it exactly.
std::expected<void, std::string> RuledRoom::swap(std::shared_ptr<const PluginSet> plugins, Tick tick) {
    SharedState shared_before = room_.state().shared;
    PluginState state_before = *plugin_state_;
    auto next = std::make_unique<PluginHost>(room_, *plugin_state_, plugins, context_);
    if (auto good = next->take_over(*plugins_, tick); !good) {
        next.reset();
        room_.shared() = std::move(shared_before);
        *plugin_state_ = std::move(state_before);
        return good;
    }
    if (host_ != nullptr) next->inherit(*host_);
    host_ = std::move(next);
    plugins_ = std::move(plugins);
    host_->welcome();
    if (!plugins_->empty()) return {};
    events_ = host_->take_events();
    plugin_events_ = host_->take_plugin_events();
    requests_ = host_->take_requests();
    host_.reset(); // a room without plugins has no Lua
    return {};
}

} // namespace playhead
