#include "app/config_keys.hpp"
#include "room/media.hpp"
#include "room/state.hpp"

#include <algorithm>
#include <optional>
#include <set>

namespace playhead::config {
namespace {

std::vector<std::string_view> media_kind_names() {
    std::vector<std::string_view> names;
    names.reserve(media_kinds.size());
    for (const NamedMediaKind& named : media_kinds) names.push_back(named.name);
    return names;
}

} // namespace

const Keys<Load>& media_keys() {
    static const Keys<Load> keys{
        checked_key<Load>(
            "kind", alternatives(media_kind_names()), "what plays it",
            [](Load& load, const Value& value, Reading&) -> std::expected<void, std::string> {
                const auto* name = value.get_if<std::string>();
                const auto kind = name == nullptr ? std::nullopt : media_kind_named(*name);
                if (!kind) return as_expected();
                load.kind = *kind;
                return {};
            },
            [](const Load& load) {
                return load.kind == MediaKind::none ? Value{} : Value{std::string{media_kind_name(load.kind)}};
            }),
        text<Load>(
            "url", [](auto& load) -> auto& { return load.url; }, Load::url_bytes_max,
            "http(s)://..., or /media/... for a file of media_folder"),
        text<Load>(
            "title", [](auto& load) -> auto& { return load.title; }, Load::title_bytes_max, "shown to viewers"),
    };
    return keys;
}

const Keys<RoomRequest>& room_keys() {
    static const Keys<RoomRequest> keys{
        checked_key<RoomRequest>(
            "id", "1 to 64 of A-Z a-z 0-9 - _", "names the room in its link, /r/ID; required",
            [](RoomRequest& room, const Value& value, Reading&) -> std::expected<void, std::string> {
                const auto* name = value.get_if<std::string>();
                if (name == nullptr) return as_expected();
                auto id = RoomId::parse(*name);
                if (!id) return std::unexpected(id.error().message);
                room.id = std::move(*id);
                return {};
            },
            [](const RoomRequest& room) { return room.id ? Value{room.id->text()} : Value{}; }),
        text<RoomRequest>(
            "title", [](auto& room) -> auto& { return room.title; }, RoomInfo::title_bytes_max, "shown to viewers"),
        boolean<RoomRequest>(
            "listed", [](auto& room) -> auto& { return room.listed; },
            "shown to everyone on the first page; otherwise its link is printed at start"),
        {"media", "a table", "what is loaded when the engine starts",
         [](RoomRequest& room, const Value& value, const std::string& path, Reading& reading) {
             Load load;
             const std::size_t problems = reading.problems.size();
             read_table(media_keys(), load, value, path, reading);
             if (reading.problems.size() > problems) return;
             auto good = checked(load); // the room's own rules
             if (!good) {
                 reading.refuse(path, good.error().message);
                 return;
             }
             room.media = std::move(*good);
         },
         [](const RoomRequest& room) {
             if (!room.media) return Value{};
             Value::Map map;
             for (const auto& key : media_keys()) map.push_back({key.name, key.get(*room.media)});
             std::ranges::sort(map, {}, &Value::Entry::key);
             return Value{std::move(map)};
         }},
        {"plugins", "a table of plugins with their settings", "instead of those above",
         [](RoomRequest& room, const Value& value, const std::string& path, Reading& reading) {
             room.plugins = read_plugin_table(value, path, reading);
         },
         [](const RoomRequest& room) { return settings_of(room.plugins); }},
    };
    return keys;
}

void read_rooms(Config& config, const Value& value, const std::string& path, Reading& reading) {
    const auto* list = value.get_if<Value::List>();
    if (list == nullptr) {
        reading.refuse(path, "expected a list of rooms, { { id = ... }, ... }, not " + shown(value));
        return;
    }
    reading.plugins_folder = config.plugins_folder;
    std::set<std::string> ids;
    for (std::size_t i = 0; i < list->size(); ++i) {
        const std::string here = path + "[" + std::to_string(i + 1) + "]";
        RoomRequest room;
        room.permanent = true;
        read_table(room_keys(), room, (*list)[i], here, reading);
        if (room.id && !ids.insert(room.id->text()).second)
            reading.refuse(here + ".id", "there is a room \"" + room.id->text() + "\" already");
        if ((*list)[i].get_if<Value::Map>() != nullptr && (*list)[i].find("id") == nullptr)
            reading.refuse(here + ".id", "missing: expected 1 to 64 of A-Z a-z 0-9 - _");
        config.rooms.push_back(std::move(room));
    }
}

} // namespace playhead::config
