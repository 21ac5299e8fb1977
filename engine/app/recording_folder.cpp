#include "app/recording_folder.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <spdlog/fmt/chrono.h>
#include <spdlog/fmt/fmt.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <list>
#include <set>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace playhead {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::seconds sync_interval{1};
// The folder is looked through again when so much has been written since.
constexpr std::size_t look_bytes = std::size_t{1} * 1024 * 1024;
constexpr std::string_view extension = ".playrec";

struct File {
    File() = default;
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File() {
        if (descriptor >= 0) ::close(descriptor);
    }

    std::string name;
    std::filesystem::path path;
    std::atomic<bool> lost = false;
    // Of the writer's thread:
    int descriptor = -1;
    bool made = false;
    std::list<std::shared_ptr<File>>::iterator place{}; // among those that are written, once it is made
};

bool write_all(int descriptor, ByteView bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return true;
}

} // namespace

class RecordingFolder::Writer {
  public:
    explicit Writer(const RecordingSettings& settings)
        : folder_(settings.folder),
          folder_bytes_max_(settings.folder_mib * 1024 * 1024),
          folder_descriptor_(::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)),
          work_(asio::make_work_guard(io_)),
          sync_timer_(io_) {
        trim();
        sync_later();
        thread_ = std::jthread{[this] { io_.run(); }};
    }
    ~Writer() {
        asio::post(io_, [this] {
            stopping_ = true; // the timer's handler may be on its way already
            sync_timer_.cancel();
            sync();
            work_.reset();
        });
        thread_.join();
        if (folder_descriptor_ >= 0) ::close(folder_descriptor_);
    }
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    std::shared_ptr<File> make(const RoomId& room, std::uint32_t part) {
        const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
        auto file = std::make_shared<File>();
        file->name = fmt::format("{}.{:%Y%m%dT%H%M%SZ}.{}.part{}{}", room.text(), now, ++made_, part, extension);
        file->path = folder_ / file->name;
        return file;
    }

    bool append(const std::shared_ptr<File>& file, Bytes bytes) {
        if (file->lost) return false;
        const std::size_t size = bytes.size();
        if (waiting_bytes_.fetch_add(size) + size > waiting_bytes_max) {
            waiting_bytes_ -= size;
            if (!file->lost.exchange(true))
                spdlog::error("recording_lost file={} why=\"the disk does not keep up\"", file->name);
            return false;
        }
        asio::post(io_, [this, file, bytes = std::move(bytes)] {
            write(file, bytes);
            waiting_bytes_ -= bytes.size();
        });
        return true;
    }

    void close(std::shared_ptr<File> file) {
        asio::post(io_, [this, file = std::move(file)] {
            if (!file->made) return;
            let_go(*file, true);
            files_.erase(file->place);
            looks_again_ = true;
        });
    }

  private:
    void write(const std::shared_ptr<File>& file, ByteView bytes) {
        if (file->lost) return;
        if (!open(file) || !write_all(file->descriptor, bytes)) {
            const std::string why = std::strerror(errno);
            file->lost = true;
            spdlog::error("recording_lost file={} why=\"{}\"", file->name, why);
            return let_go(*file, false);
        }
        dirty_.insert(file);
        written_since_look_ += bytes.size();
    }

    // Those that were written longest ago are closed when there are too many; the name stays ours.
    bool open(const std::shared_ptr<File>& file) {
        if (file->made) files_.splice(files_.begin(), files_, file->place);
        if (file->descriptor >= 0) return true;
        constexpr int owner_only = 0600;
        const int flags = O_WRONLY | O_APPEND | O_CLOEXEC | (file->made ? 0 : O_CREAT | O_EXCL);
        file->descriptor = ::open(file->path.c_str(), flags, owner_only);
        if (file->descriptor < 0) return false;
        if (!std::exchange(file->made, true)) file->place = files_.insert(files_.begin(), file);
        if (++open_files_ <= open_files_max) return true;
        const auto oldest =
            std::find_if(files_.rbegin(), files_.rend(), [](const auto& other) { return other->descriptor >= 0; });
        let_go(**oldest, false);
        return true;
    }

    void let_go(File& file, bool syncs) {
        if (file.descriptor < 0) return;
        if (syncs) ::fdatasync(file.descriptor);
        ::close(std::exchange(file.descriptor, -1));
        --open_files_;
    }

    void sync_later() {
        sync_timer_.expires_after(sync_interval);
        sync_timer_.async_wait([this](const boost::system::error_code& error) {
            if (error || stopping_) return;
            sync();
            sync_later();
        });
    }

    void sync() {
        // Of those that were closed meanwhile, to have fewer open, nothing is at hand to sync but all together.
        bool closed_meanwhile = false;
        for (const auto& file : std::exchange(dirty_, {})) {
            if (file->descriptor >= 0)
                ::fdatasync(file->descriptor);
            else
                closed_meanwhile = true;
        }
        if (closed_meanwhile && folder_descriptor_ >= 0) ::syncfs(folder_descriptor_);
        if (std::exchange(looks_again_, false) || written_since_look_ >= look_bytes) trim();
    }

    void trim() {
        written_since_look_ = 0;
        struct Kept {
            std::filesystem::file_time_type written;
            std::filesystem::path path;
            std::uintmax_t bytes = 0;
        };
        std::vector<Kept> kept;
        std::uintmax_t sum = 0;
        std::error_code failed;
        for (std::filesystem::directory_iterator entry{folder_, failed}, end; !failed && entry != end;
             entry.increment(failed)) {
            std::error_code gone;
            if (entry->path().extension() != extension) continue;
            const std::uintmax_t bytes = entry->file_size(gone);
            const auto written = entry->last_write_time(gone);
            if (gone) continue;
            sum += bytes;
            const bool in_use =
                std::ranges::any_of(files_, [&](const auto& file) { return file->path == entry->path(); });
            if (!in_use) kept.push_back({written, entry->path(), bytes});
        }
        std::ranges::sort(kept, {}, &Kept::written);
        for (const Kept& old : kept) {
            if (sum <= folder_bytes_max_) return;
            if (!std::filesystem::remove(old.path, failed)) continue;
            sum -= old.bytes;
            spdlog::info("recording_deleted file={} why=\"the folder is full\"", old.path.filename().string());
        }
    }

    const std::filesystem::path folder_;
    const std::uintmax_t folder_bytes_max_;
    const int folder_descriptor_;
    std::atomic<std::uint32_t> made_ = 0;
    std::atomic<std::size_t> waiting_bytes_ = 0;
    asio::io_context io_{1};
    asio::executor_work_guard<asio::io_context::executor_type> work_;
    // Of the thread:
    asio::steady_timer sync_timer_;
    std::list<std::shared_ptr<File>> files_; // that are written, the last one first
    std::set<std::shared_ptr<File>> dirty_;
    std::size_t open_files_ = 0;
    std::size_t written_since_look_ = 0;
    bool looks_again_ = false;
    bool stopping_ = false;
    std::jthread thread_; // the last: it is joined before the rest goes
};

class RecordingFolder::FileSink final : public recording::Sink {
  public:
    FileSink(Writer& writer, std::shared_ptr<File> file) : writer_(writer), file_(std::move(file)) {}
    ~FileSink() override { writer_.close(std::move(file_)); }
    FileSink(const FileSink&) = delete;
    FileSink& operator=(const FileSink&) = delete;
    bool append(Bytes record) override { return writer_.append(file_, std::move(record)); }

  private:
    Writer& writer_;
    std::shared_ptr<File> file_;
};

RecordingFolder::RecordingFolder(const RecordingSettings& settings) {
    std::error_code failed;
    std::filesystem::create_directories(settings.folder, failed);
    if (failed || ::access(settings.folder.c_str(), W_OK | X_OK) != 0)
        throw std::runtime_error("record: nothing can be written to the folder '" + settings.folder.string() +
                                 "': " + (failed ? failed.message() : std::strerror(errno)));
    writer_ = std::make_unique<Writer>(settings);
}

RecordingFolder::~RecordingFolder() = default;

recording::Store::Opened RecordingFolder::open(const RoomId& room, std::uint32_t part) {
    auto file = writer_->make(room, part);
    std::string name = file->name;
    return {.sink = std::make_unique<FileSink>(*writer_, std::move(file)), .name = std::move(name)};
}

} // namespace playhead
