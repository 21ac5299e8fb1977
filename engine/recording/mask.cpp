#include "recording/mask.hpp"

#include "core/overloaded.hpp"
#include "core/text.hpp"
#include "recording/record.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace playhead::recording {
namespace {

constexpr std::array<std::string_view, 2> kept_beginnings{"https://", "http://"};

// One character of each length that stands for all others of it.
constexpr std::array<std::string_view, 5> stand_ins{"", "x", "\u00d7", "\u5b57", "\U0001f603"};

std::size_t bytes_of_character(char first) {
    const auto byte = static_cast<unsigned char>(first);
    return byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

bool mentions(const Value& value, std::string_view text) {
    if (const auto* own = value.get_if<std::string>()) return *own == text;
    if (const auto* list = value.get_if<Value::List>())
        return std::ranges::any_of(*list, [&](const Value& item) { return mentions(item, text); });
    const auto* map = value.get_if<Value::Map>();
    return map != nullptr &&
           std::ranges::any_of(*map, [&](const Value::Entry& entry) { return mentions(entry.value, text); });
}

// What stands in a plugin's settings, such as the reactions there are to choose from, is the operator's.
TextMask but_for_settings(const Plugin* plugin, const TextMask& mask) {
    if (plugin == nullptr) return mask;
    return [plugin, &mask](std::string_view text) {
        return mentions(plugin->settings, text) ? std::string{text} : mask(text);
    };
}

// What no plugin declares is refused, or ignored, whatever it says.
template <class Asked, class Spec>
void mask_asked(Asked& asked, const PluginSet& plugins, Manifest::Named<Spec> Manifest::* specs, const TextMask& mask) {
    const Plugin* plugin = plugins.find(asked.plugin);
    if (plugin != nullptr) {
        const auto spec = (plugin->manifest.*specs).find(asked.name);
        if (spec != (plugin->manifest.*specs).end()) {
            asked.args = masked(asked.args, &spec->second.args, but_for_settings(plugin, mask));
            return;
        }
    } else {
        asked.plugin = mask(asked.plugin);
    }
    asked.name = mask(asked.name);
    asked.args = {};
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
        const TextMask own = but_for_settings(plugins.find(name.plugin), mask);
        for (const auto& [key, entry] : table.entries()) {
            Value value = masked(entry.value(), type, own);
            if (value != entry.value()) state.put(name, key, std::move(value));
        }
    }
}

// Each character as one of these says: `letter` of those of ASCII, `other` of those of so many bytes.
template <class Letter, class Other>
std::string rewritten(std::string_view text, Letter letter, Other other) {
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
            result += other(bytes);
        text.remove_prefix(kept.empty() ? bytes : kept.size());
    }
    return result;
}

bool is_digit(char character) { return character >= '0' && character <= '9'; }
bool is_lower(char character) { return character >= 'a' && character <= 'z'; }
bool is_upper(char character) { return character >= 'A' && character <= 'Z'; }

} // namespace

std::string shape_of(std::string_view text) {
    return rewritten(
        text,
        [](char character) {
            return is_digit(character) || is_lower(character) || is_upper(character) ? 'x' : character;
        },
        [](std::size_t bytes) { return stand_ins.at(bytes); });
}

TextMask pseudonyms(std::function<std::uint64_t(std::string_view)> number_of) {
    return [number_of = std::move(number_of)](std::string_view text) {
        Chance chance{number_of(text)};
        const auto drawn = [&](char first, std::int64_t most) {
            return static_cast<char>(first + chance.between(0, most));
        };
        return rewritten(
            text,
            [&](char character) {
                if (is_digit(character)) return drawn('0', 9);
                if (is_lower(character)) return drawn('a', 25);
                if (is_upper(character)) return drawn('A', 25);
                return character;
            },
            // The 64 last bytes of one kind, behind the stand-in's beginning: letters and signs that are shown.
            [&](std::size_t bytes) {
                std::string character{stand_ins.at(bytes)};
                character.back() = static_cast<char>(0x80 + chance.between(0, 63));
                return character;
            });
    };
}

Value masked(const Value& value, const Type* type, const TextMask& mask) {
    using Kind = Type::Kind;
    const Kind kind = type == nullptr ? Kind::any : type->kind;
    return std::visit(Overloaded{
                          [&](const std::string& text) {
                              const bool chosen =
                                  kind == Kind::one_of && std::ranges::find(type->values, text) != type->values.end();
                              return chosen ? value : Value{mask(text)};
                          },
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
    const auto name = [&](const std::string& text) { return mask(clean_text(text, SetName::name_characters_max)); };
    if (auto* join = std::get_if<Join>(&copy)) join->name = name(join->name);
    if (auto* signal = std::get_if<Signal>(&copy)) mask_asked(*signal, plugins, &Manifest::signals, mask);
    if (auto* command = std::get_if<Command>(&copy)) {
        if (auto* rename = std::get_if<SetName>(&command->action)) rename->name = name(rename->name);
        if (auto* wish = std::get_if<PluginCommand>(&command->action))
            mask_asked(*wish, plugins, &Manifest::commands, mask);
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
    for (const auto& [name, timer] : state.timers.in_order())
        state.timers.set(name, timer.due, masked(timer.data, nullptr, mask));
}

std::uint64_t digest_of(const RuledRoom& room, bool left_out) {
    if (!left_out) return digest_of(room.state(), room.plugin_state());
    RoomState state = room.state();
    PluginState plugin_state = room.plugin_state();
    // Its address may come out of what a plugin was told.
    Media media = state.media.value();
    media.url = shape_of(media.url);
    media.title = shape_of(media.title);
    state.media.set(std::move(media));
    state.media.commit(state.version);
    mask_all(state, room.plugins(), shape_of);
    mask_all(plugin_state, room.plugins(), shape_of);
    return digest_of(state, plugin_state);
}

} // namespace playhead::recording
