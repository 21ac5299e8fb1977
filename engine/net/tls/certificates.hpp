#pragma once

#include "net/tls/context.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <memory>
#include <string>

namespace playhead::tls {

// Where the operator keeps certificate and key.
struct Files {
    std::filesystem::path certificate; // with the certificates that signed it behind it
    std::filesystem::path key;

    bool operator==(const Files&) const = default;
};

// A certificate and key as their files are now: whoever renews them replaces the files, and new connections get the new
// ones. What cannot be used keeps the old ones in use.
//   Thread: its owner's.   Owner: http::Server.
//   Errors: the constructor throws std::runtime_error (start-up), which names the key of the config, the file and what
//           to do.
class Certificates {
  public:
    static constexpr std::size_t file_bytes_max = 256 * 1024;

    explicit Certificates(Files files);

    // For a connection that begins now.
    const std::shared_ptr<const Context>& current() const { return current_; }

    enum class Look : std::uint8_t { same, renewed };
    // Whether the files have changed, and the new ones in use if they have.
    //   Errors: why the new files cannot be used; told once for each change, or as often as an impatient look finds it.
    //           Two files are not replaced in one moment: a patient look tells what is wrong only if the one before
    //           has found the same.
    std::expected<Look, std::string> look(bool patient);

  private:
    // What changes when a file is written or replaced.
    struct Mark {
        std::int64_t modified_ns = 0;
        std::int64_t changed_ns = 0;
        std::uint64_t inode = 0;
        std::uint64_t size = 0;
        int problem = 0; // errno, if the file cannot even be looked at
        bool operator==(const Mark&) const = default;
    };
    struct Marks {
        Mark certificate;
        Mark key;
        bool operator==(const Marks&) const = default;
    };
    static Mark mark_of(const std::filesystem::path& file);
    Marks marks() const { return {mark_of(files_.certificate), mark_of(files_.key)}; }
    std::expected<std::shared_ptr<const Context>, std::string> load() const;

    Files files_;
    Marks seen_;
    enum class Found : std::uint8_t { good, doubtful, refused } found_ = Found::good; // when they were seen last
    std::shared_ptr<const Context> current_;
};

} // namespace playhead::tls
