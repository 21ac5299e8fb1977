#include "app/config_keys.hpp"

#include <algorithm>

namespace playhead::config {
namespace {

// A file; relative to the script's own folder. What is in it is found out when the engine starts.
template <class Access>
Key<tls::Files> file(std::string name, Access access, std::string description) {
    auto check = [=](tls::Files& files, const Value& value, Reading& reading) -> std::expected<void, std::string> {
        const auto* path = value.get_if<std::string>();
        if (path == nullptr || path->empty() || path->find('\0') != std::string::npos) return as_expected();
        access(files) = (reading.folder / *path).lexically_normal();
        return {};
    };
    auto get = [=](const tls::Files& files) { return access(files).empty() ? Value{} : Value{access(files).string()}; };
    return checked_key<tls::Files>(std::move(name), "a file's path", std::move(description), check, get);
}

} // namespace

const Keys<tls::Files>& tls_keys() {
    static const Keys<tls::Files> keys{
        file(
            "certificate", [](auto& files) -> auto& { return files.certificate; },
            "in PEM form, with the certificates that signed it behind it"),
        file(
            "key", [](auto& files) -> auto& { return files.key; },
            "the private key that belongs to it, in PEM form, without a password"),
    };
    return keys;
}

void read_tls(Config& config, const Value& value, const std::string& path, Reading& reading) {
    tls::Files files;
    const std::size_t problems = reading.problems.size();
    read_table(tls_keys(), files, value, path, reading);
    if (reading.problems.size() > problems) return;
    for (const auto& key : tls_keys())
        if (key.get(files).is_nil()) reading.refuse(join(path, key.name), "missing: expected a file's path");
    config.http.tls = std::move(files);
}

} // namespace playhead::config
