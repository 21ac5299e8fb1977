#include "session/places.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace playhead {

Place& Places::add(const Secret& resume) {
    const ViewerId viewer{++last_viewer_};
    by_resume_[key_of(resume)] = viewer;
    Place& place = places_[viewer];
    place.viewer = viewer;
    place.resume = resume;
    return place;
}

void Places::remove(ViewerId viewer, std::string_view name) {
    const auto place = places_.find(viewer);
    if (place == places_.end()) return;
    if (departed_.size() >= departed_max) departed_.erase(departed_.begin());
    departed_.push_back({place->second.traces(), std::string{name}});
    lost_.erase({place->second.lost_at, viewer});
    by_resume_.erase(key_of(place->second.resume));
    places_.erase(place);
    assert(by_resume_.size() == places_.size() && lost_.size() <= places_.size());
}

Place* Places::find(ViewerId viewer) {
    const auto place = places_.find(viewer);
    return place == places_.end() ? nullptr : &place->second;
}

Place* Places::find(const Secret& resume) {
    const auto viewer = by_resume_.find(key_of(resume));
    if (viewer == by_resume_.end()) return nullptr;
    Place* place = find(viewer->second);
    return place && same(place->resume, resume) ? place : nullptr;
}

void Places::connected(Place& place, Session& session) {
    if (!place.session) lost_.erase({place.lost_at, place.viewer});
    place.session = &session;
}

void Places::lost(Place& place, ServerTime now) {
    assert(place.session);
    place.session = nullptr;
    place.lost_at = now;
    lost_.emplace(now, place.viewer);
}

std::optional<Places::Known> Places::known(ViewerId viewer) const {
    if (const auto place = places_.find(viewer); place != places_.end()) return Known{place->second.traces(), {}};
    const auto departed = std::ranges::find(departed_, viewer, [](const Known& one) { return one.traces.viewer; });
    if (departed == departed_.end()) return std::nullopt;
    return *departed;
}

std::vector<ViewerId> Places::on_device(const Device& device) const {
    std::vector<ViewerId> viewers;
    if (!device.told()) return viewers;
    for (const auto& [viewer, place] : places_)
        if (place.device == device) viewers.push_back(viewer);
    std::ranges::sort(viewers);
    return viewers;
}

std::vector<ViewerId> Places::lost_since(ServerTime time, std::size_t most) const {
    std::vector<ViewerId> viewers;
    for (const auto& [lost_at, viewer] : lost_) {
        if (lost_at > time || viewers.size() >= most) break;
        viewers.push_back(viewer);
    }
    return viewers;
}

std::optional<ServerTime> Places::first_lost() const {
    if (lost_.empty()) return std::nullopt;
    return lost_.begin()->first;
}

std::uint64_t Places::key_of(const Secret& secret) {
    std::uint64_t key = 0;
    std::memcpy(&key, secret.bytes.data(), sizeof key);
    return key;
}

} // namespace playhead
