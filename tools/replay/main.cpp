#include "options.hpp"
#include "recording/reader.hpp"
#include "telling.hpp"
#include "timeline.hpp"

#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

using namespace playhead;
using namespace playhead::replay;

namespace {

constexpr int exit_same = 0;
constexpr int exit_differs = 1;
constexpr int exit_not_understood = 2;

Bytes read_file(const std::string& name) {
    std::ifstream file{name, std::ios::binary};
    if (!file) throw std::runtime_error("'" + name + "' cannot be read");
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    const auto bytes = std::as_bytes(std::span{text});
    return {bytes.begin(), bytes.end()};
}

void say(const std::string& text) { std::fputs(text.c_str(), stdout); }

void write_picture(const std::string& name, const std::string& svg) {
    std::ofstream file{name};
    file << svg;
    if (!file.flush()) throw std::runtime_error("'" + name + "' cannot be written");
}

// What has come of it so far.
struct Course {
    explicit Course(const Options& wanted) : options(wanted) {
        if (options.viewer) ear.emplace(*options.viewer);
    }

    const Options& options;
    std::unique_ptr<recording::Replay> replay;
    std::optional<Timeline> timeline;
    std::optional<ViewersEar> ear;
    std::size_t turns = 0, digests = 0;
    std::optional<Tick> tick; // of the last turn
    bool differs = false;
    std::string closed; // why the recording ends, if it says so

    void take(recording::Opening opening) {
        if (replay) throw std::runtime_error("there is a second opening in it");
        say(told(opening));
        tick = opening.tick;
        timeline.emplace(opening);
        auto made = recording::Replay::of(std::move(opening));
        if (!made) throw std::runtime_error("its plugins cannot be run: " + made.error());
        replay = *std::move(made);
    }
    void take(const recording::Turn& turn) {
        if (!replay) throw std::runtime_error("it does not begin with an opening");
        const TickLength tick_length = replay->room().tick_length();
        const auto result = replay->run(turn);
        ++turns;
        tick = turn.tick;
        if (turn.digest) ++digests;
        timeline->add(turn, result, replay->room().state());
        if (options.print) say(told(turn, result, tick_length));
        if (ear) say(ear->heard(turn, result, *replay));
        differs = !result.differences.empty();
        for (const recording::Difference& difference : result.differences) say(told(turn, difference, tick_length));
        if (differs && !options.print)
            say("What the room was told, and what came of it now:\n" + told(turn, result, tick_length));
    }
    void take(const recording::Closing& closing) { closed = closing.why; }
    bool beyond(const recording::Record& record) const {
        const auto* turn = std::get_if<recording::Turn>(&record);
        return turn != nullptr && options.until && turn->tick > *options.until;
    }
};

int run(const Options& options) {
    const Bytes bytes = read_file(options.file);
    recording::Reader reader{bytes};
    Course course{options};
    bool ended = false;
    while (!course.differs && !ended) {
        auto next = reader.next();
        if (!next) throw std::runtime_error("'" + options.file + "': " + next.error().message);
        ended = !*next || course.beyond(**next);
        if (!ended) std::visit([&](auto& record) { course.take(std::move(record)); }, **next);
    }
    if (!course.replay) throw std::runtime_error("'" + options.file + "' holds no recording");
    if (options.until) say(told(course.replay->room().state(), *course.tick, course.replay->room().tick_length()));
    if (!options.svg.empty()) write_picture(options.svg, course.timeline->svg());
    if (course.ear && !course.ear->was_there())
        say("viewer " + std::to_string(options.viewer->value) + " was never there\n");
    std::string end = std::to_string(course.turns) + " turns, up to tick " + std::to_string(course.tick->number) + "; ";
    end += course.differs ? "the last one is not as recorded" : "all as recorded";
    end += ", all state compared " + std::to_string(course.digests) + " times";
    if (!course.closed.empty()) end += "; it ends because " + course.closed;
    if (!course.differs && !options.until && course.closed.empty()) {
        end += "; it breaks off there";
        if (reader.torn_bytes() > 0)
            end += ", within a record (" + std::to_string(reader.torn_bytes()) + " bytes of it)";
    }
    say(end + "\n");
    return course.differs ? exit_differs : exit_same;
}

} // namespace

int main(int count, char** values) {
    const std::vector<std::string_view> arguments(values + 1, values + count);
    if (!arguments.empty() && arguments[0] == "--help") {
        say(std::string{usage});
        return exit_same;
    }
    const auto options = parse_options(arguments);
    if (!options) {
        std::fprintf(stderr, "playhead-replay: %s\n", options.error().c_str());
        return exit_not_understood;
    }
    try {
        return run(*options);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "playhead-replay: %s\n", error.what());
        return exit_not_understood;
    }
}
