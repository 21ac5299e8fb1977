#include "mpv/bridge.hpp"

#include "common/json.hpp"
#include "common/state_json.hpp"
#include "common/words.hpp"
#include "core/overloaded.hpp"

#include <algorithm>
#include <cmath>
#include <csignal>
#include <limits>
#include <poll.h>
#include <utility>

namespace playhead::mpv {
namespace {

using client::UserIntent;
using programs::NewsLine;
using programs::object;
using Kind = NewsLine::Kind;

constexpr std::string_view program = "playhead-mpv";
constexpr double wait_ms_max = 1'000;

client::JoinOptions join_options(const Options& options) {
    client::JoinOptions join;
    join.server = options.link.server;
    join.room = options.link.room;
    join.join_token = options.link.token;
    join.name = options.name;
    join.client_name = "playhead-mpv";
    join.transport = options.transport;
    join.certificate_authorities = options.certificate_authorities;
    return join;
}

Life::Options life_options(const Options& options) {
    return {.start = {.program = options.program, .headless = options.headless, .options = options.mpv_options},
            .attach_to = options.ipc_socket};
}

} // namespace

Bridge::Bridge(Options options, std::optional<OwnCopy> own)
    : options_(std::move(options)),
      output_(options_.json),
      life_(life_options(options_)),
      player_(life_),
      own_(std::move(own)),
      room_file_(options_.certificate_authorities),
      room_(client::join_room(join_options(options_))) {
    room_->set_source_offset_ms(options_.source_offset_ms);
    room_->on_change([this] { changed_ = true; });
    room_->on_event([this](const client::RoomEvent& event) {
        if (auto line = news_.event(event, room_->view())) heard_.push_back(*std::move(line));
    });
    room_->on_plugin_event([this](const client::PluginEvent& event) {
        if (auto line = news_.plugin_event(event, room_->view())) heard_.push_back(*std::move(line));
    });
}

Bridge::~Bridge() {
    if (attached_) room_->detach_player();
}

int Bridge::run(const std::atomic<bool>& stop) {
    while (!exit_ && !stop) {
        step();
        if (!exit_) wait();
    }
    leave();
    return exit_.value_or(exit_ok);
}

// A window that opens for a link which leads nowhere would be a nuisance: mpv is started once the room is there.
void Bridge::begin() {
    if (options_.ipc_socket.empty() && room_->view().status != client::RoomStatus::live) return;
    begun_ = true;
    const auto begun = life_.begin(client::local_now_ms());
    if (begun) return;
    programs::Output::trouble(program, begun.error());
    exit_ = exit_lost;
}

void Bridge::step() {
    if (!begun_) begin();
    if (begun_ && !exit_) look_after_mpv();
    player_.set_room_rate(room_->view().motion.rate);
    for (const UserIntent& wish : player_.take_wishes()) obey(wish);
    const double now_ms = client::local_now_ms();
    if (scrubbing_ && now_ms - sought_at_ms_ >= scrub_gap_ms) {
        scrubbing_ = false;
        room_->end_scrub(told("seek"));
        room_->set_user_acting(false);
    }
    if (!attached_) player_.take_change(); // nobody else looks
    room_->poll(client::local_now_ms());
    look_at_room();
    follow_media();
    compare_own();
    print_state();
    show();
}

// ---- mpv

void Bridge::look_after_mpv() {
    for (const Message& message : life_.take()) player_.received(message);
    for (const PlayerNews& news : player_.take_news()) on_player_news(news);
    for (const Life::News& news : life_.poll(client::local_now_ms())) {
        std::visit(Overloaded{
                       [this](const Life::Here&) {
                           mpv_ready_ = true;
                           opened_.reset();
                           open_.reset();
                           player_.set_up();
                           screen_.cleared();
                       },
                       [this](const Life::Silent&) { trouble("mpv does not answer"); },
                       [this](const Life::Answers&) { say({Kind::room, "mpv answers again"}); },
                       [this](const Life::Restarted& gone) {
                           mpv_ready_ = false;
                           player_.lost();
                           trouble("mpv is gone (" + programs::shown(gone.why) + "); trying again");
                       },
                       [this](const Life::Over& over) {
                           mpv_ready_ = false;
                           player_.lost();
                           if (!over.wanted) trouble("mpv is gone: " + programs::shown(over.why));
                           exit_ = over.wanted ? exit_ok : exit_lost;
                       },
                   },
                   news);
    }
}

void Bridge::on_player_news(const PlayerNews& news) {
    std::visit(Overloaded{
                   [this](const FileLoaded&) { on_loaded(); },
                   [this](const FileFailed& failed) {
                       // A player that never will be ready is not to be waited for.
                       attach(false);
                       trouble(failure_words(room_->view().media, failed.why));
                   },
                   [this](const FileOpened& opened) { on_opened(opened.path); },
                   [this](const KeyPressed& key) { on_key(key.name); },
                   [this](const Quit&) { life_.quitting(); },
               },
               news);
}

void Bridge::on_opened(const std::string& path) {
    // What an mpv had open before the room's media or FILE was is the person's copy only if there is no other.
    if (!opened_ && own_) return;
    own_ = own_copy_at(path).value_or(OwnCopy{.path = path, .bytes = std::nullopt});
    own_for_ = room_->view().media.url;
    open_ = own_->path;
    player_.adopt();
    attach(true);
    say({Kind::room, "Playing your own copy: " + programs::shown(path)});
    on_loaded();
}

void Bridge::on_loaded() {
    const client::MediaView& media = room_->view().media;
    compare_ = own_ && plays_own(media);
    difference_.clear();
    player_.set_other_copy(compare_);
}

void Bridge::on_key(const std::string& name) {
    if (name == "next") skip();
    if (name == "previous") obey_seek(0);
    if (name == "ready") say_ready();
}

void Bridge::skip() {
    const client::PluginView* queue = room_->view().plugin("queue");
    if (queue == nullptr) return trouble("This room has no queue");
    // Two who skip the same film at once skip one.
    const client::SharedField* current = queue->find("current");
    const Value* item = current == nullptr ? nullptr : current->value.find("item");
    room_->command("queue", "next", item == nullptr ? Value{} : object({{"current", *item}}), told("skip"));
}

void Bridge::say_ready() {
    const client::PluginView* ready = room_->view().plugin("ready");
    const client::SharedField* check = ready == nullptr ? nullptr : ready->find("check");
    if (check == nullptr || check->value.is_nil()) return;
    room_->command("ready", "answer", object({{"ready", Value{true}}}), told("answer"));
}

// ---- what the person does in mpv

client::OnResult Bridge::told(std::string_view what) {
    return [this, what](const client::CommandResult& result) {
        player_.answered(result.verdict == client::Verdict::applied);
        std::string words = programs::refusal_words(result);
        output_.object(object({{"event", Value{std::string{"answer"}}},
                               {"to", Value{std::string{what}}},
                               {"verdict", Value{std::string{name_of(result.verdict)}}},
                               {"code", Value{std::string{name_of(result.code)}}},
                               {"text", Value{words}}}));
        if (!words.empty()) heard_.push_back({Kind::trouble, std::move(words)});
    };
}

void Bridge::obey(const UserIntent& wish) {
    switch (wish.kind) {
    case UserIntent::Kind::play: return room_->play(told("play"));
    case UserIntent::Kind::pause: return room_->pause(told("pause"));
    case UserIntent::Kind::seek: return obey_seek(wish.position_ms);
    case UserIntent::Kind::rate: return room_->set_rate(wish.rate, told("rate"));
    }
}

void Bridge::obey_seek(double position_ms) {
    const double now_ms = client::local_now_ms();
    const bool more = now_ms - sought_at_ms_ < scrub_gap_ms;
    sought_at_ms_ = now_ms;
    if (!more) return room_->seek(position_ms, told("seek"));
    scrubbing_ = true;
    room_->set_user_acting(true);
    room_->scrub(position_ms);
}

// ---- what the room plays

bool Bridge::plays_own(const client::MediaView& media) const {
    return own_ && media.instance != 0 && (own_for_.empty() || own_for_ == media.url);
}

void Bridge::follow_media() {
    const client::MediaView& media = room_->view().media;
    const bool known = opened_ || room_->view().status == client::RoomStatus::live;
    if (!mpv_ready_ || !known || opened_ == media.instance) return;
    const auto before = std::exchange(opened_, media.instance);
    compare_ = false;
    if (media.instance == 0) {
        attach(false);
        if (before && !open_) player_.close();
        return;
    }
    const std::string title = programs::shown(media.title.empty() ? room_->view().title : media.title);
    if (plays_own(media)) {
        own_for_ = media.url;
        if (open_ != own_->path) player_.open(own_->path, title);
        open_ = own_->path;
        return attach(true);
    }
    open_.reset();
    const auto address = address_of(media, options_.link.server);
    if (!address) {
        attach(false);
        player_.close();
        return trouble(address.error());
    }
    player_.open(*address, title);
    attach(true);
}

void Bridge::attach(bool on) {
    if (attached_ == on) return;
    attached_ = on;
    if (on)
        room_->attach_player(player_);
    else
        room_->detach_player();
}

// What is known of the room's file; empty while whoever serves it is being asked.
std::optional<Copy> Bridge::room_copy() {
    const client::MediaView& media = room_->view().media;
    Copy copy;
    if (media.duration_ms > 0) copy.duration_ms = media.duration_ms;
    const auto address = address_of(media, options_.link.server);
    if (media.kind != client::MediaKind::file || !address) return copy;
    if (!room_file_.asked(*address)) return std::nullopt;
    copy.bytes = room_file_.bytes();
    return copy;
}

// Another file than the room's is told, first by its size, and does not tell the room how long it is.
void Bridge::compare_own() {
    const std::optional<client::SyncStatus>& sync = room_->view().sync;
    if (!compare_ || !sync || !sync->duration_ms) return;
    const std::optional<Copy> theirs = room_copy();
    if (!theirs) return;
    const Copy own{.duration_ms = sync->duration_ms, .bytes = own_->bytes};
    player_.set_other_copy(own.bytes && theirs->bytes && *own.bytes != *theirs->bytes);
    const std::string words = difference_words(own, *theirs);
    if (!words.empty() && words != difference_) trouble(difference_ = words);
    compare_ = !theirs->duration_ms; // until somebody has told it
}

// ---- telling

void Bridge::look_at_room() {
    if (std::exchange(changed_, false)) {
        for (NewsLine& line : news_.changed(room_->view())) heard_.push_back(std::move(line));
        std::string waiting = programs::waiting_words(room_->view());
        const client::PluginView* ready = room_->view().plugin("ready");
        const client::SharedField* check = ready == nullptr ? nullptr : ready->find("check");
        if (check != nullptr && !check->value.is_nil()) waiting += " Press y for yes";
        screen_.keep(waiting, client::local_now_ms());
    }
    for (const NewsLine& line : std::exchange(heard_, {})) say(line);
    if (room_->view().status == client::RoomStatus::closed && !exit_) exit_ = exit_lost;
}

void Bridge::say(const NewsLine& line) {
    screen_.say(line.text, client::local_now_ms());
    output_.line(line.text);
    output_.object(object({{"event", Value{std::string{"news"}}},
                           {"kind", Value{std::string{name_of(line.kind)}}},
                           {"text", Value{line.text}}}));
}

void Bridge::trouble(std::string text) { say({Kind::trouble, std::move(text)}); }

void Bridge::print_state() {
    const double now_ms = client::local_now_ms();
    if (!output_.json() || now_ms < state_at_ms_) return;
    state_at_ms_ = now_ms + state_gap_ms;
    Value state = programs::summary_json(*room_);
    Value::Map map = *state.get_if<Value::Map>();
    map.push_back({"event", Value{std::string{"state"}}});
    map.push_back({"mpv", object({{"here", Value{life_.here()}},
                                  {"loaded", Value{player_.loaded()}},
                                  {"own_copy", Value{own_ && plays_own(room_->view().media)}},
                                  {"pid", Value{std::int64_t{life_.process_id()}}},
                                  {"socket", Value{life_.socket()}}})});
    output_.object(sorted_map(std::move(map)));
}

void Bridge::show() {
    if (!mpv_ready_) return;
    const auto text = screen_.show(client::local_now_ms());
    if (!text) return;
    life_.send(command("show-text", text->text, static_cast<int>(text->for_ms)));
    output_.object(object({{"event", Value{std::string{"screen"}}}, {"text", Value{text->text}}}));
}

// ---- the loop

void Bridge::wait() {
    std::vector<pollfd> handles;
    for (const int handle : room_->wait_handles()) handles.push_back({.fd = handle, .events = POLLIN, .revents = 0});
    if (life_.handle() >= 0) handles.push_back({.fd = life_.handle(), .events = POLLIN, .revents = 0});
    const double now_ms = client::local_now_ms();
    double until_ms = std::min(room_->next_poll_ms(), now_ms + wait_ms_max);
    if (begun_) until_ms = std::min(until_ms, life_.next_ms());
    if (mpv_ready_) until_ms = std::min(until_ms, screen_.next_ms());
    if (scrubbing_) until_ms = std::min(until_ms, sought_at_ms_ + scrub_gap_ms);
    if (player_.has_news()) until_ms = now_ms;
    const double left_ms = std::max(0.0, until_ms - now_ms);
    const timespec left{.tv_sec = static_cast<time_t>(left_ms / 1000),
                        .tv_nsec = static_cast<long>(std::fmod(left_ms, 1000) * 1e6)};
    // Only here are the signals let in that ask us to end, so that none is lost.
    sigset_t all;
    ::sigemptyset(&all);
    ::ppoll(handles.data(), handles.size(), &left, &all);
}

void Bridge::leave() {
    attach(false);
    if (life_.here()) player_.let_go();
    const double until_ms = client::local_now_ms() + leave_wait_ms;
    room_->leave();
    do {
        room_->poll(client::local_now_ms());
        if (room_->wait_handles().empty()) break;
        room_->wait(std::min(50.0, until_ms - client::local_now_ms()));
    } while (client::local_now_ms() < until_ms);
}

} // namespace playhead::mpv
