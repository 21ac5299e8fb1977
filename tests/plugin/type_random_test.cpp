#include "core/random.hpp"
#include "plugin/lua_source.hpp"
#include "plugin/type.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>

using namespace playhead;
using test::Random;

// Values come from viewers: whatever they are, what checked() lets through may be replicated and handed to Lua.
namespace {

std::string random_text(Random& random) {
    constexpr std::string_view pieces[] = {"a",  "\xc3\xa4", "\xf0\x9f\x98\x80", "\xff", "\xc3", "", "keys", "7",
                                           "-3", "\n"};
    std::string text;
    for (std::uint32_t i = random.below(4); i > 0; --i) text += random.one_of(pieces);
    if (random.one_in(30)) text += '\0';
    return text;
}

Value random_value(Random& random, unsigned depth) {
    constexpr double numbers[] = {0.0, -0.0, 0.5, 3.0, 1e300, -7.0, 9007199254740993.0};
    constexpr std::int64_t integers[] = {0, 1, -1, 5, 4294967295, 4294967296, std::numeric_limits<std::int64_t>::min()};
    switch (random.below(depth > 10 ? 6 : 9)) {
    case 0: return Value{};
    case 1: return Value{random.one_in(2)};
    case 2: return Value{std::int64_t{random.one_of(integers)}};
    case 3: return Value{double{random.one_of(numbers)}};
    case 4:
        return Value{random.one_in(2) ? std::numeric_limits<double>::infinity()
                                      : std::numeric_limits<double>::quiet_NaN()};
    case 5: return Value{random_text(random)};
    case 6: {
        Value::List list;
        for (std::uint32_t i = random.below(5); i > 0; --i) list.push_back(random_value(random, depth + 1));
        return Value{std::move(list)};
    }
    default: {
        constexpr std::string_view names[] = {"a", "b", "c", "d", "7", "07", "-3"};
        Value::Map map;
        for (std::uint32_t i = random.below(5); i > 0; --i)
            map.push_back({random.one_in(4) ? random_text(random) : std::string{random.one_of(names)},
                           random_value(random, depth + 1)});
        return sorted_map(std::move(map));
    }
    }
}

Type random_type(Random& random, unsigned depth) {
    Type type;
    type.kind = static_cast<Type::Kind>(random.below(depth > 3 ? 6 : 10));
    type.optional = random.one_in(3);
    if (random.one_in(2)) type.integer_min = -1;
    if (random.one_in(2)) type.integer_max = 5;
    if (random.one_in(2)) type.number_max = 1;
    if (random.one_in(2)) type.text_max = 3;
    if (random.one_in(3)) type.items_max = 2;
    type.key = static_cast<Type::Key>(random.below(3));
    type.values = {"a", "keys"};
    if (type.kind == Type::Kind::list || type.kind == Type::Kind::map) {
        type.of = {random_type(random, depth + 1)};
        type.of.front().optional = false;
    }
    if (type.kind == Type::Kind::record) {
        for (const char* name : {"a", "b", "c"})
            if (random.one_in(2)) type.fields.push_back({name, random_type(random, depth + 1)});
    }
    return type;
}

// A value that is often of the type: else most would be refused at once.
Value random_value_of(const Type& type, Random& random, unsigned depth) {
    if (random.one_in(12)) return random_value(random, depth);
    switch (type.kind) {
    case Type::Kind::boolean: return Value{random.one_in(2)};
    case Type::Kind::integer:
    case Type::Kind::viewer: return Value{std::int64_t{random.below(6)}};
    case Type::Kind::number: return Value{double{random.below(4) / 4.0}};
    case Type::Kind::text:
    case Type::Kind::one_of: return Value{std::string{random.one_in(2) ? "a" : "keys"}};
    case Type::Kind::any: return random_value(random, depth);
    case Type::Kind::list: {
        Value::List list;
        for (std::uint32_t i = random.below(3); i > 0; --i)
            list.push_back(random_value_of(type.of.front(), random, depth + 1));
        return Value{std::move(list)};
    }
    case Type::Kind::map: {
        Value::Map map;
        for (std::uint32_t i = random.below(3); i > 0; --i)
            map.push_back({std::to_string(random.below(12)), random_value_of(type.of.front(), random, depth + 1)});
        return sorted_map(std::move(map));
    }
    case Type::Kind::record: {
        Value::Map map;
        for (const TypeField& field : type.fields)
            if (!field.type.optional || random.one_in(2))
                map.push_back({field.name, random_value_of(field.type, random, depth + 1)});
        return sorted_map(std::move(map));
    }
    }
    return {};
}

} // namespace

TEST_CASE("whatever comes in, what is let through may travel and stays as it is when checked again") {
    std::size_t let_through = 0;
    std::size_t refused = 0;
    for (std::uint64_t seed = 1; seed <= 20'000; ++seed) {
        Random random{seed};
        const Type type = random_type(random, 0);
        const Value value = random_value_of(type, random, 0);
        const auto good = checked(type, value, "args");
        if (!good) {
            ++refused;
            const bool placed = good.error().starts_with("args");
            if (!placed) FAIL("seed ", seed, ": ", good.error());
            continue;
        }
        ++let_through;
        // Nil is nothing: it is kept nowhere.
        const auto fault = good->is_nil() ? std::nullopt : canonical_fault(*good);
        if (fault) FAIL("seed ", seed, ": ", *fault, " in ", to_lua(*good));
        const auto again = checked(type, *good, "args");
        if (!again || *again != *good) FAIL("seed ", seed, ": changed when checked again: ", to_lua(*good));
    }
    CHECK(let_through > 3'000);
    CHECK(refused > 3'000);
}
