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

// Recordings in memory; one that is full takes no more.
class MemoryStore final : public recording::Store {
  public:
    struct File {
        std::string name;
        Bytes bytes;
    };
    std::vector<std::shared_ptr<File>> files;
    std::size_t bytes_max = static_cast<std::size_t>(-1);

    Opened open(const RoomId& room, std::uint32_t part) override {
        files.push_back(std::make_shared<File>(File{room.text() + ".part" + std::to_string(part), {}}));
        return {.sink = std::make_unique<MemorySink>(files.back(), bytes_max), .name = files.back()->name};
    }

  private:
    class MemorySink final : public recording::Sink {
      public:
        MemorySink(std::shared_ptr<File> file, std::size_t bytes_max) : file_(std::move(file)), bytes_max_(bytes_max) {}
        bool append(Bytes record) override {
            if (file_->bytes.size() + record.size() > bytes_max_) return false;
            file_->bytes.insert(file_->bytes.end(), record.begin(), record.end());
            return true;
        }

      private:
        std::shared_ptr<File> file_;
        std::size_t bytes_max_;
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
