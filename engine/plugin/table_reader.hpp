#pragma once

#include "core/value.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace playhead {

// Inside plugin only: how a manifest is read. Every mistake becomes a line, and reading goes on with what stands in for
// the mistaken value, so that an author sees all of them at once.

// What was wrong so far, and what "@name" stands for.
struct ManifestReading {
    std::string file;                  // how lines call the manifest
    const Value* settings = nullptr;   // a map of what "@name" may stand for (nil: not set); null: for nothing yet
    std::vector<std::string> problems; // "plugins/chat/plugin.lua: shared.log.kind: expected ..."

    void refuse(const std::string& path, const std::string& why) {
        problems.push_back(file + ": " + (path.empty() ? "" : path + ": ") + why);
    }
    // "expected one of ..., got 5", for a value that is not what it should be.
    void refuse_value(const std::string& path, const std::string& expected, const Value& value);

    // The value itself, or that of the setting it names ("@keep"). Empty if that is not set; if there is no such
    // setting, that is refused.
    std::optional<Value> resolved(const Value& value, const std::string& path);
};

// Is it a name for what a manifest declares: 1 to 32 of A-Z a-z 0-9 _, no digit first, no word of Lua?
bool is_declared_name(std::string_view text);
inline constexpr std::string_view declared_name_expected = "1 to 32 letters, digits and _, and no word of Lua";

// One table, key by key. What was asked for is known; finish() refuses what else there is.
class TableReader {
  public:
    static constexpr std::size_t entries_max = 64; // of a table whose keys the author chooses
    static constexpr std::size_t description_bytes_max = 500;

    // Refuses a value that is no table; nothing is in it then.
    TableReader(const Value& value, std::string path, ManifestReading& reading);

    std::string path_of(std::string_view key) const;
    const Value* find(std::string_view key);
    // The same, refusing that it is missing.
    const Value* require(std::string_view key, const std::string& expected);

    std::string text(std::string_view key, std::size_t bytes_max);
    std::string description() { return text("description", description_bytes_max); }
    bool boolean(std::string_view key, bool fallback);
    // A number or "@setting".
    std::int64_t integer(std::string_view key, std::int64_t min, std::int64_t max, std::int64_t fallback);
    double number(std::string_view key, double min, double max, double fallback);
    // Which of the names it is.
    std::size_t one_of(std::string_view key, std::span<const std::string_view> names, std::size_t fallback);
    // Visits a table of declared things by name; `good_name` says which names may stand in it.
    void each(std::string_view key, const std::function<bool(std::string_view)>& good_name, const std::string& expected,
              const std::function<void(const std::string& name, const Value& value, const std::string& path)>& visit);

    void finish();

  private:
    const Value::Map* map_ = nullptr;
    std::string path_;
    ManifestReading& reading_;
    std::vector<std::string> known_;
};

} // namespace playhead
