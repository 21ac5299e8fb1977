#include "net/tls/certificates.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <string_view>
#include <sys/stat.h>
#include <system_error>
#include <utility>

namespace playhead::tls {
namespace {

std::int64_t nanoseconds(const timespec& time) { return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

std::expected<std::string, std::string> read(const std::filesystem::path& file) {
    std::error_code failed;
    if (std::filesystem::is_directory(file, failed)) return std::unexpected("is a folder; expected a file");
    std::ifstream stream{file, std::ios::binary};
    if (!stream) return std::unexpected(std::string{"cannot be read: "} + std::strerror(errno));
    std::string text(Certificates::file_bytes_max + 1, '\0');
    stream.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(stream.gcount()));
    if (text.size() > Certificates::file_bytes_max) {
        return std::unexpected("is larger than " + std::to_string(Certificates::file_bytes_max) +
                               " bytes; expected a file in PEM form");
    }
    return text;
}

} // namespace

Certificates::Certificates(Files files) : files_(std::move(files)), seen_(marks()) {
    auto loaded = load();
    if (!loaded) throw std::runtime_error(loaded.error());
    current_ = *std::move(loaded);
}

Certificates::Mark Certificates::mark_of(const std::filesystem::path& file) {
    struct stat status{};
    if (::stat(file.c_str(), &status) != 0) return {.problem = errno};
    return {.modified_ns = nanoseconds(status.st_mtim),
            .changed_ns = nanoseconds(status.st_ctim),
            .inode = status.st_ino,
            .size = static_cast<std::uint64_t>(status.st_size)};
}

std::expected<std::shared_ptr<const Context>, std::string> Certificates::load() const {
    const auto refused = [](const char* key, const std::filesystem::path& file, const std::string& why) {
        return std::unexpected(std::string{key} + ": '" + file.string() + "' " + why);
    };
    const auto certificate = read(files_.certificate);
    if (!certificate) {
        return refused("tls.certificate", files_.certificate,
                       certificate.error() + "; put the certificate there, or leave tls out of the config");
    }
    const auto key = read(files_.key);
    if (!key) {
        return refused("tls.key", files_.key,
                       key.error() + "; put the private key there, readable for the user that runs this engine");
    }
    auto context = Context::make(*certificate, *key);
    if (context) return *std::move(context);
    const bool key_is_at_fault = context.error().of == Context::Problem::Of::key;
    return refused(key_is_at_fault ? "tls.key" : "tls.certificate", key_is_at_fault ? files_.key : files_.certificate,
                   context.error().why);
}

std::expected<Certificates::Look, std::string> Certificates::look(bool patient) {
    const Marks now = marks();
    const bool changed = now != seen_;
    if (!changed && (found_ == Found::good || (found_ == Found::refused && patient))) return Look::same;
    seen_ = now; // before reading: what changes meanwhile is seen the next time
    auto loaded = load();
    if (loaded) {
        found_ = Found::good;
        current_ = *std::move(loaded);
        return Look::renewed;
    }
    found_ = patient && changed ? Found::doubtful : Found::refused;
    if (found_ == Found::doubtful) return Look::same;
    return std::unexpected(std::move(loaded.error()));
}

} // namespace playhead::tls
