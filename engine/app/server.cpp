#include "app/server.hpp"

#include "app/metrics_page.hpp"
#include "app/shard_thread.hpp"
#include "net/http/server.hpp"
#include "session/clock.hpp"
#include "session/engine_run.hpp"
#include "session/shard.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <spdlog/fmt/fmt.h>
#include <spdlog/spdlog.h>

#include <bit>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <optional>
#include <span>
#include <stdexcept>

namespace playhead {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::chrono::seconds drain_time_max{5};

PluginSets plugin_sets_of(const Config& config) {
    PluginSets sets{config.plugins, {}};
    for (const RoomRequest& room : config.rooms)
        if (room.id && room.plugins != config.plugins) sets.of_room[*room.id] = room.plugins;
    return sets;
}

// What HTTP asks of the shard, as messages to its thread.
class ShardBackend final : public http::Backend {
  public:
    ShardBackend(asio::io_context& http_io, ShardThread& shard, std::string version, std::function<Config()> reread)
        : http_io_(http_io),
          shard_(shard),
          version_(std::move(version)),
          reread_(std::move(reread)) {}

    void create_room(RoomRequest request, http::Reply<Result<CreatedRoom>> reply) override {
        shard_.post([request = std::move(request), reply = std::move(reply)](Shard& shard) mutable {
            reply(shard.create(request));
        });
    }
    void list_rooms(http::Reply<std::vector<RoomSummary>> reply) override {
        shard_.post([reply = std::move(reply)](Shard& shard) mutable { reply(shard.listed_rooms()); });
    }
    void find_room(RoomId id, http::Reply<std::optional<RoomSummary>> reply) override {
        shard_.post([id = std::move(id), reply = std::move(reply)](Shard& shard) mutable { reply(shard.find(id)); });
    }
    void join_room(RoomId id, JoinRequest request, http::Reply<Result<IssuedToken>> reply) override {
        shard_.post([id = std::move(id), request = std::move(request), reply = std::move(reply)](Shard& shard) mutable {
            reply(shard.issue(id, request));
        });
    }
    // Files are read here, in the thread that serves files; only what is fit to run reaches the shard.
    void reload_plugins(http::Reply<Result<PluginReload>> reply) override {
        PluginSets sets;
        try {
            if (!reread_) throw std::runtime_error("this engine was started without a config script to read again");
            sets = plugin_sets_of(reread_());
        } catch (const std::exception& failure) {
            return reply(std::unexpected(Error{ErrorCode::malformed, failure.what()}));
        }
        shard_.post([sets = std::move(sets), reply = std::move(reply)](Shard& shard) mutable {
            shard.reload(std::move(sets),
                         [reply = std::move(reply)](PluginReload reload) mutable { reply(std::move(reload)); });
        });
    }
    void list_plugins(http::Reply<std::vector<PluginUse>> reply) override {
        shard_.post([reply = std::move(reply)](Shard& shard) mutable { reply(shard.plugin_uses()); });
    }
    void overview(http::Reply<std::vector<ShardOverview>> reply) override {
        shard_.post([reply = std::move(reply)](Shard& shard) mutable {
            std::vector<ShardOverview> all;
            all.push_back(shard.overview());
            reply(std::move(all));
        });
    }
    // The shard only copies its numbers: writing them down takes longer than a tick should wait for.
    void metrics_page(http::Reply<std::string> reply) override {
        shard_.figures([this, reply = std::move(reply)](const ShardFigures& figures) mutable {
            asio::post(http_io_, [this, figures, reply = std::move(reply)]() mutable {
                reply(to_prometheus(figures.metrics) + to_prometheus(figures.plugins) +
                      to_prometheus(figures.websocket) + shard_metrics(figures.processor_time) +
                      (figures.enet ? to_prometheus(*figures.enet) : std::string{}) + process_metrics(version_));
            });
        });
    }
    void attach(http::UpgradedSocket socket) override { shard_.attach(std::move(socket)); }

  private:
    asio::io_context& http_io_;
    ShardThread& shard_;
    std::string version_;
    std::function<Config()> reread_;
};

http::Settings http_settings_of(const Config& config) {
    http::Settings settings = config.http;
    settings.admin_token = config.admin_token;
    return settings;
}

void log_reload(const Result<PluginReload>& reload) {
    if (!reload) return spdlog::error("plugins_not_reloaded why=\"{}\"", reload.error().message);
    for (const std::string& problem : reload->problems) spdlog::error("plugins_not_reloaded why=\"{}\"", problem);
    if (!reload->problems.empty()) return;
    spdlog::info("plugins_reloaded rooms_swapped={} rooms_unchanged={} rooms_kept={}", reload->rooms_swapped,
                 reload->rooms_unchanged, reload->rooms_kept);
}

EngineRun random_run(RandomSource& random) {
    EngineRun run;
    while (run.clock_id == 0) random.fill(std::as_writable_bytes(std::span{&run.clock_id, 1}));
    random.fill(run.sealing_key.bytes);
    return run;
}

// Opens the rooms of the config; returns their links.
std::vector<std::string> open_rooms(Shard& shard, const std::vector<RoomRequest>& rooms) {
    std::vector<std::string> links;
    for (const RoomRequest& room : rooms) {
        const auto created = shard.create(room);
        if (!created) {
            throw std::runtime_error("the room '" + (room.id ? room.id->text() : std::string{"(no id)"}) +
                                     "' of the config cannot be opened: " + created.error().message);
        }
        links.push_back("/r/" + created->id.text() + "#" + created->join_token);
    }
    return links;
}

} // namespace

// In order of dependence; destroyed from the bottom, so that nobody speaks to one who is gone. The HTTP event loop is
// the last to go: replies that wait in the shard's queue hold coroutines whose sockets belong to it.
struct Server::Impl {
    Impl(const Config& config, const std::string& version, std::function<Config()> reread)
        : engine_run(random_run(random)),
          host(config.http.host),
          shard(config.sessions, config.tick_length, engine_run, clock, random),
          backend(http_io, shard, version, std::move(reread)),
          http(http_io, http_settings_of(config),
               {engine_run.clock_id, config.tick_length, listen_for_enet(config), version}, clock, backend),
          signals(http_io),
          hang_ups(http_io),
          drain_timer(http_io) {
        shard.shard().use_plugins(plugin_sets_of(config));
        links = open_rooms(shard.shard(), config.rooms);
    }

    std::optional<http::EnetFacts> listen_for_enet(const Config& config) {
        if (!config.enet) return std::nullopt;
        return http::EnetFacts{shard.listen(*config.enet), config.enet->sealed};
    }

    void run() {
        std::signal(SIGPIPE, SIG_IGN);
        signals.add(SIGTERM);
        signals.add(SIGINT);
        signals.async_wait([this](const error_code& error, int signal) {
            if (!error) drain(signal);
        });
        hang_ups.add(SIGHUP);
        reload_on_hang_up();
        shard.start();
        http_io.run();
    }

    void reload_on_hang_up() {
        hang_ups.async_wait([this](const error_code& error, int) {
            if (error) return;
            http.look_at_certificates();
            backend.reload_plugins([](const Result<PluginReload>& reload) { log_reload(reload); });
            reload_on_hang_up();
        });
    }

    void drain(int signal) {
        spdlog::info("draining signal={}", signal == SIGTERM ? "SIGTERM" : "SIGINT");
        hang_ups.cancel();
        signals.clear(); // the next one does what signals do by default
        drain_timer.expires_after(drain_time_max);
        drain_timer.async_wait([this](const error_code& error) {
            if (error) return;
            spdlog::warn("drained incompletely after_s={}", drain_time_max.count());
            http_io.stop();
        });
        http.drain([this] { part_drained(); });
        shard.drain([this] { asio::post(http_io, [this] { part_drained(); }); });
    }

    void part_drained() {
        if (--parts_to_drain > 0) return;
        spdlog::info("drained");
        http_io.stop();
    }

    asio::io_context http_io{1};
    SteadyClock clock;
    SystemRandom random;
    EngineRun engine_run;
    std::string host;
    std::vector<std::string> links; // of the rooms of the config
    ShardThread shard;
    ShardBackend backend;
    http::Server http;
    asio::signal_set signals;
    asio::signal_set hang_ups; // SIGHUP: read the plugins and certificates again
    asio::steady_timer drain_timer;
    int parts_to_drain = 2; // HTTP and the shard
};

Server::Server(const Config& config, const std::string& version, std::function<Config()> reread)
    : impl_(std::make_unique<Impl>(config, version, std::move(reread))) {}
Server::~Server() = default;

std::string Server::url() const {
    std::string host = impl_->host;
    if (host == "0.0.0.0") host = "127.0.0.1"; // listens on all; a browser here reaches it so
    if (host == "::") host = "::1";
    if (host.contains(':')) host = "[" + host + "]";
    return (impl_->http.secure() ? "https://" : "http://") + host + ":" + std::to_string(impl_->http.port());
}

void Server::run() {
    const std::string base = url();
    // To whoever started the engine, not to the log: it is wanted at any log level, and who has a link may join.
    fmt::print("ready url={}\n", base);
    for (const std::string& link : impl_->links) fmt::print("{}{}\n", base, link);
    std::fflush(stdout);
    impl_->run();
}

} // namespace playhead
