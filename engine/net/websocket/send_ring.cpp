#include "net/websocket/send_ring.hpp"

#include "net/websocket/link.hpp"

#include <liburing.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <utility>

namespace playhead::websocket {
namespace {

bool same(const Frame& a, const Frame& b) { return a.wire().data() == b.wire().data(); }

} // namespace

SendRing::SendRing() : ring_(std::make_unique<io_uring>()) {}

SendRing::~SendRing() {
    if (ring_->ring_fd >= 0) ::io_uring_queue_exit(ring_.get());
}

std::expected<std::unique_ptr<SendRing>, std::string> SendRing::make() {
    std::unique_ptr<SendRing> made{new SendRing};
    // Only this thread submits, and completions need not interrupt it.
    io_uring_params wanted{};
    wanted.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_COOP_TASKRUN;
    made->ring_->ring_fd = -1;
    int error = ::io_uring_queue_init_params(batch, made->ring_.get(), &wanted);
    if (error == -EINVAL) error = ::io_uring_queue_init(batch, made->ring_.get(), 0); // before Linux 6.0
    if (error < 0) {
        made->ring_->ring_fd = -1;
        return std::unexpected(std::strerror(-error));
    }
    return made;
}

SendRing::Group& SendRing::group_of(std::span<const Frame> frames) {
    if (groups_used_ > 0) {
        Group& last = *groups_[groups_used_ - 1];
        if (std::ranges::equal(last.frames, frames, same)) return last;
    }
    if (groups_used_ == groups_.size()) groups_.push_back(std::make_unique<Group>());
    Group& group = *groups_[groups_used_++];
    group.frames.assign(frames.begin(), frames.end());
    for (std::size_t i = 0; i < frames.size(); ++i) {
        const ByteView wire = frames[i].wire();
        // sendmsg only reads; iovec has no const of its own.
        group.buffers[i] = {const_cast<std::byte*>(wire.data()), wire.size()}; // NOLINT(*-const-cast)
    }
    group.message = {};
    group.message.msg_iov = group.buffers.data();
    group.message.msg_iovlen = frames.size();
    return group;
}

void SendRing::add(std::shared_ptr<Link> link, int socket, std::span<const Frame> frames) {
    assert(!frames.empty() && frames.size() <= buffers_max);
    const Group& group = group_of(frames);
    slots_[slots_used_] = {std::move(link), static_cast<std::uint32_t>(groups_used_ - 1)};
    io_uring_sqe* entry = ::io_uring_get_sqe(ring_.get());
    constexpr int flags = MSG_NOSIGNAL | MSG_DONTWAIT;
    if (frames.size() == 1)
        ::io_uring_prep_send(entry, socket, group.buffers[0].iov_base, group.buffers[0].iov_len, flags);
    else
        ::io_uring_prep_sendmsg(entry, socket, &group.message, flags);
    ::io_uring_sqe_set_data64(entry, slots_used_);
    if (++slots_used_ == batch) submit();
}

void SendRing::submit() {
    if (slots_used_ == 0) return;
    ++submissions_;
    std::size_t answered = 0;
    while (answered < slots_used_) {
        const int error = ::io_uring_submit_and_wait(ring_.get(), static_cast<unsigned>(slots_used_ - answered));
        // Out of memory or interrupted: what it has taken it answers, and the rest is offered again.
        assert(error >= 0 || error == -EINTR || error == -EAGAIN || error == -EBUSY || error == -ENOMEM);
        static_cast<void>(error);
        unsigned head = 0;
        unsigned seen = 0;
        io_uring_cqe* answer = nullptr;
        io_uring_for_each_cqe(ring_.get(), head, answer) {
            const Slot& slot = slots_[::io_uring_cqe_get_data64(answer)];
            slot.link->sent(answer->res, groups_[slot.group]->frames);
            ++seen;
        }
        ::io_uring_cq_advance(ring_.get(), seen);
        answered += seen;
    }
    for (std::size_t i = 0; i < slots_used_; ++i) slots_[i].link = nullptr;
    for (std::size_t i = 0; i < groups_used_; ++i) groups_[i]->frames.clear();
    slots_used_ = 0;
    groups_used_ = 0;
}

} // namespace playhead::websocket
