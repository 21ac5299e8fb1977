#pragma once

#include "core/time.hpp"
#include "net/http/backend.hpp"
#include "net/tls/certificates.hpp"
#include "session/clock.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace playhead::http {

// What an operator may set, and how long and how much anything here may last or hold.
struct Settings {
    std::string host = "127.0.0.1";     // an address, or a name of this machine
    std::uint16_t port = 8080;          // 0 = any free one
    std::filesystem::path web_root;     // empty = no web app
    std::filesystem::path media_folder; // empty = no media
    std::optional<tls::Files> tls;      // none: everything is spoken plainly
    std::chrono::milliseconds certificate_look_interval{5'000};
    std::vector<std::string> allowed_origins;
    std::string admin_token;                          // opens the admin API; empty = there is none
    std::size_t connections_max = 4096;               // joined viewers do not count: they have left HTTP
    std::uint32_t rooms_created_per_minute = 30;      // per address
    std::uint32_t joins_per_minute = 600;             // per address: attempts to get a connect token
    std::chrono::milliseconds header_timeout{10'000}; // from the first byte, or from the connection's start
    std::chrono::milliseconds body_timeout{10'000};
    std::chrono::milliseconds idle_timeout{60'000};  // between two requests of one connection
    std::chrono::milliseconds stall_timeout{60'000}; // a peer that takes nothing of its answer
    std::chrono::milliseconds linger_timeout{2'000}; // after the last answer, so that a reset does not overtake it
    std::uint32_t requests_per_connection_max = 10'000;
    std::size_t file_chunk_bytes = 256 * 1024; // sent of one file before others have their turn
};

// Which run of the engine this is and how its time runs.
struct RunFacts {
    std::uint64_t clock_id = 0;
    TickLength tick_length;
    std::string version{}; // of the program
};

// What HTTP did; plain numbers on the HTTP thread.
struct Counters {
    std::uint64_t requests = 0;
    std::uint64_t requests_refused = 0; // answered with 4xx or 5xx
    std::uint64_t connections_accepted = 0;
    std::uint64_t connections_refused = 0; // beyond connections_max
    std::uint64_t connections_open = 0;
    std::uint64_t connections_timed_out = 0;
    std::uint64_t accept_pauses = 0; // no descriptor or memory left for another connection
    std::uint64_t upgrades = 0;
    std::uint64_t upgrades_refused = 0;
    std::uint64_t sent_bytes = 0;
    std::uint64_t tls_handshakes = 0;
    std::uint64_t tls_handshakes_refused = 0; // broken off or too slow; plain requests among them
    std::uint64_t certificates_renewed = 0;
    std::uint64_t certificates_refused = 0; // new files that could not be used
    std::int64_t certificate_expires_s = 0; // Unix time; 0: there is none
};
std::string to_prometheus(const Counters& counters);

// Accepts connections, answers HTTP/1.1 and hands WebSocket viewers on to the backend; through TLS if there are
// certificate and key. These are looked at again now and then: new connections get what is in the files by then.
//   Thread: the one that runs `io`.   Owner: app/server; SIGPIPE must be ignored (sendfile raises it).
//   Errors: the constructor throws std::runtime_error (start-up) for a port, folder or certificate it cannot have.
class Server {
  public:
    Server(boost::asio::io_context& io, const Settings& settings, const RunFacts& facts, const Clock& clock,
           Backend& backend);
    ~Server();

    // The port that is really listened on.
    std::uint16_t port() const;

    // It speaks TLS.
    bool secure() const;

    // Looks at once whether certificate and key were renewed.
    void look_at_certificates();

    // Stops accepting, refuses new viewers, lets answers under way finish; `done` is called once all connections are
    // gone.
    void drain(std::function<void()> done);

    const Counters& counters() const;

    struct Impl; // shared with the connections, which may outlive the Server

  private:
    std::shared_ptr<Impl> impl_;
};

} // namespace playhead::http
