#pragma once

#include "replication/frame.hpp"
#include "replication/messages.hpp"

#include <string>
#include <vector>

namespace playhead::test {

// The text of tests/vectors/wire.json, as this build's engine would write it. See WIRE.md.
std::string wire_vectors();

// One example and more of every message, with every field set to something else than its default somewhere.
struct NamedClientMessage {
    std::string name;
    ClientMessage message;
};
struct NamedServerMessage {
    std::string name;
    ServerMessage message;
};
std::vector<NamedClientMessage> client_examples();
std::vector<NamedServerMessage> server_examples();

// Values of every kind and width, and FlexBuffers that are none.
struct NamedValue {
    std::string name;
    Value value;
};
struct NamedBytes {
    std::string name;
    Bytes bytes;
};
std::vector<NamedValue> value_examples();
std::vector<NamedBytes> malformed_value_examples();

} // namespace playhead::test
