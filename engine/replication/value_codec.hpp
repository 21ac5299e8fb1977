#pragma once

#include "core/result.hpp"
#include "core/value.hpp"
#include "replication/frame.hpp"

namespace playhead {

// A value as one FlexBuffer in canonical form: keys in byte order, each once; the narrowest widths; keys shared.
//   Shapes: one for which canonical_fault() finds nothing; of another, readers will refuse the bytes.
//   Thread: uses one builder per thread; the bytes are valid until the next call on it.
//   Source: https://flatbuffers.dev/flexbuffers (the format), PROTOCOL.md section 6.
ByteView encode_value(const Value& value);

// Reads one FlexBuffer of a stranger's and gives its canonical value. Everything is checked as it is read, against the
// limits of core/value.hpp: the work is bounded by the nodes that are allowed, however the bytes refer to each other.
// Accepts what other encoders write for the same values (typed vectors, other widths, indirect numbers, unsigned
// integers); refuses NaN, infinities, keys that repeat or are out of order, blobs, text that is not UTF-8.
// No bytes at all are nil.
//   Errors: malformed, too_large.
Result<Value> decode_value(ByteView bytes);

} // namespace playhead
