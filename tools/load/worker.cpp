#include "worker.hpp"

#include "loopback_engine.hpp"
#include "wire.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace playhead::load {
namespace {

constexpr std::uint32_t bell_key = ~std::uint32_t{0};
constexpr Nanoseconds look_around = 50'000'000;    // at the board, at the latest
constexpr Nanoseconds retry_after = 1'000'000'000; // a connection that was lost
constexpr Nanoseconds slow_read_interval = 100'000'000;
constexpr int slow_buffer_bytes = 4096; // or the kernel would read for who does not
constexpr std::size_t events_max = 512;

std::string problem(int error) { return std::generic_category().message(error); }

// How many of all viewers this process has, the first ones having one more where they do not divide.
std::uint32_t share_of(const Options& options, std::uint32_t process) {
    return options.viewers / options.processes + (process < options.viewers % options.processes ? 1 : 0);
}

} // namespace

Worker::Worker(const Options& options, const sockaddr_in& server, Board& board, Bells bells, std::uint32_t process,
               LoopbackEngine* engine)
    : options_(options),
      server_(server),
      board_(board),
      tally_(board.tallies[process]),
      bells_(bells),
      process_(process),
      engine_(engine),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      viewers_(share_of(options, process)),
      buffer_(server_frame_bytes_max),
      chance_(process + 1) {
    if (epoll_ < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
    epoll_event wanted{.events = EPOLLIN, .data = {.u32 = bell_key}};
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, bells_.worker, &wanted) != 0)
        throw std::system_error(errno, std::generic_category(), "epoll_ctl");
    talk_ = make_talk(options, *this, process);
    // Everybody's act, of which this process has every so many.
    const auto acts = acts_of(options.mix, std::size_t{options.viewers});
    const std::uint32_t odd = process == 0 ? options.slow + options.never_read : 0;
    for (std::uint32_t index = 0; index < viewers_.size(); ++index) {
        Viewer& viewer = viewers_[index];
        viewer.index = index;
        const std::uint32_t of_all = index * options.processes + process;
        viewer.act = acts[of_all];
        viewer.room = static_cast<std::uint32_t>(room_of(options, of_all));
        if (const auto player = player_of(options, of_all))
            viewer.follower = std::make_unique<Follower>(*player, began_ns_);
        const auto from_end = static_cast<std::uint32_t>(viewers_.size()) - index;
        if (from_end > odd) continue;
        viewer.pace = from_end > options.slow ? Viewer::Pace::never : Viewer::Pace::slow;
        viewer.act = Act::watch;
    }
}

Worker::~Worker() {
    for (Viewer& viewer : viewers_) hang_up(viewer);
    ::close(epoll_);
}

void Worker::run() {
    while (board_.phase.load() != Phase::over) {
        const Nanoseconds now = now_ns();
        invite_more(now);
        run_due(now);
        wait_and_serve(now_ns());
        if (engine_ != nullptr) run_engine();
        for (const std::uint32_t index : std::exchange(failed_, {}))
            lose(viewers_[index], "it could not be told anything");
    }
    for (Viewer& viewer : viewers_) talk_->judge(viewer);
}

// Connects viewers at the rate that is wanted of all processes together; those who were here before need not wait for
// that.
void Worker::invite_more(Nanoseconds now) {
    while (!cut_off_.empty() && entering_ < options_.at_once) {
        Viewer& viewer = viewers_[cut_off_.front()];
        cut_off_.pop_front();
        if (viewer.state == Viewer::State::away) connect(viewer);
    }
    if (invited_ == viewers_.size()) return;
    const double seconds = static_cast<double>(now - began_ns_) / 1e9;
    const double allowed = 1 + seconds * options_.connects_per_s / options_.processes;
    while (invited_ < viewers_.size() && invited_ < allowed && entering_ < options_.at_once)
        connect(viewers_[invited_++]);
}

void Worker::run_due(Nanoseconds now) {
    while (!due_.empty() && due_.top().at <= now) {
        const Due due = due_.top();
        due_.pop();
        Viewer& viewer = viewers_[due.viewer];
        if (due.connection != viewer.connections) continue;
        if (due.task == Task::connect) {
            if (board_.phase.load() != Phase::over && viewer.state == Viewer::State::away) connect(viewer);
        } else if (due.task == Task::read) {
            viewer.stalled = false;
            if (viewer.carrier) {
                serve(viewer);
            } else if (viewer.pace == Viewer::Pace::slow) {
                read_slowly(viewer);
            } else {
                read(viewer);
            }
        } else if (due.task == Task::serve) {
            watch(viewer);
        } else {
            talk_->on_task(viewer, due.task, now);
        }
    }
}

void Worker::wait_and_serve(Nanoseconds now) {
    Nanoseconds wait = look_around;
    if (!due_.empty()) wait = std::clamp<Nanoseconds>(due_.top().at - now, 0, look_around);
    if ((invited_ < viewers_.size() || !cut_off_.empty()) && entering_ < options_.at_once)
        wait = std::min<Nanoseconds>(wait, 1'000'000);
    if (engine_ != nullptr) wait = std::clamp<Nanoseconds>(engine_->next() - now, 0, wait);
    std::array<epoll_event, events_max> events{};
    const timespec timeout{.tv_sec = 0, .tv_nsec = wait};
    const int count = ::epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), &timeout, nullptr);
    for (int n = 0; n < count; ++n) {
        const epoll_event& event = events[static_cast<std::size_t>(n)];
        if (event.data.u32 == bell_key) {
            answer_bell();
            continue;
        }
        Viewer& viewer = viewers_[event.data.u32];
        if (viewer.carrier) serve(viewer);
        if (viewer.socket < 0) continue;
        const bool hung_up = (event.events & static_cast<unsigned>(EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
        if (viewer.state == Viewer::State::connecting) on_connected(viewer);
        if (hung_up && viewer.state == Viewer::State::live && viewer.pace == Viewer::Pace::never)
            lose(viewer, "the server hung up"); // which who never reads would not notice
        if (viewer.socket >= 0 && (event.events & ~static_cast<unsigned>(EPOLLOUT)) != 0) read(viewer);
    }
}

void Worker::answer_bell() {
    eventfd_t rung = 0;
    if (::eventfd_read(bells_.worker, &rung) != 0 || board_.order.wish == Wish::none) return;
    const Nanoseconds now = now_ns();
    if (board_.order.wish == Wish::reconnect) return cut_everybody_off();
    board_.burst_ns.store(now);
    talk_->obey(viewers_.front(), board_.order, now);
}

void Worker::cut_everybody_off() {
    tally_.back = {};
    for (Viewer& viewer : viewers_) {
        if (viewer.state != Viewer::State::live) continue;
        hang_up(viewer);
        viewer.awaited = true;
        cut_off_.push_back(viewer.index);
    }
}

// ---- one viewer's connection

void Worker::connect(Viewer& viewer) {
    ++viewer.connections;
    ++entering_;
    viewer.state = Viewer::State::connecting;
    viewer.connected_ns = now_ns();
    viewer.stalled = false;
    viewer.back_after = 0;
    viewer.rest.clear();
    if (engine_ != nullptr) return connect_inside(viewer);
    viewer.socket = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (viewer.socket < 0) return lose(viewer, "socket: " + problem(errno));
    const int on = 1;
    ::setsockopt(viewer.socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (viewer.pace != Viewer::Pace::quick)
        ::setsockopt(viewer.socket, SOL_SOCKET, SO_RCVBUF, &slow_buffer_bytes, sizeof slow_buffer_bytes);
    epoll_event wanted{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.u32 = viewer.index}};
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, viewer.socket, &wanted) != 0)
        return lose(viewer, "epoll: " + problem(errno));
    // A sockaddr_in is a sockaddr, which is how the sockets' interface has it.
    if (const auto source = source_of(viewer)) {
        const sockaddr_in from{.sin_family = AF_INET, .sin_port = 0, .sin_addr = *source, .sin_zero = {}};
        ::setsockopt(viewer.socket, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
        if (::bind(viewer.socket, reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0)
            return lose(viewer, "bind: " + problem(errno));
    }
    const auto* address = reinterpret_cast<const sockaddr*>(&server_);
    if (::connect(viewer.socket, address, sizeof server_) != 0 && errno != EINPROGRESS)
        lose(viewer, "connect: " + problem(errno));
}

void Worker::on_connected(Viewer& viewer) {
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(viewer.socket, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return lose(viewer, "connect: " + problem(error));
    viewer.state = Viewer::State::greeting;
    say(viewer, talk_->greeting(viewer));
}

void Worker::read(Viewer& viewer) {
    if (viewer.state == Viewer::State::live && (viewer.stalled || viewer.pace != Viewer::Pace::quick)) return;
    while (viewer.socket >= 0) {
        const ssize_t got = ::recv(viewer.socket, buffer_.data(), buffer_.size(), 0);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (got < 0) return lose(viewer, problem(errno));
        if (got == 0) return lose(viewer, "the server hung up");
        const auto bytes = static_cast<std::size_t>(got);
        if (!feed(viewer, ByteView{buffer_}.first(bytes), now_ns()) || bytes < buffer_.size()) return;
    }
}

void Worker::read_slowly(Viewer& viewer) {
    if (viewer.socket < 0) return;
    const auto part =
        std::max<std::size_t>(1, options_.slow_bytes_per_s * std::size_t{slow_read_interval} / 1'000'000'000);
    const ssize_t got = ::recv(viewer.socket, buffer_.data(), std::min(part, buffer_.size()), 0);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) return lose(viewer, "the server hung up");
    if (got > 0 && !feed(viewer, ByteView{buffer_}.first(static_cast<std::size_t>(got)), now_ns())) return;
    later(viewer, Task::read, now_ns() + slow_read_interval);
}

// False if the connection has ended over it.
bool Worker::feed(Viewer& viewer, ByteView received, Nanoseconds now) {
    viewer.turn_open = false;
    const bool fresh = viewer.rest.empty();
    if (!fresh) viewer.rest.insert(viewer.rest.end(), received.begin(), received.end());
    const ByteView whole = fresh ? received : ByteView{viewer.rest};
    const auto used = talk_->hear(viewer, whole, now);
    if (!used) {
        lose(viewer, used.error());
        return false;
    }
    if (fresh) {
        viewer.rest.assign(whole.begin() + static_cast<std::ptrdiff_t>(*used), whole.end());
    } else {
        viewer.rest.erase(viewer.rest.begin(), viewer.rest.begin() + static_cast<std::ptrdiff_t>(*used));
    }
    if (viewer.rest.empty()) viewer.rest = {}; // most have nothing cut most of the time, and there are many
    return true;
}

// The connection has ended, and nobody wanted that.
void Worker::lose(Viewer& viewer, std::string_view why) {
    if (viewer.state == Viewer::State::away || viewer.state == Viewer::State::gone) return;
    const bool was_live = viewer.state == Viewer::State::live;
    hang_up(viewer);
    if (was_live && viewer.pace != Viewer::Pace::quick) {
        tally_.slow_ended.add();
        return later(viewer, Task::connect, now_ns() + retry_after);
    }
    if (viewer.back_after > 0) { // not sooner, and not all at the same moment
        tally_.turned_away.add();
        const auto more = static_cast<Nanoseconds>(chance_() % 1000) * viewer.back_after / 1000;
        return later(viewer, Task::connect, now_ns() + viewer.back_after + more);
    }
    tally_.lost.add();
    board_.complain(std::string(was_live ? "lost a viewer: " : "a viewer did not get in: ") + std::string(why));
    // Whoever counts what everybody hears has to know how many there are.
    if (board_.phase.load() == Phase::quiet && !viewer.awaited) {
        viewer.state = Viewer::State::gone;
    } else {
        later(viewer, Task::connect, now_ns() + retry_after);
    }
}

void Worker::hang_up(Viewer& viewer) {
    if (viewer.state == Viewer::State::live) {
        tally_.live.set(tally_.live.get() - 1);
        if (viewer.pace == Viewer::Pace::quick) tally_.counting.set(tally_.counting.get() - 1);
    } else if (viewer.state != Viewer::State::away && viewer.state != Viewer::State::gone) {
        --entering_;
    }
    if (viewer.socket >= 0) ::close(std::exchange(viewer.socket, -1));
    viewer.carrier.reset();
    viewer.state = Viewer::State::away;
}

// ---- Hall

void Worker::say(Viewer& viewer, const Bytes& bytes) {
    if (viewer.socket < 0 || bytes.empty()) return;
    // What viewers say is little; a server that does not take it at once is not reading.
    const ssize_t sent = ::send(viewer.socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent != static_cast<ssize_t>(bytes.size())) failed_.push_back(viewer.index);
}

void Worker::leave(Viewer& viewer, Nanoseconds back_after) {
    hang_up(viewer);
    later(viewer, Task::connect, now_ns() + back_after);
}

void Worker::stall(Viewer& viewer, Nanoseconds until) {
    viewer.stalled = true;
    later(viewer, Task::read, until);
}

void Worker::later(Viewer& viewer, Task task, Nanoseconds at) {
    due_.push({.at = at, .viewer = viewer.index, .connection = viewer.connections, .task = task});
}

void Worker::came_in(Viewer& viewer) {
    viewer.state = Viewer::State::live;
    --entering_;
    tally_.joined.add();
    tally_.live.add();
    if (viewer.pace == Viewer::Pace::quick) tally_.counting.add();
    const Nanoseconds now = now_ns();
    tally_.came_in.record((now - viewer.connected_ns) / 1000);
    if (std::exchange(viewer.awaited, false)) {
        tally_.back.record((now - board_.burst_ns.load()) / 1000);
        if (board_.remaining.fetch_sub(1) == 1) {
            board_.last_ns.store(now);
            all_heard();
        }
    }
    if (viewer.pace == Viewer::Pace::slow) later(viewer, Task::read, now + slow_read_interval);
}

void Worker::all_heard() { ::eventfd_write(bells_.director, 1); }

} // namespace playhead::load
