#include "core/nearest.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace playhead {
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

// What is compared of a name: the time it takes grows with the product of two lengths, and a name may come from anyone.
constexpr std::size_t compared_bytes_max = 64;

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
    if (name.size() > compared_bytes_max) return std::nullopt;
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

std::string no_such_key(const std::vector<std::string>& known, std::string_view path) {
    const auto meant = nearest(known, path);
    return meant ? "there is no such key; did you mean " + *meant + "?" : "there is no such key";
}

} // namespace playhead
