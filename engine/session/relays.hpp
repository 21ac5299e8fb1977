#pragma once

#include <cstddef>

namespace playhead {

// Other shards that write for connections of this one's rooms. A wide room's connections are shared out to them.
//   Owner: whoever owns the shard's thread.
class Relays {
  public:
    // How many there are. Connection::relay() names one, from 1.
    virtual std::size_t relays() const = 0;
    // They have not written all that they were given: a pass over everyone had better wait for them.
    virtual bool behind() const = 0;

  protected:
    ~Relays() = default;
};

} // namespace playhead
