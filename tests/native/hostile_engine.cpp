#include "native/hostile_engine.hpp"

#include "replication/replica.hpp"
#include "replication/state_hash.hpp"

namespace playhead::client::test {

Welcome honest_welcome() {
    Welcome welcome;
    welcome.protocol = 1;
    welcome.room = "demo";
    welcome.viewer = ViewerId{7};
    welcome.resume_token = "r.demo.x";
    welcome.clock_id = 5;
    welcome.tick_length = Microseconds{50'000};
    welcome.report_interval_ms = 1'000;
    welcome.ping_interval_ms = 250;
    return welcome;
}

Snapshot honest_snapshot() {
    Snapshot snapshot;
    snapshot.epoch = Epoch{3};
    snapshot.version = Version{10};
    snapshot.fields.info = RoomInfo{"Demo", false};
    snapshot.fields.media = Media{};
    snapshot.fields.motion = playhead::Motion{};
    snapshot.fields.viewer_count = 1;
    snapshot.fields.viewers = {ViewerRow{ViewerId{7}, "Victim", 0, true}};
    Replica replica;
    replica.apply(snapshot);
    snapshot.state_hash = replica.state_hash();
    return snapshot;
}

void Victim::join() {
    engine->say(honest_welcome());
    engine->say(honest_snapshot());
    poll();
}

} // namespace playhead::client::test
