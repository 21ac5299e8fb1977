#pragma once

#include "replication/frame.hpp"

#include <cstdio>
#include <cstdlib>

// What outside bytes are thrown at. A target returns, whatever it is given; a crash, a sanitizer's complaint or a
// broken promise (must) is a bug.
namespace playhead::fuzz {

void fuzz_frame_codec(ByteView input);
void fuzz_datagram(ByteView input);
void fuzz_decode_client(ByteView input);
void fuzz_decode_value(ByteView input);
void fuzz_script(ByteView input);
void fuzz_client_session(ByteView input);
void fuzz_connect_token(ByteView input);
void fuzz_handshake(ByteView input);
void fuzz_packet_opener(ByteView input);
void fuzz_http_request(ByteView input);
void fuzz_media_url(ByteView input);
void fuzz_manifest(ByteView input);
void fuzz_config(ByteView input);
void fuzz_live_session(ByteView input);
void fuzz_recording(ByteView input);

// An assertion that stands in every build.
inline void must(bool held, const char* promise) {
    if (held) return;
    std::fprintf(stderr, "broken promise: %s\n", promise);
    std::abort();
}

} // namespace playhead::fuzz
