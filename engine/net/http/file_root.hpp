#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <string>
#include <utility>

namespace playhead::http {

// Owns one file descriptor.
class FileDescriptor {
  public:
    FileDescriptor() = default;
    explicit FileDescriptor(int descriptor) : descriptor_(descriptor) {}
    FileDescriptor(FileDescriptor&& other) noexcept : descriptor_(other.release()) {}
    FileDescriptor& operator=(FileDescriptor&& other) noexcept;
    ~FileDescriptor();

    int get() const { return descriptor_; }
    bool open() const { return descriptor_ >= 0; }
    int release() { return std::exchange(descriptor_, -1); }

  private:
    int descriptor_ = -1;
};

// An open regular file and what its validators are made of.
struct OpenFile {
    FileDescriptor descriptor;
    std::uint64_t size = 0;
    std::int64_t modified_s = 0; // Unix time
    std::string etag;            // strong: changes when the file is written or replaced
};

// The part of an open file that is to be sent.
struct FileSlice {
    FileDescriptor descriptor;
    std::uint64_t first = 0;
    std::uint64_t length = 0;
    bool open() const { return descriptor.open(); }
};

// A folder whose regular files may be read, and nothing outside it, whatever a path or a symbolic link says.
// The folder is opened once: renaming it later changes nothing, replacing what is in it is seen at once.
//   Errors: the constructor throws std::runtime_error (start-up) if the folder cannot be opened.
//   Source: openat2(2), RESOLVE_BENEATH; where the kernel or a sandbox refuses that call, a walk that follows no link.
class FileRoot {
  public:
    enum class Problem { not_found, forbidden, unavailable };
    enum class Lookup { openat2, walk };

    explicit FileRoot(const std::filesystem::path& folder, Lookup lookup = Lookup::openat2);

    // `path` is relative, decoded, without empty, "." or ".." segments (net/http/target.hpp); checked again by the
    // kernel.
    std::expected<OpenFile, Problem> open(const std::string& path) const;

  private:
    FileDescriptor folder_;
    mutable Lookup lookup_;
};

} // namespace playhead::http
