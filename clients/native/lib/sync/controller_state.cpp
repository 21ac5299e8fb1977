#include "lib/sync/controller_state.hpp"

#include "lib/sync/constants.hpp"

#include <algorithm>

namespace playhead::client::sync {

namespace k = constants;

double median(std::vector<double> values) {
    std::ranges::sort(values);
    const std::size_t middle = values.size() / 2;
    return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

double learned_cost(const Draft& draft, LearnedKind kind, double otherwise) {
    const std::vector<double>& values = draft.state.learned.*kind;
    return values.empty() ? otherwise : median(values);
}

double play_latency_ms(const Draft& draft) {
    const double otherwise = draft.input.capabilities.play_latency_ms.value_or(k::play_latency_ms);
    return learned_cost(draft, &Learned::play_latency_ms, otherwise);
}

double blind_after_play_ms(const Draft& draft) {
    return draft.input.capabilities.blind_after_play_ms.value_or(k::blind_after_play_ms);
}

double blind_after_stall_ms(const Draft& draft) {
    return draft.input.capabilities.blind_after_play_ms.value_or(k::blind_after_stall_ms);
}

void learn(Draft& draft, LearnedKind kind, double cost_ms) {
    const double most_ms = kind == &Learned::rate_delay_ms ? k::rate_delay_ms_max : k::learned_ms_max;
    if (!(cost_ms >= 0 && cost_ms <= most_ms)) return;
    std::vector<double>& values = draft.state.learned.*kind;
    values.push_back(cost_ms);
    if (values.size() > k::learned_samples) values.erase(values.begin());
}

void forget_readings(Draft& draft) {
    draft.state.readings.clear();
    draft.state.trim_from.reset();
    draft.state.trim_last.reset();
    draft.state.impatient_since_ms.reset();
}

} // namespace playhead::client::sync
