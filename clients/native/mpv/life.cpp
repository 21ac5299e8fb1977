#include "mpv/life.hpp"

#include "playhead/room.hpp"

#include <limits>
#include <utility>

namespace playhead::mpv {

bool Restarts::allow(double now_ms) {
    while (!at_ms_.empty() && now_ms - at_ms_.front() > window_ms) at_ms_.pop_front();
    if (at_ms_.size() >= restarts_max) return false;
    at_ms_.push_back(now_ms);
    return true;
}

Life::Life(Options options) : options_(std::move(options)) {}
Life::~Life() = default;

std::expected<void, std::string> Life::begin(double now_ms) {
    if (options_.attach_to.empty()) return start(now_ms);
    auto connection = Connection::open(options_.attach_to);
    if (!connection) {
        return std::unexpected("no mpv listens on " + options_.attach_to + " (" + connection.error() +
                               "); start one with mpv --input-ipc-server=" + options_.attach_to);
    }
    connection_ = *std::move(connection);
    heard_at_ms_ = now_ms;
    look_at_ms_ = now_ms; // poll() tells that it is here
    started_at_ms_ = now_ms;
    return {};
}

std::expected<void, std::string> Life::start(double now_ms) {
    folder_.emplace();
    options_.start.socket = folder_->socket();
    auto process = Process::start(options_.start);
    if (!process) return std::unexpected(process.error());
    process_.emplace(*std::move(process));
    started_at_ms_ = now_ms;
    look_at_ms_ = now_ms;
    silent_ = false;
    return {};
}

std::vector<Life::News> Life::poll(double now_ms) {
    std::vector<News> news;
    if (over_) return news;
    if (look_at_ms_ > 0) {
        look_for_socket(now_ms, news);
    } else if (!here()) {
        // How it ended shows a moment after its socket has closed.
        if (closed_at_ms_ == 0) closed_at_ms_ = now_ms;
        if (process_ && !process_->ended() && now_ms - closed_at_ms_ < end_wait_ms) return news;
        const bool wanted = quitting_ || (process_ && process_->ended() && process_->ended()->by_itself);
        std::string why = connection_ ? connection_->fault() : "mpv is gone";
        if (process_ && process_->ended()) why = process_->ended()->how;
        gone(std::move(why), wanted, now_ms, news);
    } else {
        check_pulse(now_ms, news);
    }
    return news;
}

void Life::look_for_socket(double now_ms, std::vector<News>& news) {
    if (now_ms < look_at_ms_) return;
    if (!here()) {
        if (process_ && process_->ended()) {
            look_at_ms_ = 0;
            return gone("mpv did not start: " + process_->ended()->how, process_->ended()->by_itself, now_ms, news);
        }
        if (auto connection = Connection::open(options_.start.socket)) {
            connection_ = *std::move(connection);
        } else if (now_ms - started_at_ms_ > start_wait_ms) {
            look_at_ms_ = 0;
            return gone("mpv did not open its socket", false, now_ms, news);
        } else {
            look_at_ms_ = now_ms + connect_gap_ms;
            return;
        }
    }
    look_at_ms_ = 0;
    heard_at_ms_ = now_ms;
    asked_at_ms_ = now_ms;
    news.push_back(Here{});
}

void Life::check_pulse(double now_ms, std::vector<News>& news) {
    const double quiet_ms = now_ms - heard_at_ms_;
    if (quiet_ms < silent_after_ms && std::exchange(silent_, false)) news.push_back(Answers{});
    if (quiet_ms >= ask_after_ms && now_ms - asked_at_ms_ >= ask_after_ms) {
        asked_at_ms_ = now_ms;
        connection_->send(command("get_property", "mpv-version"));
    }
    if (quiet_ms >= silent_after_ms && !std::exchange(silent_, true)) news.push_back(Silent{});
    if (quiet_ms < hung_after_ms) return;
    if (process_) process_->kill();
    gone("mpv hangs", false, now_ms, news);
}

void Life::gone(std::string why, bool wanted, double now_ms, std::vector<News>& news) {
    connection_.reset();
    silent_ = false;
    closed_at_ms_ = 0;
    if (process_) process_->end();
    process_.reset();
    if (!wanted && restarts_.allow(now_ms) && begin(now_ms)) {
        news.push_back(Restarted{std::move(why)});
        return;
    }
    over_ = true;
    news.push_back(Over{.why = std::move(why), .wanted = wanted});
}

double Life::next_ms() const {
    if (over_) return std::numeric_limits<double>::infinity();
    if (look_at_ms_ > 0) return look_at_ms_;
    if (!here()) return closed_at_ms_ + end_look_ms;
    return std::max(heard_at_ms_, asked_at_ms_) + ask_after_ms;
}

std::vector<Message> Life::take() { return listen(0, 0); }

double Life::now_ms() const { return client::local_now_ms(); }

std::uint64_t Life::send(const Value::List& command) { return connection_ ? connection_->send(command) : 0; }

std::vector<Message> Life::listen(std::uint64_t request, double wait_ms) {
    if (!connection_) return {};
    std::vector<Message> messages = connection_->listen(request, wait_ms);
    if (!messages.empty()) heard_at_ms_ = now_ms();
    return messages;
}

} // namespace playhead::mpv
