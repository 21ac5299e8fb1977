#include "lib/sync/clock.hpp"
#include "lib/sync/clock_driver.hpp"
#include "lib/sync/constants.hpp"
#include "lib/sync/lead.hpp"
#include "lib/sync/ping_schedule.hpp"
#include "lib/sync/reports.hpp"
#include "lib/sync/scrub.hpp"
#include "lib/sync/sync_loop.hpp"
#include "room/command.hpp"

#include <boost/json.hpp>
#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <string>

// The numbers that the client acts on are those of the TypeScript SDK: all of them, and no others.
namespace playhead::client::test {
namespace {

using Constants = std::map<std::string, double>;

// A constant under its own name.
#define NAMED(constant) {#constant, static_cast<double>(constant)}

Constants controller() {
    using namespace sync::constants;
    return {NAMED(audio_quantum_ms),
            NAMED(blind_after_play_ms),
            NAMED(blind_after_rate_margin_ms),
            NAMED(blind_after_stall_ms),
            NAMED(burst_failure_share),
            NAMED(burst_failures_forgiven_ms),
            NAMED(burst_failures_max),
            NAMED(burst_judged_ms),
            NAMED(coarse_clock_ms),
            NAMED(coarse_enter),
            NAMED(coarse_readings),
            NAMED(coarse_seek_blind_ms),
            NAMED(coarse_seek_gap_ms),
            NAMED(coarse_seek_gap_ms_max),
            NAMED(coarse_seek_ms),
            NAMED(coarse_seek_row_ms),
            NAMED(coarse_seek_steps),
            NAMED(coarse_steps),
            NAMED(coarse_window_ms_max),
            NAMED(coarse_window_ms_min),
            NAMED(continuous_ms),
            NAMED(data_follows_ms),
            NAMED(due_ms),
            NAMED(end_ms),
            NAMED(enter_fast_ms),
            NAMED(enter_ms),
            NAMED(enter_patient_ms),
            NAMED(fast_burst_ms),
            NAMED(fast_burst_ms_max),
            NAMED(fast_large_ms),
            NAMED(fast_phase_ms),
            NAMED(fast_step_large),
            NAMED(fast_step_max),
            NAMED(fast_step_min),
            NAMED(fast_steps_in_one),
            NAMED(hard_seek_gap_ms),
            NAMED(hard_seek_gap_ms_max),
            NAMED(hard_seek_ms),
            NAMED(hard_seek_row_ms),
            NAMED(held_tolerance_ms),
            NAMED(hopeless_ms),
            NAMED(late_start_ms_max),
            NAMED(lateness_kept),
            NAMED(learned_ms_max),
            NAMED(learned_samples),
            NAMED(moved_ms),
            NAMED(overshoot_ms),
            NAMED(patience_ms),
            NAMED(play_latency_ms),
            NAMED(rate_delay_ms),
            NAMED(rate_delay_ms_max),
            NAMED(read_gap_calm_ms),
            NAMED(read_gap_coarse_ms),
            NAMED(read_gap_fast_ms),
            NAMED(read_gap_steady_ms),
            NAMED(readings_calm),
            NAMED(readings_fast),
            NAMED(readings_max),
            NAMED(readings_steady),
            NAMED(retry_ms),
            NAMED(run_out_ms),
            NAMED(same_plan_ms),
            NAMED(sawtooth_enter_ms),
            NAMED(sawtooth_window_ms),
            NAMED(seek_cost_ms),
            NAMED(seek_lead_ms_max),
            NAMED(seek_margin_ms),
            NAMED(seek_miss_ms),
            NAMED(slip_ms),
            NAMED(start_attempts_max),
            NAMED(start_timeout_ms),
            NAMED(steady_burst_ms_max),
            NAMED(steady_step),
            NAMED(trim_agreement),
            NAMED(trim_interval_ms_max),
            NAMED(trim_interval_ms_min),
            NAMED(trim_max),
            NAMED(trim_min),
            NAMED(trim_short_ms_min),
            NAMED(trim_signal_ms),
            NAMED(trim_slip_ms),
            NAMED(wake_held_ms),
            NAMED(wake_idle_ms),
            NAMED(wake_soon_ms)};
}

Constants clock() {
    using namespace sync::clock_constants;
    return {NAMED(ageing_rate),   NAMED(contradiction_ms),  NAMED(contradictions_max),   NAMED(drift_rate_max),
            NAMED(good_rtt_ms),   NAMED(round_trips_max),   NAMED(settled_good_samples), NAMED(settled_samples_max),
            NAMED(slew_after_ms), NAMED(slew_step_ms),      NAMED(window_age_ms_max),    NAMED(window_keep_samples),
            NAMED(window_ms),     NAMED(window_samples_max)};
}

Constants clock_driver() {
    using namespace sync::clock_driver_constants;
    return {NAMED(pings_max), NAMED(sleep_check_ms), NAMED(sleep_ms)};
}

Constants ping_schedule() {
    using namespace sync::ping_constants;
    return {NAMED(burst_gap_ms),       NAMED(burst_good_samples), NAMED(burst_samples), NAMED(burst_samples_max),
            NAMED(close_gap_ms),       NAMED(close_phase_ms),     NAMED(opening_ms),    NAMED(small_room_gap_ms),
            NAMED(small_room_viewers), NAMED(wide_room_gap_ms)};
}

Constants sync_loop() {
    using namespace sync::loop_constants;
    return {NAMED(end_ms), NAMED(refill_look_ms), NAMED(refilled_ms), NAMED(starved_ms)};
}

#undef NAMED

std::map<std::string, Constants> all() {
    return {{"clock", clock()},
            {"clock_driver", clock_driver()},
            {"controller", controller()},
            {"lead",
             {{"start_lead_us", static_cast<double>(sync::lead_constants::start_lead.count())},
              {"seek_lead_us", static_cast<double>(sync::lead_constants::seek_lead.count())}}},
            {"ping_schedule", ping_schedule()},
            // The room's own window, which the engine holds to.
            {"predict", {{"pause_window_ms", static_cast<double>(Stamp::window.count()) / 1000}}},
            {"reports", {{"report_ms_min", sync::report_ms_min}, {"report_ms_max", sync::report_ms_max}}},
            {"scrub", {{"scrub_gap_ms", sync::scrub_gap_ms}}},
            {"sync_loop", sync_loop()}};
}

TEST_CASE("the client acts on the same numbers as the SDK") {
    std::ifstream file("tests/vectors/constants.json", std::ios::binary);
    REQUIRE(file);
    const boost::json::value wanted = boost::json::parse(std::string(std::istreambuf_iterator<char>(file), {}));
    std::map<std::string, Constants> expected;
    for (const auto& [group, names] : wanted.as_object()) {
        for (const auto& [name, value] : names.as_object()) expected[group][name] = value.to_number<double>();
    }
    CHECK(expected.size() == all().size());
    for (const auto& [group, constants] : all()) {
        for (const auto& [name, value] : constants) {
            INFO(group << ": " << name);
            REQUIRE(expected[group].contains(name));
            CHECK(expected[group][name] == doctest::Approx(value).epsilon(1e-12));
        }
        for (const auto& [name, value] : expected[group]) {
            INFO(group << ": " << name << " is " << value << " in TypeScript only");
            CHECK(constants.contains(name));
        }
    }
}

} // namespace
} // namespace playhead::client::test
