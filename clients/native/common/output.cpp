#include "common/output.hpp"

#include "common/json.hpp"

#include <cstdio>
#include <string>

namespace playhead::programs {
namespace {

void print(std::FILE* where, std::string text) {
    text += '\n';
    std::fwrite(text.data(), 1, text.size(), where);
    std::fflush(where);
}

} // namespace

void Output::line(std::string_view text) const {
    if (!json_) print(stdout, std::string{text});
}

void Output::object(const Value& object) const {
    if (json_) print(stdout, to_json(object));
}

void Output::trouble(std::string_view program, std::string_view text) {
    print(stderr, std::string{program} + ": " + std::string{text});
}

} // namespace playhead::programs
