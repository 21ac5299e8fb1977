#pragma once

#include "core/result.hpp"
#include "core/time.hpp"
#include "core/utf8.hpp"
#include "core/value.hpp"
#include "replication/frame.hpp"
#include "replication/value_codec.hpp"

#include <cstring>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace playhead {

// Checks the values of one outside message while they are copied, and keeps the first fault: so a decoder reads as a
// list of fields. After a fault the copies go on, harmless, and finish() gives the fault instead of the message.
class Checker {
  public:
    void require(bool holds, std::string_view message) {
        if (!holds) fail(ErrorCode::malformed, std::string(message));
    }

    // `value` is a FlatBuffers string or null, which is the empty text.
    template <class WireString>
    std::string text(const WireString* value, std::string_view what,
                     std::size_t bytes_max = std::numeric_limits<std::size_t>::max()) {
        if (value == nullptr) return {};
        const std::string_view view{value->data(), value->size()};
        if (view.size() > bytes_max) {
            fail(ErrorCode::too_large, std::string(what) + " has at most " + std::to_string(bytes_max) +
                                           " bytes, not " + std::to_string(view.size()));
        } else if (!valid_utf8(view)) {
            fail(ErrorCode::malformed, std::string(what) + " is not UTF-8");
        } else {
            return std::string(view);
        }
        return {};
    }

    // `bytes` is a FlatBuffers vector that holds a FlexBuffer, or null, which is nil.
    template <class WireBytes>
    Value value(const WireBytes* bytes, std::string_view what) {
        if (bytes == nullptr) return {};
        auto decoded = decode_value(std::as_bytes(std::span(bytes->data(), bytes->size())));
        if (!decoded) fail(decoded.error().code, std::string(what) + ": " + decoded.error().message);
        return decoded ? *std::move(decoded) : Value{};
    }

    // A time or a position: from 0 to a century.
    Microseconds time(std::int64_t value_us, std::string_view what) {
        return Microseconds{within(value_us, std::int64_t{0}, std::int64_t{time_max.count()}, what)};
    }

    template <class T>
    T within(T value, T least, T most, std::string_view what) {
        if (value >= least && value <= most) return value;
        fail(ErrorCode::out_of_range, std::string(what) + " is from " + std::to_string(least) + " to " +
                                          std::to_string(most) + ", not " + std::to_string(value));
        return least;
    }

    // The enumerator of the same value; `last` is the greatest one there is.
    template <class Ours, class Wire>
    Ours enumerator(Wire value, Wire last, std::string_view what) {
        if (value <= last) return static_cast<Ours>(std::to_underlying(value));
        fail(ErrorCode::malformed, std::string(what) + " " + std::to_string(std::to_underlying(value)) + " is unknown");
        return Ours{};
    }

    template <class T>
    Result<T> finish(T value) {
        if (fault_) return std::unexpected(*std::move(fault_));
        return value;
    }

  private:
    void fail(ErrorCode code, std::string message) {
        if (!fault_) fault_ = Error{.code = code, .message = std::move(message)};
    }
    std::optional<Error> fault_;
};

// `bytes` at an address that is a multiple of 8, as FlatBuffers' accessors need it: itself, or a copy in `storage`.
inline ByteView aligned(ByteView bytes, std::vector<std::uint64_t>& storage) {
    constexpr std::size_t word = sizeof(std::uint64_t);
    if (reinterpret_cast<std::uintptr_t>(bytes.data()) % word == 0) return bytes;
    storage.resize((bytes.size() + word - 1) / word);
    std::memcpy(storage.data(), bytes.data(), bytes.size());
    return std::as_bytes(std::span(storage)).first(bytes.size());
}

} // namespace playhead
