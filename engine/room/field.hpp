#pragma once

#include "core/ids.hpp"

#include <utility>

namespace playhead {

// A replicated value and the version at which it last changed. Writing the same value is no change.
template <class T>
class Field {
  public:
    const T& value() const { return value_; }
    Version changed_at() const { return changed_at_; }
    bool dirty() const { return dirty_; }

    void set(T value) {
        if (value == value_) return;
        value_ = std::move(value);
        dirty_ = true;
    }
    // Gives the change its version; called by Room::commit only.
    void commit(Version version) {
        if (std::exchange(dirty_, false)) changed_at_ = version;
    }
    bool operator==(const Field&) const = default;

  private:
    T value_{};
    Version changed_at_;
    bool dirty_ = false;
};

} // namespace playhead
