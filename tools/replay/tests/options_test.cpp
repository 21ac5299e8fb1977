#include "options.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace playhead;
using namespace playhead::replay;

namespace {

std::expected<Options, std::string> parse(const std::vector<std::string_view>& arguments) {
    return parse_options(arguments);
}

} // namespace

TEST_CASE("a file alone is replayed, and nothing more") {
    const auto options = parse({"a.playrec"});
    REQUIRE(options.has_value());
    CHECK(options->file == "a.playrec");
    CHECK_FALSE(options->until.has_value());
    CHECK_FALSE(options->print);
    CHECK_FALSE(options->viewer.has_value());
    CHECK(options->svg.empty());
}

TEST_CASE("every option") {
    const auto options = parse({"--until", "480", "--print", "--viewer", "4", "--svg", "a.svg", "a.playrec"});
    REQUIRE(options.has_value());
    CHECK(options->until == Tick{480});
    CHECK(options->print);
    CHECK(options->viewer == ViewerId{4});
    CHECK(options->svg == "a.svg");
}

TEST_CASE("what cannot be understood is said") {
    CHECK(parse({}).error().contains("which recording"));
    CHECK(parse({"a", "b"}).error().contains("one file at a time"));
    CHECK(parse({"a", "--fast"}).error().contains("--fast"));
    CHECK(parse({"a", "--until"}).error() == "--until wants a whole number");
    CHECK(parse({"a", "--until", "-1"}).error() == "--until wants a whole number");
    CHECK(parse({"a", "--viewer", "Ann"}).error() == "--viewer wants a whole number");
    CHECK(parse({"a", "--svg"}).error() == "--svg wants a file's name");
}
