#include "app/command_line.hpp"
#include "app/config_keys.hpp"

#include <arpa/inet.h>

namespace playhead::config {
namespace {

std::expected<void, std::string> set_listen(enet::Settings& settings, const Value& value, Reading&) {
    const auto* text = value.get_if<std::string>();
    if (text == nullptr) return as_expected();
    auto address = parse_listen_address(*text);
    if (!address) return std::unexpected(address.error());
    in_addr parsed{};
    if (::inet_pton(AF_INET, address->host.c_str(), &parsed) != 1)
        return std::unexpected("expected an IPv4 address in numbers, such as \"0.0.0.0:8081\" (ENet knows no other), " +
                               std::string{"not "} + shown(value));
    settings.host = std::move(address->host);
    settings.port = address->port;
    return {};
}

Value get_listen(const enet::Settings& settings) { return Value{settings.host + ":" + std::to_string(settings.port)}; }

} // namespace

const Keys<enet::Settings>& enet_keys() {
    constexpr std::int64_t peers_max_max = 4095; // ENet has 12 bits for them, and one value means none
    static const Keys<enet::Settings> keys{
        checked_key<enet::Settings>("listen", "\"ADDRESS:PORT\", IPv4",
                                    "where native clients find it, over UDP; each shard has a port, this one and those "
                                    "after it; 0 takes any free ones",
                                    set_listen, get_listen),
        boolean<enet::Settings>(
            "sealed", [](auto& s) -> auto& { return s.sealed; },
            "what is said is encrypted; false only where the network is trusted"),
        integer<enet::Settings>(
            "peers_max", [](auto& s) -> auto& { return s.peers_max; }, 1, peers_max_max,
            "native clients of each shard at a time; more are refused"),
    };
    return keys;
}

void read_enet(Config& config, const Value& value, const std::string& path, Reading& reading) {
    enet::Settings settings;
    read_table(enet_keys(), settings, value, path, reading);
    config.enet = std::move(settings);
}

} // namespace playhead::config
