#include "mpv/ipc.hpp"

#include "common/json.hpp"
#include "core/text.hpp"

#include <utility>

namespace playhead::mpv {
namespace {

using programs::object;
using programs::parse_json;
using programs::text_of;
using programs::to_json;

constexpr std::size_t shown_characters_max = 60;

std::unexpected<std::string> unreadable(std::string why, std::string_view line) {
    return std::unexpected(std::move(why) + ": " +
                           clean_text(line.substr(0, 4 * shown_characters_max), shown_characters_max));
}

} // namespace

std::string request_line(std::uint64_t request, const Value::List& command) {
    return to_json(object({{"command", Value{command}}, {"request_id", Value{static_cast<std::int64_t>(request)}}})) +
           "\n";
}

std::expected<Message, std::string> read_message(std::string_view line) {
    const auto parsed = parse_json(line);
    if (!parsed) return unreadable(parsed.error(), line);
    if (parsed->get_if<Value::Map>() == nullptr) return unreadable("this is no JSON object", line);
    if (parsed->find("event") != nullptr) {
        std::string name = text_of(*parsed, "event");
        if (name.empty()) return unreadable("this event has no name", line);
        return Event{.name = std::move(name), .fields = *parsed};
    }
    const Value* error = parsed->find("error");
    const Value* request = parsed->find("request_id");
    if (error == nullptr || error->get_if<std::string>() == nullptr)
        return unreadable("this is neither an event nor an answer", line);
    const std::int64_t* number = request == nullptr ? nullptr : request->get_if<std::int64_t>();
    if (number == nullptr || *number < 0) return unreadable("this answer does not say to what", line);
    const Value* data = parsed->find("data");
    return Reply{.request = static_cast<std::uint64_t>(*number),
                 .error = *error->get_if<std::string>(),
                 .data = data == nullptr ? Value{} : *data};
}

std::expected<void, std::string> Lines::add(std::string_view bytes) {
    if (read_ > 0) {
        buffer_.erase(0, read_);
        searched_ -= std::min(searched_, read_);
        read_ = 0;
    }
    buffer_ += bytes;
    if (buffer_.size() <= line_bytes_max) return {};
    // Many short lines may wait; one long one may not.
    if (buffer_.find('\n', searched_) <= line_bytes_max) return {};
    return std::unexpected("a line of more than " + std::to_string(line_bytes_max) + " bytes");
}

std::optional<std::string> Lines::next() {
    for (;;) {
        const std::size_t end = buffer_.find('\n', std::max(read_, searched_));
        if (end == std::string::npos) {
            searched_ = buffer_.size();
            return std::nullopt;
        }
        std::string line = buffer_.substr(read_, end - read_);
        read_ = end + 1;
        searched_ = read_;
        if (line.ends_with('\r')) line.pop_back();
        if (!line.empty()) return line;
    }
}

} // namespace playhead::mpv
