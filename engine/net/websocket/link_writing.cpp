#include "net/websocket/link.hpp"
#include "net/websocket/send_ring.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <utility>

namespace playhead::websocket {

using boost::system::error_code;

namespace {

constexpr std::size_t gathered_max = 64;            // buffers in one system call
constexpr std::size_t sealed_batch_min = 64 * 1024; // bytes that are enough for one, under TLS

} // namespace

bool Link::send(std::span<const Frame> frames) {
    if (state_ != State::open || broken_) return true; // on_closed() is on its way, or was called
    if (secure_) return send_sealed(frames);
    submit_gathered();
    if (!waiting_.empty()) {
        owes_drained_ = true;
        return keep_rest(frames, 0);
    }
    if (frames.empty()) return true;
    if (shared_.ring && shared_.ring->gathers() && frames.size() <= SendRing::buffers_max) {
        gathered_ = true;
        shared_.ring->add(shared_from_this(), socket_.native_handle(), frames);
        return true; // if the kernel is full, the next send will say so
    }
    std::array<iovec, gathered_max> buffers{};
    std::size_t count = 0;
    for (const Frame& frame : frames) {
        if (count == buffers.size()) break;
        const ByteView wire = frame.wire();
        // sendmsg only reads; iovec has no const of its own.
        buffers[count++] = {const_cast<std::byte*>(wire.data()), wire.size()}; // NOLINT(*-const-cast)
    }
    const auto written = write(std::span{buffers}.first(count));
    if (!written) {
        fail_later();
        return true;
    }
    owes_drained_ = !keep_rest(frames, *written);
    return !owes_drained_;
}

void Link::submit_gathered() {
    if (gathered_) shared_.ring->submit();
}

void Link::sent(int result, std::span<const Frame> frames) {
    gathered_ = false;
    const auto written = count_written(result);
    if (!written) return fail_later();
    keep_rest(frames, *written);
}

bool Link::keep_rest(std::span<const Frame> frames, std::size_t taken) {
    for (const Frame& frame : frames) {
        const std::size_t size = frame.wire().size();
        if (waiting_.empty() && taken >= size) {
            taken -= size;
            continue;
        }
        if (waiting_.empty()) written_of_first_ = taken; // how far into it the kernel got
        waiting_.push_back({frame, {}});
    }
    if (waiting_.empty()) return true;
    ++shared_.counters.blocked;
    wait_writable();
    return false;
}

void Link::queue(Bytes control) {
    submit_gathered();
    waiting_.push_back({{}, std::move(control)});
    if (waiting_.size() == 1) written_of_first_ = 0;
    flush();
}

// Writes what waits, as far as the kernel takes it.
void Link::flush() {
    if (secure_) {
        while (!nothing_waits() && !broken_ && state_ != State::over && write_sealed()) {
        }
        if (waiting_.empty()) waiting_ = {};
        return;
    }
    while (!waiting_.empty() && !broken_ && state_ != State::over) {
        std::array<iovec, gathered_max> buffers{};
        std::size_t count = 0;
        std::size_t bytes = 0;
        for (const Outgoing& outgoing : waiting_) {
            if (count == buffers.size()) break;
            const ByteView rest = outgoing.bytes().subspan(count == 0 ? written_of_first_ : 0);
            buffers[count++] = {const_cast<std::byte*>(rest.data()), rest.size()}; // NOLINT(*-const-cast)
            bytes += rest.size();
        }
        const auto written = write(std::span{buffers}.first(count));
        if (!written) {
            fail_later();
            return;
        }
        take_from_front(*written);
        if (*written < bytes) {
            wait_writable();
            return;
        }
    }
    if (waiting_.empty()) waiting_ = {};
}

void Link::take_from_front(std::size_t bytes) {
    std::size_t left = bytes + written_of_first_;
    std::size_t gone = 0;
    while (gone < waiting_.size() && left >= waiting_[gone].bytes().size()) left -= waiting_[gone++].bytes().size();
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(gone));
    written_of_first_ = waiting_.empty() ? 0 : left;
}

std::optional<std::size_t> Link::write(std::span<const iovec> buffers) {
    constexpr int flags = MSG_NOSIGNAL | MSG_DONTWAIT;
    const int socket = socket_.native_handle();
    ssize_t written = 0;
    if (buffers.size() == 1) { // mostly; the kernel has less to look at
        written = ::send(socket, buffers[0].iov_base, buffers[0].iov_len, flags);
    } else {
        msghdr message{};
        message.msg_iov = const_cast<iovec*>(buffers.data()); // NOLINT(*-const-cast)
        message.msg_iovlen = buffers.size();
        written = ::sendmsg(socket, &message, flags);
    }
    return count_written(written < 0 ? -errno : written);
}

std::optional<std::size_t> Link::count_written(ssize_t result) {
    ++shared_.counters.writes;
    if (result < 0) {
        // ENOBUFS and ENOMEM pass; waiting for writability is the way to wait for them too.
        if (result == -EAGAIN || result == -EINTR || result == -ENOBUFS || result == -ENOMEM) return 0;
        return std::nullopt;
    }
    shared_.counters.bytes_written += static_cast<std::uint64_t>(result);
    return static_cast<std::size_t>(result);
}

// ---- under TLS

bool Link::send_sealed(std::span<const Frame> frames) {
    const bool first = nothing_waits();
    waiting_.reserve(waiting_.size() + frames.size());
    for (const Frame& frame : frames)
        if (!frame.empty()) waiting_.push_back({frame, {}});
    if (first && !waiting_.empty()) write_sealed(); // once: what is left leaves when the loop turns
    if (waiting_.empty()) waiting_ = {};
    if (broken_ || nothing_waits()) return true;
    ++shared_.counters.blocked;
    owes_drained_ = true;
    wait_writable();
    return false;
}

bool Link::write_sealed() {
    Secure& secure = *secure_;
    const bool rest = !secure.sealed.empty();
    if (!rest && !seal_batch()) {
        fail_later();
        return false;
    }
    const ByteView bytes = rest ? ByteView{secure.sealed}.subspan(secure.written_of_sealed) : ByteView{shared_.sealed};
    const iovec buffer{const_cast<std::byte*>(bytes.data()), bytes.size()}; // NOLINT(*-const-cast)
    const auto written = write({&buffer, 1});
    if (!written) {
        fail_later();
        return false;
    }
    const bool all = *written == bytes.size();
    if (all && rest) secure.sealed = {};
    if (!all && !rest) secure.sealed.assign(bytes.begin() + static_cast<std::ptrdiff_t>(*written), bytes.end());
    secure.written_of_sealed = !all && rest ? secure.written_of_sealed + *written : 0;
    if (!all) wait_writable();
    return all;
}

bool Link::seal_batch() {
    shared_.sealed.clear();
    while (!waiting_.empty() && shared_.sealed.size() < sealed_batch_min) {
        std::size_t filled = 0;
        for (std::size_t i = 0; i < waiting_.size() && filled < shared_.gathered.size(); ++i) {
            const ByteView rest = waiting_[i].bytes().subspan(i == 0 ? written_of_first_ : 0);
            const std::size_t part = std::min(rest.size(), shared_.gathered.size() - filled);
            std::memcpy(shared_.gathered.data() + filled, rest.data(), part);
            filled += part;
        }
        if (!secure_->session->encrypt(std::span{shared_.gathered}.first(filled), shared_.sealed)) return false;
        take_from_front(filled);
    }
    return true;
}

// ---- when the kernel can take more

void Link::wait_writable() {
    if (std::exchange(waits_writable_, true)) return;
    socket_.async_wait(Socket::wait_write, [self = shared_from_this()](const error_code& failed) {
        self->waits_writable_ = false;
        if (!failed) self->on_writable();
    });
}

void Link::on_writable() {
    if (state_ == State::over) return;
    flush();
    if (!nothing_waits() || broken_) return;
    if (state_ == State::open) {
        if (std::exchange(owes_drained_, false)) events_->on_drained();
    } else if (state_ == State::lingering) {
        linger();
    }
}

std::size_t Link::bytes_waiting() const {
    std::size_t bytes = 0;
    for (const Outgoing& outgoing : waiting_) bytes += outgoing.bytes().size();
    bytes -= written_of_first_;
    return secure_ ? bytes + secure_->sealed.size() - secure_->written_of_sealed : bytes;
}

} // namespace playhead::websocket
