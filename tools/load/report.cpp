#include "report.hpp"

#include <array>
#include <charconv>
#include <cmath>

namespace playhead::load {
namespace {

std::string text_of(double value) {
    if (!std::isfinite(value)) return "null";
    std::array<char, 64> text{};
    const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed, 3);
    return error == std::errc{} ? std::string(text.data(), end) : "null";
}

std::string quoted(std::string_view value) {
    std::string text = "\"";
    for (const char character : value) {
        if (character == '"' || character == '\\') text.push_back('\\');
        // No text of ours has control characters, and what a server said may.
        text.push_back(static_cast<unsigned char>(character) < 0x20 ? ' ' : character);
    }
    return text + "\"";
}

} // namespace

void FlatJson::begin(std::string_view key) {
    members_.append(members_.empty() ? "" : ",").append(quoted(key)).append(":");
}

FlatJson& FlatJson::add(std::string_view key, std::uint64_t value) {
    begin(key);
    members_ += std::to_string(value);
    return *this;
}

FlatJson& FlatJson::add(std::string_view key, double value) {
    begin(key);
    members_ += text_of(value);
    return *this;
}

FlatJson& FlatJson::add(std::string_view key, std::string_view value) {
    begin(key);
    members_ += quoted(value);
    return *this;
}

FlatJson& FlatJson::add(std::string_view key, std::span<const double> values) {
    begin(key);
    members_ += "[";
    for (std::size_t n = 0; n < values.size(); ++n) members_.append(n == 0 ? "" : ",").append(text_of(values[n]));
    members_ += "]";
    return *this;
}

FlatJson& FlatJson::append(const FlatJson& other) {
    if (!members_.empty() && !other.members_.empty()) members_ += ",";
    members_ += other.members_;
    return *this;
}

Sums sums_of(std::span<const Tally> tallies) {
    Sums sums;
    for (const Tally& tally : tallies) {
        sums.live += tally.live.get();
        sums.counting += tally.counting.get();
        sums.joined += tally.joined.get();
        sums.deliveries += tally.deliveries.get();
        sums.updates += tally.updates.get();
        sums.messages += tally.messages.get();
        sums.bytes += tally.bytes.get();
        sums.commands += tally.commands.get();
        sums.applied += tally.applied.get();
        sums.superseded += tally.superseded.get();
        sums.refused += tally.refused.get();
        sums.gaps += tally.gaps.get();
        sums.behind += tally.behind.get();
        sums.lost += tally.lost.get();
        sums.turned_away += tally.turned_away.get();
        sums.slow_ended += tally.slow_ended.get();
        sums.by_snapshot += tally.by_snapshot.get();
        sums.by_delta += tally.by_delta.get();
        sums.left += tally.left.get();
        sums.reconnected += tally.reconnected.get();
        sums.stalled += tally.stalled.get();
        sums.decoded += tally.decoded.get();
        sums.repeated += tally.repeated.get();
        sums.resyncs += tally.resyncs.get();
        sums.looks += tally.looks.get();
    }
    return sums;
}

Latencies all_of(std::span<const Tally> tallies, Latencies Tally::* kind) {
    Latencies all;
    for (const Tally& tally : tallies) all.add(tally.*kind);
    return all;
}

double following_share(std::uint64_t looks, const Latencies& drift) {
    return looks == 0 ? 0 : static_cast<double>(drift.count()) / static_cast<double>(looks);
}

void add_latencies(FlatJson& json, const std::string& name, const Latencies& latencies) {
    json.add(name + "_samples", latencies.count());
    if (latencies.count() == 0) return;
    json.add(name + "_ms_mean", latencies.mean_us() / 1000);
    json.add(name + "_ms_p50", latencies.quantile_us(0.5) / 1000);
    json.add(name + "_ms_p90", latencies.quantile_us(0.9) / 1000);
    json.add(name + "_ms_p95", latencies.quantile_us(0.95) / 1000);
    json.add(name + "_ms_p99", latencies.quantile_us(0.99) / 1000);
    json.add(name + "_ms_max", static_cast<double>(latencies.max_us()) / 1000);
}

void add_to(FlatJson& json, const Outcome& outcome) {
    const Sums& before = outcome.before;
    const Sums& after = outcome.after;
    const auto deliveries = after.deliveries - before.deliveries;
    const auto messages = after.messages - before.messages;
    json.add("live", after.live).add("joined", after.joined).add("join_seconds", outcome.join_seconds);
    json.add("seconds", outcome.seconds);
    json.add("commands", after.commands - before.commands).add("applied", after.applied - before.applied);
    json.add("superseded", after.superseded - before.superseded).add("refused", after.refused - before.refused);
    json.add("deliveries", deliveries).add("updates", after.updates - before.updates);
    json.add("messages", messages).add("payload_bytes", after.bytes - before.bytes);
    if (deliveries > 0)
        json.add("messages_per_delivery", static_cast<double>(messages) / static_cast<double>(deliveries));
    if (outcome.seconds > 0) json.add("deliveries_per_s", static_cast<double>(deliveries) / outcome.seconds);
    add_latencies(json, "latency", outcome.heard);
    add_latencies(json, "reply", outcome.answered);
    add_latencies(json, "join", outcome.came_in);
    if (outcome.players > 0) {
        const auto looks = after.looks - before.looks;
        json.add("players", std::uint64_t{outcome.players}).add("players_looked_at", looks);
        if (looks > 0) json.add("players_following", following_share(looks, outcome.drift));
        add_latencies(json, "drift", outcome.drift);
    }
    json.add("gaps", after.gaps).add("behind", after.behind).add("lost", after.lost);
    json.add("turned_away", after.turned_away).add("slow_ended", after.slow_ended).add("left", after.left);
    json.add("reconnected", after.reconnected).add("stalled", after.stalled).add("decoded", after.decoded);
    json.add("by_snapshot", after.by_snapshot).add("by_delta", after.by_delta);
    json.add("repeated", after.repeated).add("resyncs", after.resyncs);
    if (!outcome.complaint.empty()) json.add("complaint", outcome.complaint);
}

} // namespace playhead::load
