#include "app/config_table.hpp"

#include "core/utf8.hpp"

#include <array>
#include <numeric>

namespace playhead::config {
namespace {

// How many characters have to be added, taken away or changed (Wagner and Fischer 1974).
std::size_t changes_between(std::string_view left, std::string_view right) {
    std::vector<std::size_t> row(right.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= left.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= right.size(); ++j) {
            const std::size_t change = diagonal + (left[i - 1] == right[j - 1] ? 0 : 1);
            diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, change}));
        }
    }
    return row.back();
}

std::string_view last_part(std::string_view path) {
    const auto dot = path.rfind('.');
    return dot == std::string_view::npos ? path : path.substr(dot + 1);
}

constexpr std::size_t shown_characters_max = 60;

} // namespace

std::optional<std::string> nearest(const std::vector<std::string>& known, std::string_view path) {
    // Keys of list items are known without a position: rooms[3].titel is compared with rooms[].title.
    std::string plain;
    bool in_brackets = false;
    for (const char c : path) {
        if (c == ']') in_brackets = false;
        if (!in_brackets) plain += c;
        if (c == '[') in_brackets = true;
    }
    const std::string_view name = last_part(plain);
    const std::string_view table = std::string_view{plain}.substr(0, plain.size() - name.size());
    std::optional<std::string> best;
    std::size_t fewest = std::max<std::size_t>(2, name.size() / 3) + 1; // more than that is another word
    for (const std::string& key : known) {
        const std::string_view key_name = last_part(key);
        const bool same_table = std::string_view{key}.substr(0, key.size() - key_name.size()) == table;
        std::size_t changes = changes_between(name, key_name);
        if (changes > 0 && !same_table) ++changes; // the very name, in the wrong table, is surely meant
        // A word left out at either end is likely, however long: viewer_grace for viewer_grace_s.
        if (name.size() >= 4 && (key_name.starts_with(name) || name.starts_with(key_name)))
            changes = std::min<std::size_t>(changes, same_table ? 1 : 2);
        if (changes < fewest) {
            fewest = changes;
            best = key;
        }
    }
    return best;
}

void Reading::refuse_unknown(const std::string& path) {
    const auto meant = nearest(known, path);
    refuse(path, meant ? "there is no such key; did you mean " + *meant + "?" : "there is no such key");
}

std::string shown(const Value& value) {
    if (const auto* list = value.get_if<Value::List>(); list != nullptr && list->empty()) return "an empty table";
    if (value.get_if<Value::List>() != nullptr || value.get_if<Value::Map>() != nullptr || value.is_nil())
        return std::string{type_name(value)};
    std::string literal = to_lua(value);
    if (literal.size() <= shown_characters_max) return literal;
    return std::string{cut_utf8(literal, shown_characters_max)} + "...";
}

std::string_view unit_of(std::string_view name) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 6> units{{{"_s", "seconds"},
                                                                                  {"_ms", "milliseconds"},
                                                                                  {"_us", "microseconds"},
                                                                                  {"_hz", "per second"},
                                                                                  {"_bytes_max", "bytes"},
                                                                                  {"_per_s", "per second"}}};
    std::string_view unit;
    for (const auto& [ending, meaning] : units)
        if (name.ends_with(ending)) unit = meaning; // the last that fits is the most exact
    return unit;
}

std::optional<std::int64_t> whole_number(const Value& value) {
    if (const auto* integer = value.get_if<std::int64_t>()) return *integer;
    const auto* real = value.get_if<double>();
    constexpr double exact_max = 9007199254740992.0; // 2^53: beyond, a double is not one integer
    if (real == nullptr || !(std::abs(*real) <= exact_max) || std::trunc(*real) != *real) return std::nullopt;
    return static_cast<std::int64_t>(*real);
}

std::expected<void, std::string> check_text(const Value& value, std::size_t bytes_max) {
    const auto* text = value.get_if<std::string>();
    if (text == nullptr) return as_expected();
    if (!valid_utf8(*text)) return std::unexpected("expected text in UTF-8, and this is not");
    if (text->size() > bytes_max) return as_expected();
    return {};
}

} // namespace playhead::config
