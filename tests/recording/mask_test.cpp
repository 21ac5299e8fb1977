#include "recording/mask.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <string>

using namespace playhead;
using recording::masked;
using recording::shape_of;

namespace {

std::uint64_t number_of(std::string_view text) { return std::hash<std::string_view>{}(text); }

} // namespace

TEST_SUITE("mask") {
    TEST_CASE("shapes: letters and digits are x, in characters and bytes as long as they were; the rest stays") {
        CHECK(shape_of("Ann, 27!") == "xxx, xx!");
        CHECK(shape_of("Zoë") == "xx\u00d7");
        CHECK(shape_of("\u6c34\u706b") == "\u5b57\u5b57");
        CHECK(shape_of("\U0001f600") == "\U0001f603");
        CHECK(shape_of("") == "");
        CHECK(shape_of("https://example.org/a?b=1") == "https://xxxxxxx.xxx/x?x=x");
        CHECK(shape_of("see http://x.y") == "xxx http://x.x");
    }

    TEST_CASE("pseudonyms have the shape of what they stand for, and differ where that does") {
        const recording::TextMask pseudonym = recording::pseudonyms(number_of);
        for (const char* text : {"Ann, 27!", "Zoë \u6c34 \U0001f600", "https://example.org/ https://", "AbC9"}) {
            CHECK(shape_of(pseudonym(text)) == shape_of(text));
            CHECK(pseudonym(text) == pseudonym(text));
        }
        CHECK(pseudonym("Annabel") != "Annabel");
        CHECK(pseudonym("Annabel") != pseudonym("Annabet"));
        CHECK(pseudonym("Annabel").substr(0, 5) != pseudonym("Annabet").substr(0, 5));
        CHECK(pseudonym("ABC").find_first_of("abcdefghijklmnopqrstuvwxyz") == std::string::npos);
    }

    TEST_CASE("a name's pseudonym is what the room would have shown, and no plugin is asked for people's words") {
        const PluginSet none{{}};
        const recording::TextMask pseudonym = recording::pseudonyms(number_of);
        const Input joined = masked(Input{Join{ViewerId{1}, " A\u200bnn \u3000", 0}}, none, pseudonym);
        CHECK(shape_of(std::get<Join>(joined).name) == "xxx");
        const Input signal = masked(Input{Signal{ViewerId{1}, "words", "of mine", Value{7}}}, none, pseudonym);
        CHECK(std::get<Signal>(signal).plugin != "words");
        CHECK(std::get<Signal>(signal).name != "of mine");
        CHECK(std::get<Signal>(signal).args.is_nil());
    }

    TEST_CASE("in values, what is declared as a choice stays, and so do keys and numbers") {
        Type choice;
        choice.kind = Type::Kind::one_of;
        choice.values = {"happy", "sad"};
        Type text;
        text.kind = Type::Kind::text;
        Type record;
        record.kind = Type::Kind::record;
        record.fields = {{"mood", choice}, {"words", text}};
        const Value value = sorted_map(
            {{"mood", Value{std::string{"happy"}}}, {"number", Value{7}}, {"words", Value{std::string{"how nice"}}}});
        const Value wanted = sorted_map(
            {{"mood", Value{std::string{"happy"}}}, {"number", Value{7}}, {"words", Value{std::string{"xxx xxxx"}}}});
        CHECK(masked(value, &record, shape_of) == wanted);
        const Value none = sorted_map({{"mood", Value{std::string{"my secret"}}}});
        CHECK(*masked(none, &record, shape_of).find("mood") == Value{std::string{"xx xxxxxx"}});
        CHECK(*masked(value, nullptr, shape_of).find("mood") == Value{std::string{"xxxxx"}});
    }
}
