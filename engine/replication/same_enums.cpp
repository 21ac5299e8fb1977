#include "core/result.hpp"
#include "replication/messages.hpp"
#include "schemas/client_generated.h"
#include "schemas/server_generated.h"

// Our enums and those of the schemas are converted by value: here the compiler checks that they are the same lists.
namespace playhead {
namespace {

template <class Ours, class Wire>
consteval bool same(Ours ours, Wire wire) {
    return std::to_underlying(ours) == std::to_underlying(wire);
}

#define PLAYHEAD_SAME(Type, name) static_assert(same(Type::name, wire::Type::name))
// NOLINTBEGIN(cppcoreguidelines-macro-usage)
PLAYHEAD_SAME(ErrorCode, none);
PLAYHEAD_SAME(ErrorCode, malformed);
PLAYHEAD_SAME(ErrorCode, unsupported_protocol);
PLAYHEAD_SAME(ErrorCode, hello_expected);
PLAYHEAD_SAME(ErrorCode, hello_repeated);
PLAYHEAD_SAME(ErrorCode, token_missing);
PLAYHEAD_SAME(ErrorCode, token_malformed);
PLAYHEAD_SAME(ErrorCode, token_wrong);
PLAYHEAD_SAME(ErrorCode, token_foreign);
PLAYHEAD_SAME(ErrorCode, token_stale);
PLAYHEAD_SAME(ErrorCode, room_unknown);
PLAYHEAD_SAME(ErrorCode, room_full);
PLAYHEAD_SAME(ErrorCode, rate_limited);
PLAYHEAD_SAME(ErrorCode, out_of_range);
PLAYHEAD_SAME(ErrorCode, wrong_media);
PLAYHEAD_SAME(ErrorCode, no_media);
PLAYHEAD_SAME(ErrorCode, sequence);
PLAYHEAD_SAME(ErrorCode, too_large);
PLAYHEAD_SAME(ErrorCode, slow);
PLAYHEAD_SAME(ErrorCode, idle);
PLAYHEAD_SAME(ErrorCode, replaced);
PLAYHEAD_SAME(ErrorCode, draining);
PLAYHEAD_SAME(ErrorCode, room_closed);
PLAYHEAD_SAME(ErrorCode, text_frame);
PLAYHEAD_SAME(ErrorCode, internal);
PLAYHEAD_SAME(ErrorCode, denied);
PLAYHEAD_SAME(ErrorCode, unknown_command);
PLAYHEAD_SAME(ErrorCode, plugin_failed);
PLAYHEAD_SAME(ErrorCode, kicked);
PLAYHEAD_SAME(ErrorCode, banned);
static_assert(wire::ErrorCode::MAX == wire::ErrorCode::banned);

PLAYHEAD_SAME(MediaKind, none);
PLAYHEAD_SAME(MediaKind, file);
PLAYHEAD_SAME(MediaKind, hls);
PLAYHEAD_SAME(MediaKind, dash);
PLAYHEAD_SAME(MediaKind, youtube);
PLAYHEAD_SAME(MediaKind, vimeo);
PLAYHEAD_SAME(MediaKind, twitch);
static_assert(wire::MediaKind::MAX == wire::MediaKind::twitch);

PLAYHEAD_SAME(EventKind, none);
PLAYHEAD_SAME(EventKind, played);
PLAYHEAD_SAME(EventKind, paused);
PLAYHEAD_SAME(EventKind, sought);
PLAYHEAD_SAME(EventKind, rate_changed);
PLAYHEAD_SAME(EventKind, loaded);
PLAYHEAD_SAME(EventKind, media_ended);
static_assert(wire::EventKind::MAX == wire::EventKind::media_ended);

PLAYHEAD_SAME(Verdict, applied);
PLAYHEAD_SAME(Verdict, superseded);
PLAYHEAD_SAME(Verdict, refused);
static_assert(wire::Verdict::MAX == wire::Verdict::refused);

PLAYHEAD_SAME(ReportFlag, stalled);
PLAYHEAD_SAME(ReportFlag, away);
PLAYHEAD_SAME(ReportFlag, blocked);
PLAYHEAD_SAME(ReportFlag, inexact);
static_assert(std::to_underlying(wire::ReportFlag::ANY) == 15);

PLAYHEAD_SAME(Role, owner);
PLAYHEAD_SAME(Role, moderator);
PLAYHEAD_SAME(Role, host);
PLAYHEAD_SAME(Role, cohost);
PLAYHEAD_SAME(Role, member);
PLAYHEAD_SAME(Role, muted);
PLAYHEAD_SAME(Role, anyone);
static_assert(std::to_underlying(wire::Role::ANY) == 0x8000'003F);
// NOLINTEND(cppcoreguidelines-macro-usage)
#undef PLAYHEAD_SAME

} // namespace
} // namespace playhead
