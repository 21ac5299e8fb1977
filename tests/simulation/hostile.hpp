#pragma once

#include "session/shard.hpp"
#include "simulation/invariant.hpp"
#include "simulation/network.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace playhead::simulation {

// Does what no client does: comes without a token or with a wrong one, says nonsense, says what is right at the wrong
// time, floods, and lies about everything. With the room's own token half of the time. Sees to it that nothing is told
// to who has none.
//   Owner: one World, which outlives it.
class Hostile final : private Wire::Listener {
  public:
    Hostile(Timeline& timeline, Random& random, Shard& shard, CreatedRoom room);
    ~Hostile();
    Hostile(const Hostile&) = delete;
    Hostile& operator=(const Hostile&) = delete;

    void begin() { dial(); }
    void stop();
    const std::vector<Complaint>& complaints() const { return complaints_.all(); }
    const std::map<std::string, std::uint64_t>& met() const { return met_; }
    std::uint64_t messages_said() const { return messages_said_; }

  private:
    void on_bytes(ByteView bytes) override;
    void on_gone(ErrorCode code) override;
    void dial();
    void act();
    void say(Bytes bytes);
    Bytes hello();
    std::string wrong_token();
    Bytes nonsense();
    Bytes extreme();

    Timeline& timeline_;
    Random& random_;
    Shard& shard_;
    const CreatedRoom room_;
    std::shared_ptr<Wire> wire_;
    std::uint32_t life_ = 0;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
    bool stopped_ = false;
    bool has_token_ = false;
    std::uint32_t sequence_ = 0;
    std::uint64_t messages_said_ = 0;
    std::map<std::string, std::uint64_t> met_;
    Complaints complaints_;
};

} // namespace playhead::simulation
