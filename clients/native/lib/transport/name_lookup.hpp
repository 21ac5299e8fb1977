#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace playhead::client {

// Asks the system for the addresses of a host. The system's call cannot be interrupted and may take half a minute, so
// it runs in a thread of its own, which outlives this object if it must: what it writes to is shared by the two.
//   Owner: whoever asks; polls ready().
class NameLookup {
  public:
    explicit NameLookup(const std::string& host);

    // The addresses as text ("127.0.0.1", "::1"), at least one, in the system's order; or why there are none. Once it
    // is there it stays.
    const std::optional<std::expected<std::vector<std::string>, std::string>>& ready();

  private:
    struct Shared;
    std::shared_ptr<Shared> shared_;
    std::optional<std::expected<std::vector<std::string>, std::string>> answer_;
};

} // namespace playhead::client
