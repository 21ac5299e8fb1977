#include "cli/run.hpp"
#include "common/json.hpp"
#include "common/output.hpp"
#include "common/words.hpp"
#include "playhead/api.hpp"
#include "playhead/http.hpp"

#include <cstdio>
#include <string>

namespace playhead::cli {
namespace {

using programs::object;
using programs::Output;
using programs::shown;
using programs::text_of;

constexpr std::string_view program = "playhead-cli";
constexpr int created = 201;
constexpr int ok = 200;

std::string body_of(const Options& options) {
    Value::Map request;
    if (!options.id.empty()) request.push_back({"id", Value{options.id}});
    if (!options.title.empty()) request.push_back({"title", Value{options.title}});
    if (options.listed) request.push_back({"listed", Value{true}});
    if (!options.text.empty()) {
        const std::string kind{name_of(client::media_kind_of(options.text))};
        request.push_back({"media", object({{"kind", Value{kind}}, {"url", Value{options.text}}})});
    }
    return programs::to_json(sorted_map(std::move(request)));
}

void print_rooms(const Output& output, const Value& answer) {
    const Value* rooms = answer.find("rooms");
    const Value::List* list = rooms == nullptr ? nullptr : rooms->get_if<Value::List>();
    if (list == nullptr || list->empty()) return output.line("No room is listed.");
    for (const Value& room : *list) {
        const std::string title = text_of(room, "title");
        char viewers[32];
        std::snprintf(viewers, sizeof viewers, "%5.0f  ", programs::number_of(room, "viewers", 0));
        output.line(viewers + shown(title.empty() ? text_of(room, "room") : title) + "  " +
                    shown(text_of(room, "link")));
    }
}

} // namespace

int run_on_server(const Options& options) {
    const bool creates = options.verb == Options::Verb::create;
    client::HttpRequest request;
    request.method = creates ? "POST" : "GET";
    request.server = options.link.server;
    request.target = "/api/v1/rooms";
    if (creates) request.body = body_of(options);
    request.certificate_authorities = options.certificate_authorities;
    request.timeout_ms = options.timeout_s * 1000;
    const auto response = client::http_fetch(request);
    if (!response) {
        Output::trouble(program, options.link.server + ": " + response.error());
        return exit_no_room;
    }
    const auto answer = programs::parse_json(response->body);
    if (!answer || (response->status != ok && response->status != created)) {
        // A refusal says why in words of its own.
        const Value* error = answer ? answer->find("error") : nullptr;
        const std::string why = error != nullptr ? text_of(*error, "message") : std::string{};
        Output::trouble(program, options.link.server + " answered " + std::to_string(response->status) +
                                     (why.empty() ? "" : ": " + shown(why)));
        return answer ? exit_refused : exit_no_room;
    }
    const Output output{options.json};
    output.object(*answer);
    if (!creates) {
        print_rooms(output, *answer);
    } else {
        const std::string room = options.link.server + "/r/" + shown(text_of(*answer, "room"));
        output.line("room   " + room + "#" + shown(text_of(*answer, "join_token")));
        output.line("owner  " + room + "#" + shown(text_of(*answer, "owner_token")));
    }
    return exit_ok;
}

} // namespace playhead::cli
