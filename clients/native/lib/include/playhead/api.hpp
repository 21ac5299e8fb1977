#pragma once

#include "playhead/sync_status.hpp"
#include "playhead/value.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

// What an app sees of a room: the values of clients/sdk/src/api.ts under the same names.
//   Units: milliseconds as double (`..._ms`), rates as factors (1 = normal). The wire's integers stay inside.
namespace playhead::client {

// Why something was refused or ended: the wire's list (schemas/common.fbs), then what only clients say.
enum class ErrorCode : std::uint16_t {
    none = 0,
    malformed,
    unsupported_protocol,
    hello_expected,
    hello_repeated,
    token_missing,
    token_malformed,
    token_wrong,
    token_foreign,
    token_stale,
    room_unknown,
    room_full,
    rate_limited,
    out_of_range,
    wrong_media,
    no_media,
    sequence,
    too_large,
    slow,
    idle,
    replaced,
    draining,
    room_closed,
    text_frame,
    internal,
    denied, // a plugin, or the room's permissions, do not allow it; the result says which and why
    unknown_command,
    plugin_failed, // a plugin broke down over it, or is suspended and denies meanwhile
    kicked,
    banned,
    unreachable = 1000, // the engine cannot be reached; the library goes on trying
    lost,               // the connection was lost for good before this command was answered: it may have been applied
    left,               // this client has left the room
};
std::string_view name_of(ErrorCode code);

enum class MediaKind : std::uint8_t { none, file, hls, dash, youtube, vimeo, twitch };
std::string_view name_of(MediaKind kind);
// What an address most likely leads to; `file` where nothing speaks for another kind.
MediaKind media_kind_of(std::string_view url);

enum class Verdict : std::uint8_t { applied, superseded, refused };
std::string_view name_of(Verdict verdict);

// What became of a command.
struct CommandResult {
    Verdict verdict = Verdict::applied;
    ErrorCode code = ErrorCode::none; // none unless refused
    std::string message;              // for a person: what and why
    double retry_ms = 0;              // with rate_limited: when it would have been accepted
    std::string plugin;               // which plugin refused; empty when the room itself did
    std::string reason;               // its short code for the reason ("not_host"), for programs
    Value data;                       // what came with a denial, or the result of a plugin's command
    bool operator==(const CommandResult&) const = default;
};

// One continuous piece of motion; it stands at its anchor before the anchor's time.
struct Playhead {
    std::uint32_t media = 0;
    double position_ms = 0;
    double anchor_ms = 0; // server time of the anchor
    double rate = 1;
    bool playing = false;
    bool operator==(const Playhead&) const = default;
};

struct Motion {
    Playhead current;
    std::optional<Playhead> pending; // takes over from `current` at its anchor
    bool playing = false;            // what the room is meant to be doing: of `pending` if there is one; for buttons
    double rate = 1;
    bool operator==(const Motion&) const = default;
};

struct MediaView {
    std::uint32_t instance = 0; // grows with each load; 0 = nothing loaded
    MediaKind kind = MediaKind::none;
    std::string url; // may be a path of the engine's server: see absolute_url()
    std::string title;
    double duration_ms = 0; // 0 = not known yet, or endless
    bool operator==(const MediaView&) const = default;
};

// What viewers can be; a guest is none of these.
struct Roles {
    bool owner = false;
    bool moderator = false;
    bool host = false;
    bool cohost = false;
    bool member = false;
    bool muted = false;
    bool operator==(const Roles&) const = default;
};

struct ViewerView {
    std::uint32_t id = 0;
    std::string name;
    Roles roles;
    bool connected = false;          // false while a lost viewer's place is kept
    std::uint32_t hue = 0;           // a colour that stays with the id: degrees 0..359
    std::optional<double> drift_ms;  // own position minus the room's, as this viewer reported it: positive is ahead
    std::optional<double> delay_ms;  // half the round trip
    std::optional<double> buffer_ms; // 65535 = that or more
    bool stalled = false;
    bool away = false;
    bool blocked = false; // its browser has not allowed playing yet
    bool inexact = false; // its player cannot be held exactly in step
    bool operator==(const ViewerView&) const = default;
};

// A wide room's drift in a few numbers (absolute values).
struct DriftDistributionView {
    std::uint32_t reporting = 0;
    double p50_ms = 0;
    double p95_ms = 0;
    double max_ms = 0;
    std::uint32_t stalled = 0;
    std::uint32_t away = 0;
    bool operator==(const DriftDistributionView&) const = default;
};

struct ClockView {
    double offset_ms = 0; // server clock minus local_now_ms()
    double error_bound_ms = 0;
    double rtt_ms = 0;
    double jitter_ms = 0;
    bool settled = false;
    bool operator==(const ClockView&) const = default;
};

// One entry of a plugin's field: of a map its key, of a set the member (its value is true), of a list the item's id,
// which stays with it wherever it moves, of a ring the item's index, which grows for ever.
struct SharedItem {
    std::variant<std::int64_t, std::string> key;
    Value value;
    bool operator==(const SharedItem&) const = default;
};

// One declared field of a plugin.
//   Shapes: `value` and `counter` have a value and no items; `map`, `set`, `list` and `ring` have items: maps and sets
//   in
//           the order of their keys (integers first), lists in the list's own order, rings from the oldest on.
struct SharedField {
    std::string kind;
    Value value;
    std::vector<SharedItem> items;
    bool operator==(const SharedField&) const = default;
};

struct PluginView {
    std::string version;
    std::string code_hash;                                 // of the code that this room runs: changes with a reload
    bool suspended = false;                                // it failed too often and rests: its state stands still
    std::map<std::string, SharedField, std::less<>> state; // every declared field that this viewer may see
    const SharedField* find(std::string_view field) const; // null if there is none
    bool operator==(const PluginView&) const = default;
};

// Whether the room's permissions let a viewer do something.
struct Permission {
    bool allowed = true;
    std::string plugin; // whose rule forbids it, and its reason for people
    std::string reason;
    bool operator==(const Permission&) const = default;
};

enum class RoomStatus : std::uint8_t { connecting, joining, live, reconnecting, closed };
std::string_view name_of(RoomStatus status);

// Why the room is not live.
struct Problem {
    ErrorCode code = ErrorCode::none;
    std::string message;
    std::optional<double>
        retry_at_ms; // when the next attempt starts, on the clock of local_now_ms(); empty once closed
    bool operator==(const Problem&) const = default;
};

// What carries the room now.
enum class Transport : std::uint8_t { automatic, websocket, enet };
std::string_view name_of(Transport transport);

struct RoomView {
    RoomStatus status = RoomStatus::connecting;
    std::optional<Problem> problem;
    std::string room;
    std::string server;               // "http://host:port", what the link named
    std::optional<Transport> carrier; // websocket or enet, while there is a connection
    std::uint32_t me = 0;             // own viewer id; 0 = not known yet
    std::string title;
    bool listed = false;
    MediaView media;
    Motion motion; // with own actions shown that the room has not confirmed yet
    Motion confirmed_motion;
    std::vector<ViewerView> viewers; // the room's roster in joining order: bounded, see viewer_count
    std::uint32_t viewer_count = 0;
    std::map<std::string, PluginView, std::less<>> plugins; // those that the room runs, by name
    std::optional<DriftDistributionView> distribution;
    std::optional<ClockView> clock;
    std::optional<SyncStatus> sync; // of the attached player
    std::uint32_t pending_commands = 0;
    std::uint32_t hash_mismatches = 0; // states that did not match the engine's hash: must read zero

    const ViewerView* viewer(std::uint32_t id) const;      // null if the roster does not show it
    const PluginView* plugin(std::string_view name) const; // null if the room does not run it
    bool operator==(const RoomView&) const = default;
};

enum class EventKind : std::uint8_t { none, played, paused, sought, rate_changed, loaded, media_ended };
std::string_view name_of(EventKind kind);

// What happened in the room, told once.
struct RoomEvent {
    EventKind kind = EventKind::none;
    std::uint32_t viewer = 0; // who did it; 0 = the engine
    double position_ms = 0;
    bool operator==(const RoomEvent&) const = default;
};

// What a plugin tells, once. The engine itself speaks as "@engine".
struct PluginEvent {
    std::string plugin;
    std::string name;
    std::uint32_t tick = 0;
    Value data;
    bool operator==(const PluginEvent&) const = default;
};

struct LoadRequest {
    std::optional<MediaKind> kind; // guessed from the address when absent
    std::string url;
    std::string title;
    double position_ms = 0;
    bool play = false;
};

} // namespace playhead::client
