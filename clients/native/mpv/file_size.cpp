#include "mpv/file_size.hpp"

#include "playhead/http.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace playhead::mpv {
namespace {

constexpr int http_ok = 200;

std::optional<std::uint64_t> ask(const std::string& address, const std::string& authorities) {
    const std::size_t host = address.find("://");
    if (host == std::string::npos) return std::nullopt;
    const std::size_t path = std::min(address.find_first_of("/?#", host + 3), address.size());
    client::HttpRequest request;
    request.method = "HEAD";
    request.server = address.substr(0, path);
    request.target = address.substr(path, address.find('#', path) - path);
    if (!request.target.starts_with('/')) request.target.insert(0, 1, '/');
    request.certificate_authorities = authorities;
    request.timeout_ms = FileSize::ask_ms;
    const auto answer = client::http_fetch(request);
    return answer && answer->status == http_ok ? answer->content_bytes : std::nullopt;
}

} // namespace

bool FileSize::asked(const std::string& address) {
    if (answer_.valid()) {
        if (answer_.wait_for(std::chrono::seconds{0}) != std::future_status::ready) return false;
        address_ = std::move(asking_about_);
        bytes_ = answer_.get();
    }
    if (address_ == address) return true;
    asking_about_ = address;
    answer_ = std::async(std::launch::async, ask, address, authorities_);
    return false;
}

} // namespace playhead::mpv
