#pragma once

#include "plugin/plugin_set.hpp"
#include "plugin/ruled_room.hpp"
#include "plugin/test_follower.hpp"
#include "plugin/test_runner.hpp"

#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace playhead {

// One room of a test: a RuledRoom, and around it what the engine's session layer is to a room in earnest. It counts the
// ticks, gives wall time and reports of the media's duration, carries out kicks and bans, hands events to viewers, and
// keeps what plugins logged.
//   Units:   seconds in what the test says and is told; a tick lasts 50 ms.
//   Errors:  in the test author's words; a call that is refused has changed nothing.
//   Thread:  none of its own; owned by one run of tests.
class TestRoom {
  public:
    static constexpr std::size_t viewers_max = 1'000;      // that ever join
    static constexpr std::uint32_t ticks_max = 10'000'000; // in one room: six days
    static constexpr std::size_t kept_max = 10'000;        // events, errors and log lines that nobody asked for

    using Answer = std::expected<Value, std::string>;

    // `options` as T.room takes them.
    static std::expected<std::unique_ptr<TestRoom>, std::string> open(Value options, const FindPlugin& find);

    // One call of the test, by its name in test_calls.cpp.
    Answer call(std::string_view method, Value args);

    // After the test: what every room has to keep, whatever it was about. One line each.
    std::vector<std::string> faults();
    // What the plugins of this room register, and how often each ran; before a reload, too.
    const std::vector<HookCalls>& hooks();

  private:
    struct Viewer {
        ViewerId id;
        std::string name, device;
        std::uint32_t sequence = 0;
        std::uint8_t condition = 0;
        bool connected = true;
        std::optional<LeaveReason> gone;
        MediaInstance reported; // the media whose duration it has told
        std::vector<PluginEvent> events;
    };
    struct Banned {
        ViewerId viewer;
        std::string name, device, reason, plugin;
        std::optional<Tick> until;
    };
    struct Failure {
        std::string plugin, message;
    };
    struct Plugins { // what the room was opened or last reloaded with
        std::map<std::string, Value> settings;
        std::map<std::string, PluginSource> sources;
    };

    TestRoom(const FindPlugin& find, const Value& options);

    static std::expected<std::shared_ptr<const PluginSet>, std::string> load(const Plugins& plugins,
                                                                             const FindPlugin& find);
    // Takes `sources` out of the arguments, since plugins are longer than a value may be.
    static std::expected<void, std::string> take_sources(Value& args, Plugins& plugins, const FindPlugin& find);

    static std::expected<PluginSource, std::string> source_of(const std::string& name, const Plugins& plugins,
                                                              const FindPlugin& find);

    // One tick that stands for `ticks`, with at most one input of the test's.
    std::optional<Outcome> step(const std::optional<Input>& input, std::uint32_t ticks = 1);
    void give_wall_time();
    void report_durations();
    void take_out();
    void deliver(const PluginEvent& event);
    void carry_out(const Kick& kick);
    void carry_out(const Ban& ban);
    void carry_out(const Unban& unban);
    void carry_out(const Log& line);

    using Method = Answer (TestRoom::*)(const Value&);
    static Method method_of(std::string_view name);
    Answer join(const Value& args);
    Answer act(const Value& args, Action action, std::optional<MediaTime> seen = {});
    std::optional<Outcome> give(ViewerId author, std::uint32_t sequence, Action action, std::optional<MediaTime> seen);
    // Notes the duration that the media is said to have.
    Load load_of(const Value& media);
    Answer play(const Value& args);
    Answer pause(const Value& args);
    Answer seek(const Value& args);
    Answer set_rate(const Value& args);
    Answer load_media(const Value& args);
    Answer rename(const Value& args);
    Answer command(const Value& args);
    Answer signal(const Value& args);
    Answer condition(const Value& args);
    Answer leave(const Value& args);
    Answer lose(const Value& args);
    Answer come_back(const Value& args);
    Answer may(const Value& args);
    Answer gone(const Value& args);
    Answer viewer(const Value& args);
    Answer viewers(const Value& args);
    Answer viewer_events(const Value& args);
    Answer shared(const Value& args);
    Answer facts(const Value& args);
    Answer ticks(const Value& args);
    Answer run(const Value& args);
    Answer late(const Value& args);
    Answer wall(const Value& args);
    Answer events(const Value& args);
    Answer errors(const Value& args);
    Answer logs(const Value& args);
    Answer bans(const Value& args);
    Answer suspend(const Value& args);
    Answer reload(Value args);

    // The viewer that a call is about. Errors: it never joined, is gone, or (if it is to act) is cut off.
    std::expected<Viewer*, std::string> known(const Value& args);
    std::expected<Viewer*, std::string> acting(const Value& args);
    std::expected<void, std::string> pass(std::int64_t ticks);
    const ViewerRow* row_of(ViewerId viewer) const;
    Microseconds age() const;

    const FindPlugin& find_;
    Plugins plugins_;
    Lead lead_;
    Tick tick_;
    std::map<std::string, MediaTime, std::less<>> durations_; // by address
    std::optional<std::int64_t> wall_us_;                     // as of the tick opened_
    Tick wall_given_;

    std::map<ViewerId, Viewer> viewers_;
    std::vector<Leave> leaving_; // whom a plugin has thrown out: they go in the next tick
    std::vector<Banned> bans_;
    std::vector<PluginEvent> events_;
    std::vector<Failure> failures_;
    std::vector<Failure> logs_;
    std::vector<HookCalls> hooks_;
    TestFollower follower_;

    std::unique_ptr<RuledRoom> room_;
};

} // namespace playhead
