#include "seal/digest.hpp"
#include "session/log.hpp"
#include "session/room_host.hpp"

#include <algorithm>
#include <cstring>
#include <functional>
#include <span>
#include <utility>

// Writing down what the room is told.
namespace playhead {
namespace {

std::unexpected<Error> refused(std::string why) {
    return std::unexpected(Error{.code = ErrorCode::denied, .message = std::move(why)});
}

// Of any text, which nobody can compute without the secret; that is gone when the recording ends.
std::function<std::uint64_t(std::string_view)> secret_numbers(RandomSource& random) {
    std::string secret(32, '\0');
    random.fill(std::as_writable_bytes(std::span{secret}));
    return [secret](std::string_view text) {
        const seal::Digest digest = seal::digest_of(secret + std::string{text});
        std::uint64_t number = 0;
        std::memcpy(&number, digest.data(), sizeof number);
        return number;
    };
}

} // namespace

Result<std::string> RoomHost::record(bool left_out) {
    const RecordingRules& rules = shard_.recording;
    if (rules.store == nullptr) return refused("this engine has no folder for recordings: `record` in its config");
    if (recorder_) return refused("it is recorded already, in " + recorder_->name());
    if (!room_.settled()) return refused("its plugins are still busy with what has happened; try again in a second");
    if (too_wide_to_begin())
        return refused("it has more than " + std::to_string(recording::Recorder::whole_viewers_max) +
                       " viewers: too much to begin with");
    recording::Recorder::About about{.engine = rules.engine, .room = id_};
    if (left_out || rules.left_out) about.mask = recording::pseudonyms(secret_numbers(shard_.random));
    if (auto begun = begin_recording(std::move(about), shard_.next_tick); !begun)
        return refused("its plugins cannot be started anew: " + begun.error());
    return recorder_->name();
}

bool RoomHost::stop_recording() {
    if (!recorder_) return false;
    end_recording("it was asked for");
    return true;
}

// What a room's plugins have in Lua is in no file: they begin anew, as after a reload, and the file with them.
std::expected<void, std::string> RoomHost::begin_recording(recording::Recorder::About about, Tick tick) {
    auto opened = shard_.recording.store->open(id_, about.part);
    auto recorder =
        std::make_unique<recording::Recorder>(std::move(about), room_, std::move(opened), tick, shard_.clock.unix_us());
    if (room_.started()) {
        const PluginTime::Turn turn{shard_.plugin_time, cost_, plugins_, PluginTime::Turn::Kind::setup};
        if (auto restarted = room_.restart(tick); !restarted) {
            recorder->close("its plugins could not be started anew");
            log_recording_ended(id_, recorder->name(), restarted.error());
            return restarted;
        }
    }
    shard_.metrics.recording_bytes_total += recorder->bytes();
    ++shard_.metrics.recordings;
    log_recording_began(id_, recorder->name());
    recorder_ = std::move(recorder);
    wake();
    return {};
}

void RoomHost::end_recording(std::string_view why) {
    if (!recorder_) return;
    recorder_->close(why);
    log_recording_ended(id_, recorder_->name(), why);
    recorder_.reset();
    --shard_.metrics.recordings;
}

void RoomHost::keep_recording(Tick tick) {
    if (!recorder_) return;
    if (recorder_->lost()) {
        ++shard_.metrics.recordings_lost_total;
        return end_recording("its file could not be written");
    }
    const std::size_t part_bytes_max = shard_.recording.part_bytes_max;
    if (recorder_->bytes() < part_bytes_max) return;
    if (!room_.settled() || too_wide_to_begin()) { // later, perhaps
        if (recorder_->bytes() > 2 * part_bytes_max) end_recording("it is too long, and cannot go on in another part");
        return;
    }
    recording::Recorder::About about = recorder_->about();
    ++about.part;
    end_recording("it goes on in another part");
    if (!begin_recording(std::move(about), tick)) ++shard_.metrics.recordings_lost_total;
}

void RoomHost::write_down(const std::vector<Outcome>& outcomes, ServerTime start, const std::optional<Beacon>& beacon) {
    recording::Recorder::Result result{
        .update = {},
        .took = shard_.clock.now() - start,
        .refused = static_cast<std::uint32_t>(std::ranges::count(outcomes, Verdict::refused, &Outcome::verdict)),
        .beacon = beacon};
    if (const Version before = recorder_->version_before(); broadcast_.version() != before)
        result.update = broadcast_.unstamped_update_from(before, Audience::owner);
    const std::size_t bytes = recorder_->bytes();
    recorder_->end_turn(std::move(result));
    shard_.metrics.recording_bytes_total += recorder_->bytes() - bytes;
}

} // namespace playhead
