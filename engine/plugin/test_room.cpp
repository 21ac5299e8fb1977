#include "plugin/test_room.hpp"

#include "plugin/lua_chunk.hpp"
#include "plugin/test_answers.hpp"
#include "plugin/test_calls.hpp"

#include <algorithm>
#include <utility>

namespace playhead {
namespace {

// Not zero, so that a plugin which takes ticks for the age of its room is found out.
constexpr Tick opened_at{1001};
constexpr TickLength tick_length{};
constexpr auto wall_interval_ticks = static_cast<std::uint32_t>(std::chrono::minutes{1} / tick_length.value);

std::string joined(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) {
        if (!text.empty()) text += "\n    ";
        text += line;
    }
    return text;
}

// The plugin with the parts that a test gives in place of those it has.
std::expected<PluginSource, std::string> source_with(const Value& parts, PluginSource source, const std::string& name) {
    const std::string path = "sources." + name;
    const auto refused = [&path](const std::string& got) {
        return std::unexpected(path + ": expected a table with manifest or code, each a text; got " + got);
    };
    const auto* texts = parts.get_if<Value::Map>();
    if (texts == nullptr) return refused(std::string{type_name(parts)});
    source.name = name;
    for (const auto& [part, text] : *texts) {
        const auto* content = text.get_if<std::string>();
        if (content == nullptr || (part != "manifest" && part != "code")) return refused(part);
        std::string part_path = path;
        part_path.append(".").append(part);
        (part == "code" ? source.code : source.manifest) = *content;
        (part == "code" ? source.code_path : source.manifest_path) = std::move(part_path);
    }
    return source;
}

} // namespace

TestRoom::TestRoom(const FindPlugin& find, const Value& options) : find_(find), tick_{opened_at.number - 1} {
    const Microseconds lead = microseconds_of(number_of(options, "lead_s").value_or(0));
    lead_ = {.start = lead, .seek = lead, .load = lead};
    if (const auto wall_s = number_of(options, "wall_s")) wall_us_ = microseconds_of(*wall_s).count();
    if (const Value* durations = options.find("durations_s"); durations != nullptr) {
        for (const auto& [url, seconds] : *durations->get_if<Value::Map>())
            durations_[url] = microseconds_of(number_of(*durations, url).value_or(0));
    }
}

std::expected<std::unique_ptr<TestRoom>, std::string> TestRoom::open(Value options, const FindPlugin& find) {
    Plugins plugins;
    if (auto taken = take_sources(options, plugins, find); !taken) return std::unexpected("T.room: " + taken.error());
    auto args = checked_call("open", std::move(options));
    if (!args) return std::unexpected(args.error());
    if (const Value* wanted = args->find("plugins"); wanted != nullptr)
        for (const auto& [name, settings] : *wanted->get_if<Value::Map>()) plugins.settings[name] = settings;
    const auto set = load(plugins, find);
    if (!set) return std::unexpected("T.room: " + set.error());

    std::unique_ptr<TestRoom> room{new TestRoom{find, *args}};
    room->plugins_ = std::move(plugins);
    const auto seed = static_cast<std::uint64_t>(integer_of(*args, "seed").value_or(1));
    room->room_ =
        std::make_unique<RuledRoom>(Epoch{1}, RoomInfo{.title = text_of(*args, "title", "Test")}, tick_length, *set,
                                    seed, PluginContext{.figures = nullptr, .time = nullptr, .room = "test"});
    if (const Value* media = args->find("media"); media != nullptr) {
        const auto loaded = room->give(ViewerId{0}, 0, room->load_of(*media), {});
        if (!loaded || loaded->verdict != Verdict::applied)
            return std::unexpected("T.room: media: " + (loaded ? loaded->error.message : "the room did not answer"));
    }
    room->room_->start(room->tick_);
    room->step({}); // what plugins want done first
    return room;
}

std::expected<void, std::string> TestRoom::take_sources(Value& args, Plugins& plugins, const FindPlugin& find) {
    auto* map = std::get_if<Value::Map>(&args.content);
    if (map == nullptr) return {};
    const auto entry = std::ranges::find(*map, "sources", &Value::Entry::key);
    if (entry == map->end()) return {};
    const auto* sources = entry->value.get_if<Value::Map>();
    if (sources == nullptr)
        return std::unexpected("sources: expected a table of plugins, got " + std::string{type_name(entry->value)});
    for (const auto& [name, parts] : *sources) {
        auto source = source_with(parts, source_of(name, plugins, find).value_or(PluginSource{}), name);
        if (!source) return std::unexpected(std::move(source.error()));
        plugins.sources[name] = *std::move(source);
    }
    map->erase(entry);
    return {};
}

std::expected<PluginSource, std::string> TestRoom::source_of(const std::string& name, const Plugins& plugins,
                                                             const FindPlugin& find) {
    const auto given = plugins.sources.find(name);
    return given == plugins.sources.end() ? find(name) : given->second;
}

std::expected<std::shared_ptr<const PluginSet>, std::string> TestRoom::load(const Plugins& plugins,
                                                                            const FindPlugin& find) {
    std::vector<PluginRequest> requests;
    std::vector<std::string> problems;
    for (const auto& [name, settings] : plugins.settings) {
        if (auto source = source_of(name, plugins, find)) {
            requests.push_back({*std::move(source), settings, "plugins." + name});
        } else {
            problems.push_back("plugins." + name + ": " + source.error());
        }
    }
    if (!problems.empty()) return std::unexpected(joined(problems));
    auto set = load_plugins(requests, lua::LocalNames::kept);
    if (!set) return std::unexpected(joined(set.error()));
    return *std::move(set);
}

std::optional<Outcome> TestRoom::step(const std::optional<Input>& input, std::uint32_t ticks) {
    tick_ = tick_ + ticks;
    give_wall_time();
    for (const Leave& leave : std::exchange(leaving_, {})) {
        Viewer& viewer = viewers_.at(leave.viewer);
        if (viewer.gone) continue;
        viewer.gone = leave.why;
        room_->apply(leave, tick_, lead_);
    }
    std::optional<Outcome> outcome;
    if (input) outcome = room_->apply(*input, tick_, lead_);
    report_durations();
    room_->advance(tick_, ticks - 1, lead_);
    room_->commit();
    follower_.follow(room_->state(), tick_);
    take_out();
    room_->collect_garbage();
    return outcome;
}

void TestRoom::give_wall_time() {
    if (!wall_us_ || (wall_given_ != Tick{} && tick_.number - wall_given_.number < wall_interval_ticks)) return;
    wall_given_ = tick_;
    room_->apply(WallTime{*wall_us_ + age().count()}, tick_, lead_);
}

Microseconds TestRoom::age() const { return tick_length.value * std::int64_t{tick_.number - opened_at.number}; }

// Players find out how long something is and say so; here they know at once.
void TestRoom::report_durations() {
    const Media& media = room_->state().media.value();
    const auto duration = durations_.find(media.url);
    if (media.instance == MediaInstance{} || duration == durations_.end()) return;
    for (auto& [id, viewer] : viewers_) {
        if (viewer.gone || !viewer.connected || viewer.reported == media.instance) continue;
        viewer.reported = media.instance;
        room_->apply(DurationReport{id, media.instance, duration->second}, tick_, lead_);
    }
}

void TestRoom::take_out() {
    for (const PluginEvent& event : room_->take_plugin_events()) deliver(event);
    room_->take_events(); // plugins hear of them as hooks; a test sees what they led to
    for (const PluginRequestOut& request : room_->take_requests())
        std::visit([&](const auto& wanted) { carry_out(wanted); }, request);
}

void TestRoom::deliver(const PluginEvent& event) {
    if (events_.size() < kept_max) events_.push_back(event);
    for (auto& [id, viewer] : viewers_) {
        const ViewerRow* row = row_of(id);
        if (row == nullptr || !viewer.connected || viewer.events.size() >= kept_max) continue;
        const bool meant = event.only == ViewerId{} ? audience_of(row->roles) >= event.to : event.only == id;
        if (meant) viewer.events.push_back(event);
    }
}

void TestRoom::carry_out(const Kick& kick) {
    if (viewers_.contains(kick.viewer)) leaving_.push_back({kick.viewer, LeaveReason::kicked});
}

void TestRoom::carry_out(const Ban& ban) {
    const auto viewer = viewers_.find(ban.viewer);
    if (viewer == viewers_.end()) return;
    std::optional<Tick> until;
    if (ban.seconds > 0)
        until = tick_ + static_cast<std::uint32_t>(std::chrono::seconds{ban.seconds} / tick_length.value);
    bans_.push_back({ban.viewer, viewer->second.name, viewer->second.device, ban.reason, ban.plugin, until});
    leaving_.push_back({ban.viewer, LeaveReason::banned});
}

void TestRoom::carry_out(const Unban& unban) {
    std::erase_if(bans_, [&](const Banned& banned) {
        return std::to_string(banned.viewer.value) == unban.who || banned.name == unban.who;
    });
}

void TestRoom::carry_out(const Log& line) {
    auto& kept = line.failure ? failures_ : logs_;
    if (kept.size() < kept_max) kept.push_back({line.plugin, line.message});
}

const ViewerRow* TestRoom::row_of(ViewerId viewer) const {
    const auto row = room_->state().viewers.find(viewer);
    return row == room_->state().viewers.end() ? nullptr : &row->second;
}

std::vector<std::string> TestRoom::faults() {
    std::vector<std::string> faults = follower_.faults(room_->state());
    for (const Failure& failure : failures_)
        faults.push_back("plugin " + failure.plugin +
                         " failed, and the test did not ask for r:errors(): " + failure.message);
    return faults;
}

const std::vector<HookCalls>& TestRoom::hooks() {
    std::ranges::move(room_->hooks(), std::back_inserter(hooks_));
    return hooks_;
}

} // namespace playhead
