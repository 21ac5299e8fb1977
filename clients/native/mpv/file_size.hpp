#pragma once

#include <cstdint>
#include <future>
#include <optional>
#include <string>

namespace playhead::mpv {

// How large files on web servers are. Asks in a thread of its own, one question at a time.
//   Owner: whoever asks; destroying it waits for the question under way, at most ask_ms.
class FileSize {
  public:
    // A server that says nothing for so long does not know.
    static constexpr double ask_ms = 3'000;

    explicit FileSize(std::string certificate_authorities) : authorities_(std::move(certificate_authorities)) {}

    // Whether there is an answer about `address`; begins to ask if nobody has.
    bool asked(const std::string& address);
    // What the last answer said; empty if it said nothing.
    std::optional<std::uint64_t> bytes() const { return bytes_; }

  private:
    std::string authorities_;
    std::string address_; // of the last answer
    std::optional<std::uint64_t> bytes_;
    std::string asking_about_;
    std::future<std::optional<std::uint64_t>> answer_;
};

} // namespace playhead::mpv
