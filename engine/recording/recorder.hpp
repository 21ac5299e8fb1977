#pragma once

#include "core/ids.hpp"
#include "core/time.hpp"
#include "plugin/ruled_room.hpp"
#include "recording/mask.hpp"
#include "recording/record.hpp"
#include "replication/frame.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace playhead::recording {

// Takes the bytes of one recording.
class Sink {
  public:
    virtual ~Sink() = default;
    // One record. False: the recording is lost from here on; its disk is full, or does not keep up.
    virtual bool append(Bytes record) = 0;
};

// Where recordings are kept.
class Store {
  public:
    virtual ~Store() = default;
    // A new one. The name is for whoever asked for it.
    struct Opened {
        std::unique_ptr<Sink> sink;
        std::string name;
    };
    virtual Opened open(const RoomId& room, std::uint32_t part) = 0;
};

// Writes down what one room is told, from where it stands on: enough to have it happen again.
//   Bounds:  one turn at a time; what a part has taken so far is known, and whoever owns it ends it in time.
//   Thread:  the room's.   Owner: whoever runs the room, which outlives it.
class Recorder final : public RoomWitness {
  public:
    // So often, in turns, all state is digested: it looks at everything.
    static constexpr std::uint32_t turns_between_digests = 100;
    // All state of a wider room would be megabytes in one tick: no recording begins with it, and it is not digested.
    static constexpr std::size_t whole_viewers_max = 2000;

    struct About {
        std::string engine; // its version
        RoomId room;
        std::uint32_t part = 1;
        // If set names and what people write are left out, and their pseudonyms stand instead.
        TextMask mask{};
        bool left_out() const { return static_cast<bool>(mask); }
    };
    // The room is settled. It is heard from here on; if its plugins are running the caller restarts them next.
    Recorder(About about, RuledRoom& room, Store::Opened opened, Tick tick, std::int64_t unix_us);
    ~Recorder() override;
    Recorder(const Recorder&) = delete;
    Recorder& operator=(const Recorder&) = delete;

    // What this tick's calls have led to; before anyone is told of it.
    struct Result {
        std::optional<Frame> update; // from version_before() on, as the owner sees it; empty: nothing has changed
        Microseconds took{0};
        std::optional<std::uint32_t> refused; // commands; empty: not counted
        std::optional<Beacon> beacon{};
    };
    void end_turn(Result result);
    void close(std::string_view why);

    // Of the room's state when the turn began.
    Version version_before() const { return version_before_; }

    const About& about() const { return about_; }
    const std::string& name() const { return opened_.name; }
    bool lost() const { return lost_; }
    std::size_t bytes() const { return bytes_; }

    // RoomWitness
    void saw(const Input& input, Tick tick, const Lead& lead) override;
    void saw_advance(Tick tick, std::uint32_t missed, const Lead& lead) override;
    void saw_reload(const PluginSet& plugins, Tick tick) override;
    void saw(RoomStep step, std::optional<Tick> tick) override;
    void saw_time(bool spent) override;
    void saw_end(Microseconds took) override;

  private:
    void at(Tick tick);
    void write(const Record& record);
    void digest();

    const About about_;
    RuledRoom& room_;
    Store::Opened opened_;
    std::size_t bytes_ = 0;
    bool lost_ = false;
    bool closed_ = false;
    std::uint32_t turns_ = 0;
    Version version_before_;
    Turn turn_;
    std::optional<Tick> tick_; // of the calls in it; empty: any
    std::uint32_t asked_ = 0;
    std::size_t ended_cut_offs_ = 0; // of those in it
};

} // namespace playhead::recording
