#include "cli/run.hpp"
#include "cli/table.hpp"
#include "common/json.hpp"
#include "common/output.hpp"
#include "common/state_json.hpp"
#include "common/words.hpp"
#include "playhead/room.hpp"

#include <cstdio>
#include <functional>
#include <memory>
#include <unistd.h>
#include <utility>

namespace playhead::cli {
namespace {

using client::CommandResult;
using client::RoomStatus;
using programs::object;
using programs::Output;
using Verb = Options::Verb;

constexpr std::string_view program = "playhead-cli";
constexpr double look_ms = 100;
constexpr double watch_gap_ms = 1'000;
constexpr double leave_wait_ms = 1'000;

// One visit to a room.
class Visit {
  public:
    Visit(const Options& options, const std::atomic<bool>& stop)
        : options_(options),
          output_(options.json),
          stop_(stop),
          room_(client::join_room(joining(options))) {}

    int run() {
        const int code = enter() ? act() : exit_no_room;
        leave();
        return code;
    }

  private:
    static client::JoinOptions joining(const Options& options) {
        client::JoinOptions join;
        join.server = options.link.server;
        join.room = options.link.room;
        join.join_token = options.link.token;
        join.name = options.name;
        join.client_name = program;
        join.transport = options.transport;
        join.certificate_authorities = options.certificate_authorities;
        return join;
    }

    const client::RoomView& view() const { return room_->view(); }

    // Polls until `done`, the room is lost for good, somebody wants us to stop, or `ms` have passed.
    bool until(double ms, const std::function<bool()>& done) {
        const double until_ms = client::local_now_ms() + ms;
        for (;;) {
            room_->poll(client::local_now_ms());
            if (done()) return true;
            const double left_ms = until_ms - client::local_now_ms();
            if (stop_ || left_ms <= 0 || view().status == RoomStatus::closed) return false;
            room_->wait(std::min(left_ms, look_ms));
        }
    }

    bool enter() {
        if (until(options_.timeout_s * 1000, [this] { return view().status == RoomStatus::live; })) return true;
        if (stop_) return false;
        const std::string why =
            view().problem ? programs::problem_words(*view().problem) : std::string{"The server does not answer."};
        Output::trouble(program, why);
        return false;
    }

    int act() {
        switch (options_.verb) {
        case Verb::state: return show_state();
        case Verb::watch: return watch();
        case Verb::queue_list: return list_queue();
        case Verb::seek: return seek();
        default: return command();
        }
    }

    int show_state() {
        output_.object(programs::state_json(*room_));
        output_.line(room_table(view(), room_->position_ms()));
        return exit_ok;
    }

    int list_queue() {
        const client::PluginView* queue = view().plugin("queue");
        const client::SharedField* items = queue == nullptr ? nullptr : queue->find("items");
        Value::List list;
        if (items != nullptr) {
            for (const client::SharedItem& item : items->items) {
                const std::int64_t* id = std::get_if<std::int64_t>(&item.key);
                list.push_back(object({{"item", Value{id == nullptr ? std::int64_t{0} : *id}}, {"value", item.value}}));
            }
        }
        output_.object(object({{"items", Value{std::move(list)}}}));
        output_.line(queue_table(view()));
        return queue == nullptr ? exit_refused : exit_ok;
    }

    int watch() {
        const bool screen = ::isatty(STDOUT_FILENO) != 0 && !options_.json;
        const double end_ms = client::local_now_ms() + options_.for_s * 1000;
        while (!stop_ && view().status != RoomStatus::closed &&
               (options_.for_s == 0 || client::local_now_ms() < end_ms)) {
            output_.object(programs::state_json(*room_));
            output_.line((screen ? "\x1b[H\x1b[J" : "") + room_table(view(), room_->position_ms()));
            until(watch_gap_ms, [] { return false; });
        }
        if (view().status != RoomStatus::closed) return exit_ok;
        if (view().problem) Output::trouble(program, programs::problem_words(*view().problem));
        return exit_no_room;
    }

    int seek() {
        const auto position_ms = programs::position_of(options_.text, room_->position_ms());
        if (!position_ms) {
            Output::trouble(program, "'" + options_.text + "' is no position; write 90, 1:02:03.5, +10 or -1:00");
            return exit_usage;
        }
        return wait_for([this, at = *position_ms](client::OnResult done) { room_->seek(at, std::move(done)); });
    }

    int command() {
        return wait_for([this](client::OnResult done) { issue(std::move(done)); });
    }

    void issue(client::OnResult done) {
        const Value item = object({{"item", Value{options_.item}}});
        switch (options_.verb) {
        case Verb::play: return room_->play(std::move(done));
        case Verb::pause: return room_->pause(std::move(done));
        case Verb::rate: return room_->set_rate(options_.number, std::move(done));
        case Verb::name: return room_->set_name(options_.text, std::move(done));
        case Verb::load:
            return room_->load(
                {.kind = {}, .url = options_.text, .title = options_.title, .position_ms = 0, .play = options_.play},
                std::move(done));
        case Verb::chat:
            return room_->command("chat", "say", object({{"text", Value{options_.text}}}), std::move(done));
        case Verb::queue_add: return room_->command("queue", "add", added(), std::move(done));
        case Verb::queue_remove: return room_->command("queue", "remove", item, std::move(done));
        case Verb::queue_play: return room_->command("queue", "play", item, std::move(done));
        case Verb::queue_next: return room_->command("queue", "next", {}, std::move(done));
        case Verb::queue_clear: return room_->command("queue", "clear", {}, std::move(done));
        default: return;
        }
    }

    Value added() const {
        Value::Map arguments{{"url", Value{options_.text}}};
        if (!options_.title.empty()) arguments.push_back({"title", Value{options_.title}});
        if (options_.play) arguments.push_back({"next", Value{true}});
        return sorted_map(std::move(arguments));
    }

    int wait_for(const std::function<void(client::OnResult)>& issue) {
        // The answer may come when nobody waits for it any more.
        const auto result = std::make_shared<std::optional<CommandResult>>();
        issue([result](const CommandResult& answer) { *result = answer; });
        if (!until(options_.timeout_s * 1000, [&result] { return result->has_value(); })) {
            Output::trouble(program, "The room did not answer.");
            return exit_no_room;
        }
        const CommandResult& answer = **result;
        output_.object(object({{"verdict", Value{std::string{name_of(answer.verdict)}}},
                               {"code", Value{std::string{name_of(answer.code)}}},
                               {"message", Value{answer.message}},
                               {"plugin", Value{answer.plugin}},
                               {"reason", Value{answer.reason}},
                               {"data", answer.data}}));
        if (answer.verdict != client::Verdict::applied) {
            Output::trouble(program, programs::refusal_words(answer));
            return exit_refused;
        }
        if (options_.verb == Verb::name) show_name();
        return exit_ok;
    }

    void show_name() {
        if (const client::ViewerView* me = view().viewer(view().me)) output_.line(programs::shown(me->name));
    }

    void leave() {
        room_->leave();
        const double until_ms = client::local_now_ms() + leave_wait_ms;
        while (!room_->wait_handles().empty() && client::local_now_ms() < until_ms) {
            room_->poll(client::local_now_ms());
            room_->wait(std::min(look_ms, until_ms - client::local_now_ms()));
        }
    }

    const Options& options_;
    Output output_;
    const std::atomic<bool>& stop_;
    std::unique_ptr<client::Room> room_;
};

} // namespace

int run_in_room(const Options& options, const std::atomic<bool>& stop) { return Visit{options, stop}.run(); }

} // namespace playhead::cli
