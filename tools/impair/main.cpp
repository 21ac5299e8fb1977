#include "options.hpp"
#include "tcp_link.hpp"
#include "udp_link.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <exception>
#include <functional>
#include <memory>
#include <sstream>
#include <string>
#include <unistd.h>
#include <vector>

namespace {

namespace asio = boost::asio;
using namespace playhead::impair;
using Links = std::vector<std::unique_ptr<Link>>;

constexpr std::size_t command_bytes_max = 256;

std::unique_ptr<Link> open_link(asio::io_context& context, const LinkOptions& options) {
    if (options.protocol == Protocol::udp) return std::make_unique<UdpLink>(context, options);
    return std::make_unique<TcpLink>(context, options);
}

std::string obey(const Links& links, const std::string& line) {
    std::istringstream words(line);
    std::string verb;
    std::size_t link = 0;
    if (!(words >> verb >> link) || link >= links.size())
        return "error expected 'stall LINK MS' or 'cut LINK' with LINK below " + std::to_string(links.size());
    if (verb == "cut") {
        links[link]->cut();
        return "ok";
    }
    std::int64_t length_ms = 0;
    if (verb == "stall" && words >> length_ms && length_ms >= 0 && std::chrono::milliseconds(length_ms) <= delay_max) {
        links[link]->stall(std::chrono::milliseconds(length_ms));
        return "ok";
    }
    return "error expected 'stall LINK MS', at most " + std::to_string(delay_max.count() / 1000) + " ms, or 'cut LINK'";
}

// Takes commands until standard input ends, which is how a parent that died shows.
asio::awaitable<void> follow_parent(asio::posix::stream_descriptor& input, const Links& links,
                                    std::function<void()> finish) {
    std::string buffer;
    for (;;) {
        const auto [error, size] = co_await asio::async_read_until(
            input, asio::dynamic_buffer(buffer, command_bytes_max), '\n', asio::as_tuple(asio::use_awaitable));
        if (error) break;
        std::printf("%s\n", obey(links, buffer.substr(0, size - 1)).c_str());
        std::fflush(stdout);
        buffer.erase(0, size);
    }
    finish();
}

int run(const Options& options) {
    asio::io_context context(1);
    Links links;
    for (const auto& link : options.links) {
        try {
            links.push_back(open_link(context, link));
        } catch (const std::exception& error) {
            std::fprintf(stderr, "playhead-impair: cannot listen on %s:%u for %s:%u: %s\n", link.listen.host.c_str(),
                         unsigned{link.listen.port}, link.to.host.c_str(), unsigned{link.to.port}, error.what());
            return 1;
        }
    }
    asio::signal_set signals(context, SIGINT, SIGTERM);
    asio::posix::stream_descriptor input(context);
    const auto finish = [&] {
        for (const auto& link : links) link->close();
        boost::system::error_code ignored;
        signals.cancel(ignored);
        input.close(ignored);
    };
    signals.async_wait([&](const boost::system::error_code& error, int) {
        if (!error) finish();
    });
    if (options.exit_with_parent) {
        input.assign(::dup(STDIN_FILENO));
        asio::co_spawn(context, follow_parent(input, links, finish), [](std::exception_ptr thrown) {
            if (thrown) std::rethrow_exception(thrown);
        });
    }
    std::string ready;
    for (const auto& link : links) ready += (ready.empty() ? "ready ports=" : ",") + std::to_string(link->port());
    std::printf("%s\n", ready.c_str());
    std::fflush(stdout);
    context.run();
    return 0;
}

} // namespace

int main(int count, char** values) {
    const std::vector<std::string_view> arguments(values + 1, values + count);
    if (arguments.empty() || arguments[0] == "--help") {
        std::fputs(std::string(usage).c_str(), arguments.empty() ? stderr : stdout);
        return arguments.empty() ? 2 : 0;
    }
    const auto options = parse_options(arguments);
    if (!options) {
        std::fprintf(stderr, "playhead-impair: %s\n", options.error().c_str());
        return 2;
    }
    try {
        return run(*options);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "playhead-impair: %s\n", error.what());
        return 1;
    }
}
