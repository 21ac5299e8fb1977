#include "simulation/invariant.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace playhead::simulation {
namespace {

constexpr std::array<std::string_view, invariants> names = {
    "same_state",      "late_joiner",  "deltas_lead_to_state",
    "applied_once",    "stated_order", "nothing_superseded",
    "denials_hold",    "answered",     "wait_policy",
    "players_in_step", "only_up",      "counts",
    "limits",          "quiet_rooms",  "levels",
    "strangers",       "protocol",     "everyone_back",
    "nothing_left",    "same_again",
};
static_assert(!names.back().empty());

} // namespace

std::string_view name_of(Invariant invariant) { return names.at(std::to_underlying(invariant)); }

void Complaints::add(Invariant invariant, std::string what) {
    if (all_.size() >= complaints_max) return;
    const auto same = [&](const Complaint& one) { return one.invariant == invariant && one.what == what; };
    if (std::ranges::none_of(all_, same)) all_.push_back({invariant, std::move(what)});
}

void Complaints::add(const std::vector<Complaint>& others, std::string_view whose) {
    for (const Complaint& one : others) add(one.invariant, std::string{whose} + ": " + one.what);
}

std::string in_words(const Complaint& complaint) {
    return std::string{name_of(complaint.invariant)} + ": " + complaint.what;
}

} // namespace playhead::simulation
