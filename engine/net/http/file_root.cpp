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

int open_beneath(int folder, const std::string& path) {
    open_how how{};
    how.flags = file_flags;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
    // EAGAIN: something was renamed during the walk, so that the kernel cannot promise it stayed beneath. Rare.
    for (int attempt = 0; attempt < 4; ++attempt) {
        const long opened = ::syscall(SYS_openat2, folder, path.c_str(), &how, sizeof how);
        if (opened >= 0 || errno != EAGAIN) return static_cast<int>(opened);
    }
    return -1;
}

// One component at a time and through no symbolic link, not even one that stays inside.
int open_walking(int folder, const std::string& path) {
    FileDescriptor held;
    int parent = folder;
    std::size_t start = 0;
    while (true) {
        const std::size_t slash = path.find('/', start);
        const std::string segment = path.substr(start, slash == std::string::npos ? slash : slash - start);
        if (segment.empty() || segment == "." || segment == "..") {
            errno = ENOENT;
            return -1;
        }
        if (slash == std::string::npos) return ::openat(parent, segment.c_str(), file_flags | O_NOFOLLOW);
        FileDescriptor next{::openat(parent, segment.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
        if (!next.open()) return -1;
        held = std::move(next);
        parent = held.get();
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
    int opened = -1;
    if (lookup_ == Lookup::openat2) {
        opened = open_beneath(folder_.get(), path);
        // ENOSYS: an old kernel; EPERM: a sandbox that knows no openat2. Both stay so.
        if (opened < 0 && (errno == ENOSYS || errno == EPERM)) lookup_ = Lookup::walk;
    }
    if (lookup_ == Lookup::walk) opened = open_walking(folder_.get(), path);

    FileDescriptor descriptor{opened};
    if (!descriptor.open()) {
        switch (errno) {
        case EACCES: return std::unexpected(Problem::forbidden);
        case EMFILE:
        case ENFILE:
        case ENOMEM:
        case EIO: return std::unexpected(Problem::unavailable);
        default: return std::unexpected(Problem::not_found); // EXDEV and ELOOP too: a way out is no file of ours
        }
    }
    struct stat facts{};
    if (::fstat(descriptor.get(), &facts) != 0) return std::unexpected(Problem::unavailable);
    if (!S_ISREG(facts.st_mode)) return std::unexpected(Problem::not_found);
    return OpenFile{.descriptor = std::move(descriptor),
                    .size = static_cast<std::uint64_t>(facts.st_size),
                    .modified_s = facts.st_mtim.tv_sec,
                    .etag = etag_of(facts)};
}

} // namespace playhead::http
