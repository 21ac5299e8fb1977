#include "app/config_keys.hpp"

namespace playhead::config {

const Keys<RecordingSettings>& recording_keys() {
    constexpr std::int64_t mib_max = 1024 * 1024;
    static const Keys<RecordingSettings> keys{
        folder<RecordingSettings>(
            "folder", [](auto& r) -> auto& { return r.folder; }, "where recordings are kept; it is made if need be"),
        boolean<RecordingSettings>(
            "all", [](auto& r) -> auto& { return r.all; },
            "every room from its beginning; false: those that the admin API is asked to record"),
        boolean<RecordingSettings>(
            "names_and_chat", [](auto& r) -> auto& { return r.names_and_chat; },
            "false: pseudonyms stand for the names of viewers and for what they write"),
        integer<RecordingSettings>(
            "part_mib", [](auto& r) -> auto& { return r.part_mib; }, 1, mib_max,
            "MiB after which a recording goes on in another file, for which the room's plugins start anew"),
        integer<RecordingSettings>(
            "folder_mib", [](auto& r) -> auto& { return r.folder_mib; }, 1, mib_max,
            "MiB of all recordings; beyond it the oldest are deleted"),
    };
    return keys;
}

// "var/recordings" alone, or a table.
void read_recording(Config& config, const Value& value, const std::string& path, Reading& reading) {
    RecordingSettings settings;
    if (value.get_if<std::string>() != nullptr)
        recording_keys().front().set(settings, value, path, reading);
    else
        read_table(recording_keys(), settings, value, path, reading);
    if (settings.folder.empty()) {
        if (value.get_if<std::string>() == nullptr) reading.refuse(join(path, "folder"), "is missing");
        return;
    }
    config.recording = std::move(settings);
}

} // namespace playhead::config
