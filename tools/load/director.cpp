#include "director.hpp"

#include "loopback_engine.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <memory>
#include <netdb.h>
#include <stdexcept>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

namespace playhead::load {
namespace {

constexpr double settle_seconds = 1;     // once all are in: greetings and the first clock comparisons are over
constexpr double drain_seconds = 1.2;    // for what is still on its way, and for those who are away to come back
constexpr double catch_up_seconds = 0.5; // until everybody has the newest state of then
constexpr std::uint32_t points_max = 20'000;
constexpr Nanoseconds second = 1'000'000'000;

sockaddr_in resolve(const std::string& host, std::uint16_t port) {
    addrinfo wanted{};
    wanted.ai_family = AF_INET;
    wanted.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (const int error = ::getaddrinfo(host.c_str(), nullptr, &wanted, &found); error != 0)
        throw std::runtime_error("no address for '" + host + "': " + ::gai_strerror(error));
    sockaddr_in address{};
    std::copy_n(reinterpret_cast<const char*>(found->ai_addr), sizeof address, reinterpret_cast<char*>(&address));
    ::freeaddrinfo(found);
    address.sin_port = htons(port);
    return address;
}

int make_bell() {
    const int bell = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (bell < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
    return bell;
}

// As many files as the system lets a process open.
void raise_file_limit() {
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
}

double load_average() {
    double loads[1] = {0};
    return ::getloadavg(loads, 1) == 1 ? loads[0] : 0;
}

} // namespace

Director::Director(const Options& options)
    : options_(options),
      board_(make_shared_board()),
      server_(options.transport == Transport::loopback ? sockaddr_in{} : resolve(options.host, options.port)),
      director_bell_(make_bell()) {
    for (std::uint32_t process = 0; process < options_.processes; ++process) worker_bells_.push_back(make_bell());
    if (options_.server_pid) {
        if (const auto cpu = cpu_time_of(*options_.server_pid); !cpu) throw std::runtime_error(cpu.error());
    }
    raise_file_limit();
}

Director::~Director() {
    end_processes();
    for (const int bell : worker_bells_) ::close(bell);
    ::close(director_bell_);
}

void Director::start_processes() {
    const pid_t parent = ::getpid();
    for (std::uint32_t process = 0; process < options_.processes; ++process) {
        const pid_t child = ::fork();
        if (child < 0) throw std::system_error(errno, std::generic_category(), "fork");
        if (child > 0) {
            processes_.push_back(child);
            continue;
        }
        // Nobody is left behind, whatever ends the director.
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        int code = 0;
        try {
            const Bells bells{.worker = worker_bells_[process], .director = director_bell_};
            std::unique_ptr<LoopbackEngine> engine;
            if (options_.transport == Transport::loopback) {
                engine = std::make_unique<LoopbackEngine>();
                options_.rooms = {engine->room()};
            }
            Worker worker(options_, server_, board_, bells, process, engine.get());
            if (::getppid() == parent) worker.run();
        } catch (const std::exception& error) {
            board_.complain(error.what());
            code = 1;
        }
        ::_exit(code); // without what the director has to tidy up
    }
}

void Director::end_processes() {
    board_.order.wish = Wish::none;
    board_.phase.store(Phase::over);
    for (const pid_t process : processes_) {
        int status = 0;
        ::waitpid(process, &status, 0);
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) board_.complain("a process of viewers failed");
    }
    processes_.clear();
}

Sums Director::sums() const { return sums_of({board_.tallies.data(), options_.processes}); }

std::optional<CpuTime> Director::server_cpu() const {
    if (options_.transport == Transport::loopback)
        return CpuTime{.total_ns = static_cast<std::int64_t>(board_.tallies[0].engine_cpu_ns.get()), .ticks = {}};
    if (!options_.server_pid) return std::nullopt;
    const auto cpu = cpu_time_of(*options_.server_pid);
    if (!cpu) throw std::runtime_error("the server has ended: " + cpu.error());
    return *cpu;
}

void Director::add_cpu(FlatJson& json, const Moment& before) const {
    const auto& from = before.cpu;
    const auto to = server_cpu();
    if (!from || !to) return;
    const auto deliveries = sums().deliveries - before.sums.deliveries;
    const auto nanoseconds = static_cast<double>(to->total_ns - from->total_ns);
    const double tick_ms = 1000.0 / static_cast<double>(::sysconf(_SC_CLK_TCK));
    json.add("server_cpu_ms", nanoseconds / 1e6);
    if (options_.server_pid) {
        json.add("server_user_ms", static_cast<double>(to->ticks.user - from->ticks.user) * tick_ms);
        json.add("server_system_ms", static_cast<double>(to->ticks.system - from->ticks.system) * tick_ms);
    }
    if (deliveries > 0) json.add("server_cpu_us_per_delivery", nanoseconds / 1e3 / static_cast<double>(deliveries));
}

// ---- how it goes

void Director::look() {
    const Nanoseconds now = now_ns();
    const auto deliveries = sums().deliveries;
    if (looked_ns_ != 0 && points_.size() < points_max)
        points_.push_back({.seconds = static_cast<double>(now - acting_ns_) / 1e9,
                           .deliveries_per_s = static_cast<double>(deliveries - looked_deliveries_) /
                                               (static_cast<double>(now - looked_ns_) / 1e9)});
    looked_ns_ = now;
    looked_deliveries_ = deliveries;
}

void Director::tell(const char* what) {
    const Nanoseconds now = now_ns();
    if (now - told_ns_ < second) return;
    const Sums all = sums();
    const double rate = told_ns_ == 0 ? 0
                                      : static_cast<double>(all.deliveries - told_deliveries_) /
                                            (static_cast<double>(now - told_ns_) / 1e9);
    const Latencies heard = all_of({board_.tallies.data(), options_.processes}, &Tally::heard);
    std::fprintf(stderr, "[%4lld s] %s: %llu of %u live, %.0f deliveries a second, p50 %.1f p99 %.1f ms",
                 static_cast<long long>((now - began_ns_) / second), what, static_cast<unsigned long long>(all.live),
                 options_.viewers, rate, heard.quantile_us(0.5) / 1000, heard.quantile_us(0.99) / 1000);
    if (options_.players > 0) {
        const Latencies drift = all_of({board_.tallies.data(), options_.processes}, &Tally::drift);
        std::fprintf(stderr, ", players off by p50 %.1f p99 %.1f ms, %.0f %% following", drift.quantile_us(0.5) / 1000,
                     drift.quantile_us(0.99) / 1000, following_share(all.looks, drift) * 100);
    }
    std::fputs("\n", stderr);
    told_ns_ = now;
    told_deliveries_ = all.deliveries;
}

void Director::pass_time(double seconds) {
    const Nanoseconds end = now_ns() + static_cast<Nanoseconds>(seconds * 1e9);
    for (Nanoseconds now = now_ns(); now < end; now = now_ns()) {
        ::usleep(static_cast<useconds_t>(std::min<Nanoseconds>(end - now, second / 10) / 1000));
        look();
        tell("watching");
    }
}

void Director::wait_until_all_are_in() {
    const Nanoseconds end = began_ns_ + std::chrono::nanoseconds(options_.join_time).count();
    while (sums().live < options_.viewers) {
        if (now_ns() > end)
            throw std::runtime_error(std::to_string(sums().live) + " of " + std::to_string(options_.viewers) +
                                     " viewers came in within " + std::to_string(options_.join_time.count()) + " s. " +
                                     board_.complaint());
        for (const pid_t process : processes_)
            if (::waitpid(process, nullptr, WNOHANG) != 0)
                throw std::runtime_error("a process of viewers failed. " + board_.complaint());
        ::usleep(20'000);
        tell("coming in");
    }
}

// ---- acting

void Director::act(std::chrono::seconds time) {
    board_.phase.store(Phase::acting);
    pass_time(std::chrono::duration<double>(time).count());
    board_.phase.store(Phase::draining);
    pass_time(drain_seconds);
    for (std::size_t room = 0; room < options_.rooms.size(); ++room)
        board_.versions[room].last.store(board_.versions[room].newest.load());
    pass_time(catch_up_seconds);
}

Director::Moment Director::now() const {
    const std::span<const Tally> tallies{board_.tallies.data(), options_.processes};
    return {.at = now_ns(),
            .sums = sums_of(tallies),
            .heard = all_of(tallies, &Tally::heard),
            .answered = all_of(tallies, &Tally::answered),
            .came_in = all_of(tallies, &Tally::came_in),
            .drift = all_of(tallies, &Tally::drift),
            .cpu = server_cpu()};
}

Outcome Director::outcome_since(const Moment& before) const {
    const Moment after = now();
    return {.before = before.sums,
            .after = after.sums,
            .join_seconds = static_cast<double>(joined_ns_ - began_ns_) / 1e9,
            .seconds = static_cast<double>(after.at - before.at) / 1e9,
            .heard = after.heard.since(before.heard),
            .answered = after.answered.since(before.answered),
            .came_in = after.came_in.since(before.came_in),
            .players = options_.players,
            .drift = after.drift.since(before.drift),
            .complaint = board_.complaint()};
}

int Director::run() {
    start_processes();
    wait_until_all_are_in();
    joined_ns_ = now_ns();
    pass_time(settle_seconds);
    points_.clear();
    acting_ns_ = looked_ns_ = now_ns();
    Moment before = now();
    before.came_in = {}; // they are told of all
    bool good = true;
    if (options_.commands) {
        board_.phase.store(Phase::quiet);
        good = act_as_told();
    } else {
        act(options_.time);
    }
    Outcome outcome = outcome_since(before);
    FlatJson json;
    json.add("kind", std::string_view("end")).add("viewers", std::uint64_t{options_.viewers});
    json.add("processes", std::uint64_t{options_.processes});
    FlatJson charged;
    add_cpu(charged, before);
    end_processes();
    outcome.after.behind = sums().behind;
    outcome.complaint = board_.complaint();
    add_to(json, outcome);
    json.append(charged);
    json.add("load_average", load_average());
    if (!options_.svg.empty()) {
        std::ofstream file(options_.svg);
        file << svg_of({.title = std::to_string(options_.viewers) + " viewers, " +
                                 std::to_string(outcome.after.deliveries - outcome.before.deliveries) + " deliveries",
                        .heard = outcome.heard,
                        .drift = outcome.drift,
                        .deliveries = points_});
        if (!file.flush()) throw std::runtime_error("cannot write the picture " + options_.svg);
    }
    std::printf("%s\n", json.text().c_str());
    return good ? 0 : 1;
}

} // namespace playhead::load
