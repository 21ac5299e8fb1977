#pragma once

#include "net/loopback/loopback.hpp"
#include "plugin/plugin_set.hpp"
#include "replication/messages.hpp"
#include "session/shard.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

// A shard as shipped with rooms and viewers on loopback connections.
namespace playhead::bench {

// Server time jumps from tick to tick and runs with the real clock within each: what the shard does to watch over its
// plugins' time costs what it costs.
class RacingClock final : public Clock {
  public:
    ServerTime now() const override { return start_ + (real_.now() - mark_); }
    std::int64_t unix_us() const override { return real_.unix_us(); }
    Microseconds thread_time() const override { return real_.thread_time(); }
    void jump_to(ServerTime time) {
        start_ = std::max(time, now());
        mark_ = real_.now();
    }

  private:
    SteadyClock real_;
    ServerTime start_{};
    ServerTime mark_{};
};

// The plugins and settings of a script in scripts/.
std::shared_ptr<const PluginSet> preset(const std::string& script);
// Plugins from what stands in their manifests beside name, version and api, and their code after `local P = ...`.
struct PluginText {
    std::string name, manifest, code;
};
PluginRequest request_of(const PluginText& text);
std::shared_ptr<const PluginSet> plugins_of(const std::vector<PluginRequest>& requests);
// Those of a preset with one more.
std::shared_ptr<const PluginSet> preset_with(const std::string& script, const PluginText& more);

SessionSettings bench_settings();

struct Viewer {
    std::unique_ptr<LoopbackPeer> peer;
    std::uint32_t sequence = 0;
    // Says it with the next sequence number.
    void ask(Action action, ServerTime now, MediaInstance media = MediaInstance{1});
    // Takes what it was sent; how many bytes that was.
    std::size_t read();
};

// With media that plays from the beginning on, or waits there.
CreatedRoom make_room(Shard& shard, const std::string& id, std::shared_ptr<const PluginSet> plugins, bool plays = true);
Hello hello_of(const CreatedRoom& room, const std::string& name);
Viewer join(Shard& shard, const CreatedRoom& room, const std::string& name);
PluginCommand say(const std::string& text);

struct Stage {
    RacingClock clock;
    SystemRandom random;
    SessionSettings settings = bench_settings();
    Shard shard{settings, TickLength{}, EngineRun{1, {}}, clock, random};
    std::vector<Viewer> viewers;

    // Moves on to the next tick and runs it with all the fan-out it begets; how much processor time that took.
    std::int64_t tick_ns();
    void ticks(int count);
    void read_all();

  private:
    ServerTime next_{};
};

inline constexpr int ticks_per_s = 20;

} // namespace playhead::bench
