#pragma once

#include "core/nearest.hpp"
#include "core/value.hpp"
#include "plugin/lua_source.hpp"
#include "plugin/script_value.hpp"

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// The machinery behind a table of settings: one row per key says its name, what it may be, where it goes and what for.
// Reading, refusing, printing and the reference page all follow from the rows.
namespace playhead::config {

// What went wrong so far, in the order of the rows; all of it, so that a script is put right in one go.
struct Reading {
    std::string script;                   // how lines call it
    std::filesystem::path folder;         // relative paths are relative to this
    std::filesystem::path plugins_folder; // as the script says, once it is read
    std::vector<std::string> known;       // every key there is, with its tables ("limits.rooms_max"), for suggestions
    std::vector<std::string> problems;

    void refuse(const std::string& path, const std::string& why) {
        problems.push_back(script + ": " + path + ": " + why);
    }
    void refuse_unknown(const std::string& path) { refuse(path, no_such_key(known, path)); }
};

// "seconds" for a name that ends in _s; empty if there is no unit in it.
std::string_view unit_of(std::string_view name);

template <class Target>
struct Key {
    std::string name;
    std::string expected; // "an integer from 1 to 100"
    std::string description;
    // Puts the value where it belongs, or refuses it under `path`.
    std::function<void(Target&, const Value&, const std::string& path, Reading&)> set;
    std::function<Value(const Target&)> get;
};

template <class Target>
using Keys = std::vector<Key<Target>>;

inline std::string join(const std::string& table, std::string_view name) {
    return table.empty() ? std::string{name} : table + "." + std::string{name};
}

// Reads a table by its rows into what holds the defaults.
template <class Target>
void read_table(const Keys<Target>& keys, Target& target, const Value& value, const std::string& path,
                Reading& reading) {
    const auto* list = value.get_if<Value::List>();
    const auto* map = value.get_if<Value::Map>();
    if (map == nullptr && (list == nullptr || !list->empty())) { // {} is an empty list
        reading.refuse(path.empty() ? "the script" : path, "expected a table of settings, not " + shown(value));
        return;
    }
    for (const auto& key : keys)
        if (const Value* found = value.find(key.name)) key.set(target, *found, join(path, key.name), reading);
    if (map == nullptr) return;
    for (const auto& entry : *map)
        if (std::ranges::find(keys, entry.key, &Key<Target>::name) == keys.end())
            reading.refuse_unknown(join(path, entry.key));
}

// The table that was read; nil where there is none.
template <class Target>
Value value_of(const Keys<Target>& keys, const std::optional<Target>& target) {
    if (!target) return Value{};
    Value::Map map;
    for (const auto& key : keys) map.push_back({key.name, key.get(*target)});
    return sorted_map(std::move(map));
}

// A row whose value is checked by one function: it returns what to store or why not.
template <class Target, class Check, class Get>
Key<Target> checked_key(std::string name, std::string expected, std::string description, Check check, Get get) {
    auto set = [check, expected](Target& target, const Value& value, const std::string& path, Reading& reading) {
        if (std::expected<void, std::string> done = check(target, value, reading); !done) {
            const std::string& why = done.error();
            reading.refuse(path, why.empty() ? "expected " + expected + ", not " + shown(value) : why);
        }
    };
    return {std::move(name), expected, std::move(description), std::move(set), std::move(get)};
}
inline std::expected<void, std::string> as_expected() { return std::unexpected(std::string{}); }

// `access` gives the member, const or not: [](auto& target) -> auto& { return target.member; }
template <class Target, class Access>
Key<Target> integer(std::string name, Access access, std::int64_t min, std::int64_t max, std::string description) {
    std::string expected = "an integer from " + std::to_string(min) + " to " + std::to_string(max);
    if (const auto unit = unit_of(name); !unit.empty()) expected += " (" + std::string{unit} + ")";
    auto check = [=](Target& target, const Value& value, Reading&) -> std::expected<void, std::string> {
        const auto number = whole_number(value);
        if (!number || *number < min || *number > max) return as_expected();
        auto& member = access(target);
        member = static_cast<std::remove_reference_t<decltype(member)>>(*number);
        return {};
    };
    auto get = [=](const Target& target) { return Value{static_cast<std::int64_t>(access(target))}; };
    return checked_key<Target>(std::move(name), std::move(expected), std::move(description), check, get);
}

// The same for a member that is a duration, counted in `Unit` (which the name ends with).
template <class Target, class Unit, class Access>
Key<Target> duration(std::string name, Access access, std::int64_t min, std::int64_t max, std::string description) {
    std::string expected = "an integer from " + std::to_string(min) + " to " + std::to_string(max) + " (" +
                           std::string{unit_of(name)} + ")";
    auto check = [=](Target& target, const Value& value, Reading&) -> std::expected<void, std::string> {
        const auto number = whole_number(value);
        if (!number || *number < min || *number > max) return as_expected();
        access(target) = Unit{*number};
        return {};
    };
    auto get = [=](const Target& target) {
        return Value{std::int64_t{std::chrono::duration_cast<Unit>(access(target)).count()}};
    };
    return checked_key<Target>(std::move(name), std::move(expected), std::move(description), check, get);
}

template <class Target, class Access>
Key<Target> boolean(std::string name, Access access, std::string description) {
    auto check = [=](Target& target, const Value& value, Reading&) -> std::expected<void, std::string> {
        const auto* flag = value.get_if<bool>();
        if (flag == nullptr) return as_expected();
        access(target) = *flag;
        return {};
    };
    auto get = [=](const Target& target) { return Value{bool{access(target)}}; };
    return checked_key<Target>(std::move(name), "true or false", std::move(description), check, get);
}

// Text of at most `bytes_max` bytes of UTF-8.
std::expected<void, std::string> check_text(const Value& value, std::size_t bytes_max);

template <class Target, class Access>
Key<Target> text(std::string name, Access access, std::size_t bytes_max, std::string description) {
    auto check = [=](Target& target, const Value& value, Reading&) -> std::expected<void, std::string> {
        if (auto good = check_text(value, bytes_max); !good) return good;
        access(target) = *value.get_if<std::string>();
        return {};
    };
    auto get = [=](const Target& target) { return Value{std::string{access(target)}}; };
    return checked_key<Target>(std::move(name), "text of at most " + std::to_string(bytes_max) + " bytes",
                               std::move(description), check, get);
}

// A folder; relative to the script's own. Whether it exists is found out when it is used.
template <class Target, class Access>
Key<Target> folder(std::string name, Access access, std::string description) {
    auto check = [=](Target& target, const Value& value, Reading& reading) -> std::expected<void, std::string> {
        const auto* path = value.get_if<std::string>();
        if (path == nullptr || path->find('\0') != std::string::npos) return as_expected();
        // "" stays empty: there is none.
        access(target) = path->empty() ? std::filesystem::path{} : (reading.folder / *path).lexically_normal();
        return {};
    };
    auto get = [=](const Target& target) { return Value{access(target).string()}; };
    return checked_key<Target>(std::move(name), "a folder's path, or \"\" for none", std::move(description), check,
                               get);
}

// The settings of a table as Lua, in the order of the rows, each with its description behind it.
template <class Target>
std::string print_table(const Keys<Target>& keys, const Target& target, std::size_t indent) {
    const std::string margin((indent + 1) * 2, ' ');
    std::string text = "{\n";
    for (const auto& key : keys) {
        const Value value = key.get(target);
        if (value.is_nil()) continue;
        text += margin + key.name + " = " + to_lua(value, indent + 1) + ",";
        text += " -- " + key.description + "\n";
    }
    return text + std::string(indent * 2, ' ') + "}";
}

} // namespace playhead::config
