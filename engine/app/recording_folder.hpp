#pragma once

#include "recording/recorder.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>

namespace playhead {

struct RecordingSettings {
    std::filesystem::path folder;
    bool all = true;               // rooms; else those that are asked for
    bool names_and_chat = true;    // else pseudonyms stand for them
    std::size_t part_mib = 64;     // then a recording goes on in another file
    std::size_t folder_mib = 1024; // then the oldest ones that are not written any more are deleted
    bool operator==(const RecordingSettings&) const = default;
};

// Keeps recordings in a folder, ROOM.TIME.NUMBER.partN.playrec. Shards hand over bytes and go on: a thread of its own
// writes them, and once a second has the disk keep them.
//   Bounds:  waiting_bytes_max of what has not been written; open_files_max; settings.folder_mib in all, but for files
//            that are still written.
//   Errors:  a file that cannot be written, or that the disk does not keep up with, is lost from there on: its Sink
//            says so with the next record, and a line in the log says why.
//   Thread:  open() and the sinks: any. It outlives the sinks.
class RecordingFolder final : public recording::Store {
  public:
    static constexpr std::size_t waiting_bytes_max = std::size_t{32} * 1024 * 1024;
    static constexpr std::size_t open_files_max = 256;

    // Errors: throws std::runtime_error if nothing can be written there.
    explicit RecordingFolder(const RecordingSettings& settings);
    // When everything is written.
    ~RecordingFolder() override;
    RecordingFolder(const RecordingFolder&) = delete;
    RecordingFolder& operator=(const RecordingFolder&) = delete;

    Opened open(const RoomId& room, std::uint32_t part) override;

  private:
    class Writer;
    class FileSink;
    std::unique_ptr<Writer> writer_;
};

} // namespace playhead
