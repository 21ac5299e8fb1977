#include "net/http/file_root.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdexcept>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace playhead::http {
namespace {

// O_NONBLOCK: opening a FIFO must not wait for its writer; it is refused right after, as anything but a regular file.
constexpr int file_flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

// A descriptor, or why there is none.
using Opened = std::expected<FileDescriptor, int>;

Opened opened(int descriptor) {
    if (descriptor < 0) return std::unexpected(errno);
    return FileDescriptor{descriptor};
}

Opened open_beneath(int folder, const std::string& path) {
    open_how how{};
    how.flags = file_flags;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
    // EAGAIN: something was renamed during the walk, so that the kernel cannot promise it stayed beneath. Rare.
    constexpr int attempts_max = 4;
    Opened file = std::unexpected(EAGAIN);
    for (int attempt = 0; attempt < attempts_max && !file && file.error() == EAGAIN; ++attempt) {
        file = opened(static_cast<int>(::syscall(SYS_openat2, folder, path.c_str(), &how, sizeof how)));
    }
    return file;
}

// One component at a time and through no symbolic link, not even one that stays inside.
Opened open_walking(int folder, const std::string& path) {
    FileDescriptor parent;
    std::size_t start = 0;
    while (true) {
        const int here = parent.open() ? parent.get() : folder;
        const std::size_t slash = path.find('/', start);
        const std::string segment = path.substr(start, slash == std::string::npos ? slash : slash - start);
        if (segment.empty() || segment == "." || segment == "..") return std::unexpected(ENOENT);
        if (slash == std::string::npos) return opened(::openat(here, segment.c_str(), file_flags | O_NOFOLLOW));
        Opened next = opened(::openat(here, segment.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (!next) return next;
        parent = *std::move(next);
        start = slash + 1;
    }
}

std::string etag_of(const struct stat& facts) {
    char text[80];
    std::snprintf(text, sizeof text, "\"%llx-%llx-%llx%08lx\"", static_cast<unsigned long long>(facts.st_ino),
                  static_cast<unsigned long long>(facts.st_size), static_cast<unsigned long long>(facts.st_mtim.tv_sec),
                  static_cast<unsigned long>(facts.st_mtim.tv_nsec));
    return text;
}

} // namespace

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
    if (this != &other) {
        if (open()) ::close(descriptor_);
        descriptor_ = other.release();
    }
    return *this;
}

FileDescriptor::~FileDescriptor() {
    if (open()) ::close(descriptor_);
}

FileRoot::FileRoot(const std::filesystem::path& folder, Lookup lookup)
    : folder_(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)),
      lookup_(lookup) {
    if (!folder_.open()) {
        throw std::runtime_error("cannot open the folder '" + folder.string() + "': " + std::strerror(errno));
    }
}

std::expected<OpenFile, FileRoot::Problem> FileRoot::open(const std::string& path) const {
    if (path.empty() || path.front() == '/' || path.find('\0') != std::string::npos) {
        return std::unexpected(Problem::not_found);
    }
    Opened file = std::unexpected(ENOSYS);
    if (lookup_ == Lookup::openat2) file = open_beneath(folder_.get(), path);
    // ENOSYS: an old kernel; EPERM: a sandbox that knows no openat2. Both stay so.
    if (!file && (file.error() == ENOSYS || file.error() == EPERM)) lookup_ = Lookup::walk;
    if (lookup_ == Lookup::walk) file = open_walking(folder_.get(), path);
    if (!file) {
        switch (file.error()) {
        case EACCES: return std::unexpected(Problem::forbidden);
        case EMFILE:
        case ENFILE:
        case ENOMEM:
        case EIO: return std::unexpected(Problem::unavailable);
        default: return std::unexpected(Problem::not_found); // EXDEV and ELOOP too: a way out is no file of ours
        }
    }
    struct stat facts{};
    if (::fstat(file->get(), &facts) != 0) return std::unexpected(Problem::unavailable);
    if (!S_ISREG(facts.st_mode)) return std::unexpected(Problem::not_found);
    return OpenFile{.descriptor = *std::move(file),
                    .size = static_cast<std::uint64_t>(facts.st_size),
                    .modified_s = facts.st_mtim.tv_sec,
                    .etag = etag_of(facts)};
}

} // namespace playhead::http
