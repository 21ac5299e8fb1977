#include "app/metrics_page.hpp"

#include <spdlog/fmt/fmt.h>

#include <filesystem>
#include <fstream>
#include <string_view>
#include <sys/resource.h>
#include <unistd.h>

namespace playhead {
namespace {

template <class Value>
void add(std::string& page, std::string_view name, std::string_view type, std::string_view help, Value value) {
    fmt::format_to(std::back_inserter(page), "# HELP {0} {2}\n# TYPE {0} {1}\n{0} {3}\n", name, type, help, value);
}

long resident_bytes() {
    std::ifstream statm{"/proc/self/statm"};
    long total_pages = 0;
    long resident_pages = 0;
    statm >> total_pages >> resident_pages;
    return resident_pages * ::sysconf(_SC_PAGESIZE);
}

long open_descriptors() {
    std::error_code failed;
    long count = -1; // the one that lists the folder
    for (std::filesystem::directory_iterator entry{"/proc/self/fd", failed}, end; !failed && entry != end;
         entry.increment(failed)) {
        ++count;
    }
    return count;
}

double cpu_seconds() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

} // namespace

std::string to_prometheus(const websocket::Counters& counters) {
    std::string page;
    add(page, "playhead_websocket_connections", "gauge", "Sockets held, those still closing among them.",
        counters.open);
    add(page, "playhead_websocket_writes_total", "counter", "System calls that wrote.", counters.writes);
    add(page, "playhead_websocket_reads_total", "counter", "System calls that read.", counters.reads);
    add(page, "playhead_websocket_written_bytes_total", "counter", "Bytes written.", counters.bytes_written);
    add(page, "playhead_websocket_read_bytes_total", "counter", "Bytes read.", counters.bytes_read);
    add(page, "playhead_websocket_messages_total", "counter", "Messages received.", counters.messages_read);
    add(page, "playhead_websocket_pings_answered_total", "counter", "Ping frames answered.", counters.pings_answered);
    add(page, "playhead_websocket_rules_broken_total", "counter", "Connections closed for breaking RFC 6455.",
        counters.rules_broken);
    add(page, "playhead_websocket_blocked_total", "counter", "Times a send did not fit into the kernel.",
        counters.blocked);
    return page;
}

std::string to_prometheus(const enet::Counters& counters) {
    std::string page;
    add(page, "playhead_enet_links", "gauge", "Addresses that hold a token: expected, connected or closing.",
        counters.links);
    add(page, "playhead_enet_connections", "gauge", "Of these, those that are connected or closing.",
        counters.connected);
    add(page, "playhead_enet_received_datagrams_total", "counter", "Datagrams received, from whomever.",
        counters.datagrams_received);
    add(page, "playhead_enet_received_bytes_total", "counter", "Bytes received.", counters.bytes_received);
    add(page, "playhead_enet_sent_datagrams_total", "counter", "Datagrams sent.", counters.datagrams_sent);
    add(page, "playhead_enet_sent_bytes_total", "counter", "Bytes sent.", counters.bytes_sent);
    add(page, "playhead_enet_messages_total", "counter", "Messages received.", counters.messages_received);
    add(page, "playhead_enet_strangers_dropped_total", "counter", "Datagrams from addresses that have proven nothing.",
        counters.strangers_dropped);
    add(page, "playhead_enet_handshakes_dropped_total", "counter",
        "Datagrams of the handshake without a good token or cookie, or too many.", counters.handshakes_dropped);
    add(page, "playhead_enet_handshakes_refused_total", "counter",
        "Proven addresses that were not let in: the token was used, or there was no room.",
        counters.handshakes_refused);
    add(page, "playhead_enet_forbidden_dropped_total", "counter", "Datagrams that said what no client may say.",
        counters.forbidden_dropped);
    add(page, "playhead_enet_excess_dropped_total", "counter", "Datagrams over their sender's budget.",
        counters.excess_dropped);
    add(page, "playhead_enet_unopened_dropped_total", "counter",
        "Packets that were altered, replayed, or sealed with another key.", counters.unopened_dropped);
    add(page, "playhead_enet_blocked_total", "counter", "Times a peer had too much to acknowledge.", counters.blocked);
    return page;
}

std::string shard_metrics(std::span<const ShardFigures> shards) {
    std::string page;
    const auto family = [&](std::string_view name, std::string_view type, std::string_view help, auto value) {
        fmt::format_to(std::back_inserter(page), "# HELP playhead_shard_{0} {2}\n# TYPE playhead_shard_{0} {1}\n", name,
                       type, help);
        for (std::size_t index = 0; index < shards.size(); ++index)
            fmt::format_to(std::back_inserter(page), "playhead_shard_{}{{shard=\"{}\"}} {}\n", name, index,
                           value(shards[index]));
    };
    const auto seconds = [](Microseconds time) { return static_cast<double>(time.count()) / 1e6; };
    family("rooms", "gauge", "Rooms there are.", [](const ShardFigures& each) { return each.metrics.rooms; });
    family("viewers", "gauge", "Viewers of its rooms.", [](const ShardFigures& each) { return each.metrics.viewers; });
    family("sends_total", "counter", "Writes to connections.",
           [](const ShardFigures& each) { return each.metrics.sends_total; });
    family("ticks_total", "counter", "Ticks run.", [](const ShardFigures& each) { return each.metrics.ticks_total; });
    family("ticks_skipped_total", "counter", "Ticks that were not run because a later one stood for them.",
           [](const ShardFigures& each) { return each.metrics.ticks_skipped_total; });
    family("tick_seconds_total", "counter", "Time that ticks took.",
           [&](const ShardFigures& each) { return seconds(each.metrics.tick_duration.sum()); });
    family("cpu_seconds_total", "counter", "Processor time of its thread: sockets, fan-out and plugins among it.",
           [&](const ShardFigures& each) { return seconds(each.processor_time); });
    return page;
}

std::string process_metrics(const std::string& version) {
    std::string page = "# HELP playhead_build_info Which version this is.\n# TYPE playhead_build_info gauge\n";
    page += "playhead_build_info{version=\"" + version + "\"} 1\n";
    add(page, "process_resident_memory_bytes", "gauge", "Resident memory size in bytes.", resident_bytes());
    add(page, "process_open_fds", "gauge", "Number of open file descriptors.", open_descriptors());
    add(page, "process_cpu_seconds_total", "counter", "User and system CPU time in seconds.", cpu_seconds());
    return page;
}

} // namespace playhead
