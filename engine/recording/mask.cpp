#include "recording/mask.hpp"

#include "core/overloaded.hpp"
#include "recording/record.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace playhead::recording {
namespace {

constexpr std::array<std::string_view, 2> kept_beginnings{"https://", "http://"};

// One character of each length that stands for all others of it.
constexpr std::array<std::string_view, 5> stand_ins{"", "x", "\u00d7", "\u25a1", "\U0001f7e6"};

std::size_t bytes_of_character(char first) {
    const auto byte = static_cast<unsigned char>(first);
    return byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

template <class Spec>
const Type* args_of(const Manifest::Named<Spec>& specs, std::string_view name) {
    const auto spec = specs.find(name);
    return spec == specs.end() ? nullptr : &spec->second.args;
}

const Type* type_of_table(const PluginSet& plugins, const TableName& name, bool saved) {
    const Plugin* plugin = plugins.find(name.plugin);
    if (plugin == nullptr) return nullptr;
    const auto& fields = saved ? plugin->manifest.saved : plugin->manifest.shared;
    const auto field = fields.find(name.field);
    return field == fields.end() ? nullptr : &field->second.of;
}

// What the engine itself shows of a plugin (fields that begin with '@', but for the store) is not people's.
bool is_the_engines(const TableName& name) { return name.field.starts_with('@') && name.field != store_field; }

void mask_all(SharedState& state, const PluginSet& plugins, bool saved, const TextMask& mask) {
    const SharedState before = state;
    for (const auto& [name, table] : before.tables()) {
        if (is_the_engines(name)) continue;
        const Type* type = type_of_table(plugins, name, saved);
        for (const auto& [key, entry] : table.entries()) {
            Value value = masked(entry.value(), type, mask);
            if (value != entry.value()) state.put(name, key, std::move(value));
        }
    }
}

// Each character as `letter` says, which is asked for those of ASCII only.
template <class Letter>
std::string rewritten(std::string_view text, Letter letter) {
    std::string result;
    result.reserve(text.size());
    while (!text.empty()) {
        std::string_view kept;
        for (const std::string_view beginning : kept_beginnings)
            if (text.starts_with(beginning)) kept = beginning;
        const std::size_t bytes = std::min(bytes_of_character(text.front()), text.size());
        if (!kept.empty())
            result += kept;
        else if (bytes == 1)
            result += letter(text.front());
        else
            result += stand_ins[bytes].substr(0, bytes);
        text.remove_prefix(kept.empty() ? bytes : kept.size());
    }
    return result;
}

bool is_digit(char character) { return character >= '0' && character <= '9'; }
bool is_lower(char character) { return character >= 'a' && character <= 'z'; }
bool is_upper(char character) { return character >= 'A' && character <= 'Z'; }

} // namespace

std::string shape_of(std::string_view text) {
    return rewritten(text, [](char character) {
        return is_digit(character) || is_lower(character) || is_upper(character) ? 'x' : character;
    });
}

TextMask pseudonyms(std::function<std::uint64_t(std::string_view)> number_of) {
    return [number_of = std::move(number_of)](std::string_view text) {
        Chance chance{number_of(text)};
        const auto drawn = [&](char first, std::int64_t most) {
            return static_cast<char>(first + chance.between(0, most));
        };
        return rewritten(text, [&](char character) {
            if (is_digit(character)) return drawn('0', 9);
            if (is_lower(character)) return drawn('a', 25);
            if (is_upper(character)) return drawn('A', 25);
            return character;
        });
    };
}

Value masked(const Value& value, const Type* type, const TextMask& mask) {
    using Kind = Type::Kind;
    const Kind kind = type == nullptr ? Kind::any : type->kind;
    return std::visit(Overloaded{
                          [&](const std::string& text) { return kind == Kind::one_of ? value : Value{mask(text)}; },
                          [&](const Value::List& list) {
                              const Type* of = kind == Kind::list && !type->of.empty() ? type->of.data() : nullptr;
                              Value::List items;
                              for (const Value& item : list) items.push_back(masked(item, of, mask));
                              return Value{std::move(items)};
                          },
                          [&](const Value::Map& map) {
                              Value::Map entries;
                              for (const Value::Entry& entry : map) {
                                  const Type* of = nullptr;
                                  if (kind == Kind::record) of = type->field(entry.key);
                                  if (kind == Kind::map && !type->of.empty()) of = type->of.data();
                                  entries.push_back({entry.key, masked(entry.value, of, mask)});
                              }
                              return Value{std::move(entries)};
                          },
                          [&](const auto&) { return value; },
                      },
                      value.content);
}

Input masked(const Input& input, const PluginSet& plugins, const TextMask& mask) {
    Input copy = input;
    if (auto* join = std::get_if<Join>(&copy)) join->name = mask(join->name);
    if (auto* signal = std::get_if<Signal>(&copy)) {
        const Plugin* plugin = plugins.find(signal->plugin);
        signal->args =
            masked(signal->args, plugin == nullptr ? nullptr : args_of(plugin->manifest.signals, signal->name), mask);
    }
    if (auto* command = std::get_if<Command>(&copy)) {
        if (auto* rename = std::get_if<SetName>(&command->action)) rename->name = mask(rename->name);
        if (auto* wish = std::get_if<PluginCommand>(&command->action)) {
            const Plugin* plugin = plugins.find(wish->plugin);
            wish->args =
                masked(wish->args, plugin == nullptr ? nullptr : args_of(plugin->manifest.commands, wish->name), mask);
        }
    }
    return copy;
}

void mask_all(RoomState& state, const PluginSet& plugins, const TextMask& mask) {
    for (auto& [id, member] : state.viewers) {
        member.name = mask(member.name);
        for (Outcome& outcome : member.outcomes) {
            outcome.error.message = mask(outcome.error.message);
            outcome.data = masked(outcome.data, nullptr, mask);
        }
    }
    const auto rows = state.roster.rows();
    for (const auto& [id, row] : rows) {
        ViewerRow copy = row.value();
        copy.name = mask(copy.name);
        state.roster.put(std::move(copy));
    }
    state.roster.commit(state.version);
    mask_all(state.shared, plugins, false, mask);
    state.shared.commit(state.version);
}

void mask_all(PluginState& state, const PluginSet& plugins, const TextMask& mask) {
    mask_all(state.saved, plugins, true, mask);
    const Timers before = state.timers;
    std::vector<std::pair<TimerName, Timer>> in_order(before.all().begin(), before.all().end());
    std::ranges::sort(in_order, {}, [](const auto& timer) { return timer.second.serial; });
    for (auto& [name, timer] : in_order) state.timers.set(name, timer.due, masked(timer.data, nullptr, mask));
}

std::uint64_t digest_of(const RuledRoom& room, bool left_out) {
    if (!left_out) return digest_of(room.state(), room.plugin_state());
    RoomState state = room.state();
    PluginState plugin_state = room.plugin_state();
    mask_all(state, room.plugins(), shape_of);
    mask_all(plugin_state, room.plugins(), shape_of);
    return digest_of(state, plugin_state);
}

} // namespace playhead::recording
