#include "simulation/hostile.hpp"

#include "replication/decode.hpp"
#include "replication/encode.hpp"

#include <limits>
#include <utility>

namespace playhead::simulation {
namespace {

constexpr Microseconds act_interval_max{400'000};
constexpr Microseconds back_after_max{3'000'000};
constexpr int flood = 150;

} // namespace

Hostile::Hostile(Timeline& timeline, Random& random, Shard& shard, CreatedRoom room)
    : timeline_(timeline),
      random_(random),
      shard_(shard),
      room_(std::move(room)) {}

Hostile::~Hostile() {
    *alive_ = false;
    if (wire_) wire_->die();
}

void Hostile::stop() {
    stopped_ = true;
    if (wire_) wire_->cut();
}

void Hostile::dial() {
    if (stopped_) return;
    ++life_;
    sequence_ = 0;
    has_token_ = random_.chance(0.5);
    Quality quality;
    quality.lossy = random_.chance(0.3);
    wire_ = connect(timeline_, random_, shard_, room_.id, quality, *this);
    timeline_.after(quality.delay_up + quality.delay_down, [this, life = life_, alive = alive_] {
        if (!*alive || life != life_) return;
        if (random_.chance(0.8)) say(hello());
        act();
    });
}

void Hostile::say(Bytes bytes) {
    ++messages_said_;
    if (wire_) wire_->send(std::move(bytes));
}

std::string Hostile::wrong_token() {
    std::string token = room_.join_token;
    switch (random_.between(0, 3)) {
    case 0: return {};
    case 1: return std::string(static_cast<std::size_t>(random_.between(1, 512)), 'j');
    case 2: token.pop_back(); return token;
    default: {
        char& digit = token[token.rfind('.') + 1];
        digit = digit == 'A' ? 'B' : 'A';
        return token;
    }
    }
}

Bytes Hostile::hello() {
    Hello hello;
    hello.protocol_min = hello.protocol_max = 1;
    hello.room = room_.id.text();
    hello.join_token = has_token_ ? room_.join_token : wrong_token();
    hello.name = std::string(static_cast<std::size_t>(random_.between(0, 200)), '\x07');
    hello.have_epoch = Epoch{static_cast<std::uint32_t>(random_.next())};
    hello.have_version = Version{static_cast<std::uint32_t>(random_.next())};
    return encode(ClientMessage{hello});
}

// A message with some of its bits turned, or what never was one. Not of hellos: by chance they might show the token.
Bytes Hostile::nonsense() {
    Bytes bytes = random_.chance(0.5) ? extreme() : Bytes(static_cast<std::size_t>(random_.between(0, 300)));
    const std::int64_t turns = random_.between(1, 20);
    for (std::int64_t i = 0; i < turns && !bytes.empty(); ++i)
        bytes[static_cast<std::size_t>(random_.between(0, static_cast<std::int64_t>(bytes.size()) - 1))] ^=
            std::byte{static_cast<unsigned char>(1U << random_.between(0, 7))};
    return bytes;
}

// What can be said, and means too much.
Bytes Hostile::extreme() {
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    constexpr auto least = std::numeric_limits<std::int64_t>::min();
    const std::int64_t number = random_.chance(0.5) ? most : least;
    switch (random_.between(0, 6)) {
    case 0: return encode(ClientMessage{Ping{number}});
    case 1: {
        Report report;
        report.version = Version{std::numeric_limits<std::uint32_t>::max()};
        report.drift = report.delay = report.clock_error = Microseconds{number};
        report.duration = MediaTime{number};
        report.flags = 0xff;
        return encode(ClientMessage{report});
    }
    case 2: return encode(ClientMessage{Ack{Epoch{1}, Version{std::numeric_limits<std::uint32_t>::max()}}});
    case 3: return encode(ClientMessage{Resync{Version{0}, 0, false}});
    case 4: return encode(ClientMessage{ClientSignal{"ward", "poke", Value{number}}});
    default: break;
    }
    ClientCommand command;
    command.sequence = sequence_ += static_cast<std::uint32_t>(random_.chance(0.8) ? 1 : random_.between(0, 3000));
    command.media = MediaInstance{static_cast<std::uint32_t>(random_.between(0, 20))};
    command.issued_at = ServerTime{Microseconds{number}};
    command.position_seen = MediaTime{number};
    switch (random_.between(0, 4)) {
    case 0: command.action = Seek{MediaTime{number}}; break;
    case 1: command.action = SetRate{Rate{static_cast<std::int32_t>(number)}}; break;
    case 2: command.action = SetName{std::string(300, 'x')}; break;
    case 3: command.action = PluginCommand{"ward", "no such", Value{number}}; break;
    default: command.action = Pause{}; break;
    }
    return encode(ClientMessage{command});
}

void Hostile::act() {
    if (stopped_ || !wire_ || !wire_->open()) return;
    switch (random_.between(0, 7)) {
    case 0: say(nonsense()); break;
    case 1: say(hello()); break;
    case 2:
        for (int i = 0; i < flood; ++i) say(extreme());
        break;
    default: say(extreme()); break;
    }
    timeline_.after(random_.between(Microseconds{0}, act_interval_max), [this, life = life_, alive = alive_] {
        if (*alive && life == life_) act();
    });
}

void Hostile::on_bytes(ByteView bytes) {
    const auto message = decode_server(bytes);
    if (!message) return complaints_.add(Invariant::protocol, "undecodable: " + message.error().message);
    if (const auto* goodbye = std::get_if<Goodbye>(&*message)) {
        ++met_["goodbye " + std::to_string(std::to_underlying(goodbye->error.code))];
    } else if (!has_token_) {
        complaints_.add(Invariant::strangers, "somebody without a token was told something");
    }
}

void Hostile::on_gone(ErrorCode) {
    ++life_;
    wire_.reset();
    timeline_.after(random_.between(Microseconds{100'000}, back_after_max), [this, alive = alive_] {
        if (*alive) dial();
    });
}

} // namespace playhead::simulation
