#include "common/news.hpp"

#include "common/json.hpp"
#include "common/words.hpp"

#include <algorithm>
#include <utility>

namespace playhead::programs {
namespace {

using client::EventKind;
using client::RoomStatus;
using Kind = NewsLine::Kind;

constexpr std::size_t names_spoken = 3;

std::string who(std::uint32_t viewer, const client::RoomView& view) {
    if (const client::ViewerView* found = view.viewer(viewer)) return shown(found->name);
    return viewer == 0 ? "The room" : "Someone"; // nobody in particular: a plugin, or a rule of the room
}

Value::List list_of(const Value& map, std::string_view key) {
    const Value* found = map.find(key);
    const Value::List* list = found == nullptr ? nullptr : found->get_if<Value::List>();
    return list == nullptr ? Value::List{} : *list;
}

std::uint32_t viewer_of(const Value& map, std::string_view key) {
    const double number = number_of(map, key, 0);
    return number > 0 && number < 4e9 ? static_cast<std::uint32_t>(number) : 0;
}

// "Ann, Ben and 3 more"; empty for nobody.
std::string names_words(const std::vector<std::string>& names, double more) {
    std::vector<std::string> parts{names.begin(),
                                   names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), names_spoken))};
    const double others = static_cast<double>(names.size() - parts.size()) + std::max(0.0, more);
    if (others > 0) parts.push_back(std::to_string(static_cast<std::int64_t>(std::min(others, 1e9))) + " more");
    std::string words;
    for (std::size_t index = 0; index < parts.size(); ++index) {
        if (index > 0) words += index + 1 == parts.size() ? " and " : ", ";
        words += parts[index];
    }
    return words;
}

std::vector<std::string> people_of(const Value::List& list, std::uint32_t me) {
    std::vector<std::string> names;
    for (const Value& person : list)
        if (viewer_of(person, "viewer") != me) names.push_back(shown(text_of(person, "name")));
    return names;
}

std::string reason_words(const std::string& reason) {
    if (reason == "stalled") return "buffering";
    if (reason == "blocked") return "has to touch the page first";
    if (reason == "joining") return "coming in";
    if (reason == "lost") return "reconnecting";
    return shown(reason);
}

const Value* value_of(const client::RoomView& view, std::string_view plugin, std::string_view field) {
    const client::PluginView* found = view.plugin(plugin);
    const client::SharedField* state = found == nullptr ? nullptr : found->find(field);
    return state == nullptr || state->value.is_nil() ? nullptr : &state->value;
}

std::string came_and_went(const client::PluginEvent& event, const client::RoomView& view) {
    const std::string joined =
        names_words(people_of(list_of(event.data, "joined"), view.me), number_of(event.data, "joined_more", 0));
    const std::string left =
        names_words(people_of(list_of(event.data, "left"), view.me), number_of(event.data, "left_more", 0));
    std::string words = joined.empty() ? "" : joined + " joined";
    if (!left.empty()) words += (words.empty() ? "" : "; ") + left + " left";
    return words;
}

std::string check_ended(const Value& data) {
    const std::string result = text_of(data, "result");
    if (result == "ready") return "Everyone is ready";
    if (result != "timeout") return "The ready check was stopped";
    const auto count = [&data](std::string_view key) {
        return std::to_string(static_cast<std::int64_t>(std::clamp(number_of(data, key, 0), 0.0, 1e9)));
    };
    return "Only " + count("ready") + " of " + count("asked") + " were ready in time";
}

std::string went_on_without(const Value& data) {
    std::vector<std::string> names;
    for (const Value& name : list_of(data, "names"))
        if (const std::string* text = name.get_if<std::string>()) names.push_back(shown(*text));
    const std::string whom = names_words(names, 0);
    return text_of(data, "why") == "forced" ? "Going on without " + whom : whom + " took too long: going on";
}

} // namespace

std::string_view name_of(Kind kind) {
    switch (kind) {
    case Kind::room: return "room";
    case Kind::people: return "people";
    case Kind::chat: return "chat";
    case Kind::trouble: return "trouble";
    }
    return "";
}

std::vector<NewsLine> News::changed(const client::RoomView& view) {
    std::vector<NewsLine> lines;
    connection(view, lines);
    if (view.status != RoomStatus::live) {
        // What happens while we are away is state, not news.
        viewers_.reset();
        last_line_.reset();
        return lines;
    }
    people(view, lines);
    chat(view, lines);
    return lines;
}

void News::connection(const client::RoomView& view, std::vector<NewsLine>& lines) {
    const client::ErrorCode problem = view.problem ? view.problem->code : client::ErrorCode::none;
    const bool new_problem = problem != client::ErrorCode::none && problem != problem_;
    const RoomStatus before = std::exchange(status_, view.status);
    if (new_problem) lines.push_back({Kind::trouble, problem_words(*view.problem)});
    if (view.status == RoomStatus::live && before != RoomStatus::live) {
        const std::string name = view.title.empty() ? view.room : view.title;
        lines.push_back(
            {Kind::room, (problem_ == client::ErrorCode::none ? "In the room " : "Back in the room ") + shown(name)});
    }
    problem_ = problem;
}

void News::people(const client::RoomView& view, std::vector<NewsLine>& lines) {
    std::map<std::uint32_t, std::string> now;
    for (const client::ViewerView& viewer : view.viewers)
        if (viewer.id != view.me) now.emplace(viewer.id, shown(viewer.name));
    const auto before = std::exchange(viewers_, now);
    const bool tells_itself = view.plugin("presence") != nullptr;
    if (!before || tells_itself || now.size() > small_room || before->size() > small_room) return;
    for (const auto& [id, name] : now)
        if (!before->contains(id)) lines.push_back({Kind::people, name + " joined"});
    for (const auto& [id, name] : *before)
        if (!now.contains(id)) lines.push_back({Kind::people, name + " left"});
}

void News::chat(const client::RoomView& view, std::vector<NewsLine>& lines) {
    const client::PluginView* plugin = view.plugin("chat");
    const client::SharedField* log = plugin == nullptr ? nullptr : plugin->find("log");
    if (log == nullptr) return;
    const std::int64_t known = last_line_.value_or(-1);
    const bool first_look = !last_line_;
    std::vector<NewsLine> said;
    last_line_ = known;
    for (const client::SharedItem& item : log->items) {
        const std::int64_t* index = std::get_if<std::int64_t>(&item.key);
        if (index == nullptr || *index <= known) continue;
        last_line_ = std::max(*last_line_, *index);
        if (first_look || viewer_of(item.value, "from") == view.me) continue;
        said.push_back({Kind::chat, shown(text_of(item.value, "name")) + ": " + shown(text_of(item.value, "text"))});
    }
    const std::size_t passed = said.size() > chat_lines_max ? said.size() - chat_lines_max : 0;
    lines.insert(lines.end(), said.begin() + static_cast<std::ptrdiff_t>(passed), said.end());
}

std::optional<NewsLine> News::event(const client::RoomEvent& event, const client::RoomView& view) const {
    if (event.viewer != 0 && event.viewer == view.me) return std::nullopt;
    const std::string name = who(event.viewer, view);
    switch (event.kind) {
    case EventKind::none: return std::nullopt;
    case EventKind::played: return NewsLine{Kind::room, name + " pressed play"};
    case EventKind::paused: return NewsLine{Kind::room, name + " paused at " + time_words(event.position_ms)};
    case EventKind::sought: return NewsLine{Kind::room, name + " went to " + time_words(event.position_ms)};
    case EventKind::rate_changed:
        return NewsLine{Kind::room, name + " set the speed to " + rate_words(view.motion.rate)};
    case EventKind::loaded: return NewsLine{Kind::room, name + " changed the video"};
    case EventKind::media_ended: return NewsLine{Kind::room, "That was the end"};
    }
    return std::nullopt;
}

std::optional<NewsLine> News::plugin_event(const client::PluginEvent& event, const client::RoomView& view) const {
    const auto line = [](Kind kind, std::string text) {
        return text.empty() ? std::nullopt : std::optional{NewsLine{kind, std::move(text)}};
    };
    if (event.plugin == "presence" && event.name == "came_and_went")
        return line(Kind::people, came_and_went(event, view));
    if (event.plugin == "ready" && event.name == "check_ended") return line(Kind::room, check_ended(event.data));
    if (event.plugin == "ready" && event.name == "went_on_without")
        return line(Kind::room, went_on_without(event.data));
    if (event.plugin == "queue" && event.name == "failed") {
        return line(Kind::trouble,
                    shown("Could not load \"" + text_of(event.data, "title") + "\": " + text_of(event.data, "why")));
    }
    if (event.plugin == "@engine" && event.name == "suspended") {
        return line(Kind::trouble,
                    "\"" + shown(text_of(event.data, "plugin")) + "\" broke down and rests; it comes back by itself");
    }
    return std::nullopt;
}

std::string waiting_words(const client::RoomView& view) {
    if (const Value* waiting = value_of(view, "ready", "waiting")) {
        std::vector<std::string> whom;
        for (const Value& one : list_of(*waiting, "whom"))
            whom.push_back(shown(text_of(one, "name")) + " (" + reason_words(text_of(one, "reason")) + ")");
        const std::string names = names_words(whom, number_of(*waiting, "more", 0));
        const bool resumes = flag_of(*waiting, "resume");
        return "Waiting for " + names + (resumes ? "" : ". It stays paused afterwards");
    }
    if (const Value* check = value_of(view, "ready", "check")) {
        const std::string by = shown(text_of(*check, "by_name"));
        return by.empty() ? "Are you ready?" : by + " asks: are you ready?";
    }
    return {};
}

} // namespace playhead::programs
