#pragma once

#include <string>
#include <string_view>

// Only in the copies of engine sources that break_source.cmake makes: is this mistake the one that is being made now?
namespace playhead::simulation {

inline std::string& mistake() {
    static std::string name; // none
    return name;
}

inline bool breaks(std::string_view name) { return mistake() == name; }

} // namespace playhead::simulation
