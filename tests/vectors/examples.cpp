#include "vectors/wire_vectors.hpp"

namespace playhead::test {

using namespace std::chrono_literals;

namespace {

ClientCommand command(Action action) {
    return {.sequence = 42,
            .media = MediaInstance{3},
            .issued_at = ServerTime{123'456'789us},
            .issued_logical = 7,
            .position_seen = 61'234'567us,
            .action = std::move(action)};
}

Motion paused_motion() {
    return {.current = {.media = MediaInstance{3},
                        .anchor_position = 61'234'567us,
                        .anchor_tick = Tick{2469},
                        .rate = Rate{1000},
                        .playing = false},
            .pending = {}};
}

Motion starting_motion() {
    Motion motion = paused_motion();
    motion.pending = motion.current;
    motion.pending->anchor_tick = Tick{2473};
    motion.pending->rate = Rate{1250};
    motion.pending->playing = true;
    return motion;
}

RoomFields full_fields() {
    return {.info = RoomInfo{.title = "Film night \xF0\x9F\x8E\xAC", .listed = true},
            .media = Media{.instance = MediaInstance{3},
                           .kind = MediaKind::hls,
                           .url = "/media/demo-hls/master.m3u8",
                           .title = "<b>Demo</b>",
                           .duration = 90'000'000us},
            .motion = starting_motion(),
            .viewer_count = 3,
            .viewers = {{.id = ViewerId{1}, .name = "Ada", .roles = 1, .connected = true},
                        {.id = ViewerId{2}, .name = "J\xC3\xBCrgen", .roles = 0, .connected = false},
                        {.id = ViewerId{5}, .name = "\xE6\x97\xA5\xE6\x9C\xAC", .roles = 0, .connected = true}},
            .removed_viewers = {}};
}

// As full_fields(), with a value, a list with its order, rules, and keys of each kind.
RoomFields shared_fields() {
    RoomFields fields = full_fields();
    const auto integer = [](std::int64_t number) { return Value{number}; };
    const auto text = [](std::string content) { return Value{std::move(content)}; };
    fields.shared = {
        {.table = {.plugin = "host", .field = "@permissions"},
         .key = std::string{"playback"},
         .value = Value{Value::Map{{"except", integer(32)}, {"reason", text("only the host")}, {"roles", integer(4)}}}},
        {.table = {.plugin = "host", .field = "host"}, .key = {}, .value = integer(2)},
        {.table = {.plugin = "queue", .field = "items"},
         .key = {},
         .value = Value{Value::List{integer(9), integer(1)}}},
        {.table = {.plugin = "queue", .field = "items"},
         .key = std::int64_t{1},
         .value = Value{Value::Map{{"title", text("J\xC3\xBCrgen's film")}, {"weight", Value{0.5}}}}},
        {.table = {.plugin = "queue", .field = "items"}, .key = std::int64_t{9}, .value = Value{Value::Map{}}},
        {.table = {.plugin = "votes", .field = "votes"}, .key = std::string{""}, .value = Value{false}},
    };
    return fields;
}

} // namespace

std::vector<NamedClientMessage> client_examples() {
    return {
        {"hello_new", Hello{.protocol_min = 1,
                            .protocol_max = 1,
                            .room = "demo",
                            .join_token = "j.demo.AAECAwQFBgcICQoLDA0ODw",
                            .resume_token = "",
                            .name = "Ada",
                            .have_epoch = {},
                            .have_version = {},
                            .client = "playhead-web 0.1",
                            .device = "d.b7A0ZkX3"}},
        {"hello_resuming", Hello{.protocol_min = 1,
                                 .protocol_max = 2,
                                 .room = "demo",
                                 .join_token = "",
                                 .resume_token = "r.demo.AAECAwQFBgcICQoLDA0ODw",
                                 .name = "J\xC3\xBCrgen",
                                 .have_epoch = Epoch{3'000'000'000},
                                 .have_version = Version{17},
                                 .client = ""}},
        {"play", command(Play{})},
        {"pause", command(Pause{})},
        {"seek", command(Seek{.to = 12'345'678us})},
        {"seek_unseen", ClientCommand{.sequence = 1,
                                      .media = MediaInstance{1},
                                      .issued_at = ServerTime{1us},
                                      .issued_logical = 0,
                                      .position_seen = {},
                                      .action = Seek{.to = 0us}}},
        {"set_rate", command(SetRate{.rate = Rate{1250}})},
        {"load", command(Load{.kind = MediaKind::youtube,
                              .url = "dQw4w9WgXcQ",
                              .title = "A video",
                              .start = 5'000'000us,
                              .play = true})},
        {"set_name", command(SetName{.name = "Grace"})},
        {"plugin_command", command(PluginCommand{.plugin = "chat",
                                                 .name = "say",
                                                 .args = Value{Value::Map{{"reply_to", Value{std::int64_t{3}}},
                                                                          {"text", Value{std::string{"hello"}}}}}})},
        {"plugin_command_bare", command(PluginCommand{.plugin = "queue", .name = "next", .args = {}})},
        {"ping", Ping{.t0_us = -9'007'199'254'740'991}},
        {"report", Report{.version = Version{17},
                          .media = MediaInstance{3},
                          .drift = -12'345us,
                          .delay = 20'500us,
                          .clock_error = 300us,
                          .buffer_ms = 30'000,
                          .duration = 90'000'000us,
                          .flags = 5}},
        {"resync", Resync{.version = Version{17}, .state_hash = 0xDEADBEEF, .mismatch = true}},
        {"bye", Bye{}},
        {"signal", ClientSignal{.plugin = "cursors",
                                .name = "move",
                                .args = Value{Value::Map{{"x", Value{0.25}}, {"y", Value{0.75}}}}}},
        {"ack", Ack{.epoch = Epoch{3'000'000'000}, .version = Version{17}}},
    };
}

std::vector<NamedServerMessage> server_examples() {
    return {
        {"welcome", Welcome{.protocol = 1,
                            .room = "demo",
                            .viewer = ViewerId{5},
                            .resume_token = "r.demo.AAECAwQFBgcICQoLDA0ODw",
                            .resumed = true,
                            .clock_id = 0xFEDCBA9876543210,
                            .tick_length = 50'000us,
                            .server_time = ServerTime{123'456'789us},
                            .report_interval_ms = 1000,
                            .ping_interval_ms = 250,
                            .commands_per_s = 10,
                            .command_burst = 20,
                            .roles = 5}},
        {"snapshot", Snapshot{.epoch = Epoch{3'000'000'000},
                              .version = Version{17},
                              .tick = Tick{2470},
                              .state_hash = 0x01020304,
                              .fields = full_fields()}},
        {"delta_pause", Delta{.epoch = Epoch{3'000'000'000},
                              .base = Version{17},
                              .version = Version{18},
                              .tick = Tick{2480},
                              .state_hash = 0xFFFFFFFF,
                              .sent_at = ServerTime{124'000'123us},
                              .fields = {.info = {},
                                         .media = {},
                                         .motion = paused_motion(),
                                         .viewer_count = {},
                                         .viewers = {},
                                         .removed_viewers = {}}}},
        {"delta_viewers", Delta{.epoch = Epoch{1},
                                .base = Version{10},
                                .version = Version{18},
                                .tick = Tick{2480},
                                .state_hash = 1,
                                .sent_at = {},
                                .fields = {.info = {},
                                           .media = {},
                                           .motion = {},
                                           .viewer_count = 0,
                                           .viewers = {{.id = ViewerId{9}, .name = "Ada", .roles = 0}},
                                           .removed_viewers = {ViewerId{1}, ViewerId{2}}}}},
        {"delta_empty", Delta{.epoch = Epoch{1},
                              .base = Version{18},
                              .version = Version{18},
                              .tick = Tick{2480},
                              .state_hash = 1,
                              .sent_at = {},
                              .fields = {}}},
        {"snapshot_shared", Snapshot{.epoch = Epoch{3'000'000'000},
                                     .version = Version{17},
                                     .tick = Tick{2470},
                                     .state_hash = 0x01020304,
                                     .fields = shared_fields()}},
        {"delta_shared",
         Delta{.epoch = Epoch{1},
               .base = Version{10},
               .version = Version{18},
               .tick = Tick{2480},
               .state_hash = 1,
               .sent_at = {},
               .fields = {.info = {},
                          .media = {},
                          .motion = {},
                          .viewer_count = {},
                          .viewers = {},
                          .removed_viewers = {},
                          .shared = {{.table = {.plugin = "chat", .field = "log"}, .key = std::int64_t{7}, .value = {}},
                                     {.table = {.plugin = "host", .field = "host"}, .key = {}, .value = {}},
                                     {.table = {.plugin = "votes", .field = "votes"},
                                      .key = std::string{"5"},
                                      .value = Value{true}}}}}},
        {"pong", Pong{.t0_us = -9'007'199'254'740'991, .t1 = ServerTime{1'000'000us}, .t2 = ServerTime{1'000'042us}}},
        {"reply_applied", Reply{.sequence = 42,
                                .verdict = Verdict::applied,
                                .error = {ErrorCode::none, {}},
                                .tick = Tick{2480},
                                .version = Version{18}}},
        {"reply_superseded", Reply{.sequence = 43,
                                   .verdict = Verdict::superseded,
                                   .error = {ErrorCode::none, {}},
                                   .tick = Tick{2480},
                                   .version = Version{18}}},
        {"reply_refused", Reply{.sequence = 44,
                                .verdict = Verdict::refused,
                                .error = {ErrorCode::rate_limited, "too many commands", 1500},
                                .tick = Tick{2480},
                                .version = Version{18}}},
        {"reply_denied", Reply{.sequence = 45,
                               .verdict = Verdict::refused,
                               .error = {ErrorCode::denied, "only the host", 0},
                               .tick = Tick{2480},
                               .version = Version{18},
                               .plugin = "roles",
                               .reason = "permission",
                               .data = Value{Value::Map{{"permission", Value{std::string{"playback"}}}}}}},
        {"reply_result", Reply{.sequence = 46,
                               .verdict = Verdict::applied,
                               .error = {ErrorCode::none, {}},
                               .tick = Tick{2480},
                               .version = Version{18},
                               .plugin = "",
                               .reason = "",
                               .data = Value{std::int64_t{41}}}},
        {"plugin_event",
         PluginEvent{.plugin = "reactions",
                     .name = "burst",
                     .tick = Tick{2480},
                     .data = Value{Value::List{Value{std::string{"\xF0\x9F\x8E\x89"}}, Value{std::int64_t{3}}}}}},
        {"plugin_event_bare", PluginEvent{.plugin = "chat", .name = "cleared", .tick = Tick{2481}, .data = {}}},
        {"event",
         Event{.kind = EventKind::sought, .viewer = ViewerId{5}, .tick = Tick{2480}, .position = 61'234'567us}},
        {"goodbye", Goodbye{.error = {ErrorCode::draining, "the server restarts", 2000}, .resumable = true}},
        {"beacon", Beacon{.server_time = ServerTime{124'000'123us},
                          .tick = Tick{2480},
                          .version = Version{18},
                          .state_hash = 0x80000001,
                          .fresh = true,
                          .telemetry = {},
                          .distribution = {}}},
        {"beacon_telemetry",
         Beacon{.server_time = ServerTime{124'000'123us},
                .tick = Tick{2480},
                .version = Version{18},
                .state_hash = 0x80000001,
                .fresh = false,
                .telemetry = {{.viewer = ViewerId{1}, .drift = -1500us, .delay_ms = 20, .buffer_ms = 65535, .flags = 3},
                              {.viewer = ViewerId{2}, .drift = 900us, .delay_ms = 3, .buffer_ms = 0, .flags = 8}},
                .distribution =
                    DriftDistribution{
                        .reporting = 1000, .p50 = 800us, .p95 = 2'900us, .max = 40'000us, .stalled = 2, .away = 1}}},
    };
}

} // namespace playhead::test
