#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

// What both bare servers have in common: who listens, and what is asked for. Everybody is accepted on 127.0.0.1.
// Whoever sends eight bytes (how many messages, how many bytes each; two integers of 32 bits, little-endian) has that
// sent to everybody; who asks for no message is told so by the same eight bytes, and belongs to those who listen from
// then on.
//   Errors: the environment's end the program, with a sentence.
class Audience {
  public:
    struct Callbacks {
        std::function<void(int socket)> joined = [](int) {};
        std::function<void(std::uint32_t messages, std::span<const std::byte> message)> broadcast;
    };

    Audience();
    // Prints "ready port=PORT", then serves for ever.
    [[noreturn]] void serve(const Callbacks& callbacks);
    std::span<const int> sockets() const { return sockets_; }

  private:
    void accept_all();
    void read_request(int socket, const Callbacks& callbacks);

    int listener_ = -1;
    int epoll_ = -1;
    std::vector<int> sockets_; // of those who listen
};

// Ends the program.
[[noreturn]] void give_up(const char* what, int error);
