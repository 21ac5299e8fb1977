#pragma once

#include "core/time.hpp"
#include "core/value.hpp"
#include "plugin/chance.hpp"
#include "plugin/health.hpp"
#include "plugin/limiter.hpp"
#include "plugin/semver.hpp"
#include "plugin/timers.hpp"
#include "room/shared.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace playhead {

// The table of a plugin's key-value store, among the saved ones: any data by text.
inline constexpr std::string_view store_field = "@store";
inline constexpr std::size_t store_bytes_max = 32 * 1024;
// What a plugin tells everyone about itself: {version, hash, suspended, fields, permissions}.
inline constexpr std::string_view plugin_field = "@plugin";

// What is kept about one plugin of a room beside its tables.
struct PluginRecord {
    SemanticVersion version; // that wrote the tables
    Health health;
    std::map<std::string, Value> lifted_rules; // its permission rules, set aside while it is suspended and open
    std::map<std::string, Limiter> rates;      // of its commands and signals, by "command say"; one bucket a viewer
    bool operator==(const PluginRecord&) const = default;
};

// Everything that the plugins of a room have beside what is replicated, and that outlives their code. A value: with
// RoomState, the seed and the plugins' texts it is all that the next tick depends on, but for Lua's own variables.
struct PluginState {
    explicit PluginState(std::uint64_t seed) : chance(seed) {}
    explicit PluginState(const Chance& source) : chance(source) {}

    struct Wall {
        std::int64_t unix_us = 0;
        Tick at;
        bool operator==(const Wall&) const = default;
    };

    SharedState saved;                          // never committed, so it keeps no tombstones
    std::map<TableName, std::int64_t> last_ids; // of lists and rings, shared and saved ("saved." before the field)
    Timers timers;
    Chance chance;
    std::optional<Wall> wall;
    std::optional<Tick> opened; // the first tick it was told of
    std::map<std::string, PluginRecord, std::less<>> records;

    bool operator==(const PluginState&) const = default;
};

// What a hook has written, so that it can be undone to the byte if it fails.
//   Owner: the host; empty between hooks.
class Journal {
  public:
    using Mark = std::size_t;

    Journal(SharedState& shared, PluginState& state) : shared_(shared), state_(state) {}

    // Each is called before the write it is named after.
    void before_entry(bool saved, const TableName& table, const EntryKey& key);
    void before_last_id(const TableName& id);
    void before_timer(const TimerName& timer);

    Mark mark() const { return undo_.size(); }
    // Undoes everything since, newest first.
    void roll_back(Mark mark);
    void keep() { undo_.clear(); }

  private:
    struct Entry {
        SharedUndo undo;
        bool saved = false;
    };
    struct LastId {
        TableName id;
        std::optional<std::int64_t> value;
    };
    struct NamedTimer {
        TimerName name;
        std::optional<Timer> timer;
    };

    SharedState& shared_;
    PluginState& state_;
    std::vector<std::variant<Entry, LastId, NamedTimer>> undo_;
};

} // namespace playhead
