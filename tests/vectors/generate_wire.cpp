// Prints tests/vectors/wire.json:  playhead_wire_vectors > tests/vectors/wire.json
#include "vectors/wire_vectors.hpp"

#include <cstdio>

int main() {
    const std::string text = playhead::test::wire_vectors();
    return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() ? 0 : 1;
}
