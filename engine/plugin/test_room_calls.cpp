#include "plugin/test_answers.hpp"
#include "plugin/test_calls.hpp"
#include "plugin/test_room.hpp"
#include "replication/messages.hpp"
#include "room/media.hpp"
#include "room/names.hpp"
#include "room/permission.hpp"

#include <cmath>
#include <utility>

// What a test.lua can ask of a room, call by call; test_calls.cpp says what each takes, plugins/README.md what it
// means.
namespace playhead {
namespace {

constexpr TickLength tick_length{};

std::uint32_t roles_of(const Value& args) {
    const Value* names = args.find("roles");
    std::uint32_t roles = 0;
    if (names != nullptr)
        for (const Value& name : *names->get_if<Value::List>())
            roles |= role_bit(*name.get_if<std::string>()).value_or(0);
    return roles;
}

} // namespace

TestRoom::Method TestRoom::method_of(std::string_view name) {
    static const std::map<std::string_view, Method> methods{
        {"join", &TestRoom::join},         {"play", &TestRoom::play},
        {"pause", &TestRoom::pause},       {"seek", &TestRoom::seek},
        {"set_rate", &TestRoom::set_rate}, {"load", &TestRoom::load_media},
        {"rename", &TestRoom::rename},     {"command", &TestRoom::command},
        {"signal", &TestRoom::signal},     {"condition", &TestRoom::condition},
        {"leave", &TestRoom::leave},       {"lose", &TestRoom::lose},
        {"return", &TestRoom::come_back},  {"may", &TestRoom::may},
        {"gone", &TestRoom::gone},         {"viewer", &TestRoom::viewer},
        {"viewers", &TestRoom::viewers},   {"viewer_events", &TestRoom::viewer_events},
        {"shared", &TestRoom::shared},     {"facts", &TestRoom::facts},
        {"ticks", &TestRoom::ticks},       {"run", &TestRoom::run},
        {"late", &TestRoom::late},         {"wall", &TestRoom::wall},
        {"events", &TestRoom::events},     {"errors", &TestRoom::errors},
        {"logs", &TestRoom::logs},         {"bans", &TestRoom::bans},
        {"suspend", &TestRoom::suspend}};
    const auto method = methods.find(name);
    return method == methods.end() ? nullptr : method->second;
}

TestRoom::Answer TestRoom::call(std::string_view method, Value args) {
    if (method == "reload") return reload(std::move(args));
    auto good = checked_call(method, std::move(args));
    if (!good) return std::unexpected(good.error());
    const Method wanted = method_of(method);
    if (wanted == nullptr) return std::unexpected("a room has no call \"" + std::string{method} + "\"");
    return (this->*wanted)(*good);
}

// ---- viewers

TestRoom::Answer TestRoom::join(const Value& args) {
    if (viewers_.size() >= viewers_max)
        return std::unexpected("more than " + std::to_string(viewers_max) + " viewers have joined this room");
    const std::string device = text_of(args, "device");
    const std::string name = text_of(args, "name");
    std::erase_if(bans_, [&](const Banned& banned) { return banned.until && *banned.until <= tick_; });
    for (const Banned& banned : bans_)
        if (!device.empty() && banned.device == device) return Value{};
    const ViewerId id{static_cast<std::uint32_t>(viewers_.size() + 1)};
    Viewer& viewer = viewers_[id];
    viewer.id = id;
    viewer.name = name;
    viewer.device = device;
    step(Join{id, name, roles_of(args)});
    return Value{std::int64_t{id.value}};
}

std::expected<TestRoom::Viewer*, std::string> TestRoom::known(const Value& args) {
    const auto id = integer_of(args, "viewer").value_or(0);
    const auto viewer = viewers_.find(ViewerId{static_cast<std::uint32_t>(id)});
    if (viewer == viewers_.end()) return std::unexpected("no viewer " + std::to_string(id) + " has joined this room");
    return &viewer->second;
}

std::expected<TestRoom::Viewer*, std::string> TestRoom::acting(const Value& args) {
    const auto viewer = known(args);
    if (!viewer) return viewer;
    const std::string who = (*viewer)->name.empty() ? "viewer " + std::to_string((*viewer)->id.value) : (*viewer)->name;
    const auto gone = (*viewer)->gone;
    if (gone) return std::unexpected(who + " is no longer here: " + std::string{name_of(*gone)});
    if (!(*viewer)->connected) return std::unexpected(who + " is cut off, and cannot do anything before :return_()");
    return viewer;
}

TestRoom::Answer TestRoom::act(const Value& args, Action action, std::optional<MediaTime> seen) {
    const auto viewer = acting(args);
    if (!viewer) return std::unexpected(viewer.error());
    const auto outcome = give((*viewer)->id, ++(*viewer)->sequence, std::move(action), seen);
    if (!outcome) return std::unexpected("the room did not answer the command");
    return reply_value(*outcome);
}

std::optional<Outcome> TestRoom::give(ViewerId author, std::uint32_t sequence, Action action,
                                      std::optional<MediaTime> seen) {
    return step(Command{.viewer = author,
                        .sequence = sequence,
                        .media = room_->state().media.value().instance,
                        .issued = {tick_length.start_of(tick_ + 1), 0, author}, // acted on in the next tick
                        .position_seen = seen,
                        .action = std::move(action),
                        .plugin = {}});
}

TestRoom::Answer TestRoom::play(const Value& args) { return act(args, Play{}); }

TestRoom::Answer TestRoom::pause(const Value& args) {
    const auto seen = number_of(args, "seen_s");
    return act(args, Pause{}, seen ? std::optional{MediaTime{microseconds_of(*seen)}} : std::nullopt);
}

TestRoom::Answer TestRoom::seek(const Value& args) {
    return act(args, Seek{microseconds_of(number_of(args, "position_s").value_or(0))});
}

TestRoom::Answer TestRoom::set_rate(const Value& args) {
    return act(args, SetRate{{static_cast<std::int32_t>(std::lround(number_of(args, "rate").value_or(0) * 1000))}});
}

Load TestRoom::load_of(const Value& media) {
    Load load{.kind = media_kind_named(text_of(media, "kind", "file")).value_or(MediaKind::none),
              .url = text_of(media, "url", "/media/film.mp4"),
              .title = text_of(media, "title"),
              .start = microseconds_of(number_of(media, "start_s").value_or(0)),
              .play = flag_of(media, "play").value_or(false)};
    if (const auto duration_s = number_of(media, "duration_s")) durations_[load.url] = microseconds_of(*duration_s);
    return load;
}

TestRoom::Answer TestRoom::load_media(const Value& args) { return act(args, load_of(args)); }

TestRoom::Answer TestRoom::rename(const Value& args) { return act(args, SetName{text_of(args, "name")}); }

TestRoom::Answer TestRoom::command(const Value& args) {
    const Value* given = args.find("args");
    return act(args,
               PluginCommand{text_of(args, "plugin"), text_of(args, "name"), given ? *given : Value{Value::Map{}}});
}

TestRoom::Answer TestRoom::signal(const Value& args) {
    const auto viewer = acting(args);
    if (!viewer) return std::unexpected(viewer.error());
    const Value* given = args.find("args");
    step(Signal{(*viewer)->id, text_of(args, "plugin"), text_of(args, "name"), given ? *given : Value{Value::Map{}}});
    return Value{};
}

TestRoom::Answer TestRoom::condition(const Value& args) {
    const auto viewer = acting(args);
    if (!viewer) return std::unexpected(viewer.error());
    const auto set = [&](std::string_view key, ReportFlag flag) {
        const auto bit = static_cast<unsigned>(std::to_underlying(flag));
        const unsigned others = (*viewer)->condition & ~bit;
        if (const auto on = flag_of(args, key))
            (*viewer)->condition = static_cast<std::uint8_t>(others | (*on ? bit : 0U));
    };
    set("stalled", ReportFlag::stalled);
    set("away", ReportFlag::away);
    set("blocked", ReportFlag::blocked);
    step(Condition{(*viewer)->id, (*viewer)->condition});
    return Value{};
}

TestRoom::Answer TestRoom::leave(const Value& args) {
    const auto viewer = known(args);
    if (!viewer) return std::unexpected(viewer.error());
    if ((*viewer)->gone) return std::unexpected((*viewer)->name + " has gone already");
    // Whoever is cut off leaves because nobody waits for it any longer.
    const LeaveReason why = (*viewer)->connected ? LeaveReason::left : LeaveReason::lost;
    (*viewer)->gone = why;
    step(Leave{(*viewer)->id, why});
    return Value{};
}

TestRoom::Answer TestRoom::lose(const Value& args) {
    const auto viewer = acting(args);
    if (!viewer) return std::unexpected(viewer.error());
    (*viewer)->connected = false;
    step(Disconnect{(*viewer)->id});
    return Value{};
}

TestRoom::Answer TestRoom::come_back(const Value& args) {
    const auto viewer = known(args);
    if (!viewer) return std::unexpected(viewer.error());
    if ((*viewer)->gone || (*viewer)->connected)
        return std::unexpected((*viewer)->name + " can only return after :lose(), and as long as its place is kept");
    (*viewer)->connected = true;
    step(Reconnect{(*viewer)->id});
    return Value{};
}

TestRoom::Answer TestRoom::may(const Value& args) {
    const auto viewer = acting(args);
    if (!viewer) return std::unexpected(viewer.error());
    const ViewerRow* row = row_of((*viewer)->id);
    const auto denial = denied(room_->state().shared, text_of(args, "permission"), row == nullptr ? 0 : row->roles);
    return denial ? Value{denial->reason} : Value{};
}

TestRoom::Answer TestRoom::gone(const Value& args) {
    const auto viewer = known(args);
    if (!viewer) return std::unexpected(viewer.error());
    const auto gone = (*viewer)->gone;
    return gone ? Value{std::string{name_of(*gone)}} : Value{};
}

TestRoom::Answer TestRoom::viewer(const Value& args) {
    const ViewerId id{static_cast<std::uint32_t>(integer_of(args, "viewer").value_or(0))};
    const ViewerRow* row = row_of(id);
    const auto viewer = viewers_.find(id);
    return row == nullptr || viewer == viewers_.end() ? Value{} : viewer_value(*row, viewer->second.condition);
}

TestRoom::Answer TestRoom::viewers(const Value&) {
    Value::List list;
    for (const auto& [id, row] : room_->state().viewers) list.push_back(viewer_value(row, viewers_.at(id).condition));
    return Value{std::move(list)};
}

TestRoom::Answer TestRoom::viewer_events(const Value& args) {
    const auto viewer = known(args);
    if (!viewer) return std::unexpected(viewer.error());
    return taken_events((*viewer)->events, text_of(args, "plugin"));
}

// ---- the room

TestRoom::Answer TestRoom::shared(const Value& args) {
    Audience audience = Audience::owner;
    if (integer_of(args, "viewer")) {
        const auto viewer = acting(args);
        if (!viewer) return std::unexpected(viewer.error());
        const ViewerRow* row = row_of((*viewer)->id);
        audience = audience_of(row == nullptr ? 0 : row->roles);
    }
    return shared_value(follower_.seen_by(audience).shared());
}

TestRoom::Answer TestRoom::facts(const Value&) {
    const RoomState& state = room_->state();
    const Motion& motion = state.motion.value();
    const Media& media = state.media.value();
    Value loaded;
    if (media.instance != MediaInstance{}) {
        loaded =
            table_value({{"instance", Value{std::int64_t{media.instance.value}}},
                         {"url", Value{media.url}},
                         {"title", Value{media.title}},
                         {"duration_s", media.duration == MediaTime{0} ? Value{} : seconds_value(media.duration)}});
    }
    const MediaTime position = motion.at(tick_).position_at(tick_, tick_length);
    return table_value({{"playing", Value{motion.intent().playing}},
                        {"position_s", seconds_value(position)},
                        {"rate", canonical(Value{motion.intent().rate.permille / 1000.0})},
                        {"media", loaded},
                        {"tick", Value{std::int64_t{tick_.number}}},
                        {"time_s", seconds_value(age())},
                        {"viewer_count", Value{std::int64_t{state.viewer_count.value()}}}});
}

std::expected<void, std::string> TestRoom::pass(std::int64_t ticks) {
    if (tick_.number + ticks > ticks_max)
        return std::unexpected("this room has lived for " + std::to_string(tick_.number) + " ticks; at most " +
                               std::to_string(ticks_max) + " are possible");
    for (; ticks > 0; --ticks) step({});
    return {};
}

TestRoom::Answer TestRoom::ticks(const Value& args) {
    const auto passed = pass(integer_of(args, "n").value_or(0));
    return passed ? Answer{} : std::unexpected(passed.error());
}

TestRoom::Answer TestRoom::run(const Value& args) {
    const Microseconds time = microseconds_of(number_of(args, "seconds").value_or(0));
    const auto passed = pass((time + tick_length.value - Microseconds{1}) / tick_length.value);
    return passed ? Answer{} : std::unexpected(passed.error());
}

TestRoom::Answer TestRoom::late(const Value& args) {
    const auto n = static_cast<std::uint32_t>(integer_of(args, "n").value_or(0));
    if (tick_.number + n > ticks_max)
        return std::unexpected("a room lives for at most " + std::to_string(ticks_max) + " ticks");
    step({}, n);
    return Value{};
}

TestRoom::Answer TestRoom::wall(const Value& args) {
    // The room is told in the next tick, as it is about once a minute.
    wall_us_ = (microseconds_of(number_of(args, "unix_s").value_or(0)) - age() - tick_length.value).count();
    wall_given_ = {};
    step({});
    return Value{};
}

TestRoom::Answer TestRoom::events(const Value& args) { return taken_events(events_, text_of(args, "plugin")); }

TestRoom::Answer TestRoom::errors(const Value&) {
    Value::List list;
    for (const Failure& failure : std::exchange(failures_, {}))
        list.push_back(table_value({{"plugin", Value{failure.plugin}}, {"message", Value{failure.message}}}));
    return Value{std::move(list)};
}

TestRoom::Answer TestRoom::logs(const Value&) {
    Value::List list;
    for (const Failure& line : std::exchange(logs_, {}))
        list.push_back(table_value({{"plugin", Value{line.plugin}}, {"message", Value{line.message}}}));
    return Value{std::move(list)};
}

TestRoom::Answer TestRoom::bans(const Value&) {
    Value::List list;
    for (const Banned& banned : bans_) {
        if (banned.until && *banned.until <= tick_) continue;
        Value left;
        if (banned.until) left = seconds_value(tick_length.value * std::int64_t{banned.until->number - tick_.number});
        list.push_back(table_value({{"viewer", Value{std::int64_t{banned.viewer.value}}},
                                    {"name", Value{banned.name}},
                                    {"plugin", Value{banned.plugin}},
                                    {"reason", text_or_nil(banned.reason)},
                                    {"left_s", left}}));
    }
    return Value{std::move(list)};
}

TestRoom::Answer TestRoom::suspend(const Value& args) {
    const std::string plugin = text_of(args, "plugin");
    if (!plugins_.settings.contains(plugin))
        return std::unexpected(":suspend: the room has no plugin \"" + plugin + "\"");
    const auto asked_for = static_cast<std::ptrdiff_t>(failures_.size());
    room_->suspend(plugin, tick_);
    take_out();
    // That it was suspended is no failure that the test has to ask for.
    failures_.erase(std::remove_if(failures_.begin() + asked_for, failures_.end(),
                                   [&](const Failure& failure) { return failure.plugin == plugin; }),
                    failures_.end());
    step({});
    return Value{};
}

TestRoom::Answer TestRoom::reload(Value args) {
    Plugins plugins = plugins_;
    if (auto taken = take_sources(args, plugins, find_); !taken) return std::unexpected(":reload: " + taken.error());
    const auto good = checked_call("reload", std::move(args));
    if (!good) return std::unexpected(good.error());
    if (const Value* wanted = good->find("plugins"); wanted != nullptr) {
        plugins.settings.clear();
        for (const auto& [name, settings] : *wanted->get_if<Value::Map>()) plugins.settings[name] = settings;
    }
    const auto set = load(plugins, find_);
    if (!set) return Value{set.error()};
    hooks(); // what ran of the old ones counts
    const auto swapped = room_->reload(*set, tick_);
    if (swapped) plugins_ = std::move(plugins);
    step({});
    return swapped ? Value{} : Value{swapped.error()};
}

} // namespace playhead
