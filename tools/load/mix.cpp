#include "mix.hpp"

#include <algorithm>
#include <charconv>
#include <numeric>

namespace playhead::load {
namespace {

constexpr std::array<std::string_view, act_count> names{"watch", "pause", "seek",      "chat",
                                                        "react", "leave", "reconnect", "stall"};
constexpr std::uint32_t share_max = 1'000'000;

std::unexpected<std::string> wrong(std::string_view part) {
    std::string known;
    for (const auto name : names) known.append(known.empty() ? "" : ", ").append(name);
    return std::unexpected("--mix has '" + std::string(part) + "'; expected ACT=SHARE, shares from 0 to " +
                           std::to_string(share_max) + ", acts of: " + known);
}

} // namespace

std::string_view name_of(Act act) { return names[static_cast<std::size_t>(act)]; }

std::expected<Mix, std::string> parse_mix(std::string_view text) {
    Mix mix{};
    mix.shares.fill(0);
    while (!text.empty()) {
        const auto comma = text.find(',');
        const auto part = text.substr(0, comma);
        text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
        const auto equals = part.find('=');
        if (equals == std::string_view::npos) return wrong(part);
        const auto act = std::ranges::find(names, part.substr(0, equals));
        const auto digits = part.substr(equals + 1);
        std::uint32_t share = 0;
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), share);
        if (act == names.end() || error != std::errc{} || end != digits.data() + digits.size() || share > share_max)
            return wrong(part);
        mix.shares[static_cast<std::size_t>(act - names.begin())] = share;
    }
    if (std::ranges::all_of(mix.shares, [](std::uint32_t share) { return share == 0; }))
        return std::unexpected(std::string("--mix leaves nobody; expected a share above 0, as in watch=95,seek=5"));
    return mix;
}

std::vector<Act> acts_of(const Mix& mix, std::size_t viewers) {
    const auto total = std::accumulate(mix.shares.begin(), mix.shares.end(), std::int64_t{0});
    std::array<std::int64_t, act_count> owed{};
    std::vector<Act> acts;
    acts.reserve(viewers);
    while (acts.size() < viewers) {
        for (std::size_t act = 0; act < act_count; ++act) owed[act] += mix.shares[act];
        const auto most = static_cast<std::size_t>(std::ranges::max_element(owed) - owed.begin());
        owed[most] -= total;
        acts.push_back(static_cast<Act>(most));
    }
    return acts;
}

} // namespace playhead::load
