#include "common/state_json.hpp"

#include "common/json.hpp"
#include "common/words.hpp"

#include <string>
#include <utility>

namespace playhead::programs {
namespace {

Value text(std::string_view from) { return Value{std::string{from}}; }
Value integer(std::uint32_t from) { return Value{std::int64_t{from}}; }
Value maybe(const std::optional<double>& from) { return from ? Value{*from} : Value{}; }

Value media_json(const client::MediaView& media) {
    return object({{"instance", integer(media.instance)},
                   {"kind", text(name_of(media.kind))},
                   {"url", text(media.url)},
                   {"title", text(media.title)},
                   {"duration_ms", Value{media.duration_ms}}});
}

Value viewer_json(const client::ViewerView& viewer) {
    Value::List roles;
    for (const auto& [has, name] :
         {std::pair{viewer.roles.owner, "owner"}, std::pair{viewer.roles.moderator, "moderator"},
          std::pair{viewer.roles.host, "host"}, std::pair{viewer.roles.cohost, "cohost"},
          std::pair{viewer.roles.member, "member"}, std::pair{viewer.roles.muted, "muted"}}) {
        if (has) roles.push_back(text(name));
    }
    return object({{"id", integer(viewer.id)},
                   {"name", text(viewer.name)},
                   {"roles", Value{std::move(roles)}},
                   {"connected", Value{viewer.connected}},
                   {"drift_ms", maybe(viewer.drift_ms)},
                   {"delay_ms", maybe(viewer.delay_ms)},
                   {"buffer_ms", maybe(viewer.buffer_ms)},
                   {"stalled", Value{viewer.stalled}},
                   {"away", Value{viewer.away}},
                   {"blocked", Value{viewer.blocked}},
                   {"inexact", Value{viewer.inexact}}});
}

Value field_json(const client::SharedField& field) {
    if (field.kind == "value" || field.kind == "counter") return field.value;
    Value::List items;
    for (const client::SharedItem& item : field.items) {
        const std::int64_t* number = std::get_if<std::int64_t>(&item.key);
        Value key = number != nullptr ? Value{*number} : Value{std::get<std::string>(item.key)};
        items.push_back(object({{"key", std::move(key)}, {"value", item.value}}));
    }
    return Value{std::move(items)};
}

Value plugins_json(const client::RoomView& view) {
    Value::Map plugins;
    for (const auto& [name, plugin] : view.plugins) {
        Value::Map state;
        for (const auto& [field, content] : plugin.state) state.push_back({field, field_json(content)});
        plugins.push_back({name, object({{"version", text(plugin.version)},
                                         {"suspended", Value{plugin.suspended}},
                                         {"state", sorted_map(std::move(state))}})});
    }
    return sorted_map(std::move(plugins));
}

Value clock_json(const std::optional<client::ClockView>& clock) {
    if (!clock) return {};
    return object({{"offset_ms", Value{clock->offset_ms}},
                   {"error_bound_ms", Value{clock->error_bound_ms}},
                   {"rtt_ms", Value{clock->rtt_ms}},
                   {"settled", Value{clock->settled}}});
}

Value sync_json(const std::optional<client::SyncStatus>& sync) {
    if (!sync) return {};
    return object({{"phase", text(name(sync->phase))},
                   {"error_ms", maybe(sync->error_ms)},
                   {"rate", Value{sync->rate}},
                   {"stalled", Value{sync->stalled}}});
}

Value problem_json(const std::optional<client::Problem>& problem) {
    if (!problem) return {};
    return object({{"code", text(name_of(problem->code))}, {"message", text(problem->message)}});
}

Value::Map summary(const client::Room& room) {
    const client::RoomView& view = room.view();
    return {{"status", text(name_of(view.status))},
            {"problem", problem_json(view.problem)},
            {"room", text(view.room)},
            {"title", text(view.title)},
            {"transport", view.carrier ? text(name_of(*view.carrier)) : Value{}},
            {"me", integer(view.me)},
            {"media", media_json(view.media)},
            {"playing", Value{view.motion.playing}},
            {"rate", Value{view.motion.rate}},
            {"position_ms", Value{room.position_ms()}},
            {"viewer_count", integer(view.viewer_count)},
            {"clock", clock_json(view.clock)},
            {"sync", sync_json(view.sync)},
            {"hash_mismatches", integer(view.hash_mismatches)}};
}

} // namespace

Value summary_json(const client::Room& room) { return sorted_map(summary(room)); }

Value state_json(const client::Room& room) {
    Value::Map map = summary(room);
    Value::List viewers;
    for (const client::ViewerView& viewer : room.view().viewers) viewers.push_back(viewer_json(viewer));
    map.push_back({"viewers", Value{std::move(viewers)}});
    map.push_back({"plugins", plugins_json(room.view())});
    return sorted_map(std::move(map));
}

} // namespace playhead::programs
