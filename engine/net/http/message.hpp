#pragma once

#include "net/http/file_root.hpp"

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace playhead::http {

struct Field {
    std::string name;
    std::string value;
    bool operator==(const Field&) const = default;
};

// One request as it came, header names in any case. A value, so that everything that decides about it is a pure
// function.
struct Request {
    static constexpr std::size_t target_bytes_max = 4096;
    static constexpr std::size_t header_bytes_max = 16 * 1024;
    static constexpr std::size_t fields_max = 64;
    static constexpr std::size_t body_bytes_max = 8 * 1024;

    std::string method;
    std::string target; // as in the request line
    unsigned version = 11;
    std::vector<Field> fields;
    std::string body;
    std::string
        address; // who asks, for limits: the IPv4 address, or the 64 bits of an IPv6 address that name a network

    // The first field of that name; empty if there is none.
    std::string_view field(std::string_view name) const;
    std::size_t count(std::string_view name) const;
    // True if any field of that name has `token` in its comma-separated list, in any case.
    bool lists(std::string_view name, std::string_view token) const;
};

// Why a request was refused: a status, a code for programs, a sentence for people.
struct Refusal {
    unsigned status = 400;
    std::string code;
    std::string message;
    std::vector<Field> fields; // such as Allow or Retry-After
    bool operator==(const Refusal&) const = default;
};

template <class T>
using Expected = std::expected<T, Refusal>;

// What to answer. `file` is the body if it is open, `body` otherwise.
struct Response {
    unsigned status = 200;
    std::vector<Field> fields;
    std::string body;
    FileSlice file;
    bool head_only = false; // describes a body that is not sent (HEAD, 304)

    std::uint64_t content_length() const { return file.open() ? file.length : body.size(); }
};

Response json_response(unsigned status, std::string body);
Response text_response(unsigned status, std::string body);
// {"error":{"code":...,"message":...}}
Response refuse(const Refusal& refusal);

// The status line and header section, with Content-Length, Date, Connection and what every answer carries.
std::string header_of(const Response& response, bool keep_alive);

bool equal_ignoring_case(std::string_view left, std::string_view right);
std::string_view trim(std::string_view text);

// RFC 9110 section 5.6.7, the preferred form, as in "Sun, 06 Nov 1994 08:49:37 GMT".
std::string http_date(std::int64_t unix_seconds);

} // namespace playhead::http
