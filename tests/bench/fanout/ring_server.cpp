// The same by io_uring: a ring, registered files, a thousand sends handed over at a time. No buffers are registered:
// what is copied is little, and sends without copying have to be waited for twice.
#include "audience.hpp"

#include <liburing.h>

#include <algorithm>
#include <cerrno>
#include <sys/socket.h>

namespace {

constexpr unsigned batch = 1024;
constexpr unsigned files_max = 20'000;

class Ring {
  public:
    Ring() {
        // Only this thread submits, and completions may wait until it asks for them.
        io_uring_params wanted{};
        wanted.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_COOP_TASKRUN;
        int error = ::io_uring_queue_init_params(batch, &ring_, &wanted);
        if (error == -EINVAL) { // an older kernel
            wanted = {};
            error = ::io_uring_queue_init_params(batch, &ring_, &wanted);
        }
        if (error < 0) give_up("this kernel gives no ring", -error);
        error = ::io_uring_register_files_sparse(&ring_, files_max);
        if (error < 0) give_up("no files can be registered", -error);
    }

    void add(int socket) {
        const int error = ::io_uring_register_files_update(&ring_, files_++, &socket, 1);
        if (error < 0) give_up("a file could not be registered", -error);
    }

    void send_to_all(std::span<const std::byte> message) {
        for (unsigned first = 0; first < files_; first += batch) {
            const unsigned count = std::min(batch, files_ - first);
            for (unsigned n = 0; n < count; ++n) {
                io_uring_sqe* entry = ::io_uring_get_sqe(&ring_);
                ::io_uring_prep_send(entry, static_cast<int>(first + n), message.data(), message.size(),
                                     MSG_NOSIGNAL | MSG_WAITALL);
                entry->flags |= IOSQE_FIXED_FILE;
            }
            const int error = ::io_uring_submit_and_wait(&ring_, count);
            if (error < 0) give_up("the ring takes nothing", -error);
            take_answers(count);
        }
    }

  private:
    void take_answers(unsigned count) {
        io_uring_cqe* answer = nullptr;
        while (count > 0) {
            if (const int error = ::io_uring_wait_cqe(&ring_, &answer); error < 0) give_up("the ring", -error);
            if (answer->res < 0 && answer->res != -EPIPE && answer->res != -ECONNRESET) give_up("send", -answer->res);
            ::io_uring_cqe_seen(&ring_, answer);
            --count;
        }
    }

    io_uring ring_{};
    unsigned files_ = 0;
};

} // namespace

int main() {
    Audience audience;
    Ring ring;
    audience.serve({.joined = [&](int socket) { ring.add(socket); },
                    .broadcast =
                        [&](std::uint32_t messages, std::span<const std::byte> message) {
                            for (std::uint32_t n = 0; n < messages; ++n) ring.send_to_all(message);
                        }});
}
