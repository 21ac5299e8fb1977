#include "net/http/message.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <ctime>

namespace playhead::http {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string_view reason_of(unsigned status) {
    switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 204: return "No Content";
    case 206: return "Partial Content";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 416: return "Range Not Satisfiable";
    case 426: return "Upgrade Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 505: return "HTTP Version Not Supported";
    default: return "Unknown";
    }
}

void append_field(std::string& header, std::string_view name, std::string_view value) {
    header.append(name).append(": ").append(value).append("\r\n");
}

} // namespace

bool equal_ignoring_case(std::string_view left, std::string_view right) {
    return std::ranges::equal(left, right, [](char a, char b) { return lower(a) == lower(b); });
}

std::string_view trim(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string_view Request::field(std::string_view name) const {
    const auto found =
        std::ranges::find_if(fields, [name](const Field& field) { return equal_ignoring_case(field.name, name); });
    return found == fields.end() ? std::string_view{} : std::string_view{found->value};
}

std::size_t Request::count(std::string_view name) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(fields, [name](const Field& field) { return equal_ignoring_case(field.name, name); }));
}

bool Request::lists(std::string_view name, std::string_view token) const {
    for (const Field& field : fields) {
        if (!equal_ignoring_case(field.name, name)) continue;
        std::string_view rest = field.value;
        while (!rest.empty()) {
            const auto comma = rest.find(',');
            if (equal_ignoring_case(trim(rest.substr(0, comma)), token)) return true;
            rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
        }
    }
    return false;
}

Response json_response(unsigned status, std::string body) {
    return {.status = status,
            .fields = {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}},
            .body = std::move(body),
            .file = {}};
}

Response text_response(unsigned status, std::string body) {
    return {.status = status,
            .fields = {{"Content-Type", "text/plain; charset=utf-8"}, {"Cache-Control", "no-store"}},
            .body = std::move(body),
            .file = {}};
}

Response refuse(const Refusal& refusal) {
    const boost::json::object page{{"error", {{"code", refusal.code}, {"message", refusal.message}}}};
    Response response = json_response(refusal.status, boost::json::serialize(page));
    std::ranges::copy(refusal.fields, std::back_inserter(response.fields));
    return response;
}

std::string header_of(const Response& response, bool keep_alive) {
    std::string header;
    header.reserve(1024);
    header.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
    header.append(reason_of(response.status)).append("\r\n");
    append_field(header, "Date", http_date(std::time(nullptr)));
    append_field(header, "Server", "playhead");
    append_field(header, "X-Content-Type-Options", "nosniff");
    for (const Field& field : response.fields) append_field(header, field.name, field.value);
    // A 204 and a 304 have no body, and a 304's length would describe the body it stands for.
    if (response.status != 204 && response.status != 304) {
        append_field(header, "Content-Length", std::to_string(response.content_length()));
    }
    append_field(header, "Connection", keep_alive ? "keep-alive" : "close");
    header.append("\r\n");
    return header;
}

std::string http_date(std::int64_t unix_seconds) {
    const std::time_t time = unix_seconds;
    std::tm parts{};
    ::gmtime_r(&time, &parts);
    char text[64];
    const std::size_t length = std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    return {text, length};
}

} // namespace playhead::http
