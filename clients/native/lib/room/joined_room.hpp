#pragma once

#include "lib/session/session.hpp"
#include "lib/sync/scrub.hpp"
#include "lib/sync/sync_loop.hpp"
#include "playhead/room.hpp"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace playhead::client {

// A room as an app holds it: commands, a view, events, and one player kept in step. What passes between viewer and
// engine is session/session.hpp. clients/sdk/src/room.ts is its twin. The app is told things only when everything here
// is in order: what is to be told waits until the end of poll() or of the command, so that a listener may do whatever
// it likes with the room but destroy it.
class JoinedRoom final : public Room, private Session::Events {
  public:
    // The figures of clock and player reach the view at most this often; what changes in kind does at once. Unit: ms.
    static constexpr double figures_ms = 250;

    // `server` as Link::server. With a problem the room is closed from the beginning and says it.
    JoinedRoom(const JoinOptions& options, const Link& link, std::unique_ptr<Environment> environment,
               std::optional<std::string> problem = {});

    void poll(double now_ms) override;
    double next_poll_ms() const override;
    std::vector<int> wait_handles() const override { return session_.wait_handles(); }

    const RoomView& view() const override;
    Permission may(std::string_view permission, std::optional<std::uint32_t> viewer) const override {
        return session_.may(permission, viewer);
    }
    double position_ms() const override { return session_.position_ms(); }
    std::optional<double> until_tick_ms(std::uint32_t tick) const override { return session_.until_tick_ms(tick); }

    void play(OnResult done) override;
    void pause(OnResult done) override;
    void seek(double position_ms, OnResult done) override;
    void set_rate(double rate, OnResult done) override;
    void load(const LoadRequest& media, OnResult done) override;
    void set_name(std::string_view name, OnResult done) override;
    void command(std::string_view plugin, std::string_view name, Value args, OnResult done) override;
    void signal(std::string_view plugin, std::string_view name, Value args) override;
    void scrub(double position_ms) override;
    void end_scrub(OnResult done) override;

    ListenerId on_change(std::function<void()> listener) override;
    ListenerId on_event(std::function<void(const RoomEvent&)> listener) override;
    ListenerId on_plugin_event(std::function<void(const PluginEvent&)> listener) override;
    void remove_listener(ListenerId listener) override;

    void attach_player(Player& player) override;
    void detach_player() override;
    void set_user_acting(bool acting) override;
    void set_source_offset_ms(double offset_ms) override;

    void retry() override;
    void leave() override;

  private:
    // ---- what the session tells
    void motion_changed() override { changed(); }
    void changed() override;
    void figures_changed() override;
    void event(const RoomEvent& event) override;
    void plugin_event(const PluginEvent& event) override;
    void clock_restarted() override;
    std::optional<SyncStatus> sync() const override;

    void submit(Action action, OnResult done) { submit(std::move(action), position_seen(), std::move(done)); }
    void submit(Action action, std::optional<MediaTime> seen, OnResult done);
    void submit_seek(double position_ms, OnResult done);
    void submit_scrub(double position_ms);
    void answer(OnResult done, CommandResult result);
    void refuse(ErrorCode code, std::string message, OnResult done);
    // What the person's screen shows: the player's own position where there is one.
    std::optional<MediaTime> position_seen() const;
    void drive_player(double now_ms);
    void obey(const UserIntent& intent);
    // Runs what waits to be told, in order.
    void tell();

    struct Attached {
        explicit Attached(Player& attached) : player(&attached), loop(attached) {}
        Player* player;
        sync::SyncLoop loop;
    };

    const std::string room_;
    const std::string server_;
    const std::unique_ptr<Environment> environment_;
    Session session_;
    sync::Scrubber scrubber_;
    // Of the last seek while scrubbing: who asks for its answer may come before or after it.
    struct ScrubAnswer {
        std::optional<CommandResult> result;
        OnResult waiting;
    };
    std::shared_ptr<ScrubAnswer> last_scrub_;
    std::optional<Attached> attached_;
    double source_offset_ms_ = 0;
    double figures_at_ms_ = 0;
    mutable std::optional<RoomView> view_; // empty = out of date; made again when it is asked for

    std::map<ListenerId, std::function<void()>> change_listeners_;
    std::map<ListenerId, std::function<void(const RoomEvent&)>> event_listeners_;
    std::map<ListenerId, std::function<void(const PluginEvent&)>> plugin_event_listeners_;
    ListenerId last_listener_ = 0;
    std::deque<std::function<void()>> to_tell_;
    bool change_to_tell_ = false;
    bool telling_ = false;
};

} // namespace playhead::client
