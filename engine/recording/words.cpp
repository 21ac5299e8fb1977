#include "recording/words.hpp"

#include "core/overloaded.hpp"
#include "plugin/role_names.hpp"
#include "room/names.hpp"

#include <charconv>
#include <cmath>
#include <string_view>
#include <utility>

namespace playhead::recording {
namespace {

std::string quoted(std::string_view text) {
    std::string result = "\"";
    for (const char character : text) {
        if (character == '"' || character == '\\') result += '\\';
        if (character == '\n')
            result += "\\n";
        else
            result += character;
    }
    return result + '"';
}

std::string viewer_text(ViewerId viewer) {
    return viewer == ViewerId{0} ? "the engine" : "viewer " + std::to_string(viewer.value);
}

std::string roles_text(std::uint32_t roles) {
    std::string text;
    for (const std::string& name : role_names(roles)) text += (text.empty() ? "" : ", ") + name;
    return text.empty() ? "" : " (" + text + ")";
}

std::string rate_text(Rate rate) { return std::to_string(rate.permille) + "/1000"; }

std::string action_text(const Action& action) {
    return std::visit(
        Overloaded{
            [](const Play&) -> std::string { return "play"; },
            [](const Pause&) -> std::string { return "pause"; },
            [](const Seek& seek) { return "seek to " + in_seconds_text(seek.to); },
            [](const SetRate& set) { return "rate " + rate_text(set.rate); },
            [](const Load& load) {
                return "load " + quoted(load.url) + (load.title.empty() ? "" : " " + quoted(load.title));
            },
            [](const SetName& set) { return "name " + quoted(set.name); },
            [](const PluginCommand& wish) { return wish.plugin + "." + wish.name + " " + in_words(wish.args); },
        },
        action);
}

std::string playhead_text(const Playhead& playhead) {
    return (playhead.playing ? "playing from " : "paused at ") + in_seconds_text(playhead.anchor_position) +
           " since tick " + std::to_string(playhead.anchor_tick.number) + ", rate " + rate_text(playhead.rate);
}

std::string key_text(const EntryKey& key) {
    return std::visit(Overloaded{
                          [](std::monostate) { return std::string{}; },
                          [](std::int64_t number) { return "[" + std::to_string(number) + "]"; },
                          [](const std::string& text) { return "[" + quoted(text) + "]"; },
                      },
                      key);
}

} // namespace

std::string hexadecimal(std::uint64_t number) {
    std::string text(16, '0');
    for (std::size_t i = text.size(); i-- > 0; number >>= 4U) text[i] = "0123456789abcdef"[number & 15U];
    return text;
}

std::string in_seconds_text(Microseconds time) {
    const std::int64_t thousandths = time.count() / 1000;
    std::string fraction = std::to_string(std::abs(thousandths % 1000));
    fraction.insert(0, 3 - fraction.size(), '0');
    const bool negative = thousandths < 0 && thousandths > -1000;
    return (negative ? "-" : "") + std::to_string(thousandths / 1000) + "." + fraction + " s";
}

std::string in_words(const Value& value) {
    return std::visit(Overloaded{
                          [](std::monostate) -> std::string { return "nil"; },
                          [](bool flag) -> std::string { return flag ? "true" : "false"; },
                          [](std::int64_t number) { return std::to_string(number); },
                          [](double number) {
                              char text[32];
                              const auto end = std::to_chars(text, text + sizeof text, number).ptr;
                              return std::string{text, end};
                          },
                          [](const std::string& text) { return quoted(text); },
                          [](const Value::List& list) {
                              std::string text;
                              for (const Value& item : list) text += (text.empty() ? "" : ", ") + in_words(item);
                              return "{" + text + "}";
                          },
                          [](const Value::Map& map) {
                              std::string text;
                              for (const Value::Entry& entry : map)
                                  text += (text.empty() ? "" : ", ") + entry.key + " = " + in_words(entry.value);
                              return "{" + text + "}";
                          },
                      },
                      value.content);
}

std::string in_words(const Input& input) {
    return std::visit(
        Overloaded{
            [](const Join& join) {
                return viewer_text(join.viewer) + " joins as " + quoted(join.name) + roles_text(join.roles);
            },
            [](const Reconnect& reconnect) { return viewer_text(reconnect.viewer) + " is connected again"; },
            [](const Disconnect& disconnect) { return viewer_text(disconnect.viewer) + " is cut off"; },
            [](const Leave& leave) {
                return viewer_text(leave.viewer) + " leaves (" + std::string{name_of(leave.why)} + ")";
            },
            [](const DurationReport& report) {
                return viewer_text(report.viewer) + " reports that media " + std::to_string(report.media.value) +
                       " lasts " + in_seconds_text(report.duration);
            },
            [](const Command& command) {
                std::string text = viewer_text(command.viewer) + ": " + action_text(command.action);
                if (command.position_seen) text += ", seen at " + in_seconds_text(*command.position_seen);
                if (!command.plugin.empty()) text += ", asked for by " + command.plugin;
                return text + ", issued at " + in_seconds_text(command.issued.physical.time_since_epoch()) +
                       ", sequence " + std::to_string(command.sequence);
            },
            [](const Condition& condition) {
                return viewer_text(condition.viewer) + " is in condition " + std::to_string(condition.flags);
            },
            [](const Signal& signal) {
                return viewer_text(signal.viewer) + " signals " + signal.plugin + "." + signal.name + " " +
                       in_words(signal.args);
            },
            [](const WallTime& wall) {
                return "the wall clock says " + in_seconds_text(Microseconds{wall.unix_us}) + " of Unix time";
            },
        },
        input);
}

std::string in_words(const Call& call) {
    const auto step = [](RoomStep wanted) -> std::string {
        switch (wanted) {
        case RoomStep::start: return "plugins start";
        case RoomStep::wake: return "plugins are loaded again";
        case RoomStep::restart: return "plugins start anew, with what they had";
        case RoomStep::commit: return "commit";
        case RoomStep::collect_garbage: return "garbage is collected";
        case RoomStep::sleep: return "plugins may sleep";
        }
        return "";
    };
    return std::visit(Overloaded{
                          step,
                          [](const Advance& advance) {
                              return advance.missed == 0
                                         ? std::string{"time advances"}
                                         : "time advances, for " + std::to_string(advance.missed) + " missed ticks too";
                          },
                          [](const Reload& reload) {
                              std::string text = "reload:";
                              for (const RecordedPlugin& plugin : reload.plugins)
                                  text += " " + plugin.request.source.name + "#" + plugin.hash;
                              return text;
                          },
                          [](const Input& input) { return in_words(input); },
                      },
                      call);
}

std::string in_words(const Outcome& outcome) {
    std::string text = std::string{name_of(outcome.verdict)} + " (" + viewer_text(outcome.viewer) + ", sequence " +
                       std::to_string(outcome.sequence) + ")";
    if (outcome.verdict == Verdict::refused)
        text += ": " + std::string{name_of(outcome.error.code)} + ", " + outcome.error.message;
    if (!outcome.plugin.empty()) text += ", by " + outcome.plugin;
    if (!outcome.reason.empty()) text += ", " + outcome.reason;
    if (!outcome.data.is_nil()) text += ", " + in_words(outcome.data);
    return text;
}

std::string in_words(const Event& event) {
    return "event: " + std::string{name_of(event.kind)} + " by " + viewer_text(event.viewer) + " at " +
           in_seconds_text(event.position);
}

std::string in_words(const PluginEvent& event) {
    return "event: " + event.plugin + "." + event.name + " " + in_words(event.data) +
           (event.only == ViewerId{0} ? "" : " for " + viewer_text(event.only));
}

std::string in_words(const PluginRequestOut& request) {
    return std::visit(
        Overloaded{
            [](const Kick& kick) {
                return kick.plugin + " kicks " + viewer_text(kick.viewer) + " " + quoted(kick.reason);
            },
            [](const Ban& ban) {
                return ban.plugin + " bans " + viewer_text(ban.viewer) + " for " + std::to_string(ban.seconds) + " s " +
                       quoted(ban.reason);
            },
            [](const Unban& unban) { return unban.plugin + " lifts the ban of " + quoted(unban.who); },
            [](const Log& log) { return (log.failure ? "failure: " : "log of " + log.plugin + ": ") + log.message; },
        },
        request);
}

std::string in_words(const RoomFields& fields) {
    std::string text;
    const auto line = [&](const std::string& what) { text += (text.empty() ? "" : "\n") + what; };
    if (fields.info) line("title " + quoted(fields.info->title) + (fields.info->listed ? ", listed" : ""));
    if (fields.media) {
        line("media " + std::to_string(fields.media->instance.value) + ": " + quoted(fields.media->url) + " " +
             quoted(fields.media->title) + ", lasts " + in_seconds_text(fields.media->duration));
    }
    if (fields.motion) {
        line(playhead_text(fields.motion->current));
        if (fields.motion->pending) line("scheduled: " + playhead_text(*fields.motion->pending));
    }
    if (fields.viewer_count) line(std::to_string(*fields.viewer_count) + " viewers");
    for (const ViewerRow& row : fields.viewers)
        line(viewer_text(row.id) + " " + quoted(row.name) + roles_text(row.roles) + (row.connected ? "" : ", cut off"));
    for (const ViewerId viewer : fields.removed_viewers) line(viewer_text(viewer) + " is gone");
    for (const SharedEntry& entry : fields.shared) {
        const std::string name = entry.table.plugin + "." + entry.table.field + key_text(entry.key);
        line(name + (entry.value ? " = " + in_words(*entry.value) : " is gone"));
    }
    return text.empty() ? "nothing" : text;
}

std::string in_words(const ServerMessage& update) {
    if (const auto* delta = std::get_if<Delta>(&update))
        return in_words(delta->fields) + "\nstate hash " + hexadecimal(delta->state_hash).substr(8);
    if (const auto* snapshot = std::get_if<Snapshot>(&update))
        return "everything anew\n" + in_words(snapshot->fields) + "\nstate hash " +
               hexadecimal(snapshot->state_hash).substr(8);
    return "nothing";
}

} // namespace playhead::recording
