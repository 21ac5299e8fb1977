#pragma once

#include "core/value.hpp"

#include <string_view>

namespace playhead::programs {

// What a program prints: lines for people, or with --json one object a line for other programs.
class Output {
  public:
    explicit Output(bool json) : json_(json) {}
    bool json() const { return json_; }

    // For people, unless it is JSON that is wanted.
    void line(std::string_view text) const;
    // For programs, if it is JSON that is wanted.
    void object(const Value& object) const;
    // What went wrong: always for people, on standard error.
    static void trouble(std::string_view program, std::string_view text);

  private:
    bool json_;
};

} // namespace playhead::programs
