#include "session/bans.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

namespace playhead {

void Bans::add(const Traces& who, std::string name, std::string reason, std::int64_t seconds, ServerTime now) {
    const bool for_good = seconds <= 0 || seconds > length_max.count();
    const std::chrono::seconds length = for_good ? length_max : std::chrono::seconds{seconds};
    std::erase_if(bans_, [&](const BanEntry& ban) { return ban.until <= now || ban.who.viewer == who.viewer; });
    if (bans_.size() >= bans_max) bans_.erase(std::ranges::min_element(bans_, {}, &BanEntry::until));
    bans_.push_back({who, std::move(name), std::move(reason), now + length});
}

std::size_t Bans::lift(std::string_view who) {
    return std::erase_if(
        bans_, [&](const BanEntry& ban) { return ban.name == who || std::to_string(ban.who.viewer.value) == who; });
}

const BanEntry* Bans::holding(const std::optional<Secret>& resume, const Device& device, PeerNetwork network,
                              ServerTime now) const {
    const auto ban = std::ranges::find_if(bans_, [&](const BanEntry& one) {
        if (one.until <= now) return false;
        return (resume && same(*resume, one.who.resume)) || (device.told() && device == one.who.device) ||
               (network.known() && network == one.who.network);
    });
    return ban == bans_.end() ? nullptr : &*ban;
}

} // namespace playhead
