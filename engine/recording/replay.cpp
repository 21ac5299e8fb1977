#include "recording/replay.hpp"

#include "core/overloaded.hpp"
#include "recording/mask.hpp"
#include "recording/words.hpp"
#include "replication/decode.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace playhead::recording {
namespace {

std::expected<std::shared_ptr<const PluginSet>, std::string> load(const std::vector<RecordedPlugin>& plugins) {
    std::vector<PluginRequest> requests;
    for (const RecordedPlugin& plugin : plugins) {
        requests.push_back(plugin.request);
        const std::string hash = code_hash(plugin.request.source);
        if (hash != plugin.hash)
            return std::unexpected("plugin " + plugin.request.source.name + ": its text has the hash " + hash +
                                   ", and it was recorded as " + plugin.hash);
    }
    auto set = load_plugins(requests);
    if (set) return *std::move(set);
    std::string why;
    for (const std::string& line : set.error()) why += (why.empty() ? "" : "\n") + line;
    return std::unexpected(std::move(why));
}

// Why what a file says that plugins keep cannot be theirs; empty if it can. A room of ours never has such.
std::optional<std::string> misfit(const SharedState& state, const PluginSet& plugins, bool saved) {
    using Kind = FieldSpec::Kind;
    for (const auto& [name, table] : state.tables()) {
        const Plugin* plugin = plugins.find(name.plugin);
        if (plugin == nullptr) continue;
        const auto& fields = saved ? plugin->manifest.saved : plugin->manifest.shared;
        const auto field = fields.find(name.field);
        for (const auto& [key, entry] : table.entries()) {
            const bool alone = std::holds_alternative<std::monostate>(key);
            const bool text = std::holds_alternative<std::string>(key);
            bool fits = name.field == plugin_field ? alone : text; // of the engine's own fields
            if (field != fields.end()) {
                const Kind kind = field->second.kind;
                const bool named = kind == Kind::map || kind == Kind::set;
                const bool order = kind == Kind::list && alone;
                fits = kind == Kind::value || kind == Kind::counter ? alone
                       : named ? !alone && text == (field->second.key == Type::Key::text)
                               : order || (!alone && !text);
                const auto* list = entry.value().get_if<Value::List>();
                if (order)
                    fits = list != nullptr && std::ranges::all_of(*list, [&](const Value& id) {
                               return id.get_if<std::int64_t>() != nullptr &&
                                      table.find(*id.get_if<std::int64_t>()) != nullptr;
                           });
            }
            if (!fits) return "what it says that " + name.plugin + " keeps in " + name.field + " cannot be";
        }
    }
    return std::nullopt;
}

} // namespace

// ---- Time

void Replay::RecordedTime::begin_turn(const std::vector<CutOff>& cut_offs) {
    cut_offs_ = cut_offs;
    next_ = ended_ = 0;
    asked_ = 0;
}

Microseconds Replay::RecordedTime::end(std::int64_t) {
    if (ended_ == next_) return Microseconds{0};
    ended_ = next_;
    return cut_offs_[next_ - 1].took;
}

bool Replay::RecordedTime::spent() {
    const bool spent = next_ < cut_offs_.size() && cut_offs_[next_].asked == asked_;
    ++asked_;
    if (spent) ++next_;
    return spent;
}

// ---- The room

std::expected<std::unique_ptr<Replay>, std::string> Replay::of(Opening opening) {
    auto plugins = load(opening.plugins);
    if (!plugins) return std::unexpected(std::move(plugins.error()));
    for (const bool saved : {false, true}) {
        const SharedState& state = saved ? opening.plugin_state.saved : opening.room_state.shared;
        if (auto why = misfit(state, **plugins, saved)) return std::unexpected(*std::move(why));
    }
    return std::unique_ptr<Replay>{new Replay{std::move(opening), *std::move(plugins)}};
}

Replay::Replay(Opening opening, std::shared_ptr<const PluginSet> plugins)
    : left_out_(opening.left_out),
      room_(std::move(opening.room_state), std::move(opening.plugin_state), opening.tick_length, std::move(plugins),
            {.figures = nullptr, .time = &time_, .room = std::move(opening.room), .memory = nullptr}) {
    baseline_.observe(room_.state(), opening.tick);
}

Replay::Result Replay::run(const Turn& turn) {
    Result result;
    const Version before = room_.state().version;
    time_.begin_turn(turn.cut_offs);
    for (const Call& call : turn.calls) carry_out(call, turn, result);
    baseline_.observe(room_.state(), turn.tick);
    result.events = room_.take_events();
    result.plugin_events = room_.take_plugin_events();
    result.requests = room_.take_requests();
    if (room_.state().version != before) result.update = update_from(before, Audience::owner);
    compare(turn, before, result);
    return result;
}

Frame Replay::update_from(Version base, Audience audience) {
    return baseline_.update_from(room_.state(), room_.state().epoch, base, std::nullopt, audience);
}

void Replay::carry_out(const Call& call, const Turn& turn, Result& result) {
    const auto note_failure = [&](const std::expected<void, std::string>& done) {
        if (!done) result.requests.emplace_back(Log{.plugin = {}, .message = done.error(), .failure = true});
    };
    const auto step = [&](RoomStep wanted) {
        switch (wanted) {
        case RoomStep::start: return room_.start(turn.tick);
        case RoomStep::wake: return room_.wake(turn.tick, turn.lead);
        case RoomStep::restart: return note_failure(room_.restart(turn.tick));
        case RoomStep::commit: room_.commit(); return;
        case RoomStep::collect_garbage: return room_.collect_garbage();
        case RoomStep::sleep: return room_.sleep_if_due();
        }
    };
    std::visit(Overloaded{
                   step,
                   [&](const Advance& advance) { room_.advance(turn.tick, advance.missed, turn.lead); },
                   [&](const Reload& reload) {
                       auto plugins = load(reload.plugins);
                       note_failure(plugins ? room_.reload(*std::move(plugins), turn.tick)
                                            : std::unexpected(std::move(plugins.error())));
                   },
                   [&](const Input& input) {
                       auto outcome = room_.apply(input, turn.tick, turn.lead);
                       if (outcome && !outcome->undecided) result.outcomes.push_back(*std::move(outcome));
                   },
               },
               call);
}

void Replay::compare(const Turn& turn, Version before, Result& result) {
    const auto differ = [&](std::string what, std::string recorded, std::string replayed) {
        // What words do not tell: a version, a tick.
        if (recorded == replayed) replayed += " (but not in every detail)";
        result.differences.push_back({std::move(what), std::move(recorded), std::move(replayed)});
    };
    const RoomState& state = room_.state();
    if (turn.version != state.version)
        differ("the version of the state, which was " + std::to_string(before.value) + " before",
               std::to_string(turn.version.value), std::to_string(state.version.value));
    const auto refused = static_cast<std::uint32_t>(
        std::ranges::count(result.outcomes, Verdict::refused, [](const Outcome& outcome) { return outcome.verdict; }));
    if (turn.refused && *turn.refused != refused)
        differ("commands that were refused", std::to_string(*turn.refused), std::to_string(refused));
    if (turn.update) {
        const auto recorded = decode_server(turn.update->payload());
        const auto replayed = result.update ? decode_server(result.update->payload())
                                            : playhead::Result<ServerMessage>{std::unexpected(Error{})};
        if (!replayed || *recorded != *replayed)
            differ("what changed", in_words(*recorded), replayed ? in_words(*replayed) : "nothing");
    }
    if (!turn.digest) return;
    const std::uint64_t digest = digest_of(room_, left_out_);
    if (digest != *turn.digest)
        differ("the digest of all state, what plugins keep for themselves among it", hexadecimal(*turn.digest),
               hexadecimal(digest));
}

} // namespace playhead::recording
