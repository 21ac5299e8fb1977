// A native client in one file: joins a room from its link, plays no media, and does with words on standard input what a
// person does in a browser.
//
//     playhead-example LINK [NAME [websocket|enet]]
//
//     play | pause | seek SECONDS | rate FACTOR | say TEXT | state | quit

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <playhead/room.hpp>
#include <poll.h>
#include <string>
#include <unistd.h>
#include <vector>

namespace client = playhead::client;

namespace {

void print_state(const client::Room& room) {
    const client::RoomView& view = room.view();
    std::printf("%s \"%s\": %s at %.1f s, rate %.2f, %u viewers, over %s\n", std::string{name_of(view.status)}.c_str(),
                view.title.c_str(), view.motion.playing ? "playing" : "paused", room.position_ms() / 1000,
                view.motion.rate, view.viewer_count,
                view.carrier ? std::string{name_of(*view.carrier)}.c_str() : "nothing");
    for (const client::ViewerView& viewer : view.viewers)
        std::printf("  %s%s, %+.1f ms off\n", viewer.name.c_str(), viewer.id == view.me ? " (you)" : "",
                    viewer.drift_ms.value_or(0));
    // What plugins share is a tree of values; `chat` keeps its lines in a ring.
    const client::PluginView* chat = view.plugin("chat");
    const client::SharedField* log = chat ? chat->find("log") : nullptr;
    if (!log) return;
    for (const client::SharedItem& line : log->items) {
        const client::Value* text = line.value.find("text");
        const auto* words = text ? text->get_if<std::string>() : nullptr;
        if (words) std::printf("  > %s\n", words->c_str());
    }
}

// What became of a command, for a person.
void print_result(const client::CommandResult& result) {
    if (result.verdict == client::Verdict::refused) std::printf("refused: %s\n", result.message.c_str());
}

// False when the person is done.
bool obey(client::Room& room, const std::string& line) {
    const std::string word = line.substr(0, line.find(' '));
    const std::string rest = word.size() < line.size() ? line.substr(word.size() + 1) : "";
    const double number = std::strtod(rest.c_str(), nullptr);
    const client::Value args = client::sorted_map({{"text", client::Value{rest}}});
    const std::map<std::string, std::function<void()>> words{
        {"play", [&] { room.play(print_result); }},
        {"pause", [&] { room.pause(print_result); }},
        {"seek", [&] { room.seek(number * 1000, print_result); }},
        {"rate", [&] { room.set_rate(number, print_result); }},
        {"say", [&] { room.command("chat", "say", args, print_result); }},
        {"state", [&] { print_state(room); }}};
    const auto known = words.find(word);
    if (known != words.end()) known->second();
    return word != "quit";
}

} // namespace

int main(int count, char** arguments) {
    if (count < 2) {
        std::fprintf(stderr, "usage: playhead-example LINK [NAME [websocket|enet]]\n");
        return 2;
    }
    client::JoinOptions options;
    options.link = arguments[1];
    options.name = count > 2 ? arguments[2] : "Example";
    for (const auto transport : {client::Transport::websocket, client::Transport::enet})
        if (count > 3 && arguments[3] == name_of(transport)) options.transport = transport;
    const auto room = client::join_room(options);
    std::setvbuf(stdout, nullptr, _IOLBF, 0);

    client::RoomStatus shown = client::RoomStatus::connecting;
    room->on_change([&] {
        if (room->view().status == shown) return;
        shown = room->view().status;
        print_state(*room);
        if (room->view().problem) std::printf("  %s\n", room->view().problem->message.c_str());
    });
    room->on_event([&](const client::RoomEvent& event) {
        const client::ViewerView* who = room->view().viewer(event.viewer);
        std::printf("%s by %s at %.1f s\n", std::string{name_of(event.kind)}.c_str(),
                    who ? who->name.c_str() : "the room", event.position_ms / 1000);
    });

    // The loop: standard input and the room's sockets together, until the room is closed or the input ends.
    std::string typed;
    room->poll(client::local_now_ms());
    for (bool reading = true; reading && room->view().status != client::RoomStatus::closed;) {
        std::vector<pollfd> sources{{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0}};
        for (const int handle : room->wait_handles()) sources.push_back({.fd = handle, .events = POLLIN, .revents = 0});
        const double wait_ms = std::min(1'000.0, std::max(0.0, room->next_poll_ms() - client::local_now_ms()));
        ::poll(sources.data(), sources.size(), static_cast<int>(wait_ms));
        room->poll(client::local_now_ms());
        if (sources[0].revents == 0) continue;
        std::array<char, 512> bytes{};
        const auto got = ::read(STDIN_FILENO, bytes.data(), bytes.size());
        reading = got > 0;
        if (reading) typed.append(bytes.data(), static_cast<std::size_t>(got));
        for (std::size_t end = 0; reading && (end = typed.find('\n')) != std::string::npos; typed.erase(0, end + 1))
            reading = obey(*room, typed.substr(0, end));
    }
    const bool refused = room->view().status == client::RoomStatus::closed;
    room->leave();
    while (!room->wait_handles().empty()) { // our last words
        room->wait(100);
        room->poll(client::local_now_ms());
    }
    return refused ? 1 : 0;
}
