#include "app/server.hpp"

#include "app/metrics_page.hpp"
#include "app/shards.hpp"
#include "net/http/server.hpp"
#include "session/clock.hpp"
#include "session/directory.hpp"
#include "session/engine_run.hpp"
#include "session/shard.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <spdlog/fmt/fmt.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <bit>
#include <cassert>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <iterator>
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

// For gather(): what each shard says to `question`.
template <class Answer, class Question>
auto asking(Question question) {
    return [question](ShardThread& shard, http::Reply<Answer> done) {
        shard.post([question, done = std::move(done)](Shard& here) mutable { done(question(here)); });
    };
}

// What HTTP asks of the shards, as messages to their threads.
class ShardsBackend final : public http::Backend {
  public:
    ShardsBackend(asio::io_context& http_io, Shards& shards, RandomSource& random, std::string version,
                  std::function<Config()> reread)
        : http_io_(http_io),
          shards_(shards),
          random_(random),
          version_(std::move(version)),
          reread_(std::move(reread)) {}

    void create_room(RoomRequest request, http::Reply<Result<CreatedRoom>> reply) override {
        if (!request.id) request.id = random_room_id(random_);
        ShardThread& shard = shards_.of(*request.id);
        shard.post([request = std::move(request), reply = std::move(reply)](Shard& here) mutable {
            reply(here.create(request));
        });
    }
    void list_rooms(http::Reply<std::vector<RoomSummary>> reply) override {
        using List = std::vector<RoomSummary>;
        shards_.gather<List>(asking<List>([](Shard& shard) { return shard.listed_rooms(); }),
                             [reply = std::move(reply)](std::vector<List> lists) mutable {
                                 List all;
                                 for (List& list : lists) std::ranges::move(list, std::back_inserter(all));
                                 std::ranges::sort(all, {}, &RoomSummary::id);
                                 reply(std::move(all));
                             });
    }
    void find_room(RoomId id, http::Reply<std::optional<RoomSummary>> reply) override {
        ShardThread& shard = shards_.of(id);
        shard.post([id = std::move(id), reply = std::move(reply)](Shard& here) mutable { reply(here.find(id)); });
    }
    void join_room(RoomId id, JoinRequest request, http::Reply<Result<http::Entrance>> reply) override {
        ShardThread& shard = shards_.of(id);
        shard.post([id = std::move(id), request = std::move(request), enet = shard.enet(),
                    reply = std::move(reply)](Shard& here) mutable {
            auto token = here.issue(id, request);
            if (!token) return reply(std::unexpected(std::move(token.error())));
            reply(http::Entrance{*std::move(token), enet});
        });
    }
    // Files are read here, in the thread that serves files; only what is fit to run reaches the shards.
    void reload_plugins(http::Reply<Result<PluginReload>> reply) override {
        PluginSets sets;
        try {
            if (!reread_) throw std::runtime_error("this engine was started without a config script to read again");
            sets = plugin_sets_of(reread_());
        } catch (const std::exception& failure) {
            return reply(std::unexpected(Error{ErrorCode::malformed, failure.what()}));
        }
        shards_.gather<PluginReload>(
            [&sets](ShardThread& shard, http::Reply<PluginReload> done) {
                shard.post([sets = copies_of(sets), done = std::move(done)](Shard& here) mutable {
                    here.reload(std::move(sets), std::move(done));
                });
            },
            [reply = std::move(reply)](std::vector<PluginReload> reloads) mutable {
                reply(merged(std::move(reloads)));
            });
    }
    void start_recording(RoomId id, bool left_out, http::Reply<Result<std::string>> reply) override {
        ShardThread& shard = shards_.of(id);
        shard.post([id = std::move(id), left_out, reply = std::move(reply)](Shard& here) mutable {
            reply(here.record(id, left_out));
        });
    }
    void stop_recording(RoomId id, http::Reply<Result<void>> reply) override {
        ShardThread& shard = shards_.of(id);
        shard.post(
            [id = std::move(id), reply = std::move(reply)](Shard& here) mutable { reply(here.stop_recording(id)); });
    }
    void list_plugins(http::Reply<std::vector<PluginUse>> reply) override {
        using Uses = std::vector<PluginUse>;
        shards_.gather<Uses>(
            asking<Uses>([](Shard& shard) { return shard.plugin_uses(); }),
            [reply = std::move(reply)](const std::vector<Uses>& uses) mutable { reply(merged(uses)); });
    }
    void overview(http::Reply<std::vector<ShardOverview>> reply) override {
        shards_.gather<ShardOverview>(asking<ShardOverview>([](Shard& shard) { return shard.overview(); }),
                                      std::move(reply));
    }
    // The shards only copy their numbers: writing them down takes longer than a tick should wait for.
    void metrics_page(http::Reply<std::string> reply) override {
        shards_.gather<ShardFigures>(
            [](ShardThread& shard, http::Reply<ShardFigures> done) { shard.figures(std::move(done)); },
            [this, reply = std::move(reply)](std::vector<ShardFigures> figures) mutable {
                asio::post(http_io_, [this, figures = std::move(figures), reply = std::move(reply)]() mutable {
                    reply(page_of(figures));
                });
            });
    }
    void attach(http::UpgradedSocket socket) override { shards_.of(socket.room).attach(std::move(socket)); }

  private:
    std::string page_of(const std::vector<ShardFigures>& figures) const {
        ShardFigures sum;
        for (const ShardFigures& one : figures) sum += one;
        return to_prometheus(sum.metrics) + to_prometheus(sum.plugins) + to_prometheus(sum.websocket) +
               (sum.enet ? to_prometheus(*sum.enet) : std::string{}) + shard_metrics(figures) +
               process_metrics(version_);
    }

    asio::io_context& http_io_;
    Shards& shards_;
    RandomSource& random_;
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

std::unique_ptr<RecordingFolder> recording_folder_of(const Config& config) {
    return config.recording ? std::make_unique<RecordingFolder>(*config.recording) : nullptr;
}

RecordingRules recording_rules_of(const Config& config, RecordingFolder* folder, const std::string& version) {
    if (folder == nullptr) return {};
    return {.store = folder,
            .engine = version,
            .all = config.recording->all,
            .left_out = !config.recording->names_and_chat,
            .part_bytes_max = config.recording->part_mib * 1024 * 1024};
}

// Each shard has copies of its own of the plugins, and the rooms of the config that are its.
std::vector<std::string> open_rooms(Shards& shards, const Config& config) {
    shards.each([&](ShardThread& thread) { thread.shard().use_plugins(copies_of(plugin_sets_of(config))); });
    std::vector<std::string> links;
    for (RoomRequest room : config.rooms) {
        assert(room.id);        // rooms of the config have names
        room.plugins = nullptr; // what its shard was given for it
        const auto created = shards.of(*room.id).shard().create(room);
        if (!created) {
            throw std::runtime_error("the room '" + room.id->text() +
                                     "' of the config cannot be opened: " + created.error().message);
        }
        links.push_back("/r/" + created->id.text() + "#" + created->join_token);
    }
    return links;
}

} // namespace

// In order of dependence; destroyed from the bottom, so that nobody speaks to one who is gone. The HTTP event loop is
// the last to go: replies that wait in the shards' queues hold coroutines whose sockets belong to it.
struct Server::Impl {
    Impl(const Config& config, const std::string& version, std::function<Config()> reread)
        : engine_run(random_run(random)),
          host(config.http.host),
          io_uring(config.io_uring),
          // NOLINTNEXTLINE(clang-analyzer-cplusplus.NewDeleteLeaks): the member owns it
          recordings(recording_folder_of(config)),
          shards(config.shards ? *config.shards : shards_of_this_machine(), config.sessions, config.tick_length,
                 engine_run, clock, random),
          backend(http_io, shards, random, version, std::move(reread)),
          http(http_io, http_settings_of(config), {engine_run.clock_id, config.tick_length, version}, clock, backend),
          signals(http_io),
          hang_ups(http_io),
          drain_timer(http_io) {
        if (config.enet) shards.listen(*config.enet);
        shards.each([&](ShardThread& thread) {
            thread.shard().use_recordings(recording_rules_of(config, recordings.get(), version));
        });
        links = open_rooms(shards, config);
    }

    void run() {
        std::signal(SIGPIPE, SIG_IGN);
        std::signal(SIGXFSZ, SIG_IGN); // a recording that may not grow is an error of its file, and not our end
        signals.add(SIGTERM);
        signals.add(SIGINT);
        signals.async_wait([this](const error_code& error, int signal) {
            if (!error) drain(signal);
        });
        hang_ups.add(SIGHUP);
        reload_on_hang_up();
        shards.start(io_uring);
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
        shards.drain([this] { asio::post(http_io, [this] { part_drained(); }); });
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
    bool io_uring;
    std::vector<std::string> links; // of the rooms of the config
    std::unique_ptr<RecordingFolder> recordings;
    Shards shards;
    ShardsBackend backend;
    http::Server http;
    asio::signal_set signals;
    asio::signal_set hang_ups; // SIGHUP: read the plugins and certificates again
    asio::steady_timer drain_timer;
    int parts_to_drain = 2; // HTTP and the shards
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
