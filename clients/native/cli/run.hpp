#pragma once

#include "cli/options.hpp"

#include <atomic>

namespace playhead::cli {

inline constexpr int exit_ok = 0;
inline constexpr int exit_refused = 1;
inline constexpr int exit_usage = 2;
inline constexpr int exit_no_room = 3;

// Does what is wanted and returns the exit code; what went wrong is told on standard error.
int run_on_server(const Options& options);
// The same in a room, until it is done or `stop` is set.
int run_in_room(const Options& options, const std::atomic<bool>& stop);

} // namespace playhead::cli
