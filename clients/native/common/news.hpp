#pragma once

#include "playhead/api.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace playhead::programs {

// Something to tell the person who watches.
struct NewsLine {
    enum class Kind { room, people, chat, trouble };
    Kind kind = Kind::room;
    std::string text;
    bool operator==(const NewsLine&) const = default;
};
std::string_view name_of(NewsLine::Kind kind);

// Turns what a room shows and tells into lines for a screen: who came and went, what the others did, what is said in
// the chat, who is waited for. What was there before one came is state, not news; neither is what one did oneself.
//   Shapes: text of others comes out as programs::shown() makes it.   Thread: one.
class News {
  public:
    // Above this many viewers comings and goings are noise.
    static constexpr std::size_t small_room = 12;
    // Lines of one look at the chat, at most; older ones have been passed over.
    static constexpr std::size_t chat_lines_max = 5;

    // What is new in the view since the last call.
    std::vector<NewsLine> changed(const client::RoomView& view);
    std::optional<NewsLine> event(const client::RoomEvent& event, const client::RoomView& view) const;
    std::optional<NewsLine> plugin_event(const client::PluginEvent& event, const client::RoomView& view) const;

  private:
    void people(const client::RoomView& view, std::vector<NewsLine>& lines);
    void chat(const client::RoomView& view, std::vector<NewsLine>& lines);
    void connection(const client::RoomView& view, std::vector<NewsLine>& lines);

    std::optional<std::map<std::uint32_t, std::string>> viewers_; // empty until live, and again after a loss
    std::optional<std::int64_t> last_line_;                       // of the chat
    client::RoomStatus status_ = client::RoomStatus::connecting;
    client::ErrorCode problem_ = client::ErrorCode::none;
};

// Whom the room stands still for ("Waiting for Ann (buffering)"), or what it is asked; empty if nobody and nothing.
std::string waiting_words(const client::RoomView& view);

} // namespace playhead::programs
