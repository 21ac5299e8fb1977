#pragma once

#include "replication/frame.hpp"
#include "session/connection.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <vector>

namespace playhead::testing {

// Writes down what a connection tells, and sees to it that nothing is told from inside a call to it, nor after the end.
class Recorder final : public ConnectionEvents {
  public:
    std::vector<Bytes> messages;
    std::vector<Error> closed;
    int drained = 0;
    bool calling = false;       // a method of the connection is on the stack
    std::function<void()> then; // what the owner does in answer

    void on_message(ByteView message) override {
        note();
        messages.emplace_back(message.begin(), message.end());
        if (then) then();
    }
    void on_drained() override {
        note();
        ++drained;
        if (then) then();
    }
    void on_closed(const Error& error) override {
        note();
        closed.push_back(error);
        if (then) then();
    }

  private:
    void note() const {
        CHECK_FALSE_MESSAGE(calling, "called back from inside a call");
        CHECK_MESSAGE(closed.empty(), "called after on_closed()");
    }
};

} // namespace playhead::testing
