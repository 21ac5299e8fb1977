#include "replication/value_codec.hpp"

#include "core/utf8.hpp"

#include <flatbuffers/flexbuffers.h>

#include <bit>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace playhead {
namespace {

using flexbuffers::Type;

void write(flexbuffers::Builder& builder, const Value& value) {
    if (const auto* flag = value.get_if<bool>()) return builder.Bool(*flag);
    if (const auto* integer = value.get_if<std::int64_t>()) return builder.Int(*integer);
    if (const auto* number = value.get_if<double>()) return builder.Double(*number);
    if (const auto* text = value.get_if<std::string>()) {
        builder.String(text->data(), text->size());
    } else if (const auto* list = value.get_if<Value::List>()) {
        const std::size_t start = builder.StartVector();
        for (const Value& item : *list) write(builder, item);
        builder.EndVector(start, false, false);
    } else if (const auto* map = value.get_if<Value::Map>()) {
        const std::size_t start = builder.StartMap();
        for (const Value::Entry& entry : *map) {
            builder.Key(entry.key.c_str(), entry.key.size());
            write(builder, entry.value);
        }
        builder.EndMap(start);
    } else {
        builder.Null();
    }
}

constexpr bool is_width(std::uint64_t bytes) { return bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8; }

// Reads the format itself, byte by byte. The library's accessors trust a buffer that its verifier has passed, but that
// one does not see keys without an end, counts of keys that are not the values', or how often shared parts are visited.
class FlexReader {
  public:
    explicit FlexReader(ByteView bytes) : bytes_(bytes) {}

    // The last byte is the width of the root, the one before it its type; the root stands before them.
    Result<Value> root() {
        constexpr std::size_t tail_bytes = 2;
        const std::size_t size = bytes_.size();
        const std::uint64_t width = size > tail_bytes ? unsigned_at(size - 1, 1) : 0;
        if (!is_width(width) || width > size - tail_bytes) return std::unexpected(fault("has no root"));
        Value value = read(held(size - tail_bytes - width, width, unsigned_at(size - tail_bytes, 1)), 0);
        if (fault_) return std::unexpected(*std::move(fault_));
        return value;
    }

  private:
    // A value where its holder has it: itself if it is short, else how far before `at` it stands.
    struct Slot {
        std::size_t at = 0;
        std::size_t slot_width = 0; // bytes in the holder
        std::size_t width = 0;      // of what stands elsewhere: of its numbers, its length, its slots
        Type type = flexbuffers::FBT_NULL;
    };

    static Slot held(std::size_t at, std::size_t slot_width, std::uint64_t packed_type) {
        return {.at = at,
                .slot_width = slot_width,
                .width = std::size_t{1} << (packed_type & 3),
                .type = static_cast<Type>(packed_type >> 2)};
    }

    Value read(const Slot& slot, std::size_t depth) {
        if (fault_) return {};
        if (++nodes_ > value_nodes_max) return refuse("has more than " + std::to_string(value_nodes_max) + " values");
        switch (slot.type) {
        case flexbuffers::FBT_NULL: return {};
        case flexbuffers::FBT_BOOL: return Value{unsigned_at(slot.at, slot.slot_width) != 0};
        case flexbuffers::FBT_INT: return Value{signed_at(slot.at, slot.slot_width)};
        case flexbuffers::FBT_UINT: return whole(slot.at, slot.slot_width);
        case flexbuffers::FBT_FLOAT: return number(slot.at, slot.slot_width);
        case flexbuffers::FBT_KEY: return text(key_at(target(slot)));
        case flexbuffers::FBT_STRING: return text(string_at(target(slot), slot.width));
        case flexbuffers::FBT_INDIRECT_INT:
        case flexbuffers::FBT_INDIRECT_UINT:
        case flexbuffers::FBT_INDIRECT_FLOAT: return indirect(slot);
        case flexbuffers::FBT_BLOB:
            return refuse("holds bytes, which is none of nil, boolean, number, text, list, map");
        case flexbuffers::FBT_MAP:
        case flexbuffers::FBT_VECTOR: break;
        default:
            if (!flexbuffers::IsTypedVector(slot.type) && !flexbuffers::IsFixedTypedVector(slot.type)) {
                return refuse("holds a value of unknown type " + std::to_string(slot.type));
            }
        }
        if (depth == value_depth_max) return refuse("is nested deeper than " + std::to_string(value_depth_max));
        if (slot.type == flexbuffers::FBT_MAP) return map(slot, depth + 1);
        if (slot.type == flexbuffers::FBT_VECTOR) return list(slot, depth + 1);
        return typed_list(slot, depth + 1);
    }

    // ---- plain values

    Value whole(std::size_t at, std::size_t width) {
        const std::uint64_t value = unsigned_at(at, width);
        constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
        if (value > most) return refuse("holds an integer above " + std::to_string(most));
        return Value{static_cast<std::int64_t>(value)};
    }

    Value number(std::size_t at, std::size_t width) {
        if (width < sizeof(float)) return refuse("holds a number of " + std::to_string(width) + " bytes");
        const double value =
            width == sizeof(float)
                ? static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(unsigned_at(at, width))))
                : std::bit_cast<double>(unsigned_at(at, width));
        if (!std::isfinite(value)) return refuse("holds a number that is not finite");
        return canonical(Value{value});
    }

    Value indirect(const Slot& slot) {
        const std::size_t at = target(slot);
        if (!fits(at, slot.width)) return refuse("refers to what lies outside of it");
        if (slot.type == flexbuffers::FBT_INDIRECT_INT) return Value{signed_at(at, slot.width)};
        return slot.type == flexbuffers::FBT_INDIRECT_UINT ? whole(at, slot.width) : number(at, slot.width);
    }

    // Shared text counts as often as it is referred to: that often it is copied.
    Value text(std::string_view content) {
        if (!valid_utf8(content)) return refuse("holds text that is not UTF-8");
        if (!count_text(content)) return {};
        return Value{std::string{content}};
    }

    std::string_view string_at(std::size_t at, std::size_t width) {
        const std::size_t length = length_before(at, width);
        return fits(at, length) ? view(at, length) : outside();
    }

    // A key has no length: it ends before the first NUL.
    std::string_view key_at(std::size_t at) {
        if (!fits(at, 1)) return outside();
        const std::string_view rest = view(at, bytes_.size() - at);
        const std::size_t end = rest.find('\0');
        return end == std::string_view::npos ? outside() : rest.substr(0, end);
    }

    // ---- what holds others

    Value list(const Slot& slot, std::size_t depth) {
        const std::size_t at = target(slot);
        const std::size_t count = length_before(at, slot.width);
        if (!fits_slots(at, count, slot.width + 1)) return outside_value();
        Value::List items;
        for (std::size_t index = 0; index < count && !fault_; ++index) {
            items.push_back(read(
                held(at + index * slot.width, slot.width, unsigned_at(at + count * slot.width + index, 1)), depth));
        }
        return Value{std::move(items)};
    }

    // Of one type, which is said once; the short fixed ones have no length either.
    Value typed_list(const Slot& slot, std::size_t depth) {
        const std::size_t at = target(slot);
        std::size_t count = 0;
        Type type = flexbuffers::FBT_NULL;
        if (flexbuffers::IsFixedTypedVector(slot.type)) {
            std::uint8_t fixed = 0;
            type = flexbuffers::ToFixedTypedVectorElementType(slot.type, &fixed);
            count = fixed;
        } else {
            type = flexbuffers::ToTypedVectorElementType(slot.type);
            count = length_before(at, slot.width);
        }
        // How wide the lengths of such strings are is not said: they are read to their NUL, as the library does.
        if (type == flexbuffers::FBT_STRING) type = flexbuffers::FBT_KEY;
        if (!fits_slots(at, count, slot.width)) return outside_value();
        Value::List items;
        for (std::size_t index = 0; index < count && !fault_; ++index) {
            items.push_back(
                read({.at = at + index * slot.width, .slot_width = slot.width, .width = 1, .type = type}, depth));
        }
        return Value{std::move(items)};
    }

    // Before the count of a map stand the width of its keys' slots and how far back those are.
    Value map(const Slot& slot, std::size_t depth) {
        const std::size_t width = slot.width;
        const std::size_t at = target(slot);
        const std::size_t count = length_before(at, width);
        if (at < 3 * width || !fits_slots(at, count, width + 1)) return outside_value();
        const std::uint64_t keys_width = unsigned_at(at - 2 * width, width);
        const std::size_t keys = back(at - 3 * width, unsigned_at(at - 3 * width, width));
        if (!is_width(keys_width)) return refuse("has a map without keys");
        if (length_before(keys, keys_width) != count || !fits_slots(keys, count, keys_width)) {
            return refuse("has a map with more keys or fewer than values");
        }
        Value::Map entries;
        for (std::size_t index = 0; index < count && !fault_; ++index) {
            const std::size_t key_slot = keys + index * keys_width;
            const std::string_view key = key_at(back(key_slot, unsigned_at(key_slot, keys_width)));
            if (!valid_utf8(key)) return refuse("has a key that is not UTF-8");
            if (!entries.empty() && entries.back().key >= key) {
                return refuse("has the key \"" + std::string{key} + "\" twice, or out of byte order");
            }
            if (!count_text(key)) return {};
            entries.push_back(
                {.key = std::string{key},
                 .value = read(held(at + index * width, width, unsigned_at(at + count * width + index, 1)), depth)});
        }
        return Value{std::move(entries)};
    }

    // ---- bytes

    bool fits(std::size_t at, std::size_t count) const { return at <= bytes_.size() && count <= bytes_.size() - at; }
    bool fits_slots(std::size_t at, std::size_t count, std::size_t width) const {
        return !fault_ && count <= bytes_.size() && fits(at, count * width);
    }

    std::uint64_t unsigned_at(std::size_t at, std::size_t width) const {
        assert(fits(at, width));
        std::uint64_t value = 0;
        for (std::size_t byte = 0; byte < width; ++byte) {
            value |= std::to_integer<std::uint64_t>(bytes_[at + byte]) << (8 * byte);
        }
        return value;
    }
    std::int64_t signed_at(std::size_t at, std::size_t width) const {
        assert(is_width(width));
        const auto unused_bits = static_cast<int>(64 - 8 * width);
        return static_cast<std::int64_t>(unsigned_at(at, width) << unused_bits) >> unused_bits;
    }
    std::string_view view(std::size_t at, std::size_t count) const {
        return {reinterpret_cast<const char*>(bytes_.data()) + at, count};
    }

    std::size_t target(const Slot& slot) { return back(slot.at, unsigned_at(slot.at, slot.slot_width)); }
    std::size_t back(std::size_t from, std::uint64_t distance) {
        if (distance <= from) return from - static_cast<std::size_t>(distance);
        outside();
        return from;
    }
    std::size_t length_before(std::size_t at, std::size_t width) {
        if (at >= width && fits(at - width, width)) return unsigned_at(at - width, width);
        outside();
        return 0;
    }

    bool count_text(std::string_view text) {
        text_bytes_ += text.size();
        if (text_bytes_ > value_bytes_max) {
            refuse("has more than " + std::to_string(value_bytes_max) + " bytes of text", ErrorCode::too_large);
        }
        return !fault_;
    }

    std::string_view outside() {
        refuse("refers to what lies outside of it");
        return {};
    }
    Value outside_value() {
        outside();
        return {};
    }
    Value refuse(const std::string& why, ErrorCode code = ErrorCode::malformed) {
        if (!fault_) fault_ = fault(why, code);
        return {};
    }
    static Error fault(const std::string& why, ErrorCode code = ErrorCode::malformed) {
        return {.code = code, .message = "a FlexBuffer " + why};
    }

    ByteView bytes_;
    std::size_t nodes_ = 0;
    std::size_t text_bytes_ = 0;
    std::optional<Error> fault_;
};

} // namespace

ByteView encode_value(const Value& value) {
    thread_local flexbuffers::Builder builder{1024, flexbuffers::BUILDER_FLAG_SHARE_KEYS};
    builder.Clear();
    write(builder, value);
    builder.Finish();
    return std::as_bytes(std::span(builder.GetBuffer()));
}

Result<Value> decode_value(ByteView bytes) {
    if (bytes.empty()) return Value{};
    if (bytes.size() > value_bytes_max) {
        return std::unexpected(Error{.code = ErrorCode::too_large,
                                     .message = "a value has at most " + std::to_string(value_bytes_max) +
                                                " bytes, not " + std::to_string(bytes.size())});
    }
    return FlexReader{bytes}.root();
}

} // namespace playhead
