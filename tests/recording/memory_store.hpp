#pragma once

#include "recording/reader.hpp"
#include "recording/record.hpp"
#include "recording/recorder.hpp"

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace playhead::test {

// Recordings in memory. What would make a file longer than `bytes_max`, as it is at that moment, is not taken.
class MemoryStore final : public recording::Store {
  public:
    static constexpr std::size_t no_end = static_cast<std::size_t>(-1);
    struct File {
        std::string name;
        Bytes bytes;
        bool lost = false; // something was not taken
    };
    std::vector<std::shared_ptr<File>> files;
    std::size_t bytes_max = no_end;

    Opened open(const RoomId& room, std::uint32_t part) override {
        files.push_back(std::make_shared<File>(File{room.text() + ".part" + std::to_string(part), {}}));
        return {.sink = std::make_unique<MemorySink>(*this, files.back()), .name = files.back()->name};
    }

  private:
    class MemorySink final : public recording::Sink {
      public:
        MemorySink(const MemoryStore& store, std::shared_ptr<File> file) : store_(store), file_(std::move(file)) {}
        bool append(Bytes record) override {
            if (file_->bytes.size() + record.size() > store_.bytes_max) {
                file_->lost = true;
                return false;
            }
            file_->bytes.insert(file_->bytes.end(), record.begin(), record.end());
            return true;
        }

      private:
        const MemoryStore& store_;
        std::shared_ptr<File> file_;
    };
};

// All of it; it is whole.
inline std::vector<recording::Record> records_of(ByteView bytes) {
    recording::Reader reader{bytes};
    std::vector<recording::Record> records;
    for (;;) {
        auto next = reader.next();
        if (!next) throw std::runtime_error(next.error().message);
        if (!*next) break;
        records.push_back(**std::move(next));
    }
    if (reader.torn_bytes() > 0) throw std::runtime_error("torn");
    return records;
}

} // namespace playhead::test
