#pragma once

#include <expected>
#include <memory>
#include <string>

namespace boost::asio::ssl {
class context; // NOLINT(readability-identifier-naming): its name there
}

namespace playhead::client {

// Whose certificates are believed: the system's authorities, or those in a PEM file. Read when first needed.
//   Owner: one per room.   Errors: a sentence that names the file.
class Trust {
  public:
    explicit Trust(std::string file);
    ~Trust();
    std::expected<std::shared_ptr<boost::asio::ssl::context>, std::string> context();

  private:
    const std::string file_;
    std::shared_ptr<boost::asio::ssl::context> context_;
};

} // namespace playhead::client
