#pragma once

#include "core/time.hpp"
#include "core/value.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace playhead {

struct TimerName {
    static constexpr std::size_t bytes_max = 64;
    std::string plugin;
    std::string name;
    auto operator<=>(const TimerName&) const = default;
};

struct Timer {
    Tick due;
    Value data;
    std::uint64_t serial = 0; // grows with each setting: tells a timer from one of the same name set later
    bool operator==(const Timer&) const = default;
};

// The named timers of a room's plugins, one per name. They belong to the room, not to the code that set them, so they
// outlive its reload and suspension. A value.
class Timers {
  public:
    static constexpr std::size_t per_plugin_max = 32;

    struct Due {
        TimerName name;
        std::uint64_t serial = 0;
    };

    const Timer* find(const TimerName& name) const;
    std::size_t count_of(std::string_view plugin) const;
    const std::map<TimerName, Timer>& all() const { return timers_; }

    // As they were set, the first one first.
    std::vector<std::pair<TimerName, Timer>> in_order() const;

    // Replaces the one of that name.
    void set(const TimerName& name, Tick due, Value data);
    void cancel(const TimerName& name);
    // Takes one that due() told of out; empty if it was cancelled or set anew since.
    std::optional<Timer> take(const Due& due);
    // Puts back what find() said before.
    void restore(const TimerName& name, std::optional<Timer> timer);
    void forget(std::string_view plugin);

    // Those due at `tick`, in the order of their time, then of their names.
    std::vector<Due> due(Tick tick) const;
    // The earliest of all.
    std::optional<Tick> next() const;

    bool operator==(const Timers& other) const { return timers_ == other.timers_ && serial_ == other.serial_; }

  private:
    std::map<TimerName, Timer> timers_;
    std::uint64_t serial_ = 0;
    mutable std::optional<Tick> next_; // of what is in timers_, unless it has to be looked for again
    mutable bool next_known_ = true;
};

} // namespace playhead
