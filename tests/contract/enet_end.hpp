#pragma once

#include "net/enet/enet_client.hpp"

#include <memory>
#include <vector>

namespace playhead::enet::test {

// The far side of an ENet connection, for the contract: time passes when it is let.
class EnetEnd {
  public:
    EnetEnd() {
        stage_.start_at_once = false;
        REQUIRE(stage_.join(client_));
    }

    std::unique_ptr<Connection>& connection() { return stage_.attached[0]->connection; }
    void say(const Bytes& message) { client_.say(message); }
    void settle() {
        pick();
        stage_.turns(20);
    }
    template <class Done>
    bool run_until(Done done) {
        pick();
        return stage_.run_until(done);
    }
    void vanish() { client_.hang_up(); }
    void answer_close() {}
    std::vector<Bytes> heard() const {
        std::vector<Bytes> messages;
        for (const auto& [channel, message] : client_.heard) messages.push_back(message);
        return messages;
    }
    bool sees_end() const { return client_.gone.has_value(); }

    bool reading = true;

  private:
    // Who does not read gets no turn.
    void pick() {
        stage_.clients.clear();
        if (reading) stage_.clients.push_back(&client_);
    }

    Stage stage_;
    Client client_{stage_.host->port(), grant(1, stage_.clock), stage_.clock};
};

} // namespace playhead::enet::test
