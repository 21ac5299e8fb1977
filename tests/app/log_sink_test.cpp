#include "app/log_sink.hpp"

#include <doctest/doctest.h>
#include <spdlog/logger.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <memory>
#include <stdexcept>
#include <string>
#include <unistd.h>
#include <utility>

using playhead::LogSink;

namespace {

struct Pipe {
    Pipe() {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
        from = ends[0];
        to = ends[1];
        ::fcntl(from, F_SETFL, O_NONBLOCK);
    }
    ~Pipe() {
        ::close(from);
        ::close(to);
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;

    std::string read() const {
        std::string all;
        std::array<char, 4096> part{};
        for (ssize_t got = 0; (got = ::read(from, part.data(), part.size())) > 0;)
            all.append(part.data(), static_cast<std::size_t>(got));
        return all;
    }

    int from = -1;
    int to = -1;
};

spdlog::logger logger_to(int descriptor) {
    spdlog::logger logger{"app", std::make_shared<LogSink>(descriptor)};
    logger.set_pattern("%l %v");
    return logger;
}

} // namespace

TEST_CASE("lines go out whole and in order, without colours where no terminal is") {
    const Pipe pipe;
    auto logger = logger_to(pipe.to);
    logger.info("first");
    logger.warn("second {}", 2);
    CHECK(pipe.read() == "info first\nwarning second 2\n");
}

TEST_CASE("a log that nobody reads costs lines and no time, and is told how many") {
    const Pipe pipe;
    auto logger = logger_to(pipe.to);
    const std::string text(200, 'x');
    constexpr int lines = 2000; // 400 kB into a pipe of 64; waiting for its reader would be for ever
    for (int i = 0; i < lines; ++i) logger.info(text);
    const std::string taken = pipe.read();
    const auto count = static_cast<int>(taken.size() / (text.size() + 6));
    CHECK(taken.size() % (text.size() + 6) == 0);
    CHECK(count > 200);
    CHECK(count < lines);
    logger.info("again");
    CHECK(pipe.read() == "warning lines_lost=" + std::to_string(lines - count) + " (nobody took them)\ninfo again\n");
    logger.info("and again");
    CHECK(pipe.read() == "info and again\n");
}

TEST_CASE("a line longer than a pipe takes at once is written in pieces, or the rest of it is left out") {
    const Pipe pipe;
    auto logger = logger_to(pipe.to);
    const std::string text(20'000, 'y');
    logger.info(text);
    CHECK(pipe.read() == "info " + text + "\n");
    for (int i = 0; i < 10; ++i) logger.info(text);
    CHECK(pipe.read().size() <= 65'536);
    logger.info("again");
    CHECK(pipe.read().find("lines_lost=") != std::string::npos);
}

TEST_CASE("a disk that is full costs lines and nothing else") {
    const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
    REQUIRE(full >= 0);
    auto logger = logger_to(full);
    for (int i = 0; i < 10; ++i) logger.error("nowhere to go");
    ::close(full);
    logger.error("a descriptor that is closed is no worse");
}

TEST_CASE("a reader that is gone is no worse than one that does not read") {
    std::signal(SIGPIPE, SIG_IGN); // as main() does
    Pipe pipe;
    ::close(std::exchange(pipe.from, -1));
    auto logger = logger_to(pipe.to);
    for (int i = 0; i < 10; ++i) logger.error("nobody there");
}

TEST_CASE("a terminal sees levels in colours") {
    const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    REQUIRE(terminal >= 0);
    REQUIRE(::grantpt(terminal) == 0);
    REQUIRE(::unlockpt(terminal) == 0);
    const int ours = ::open(::ptsname(terminal), O_RDWR | O_NOCTTY | O_CLOEXEC); // NOLINT(concurrency-mt-unsafe)
    REQUIRE(ours >= 0);
    auto logger = logger_to(ours);
    logger.set_pattern("%^%l%$ %v");
    logger.warn("careful");
    std::array<char, 256> seen{};
    const ssize_t got = ::read(terminal, seen.data(), seen.size());
    REQUIRE(got > 0);
    CHECK(std::string{seen.data(), static_cast<std::size_t>(got)} == "\033[33m\033[1mwarning\033[m careful\r\n");
    ::close(ours);
    ::close(terminal);
}
