#pragma once

#include "core/value.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace playhead::mpv {

// The language of mpv's IPC socket: one JSON object a line, both ways. Pure: bytes in, values out.
//   Source: mpv 0.35's manual, "JSON IPC".

// mpv's answer to a request of ours.
struct Reply {
    std::uint64_t request = 0;
    std::string error = "success"; // what mpv calls the fault
    Value data;

    bool ok() const { return error == "success"; }
    bool operator==(const Reply&) const = default;
};

// Something happened in mpv.
struct Event {
    std::string name;
    Value fields; // the whole object

    bool operator==(const Event&) const = default;
};

using Message = std::variant<Reply, Event>;

// A command from its words: command("seek", 12.5, "absolute+exact").
template <class... Words>
Value::List command(Words&&... words) {
    const auto value = []<class Word>(Word&& word) {
        if constexpr (std::is_convertible_v<Word, std::string_view>)
            return Value{std::string{std::string_view{word}}};
        else if constexpr (std::is_same_v<std::decay_t<Word>, int>)
            return Value{std::int64_t{word}};
        else
            return Value{std::forward<Word>(word)};
    };
    return Value::List{value(std::forward<Words>(words))...};
}

// The line that asks mpv for something: {"command":["seek","12.5","absolute+exact"],"request_id":7}.
std::string request_line(std::uint64_t request, const Value::List& command);

// Reads one line of mpv's.
//   Errors: a sentence that says what is wrong and shows the start of the line.
std::expected<Message, std::string> read_message(std::string_view line);

// Cuts what arrives into lines.
//   Errors: add() refuses once a line is longer than line_bytes_max; nothing more can be made of that connection.
class Lines {
  public:
    // mpv's longest lines are lists of tracks and playlists, which we never ask for.
    static constexpr std::size_t line_bytes_max = 256 * 1024;

    std::expected<void, std::string> add(std::string_view bytes);
    // The next whole line, without its end; empty lines are passed over.
    std::optional<std::string> next();

  private:
    std::string buffer_;
    std::size_t read_ = 0;     // of buffer_, what next() has given away
    std::size_t searched_ = 0; // of buffer_, what has no end of line after read_
};

} // namespace playhead::mpv
