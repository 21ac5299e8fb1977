#include "net/http/conditional.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace playhead::http;

namespace {

constexpr std::string_view etag = "\"1-2-3\"";
constexpr std::int64_t modified_s = 784'111'777; // Sun, 06 Nov 1994 08:49:37 GMT

Selection get(std::vector<Field> fields, std::string method = "GET") {
    Request request;
    request.method = std::move(method);
    request.fields = std::move(fields);
    return select(request, etag, modified_s, 1000);
}

} // namespace

TEST_CASE("[H5] one range is served as it was asked for") {
    CHECK(select_range("bytes=0-0", 1000) == Selection{206, 0, 1});
    CHECK(select_range("bytes=0-499", 1000) == Selection{206, 0, 500});
    CHECK(select_range("bytes=500-", 1000) == Selection{206, 500, 500});
    CHECK(select_range("bytes=999-", 1000) == Selection{206, 999, 1});
    CHECK(select_range("bytes=-1", 1000) == Selection{206, 999, 1});
    CHECK(select_range("bytes=900-5000", 1000) == Selection{206, 900, 100});
    CHECK(select_range("bytes=-5000", 1000) == Selection{206, 0, 1000});
    CHECK(select_range("BYTES = 1-2", 1000) == Selection{206, 1, 2});
    CHECK(select_range("bytes=1-99999999999999999999999", 1000) == Selection{206, 1, 999});
    CHECK(select_range("bytes=, 5-6 ,", 1000) == Selection{206, 5, 2});
}

TEST_CASE("[H5] a range of which nothing can be served is refused") {
    CHECK(select_range("bytes=1000-", 1000).status == 416);
    CHECK(select_range("bytes=1000-2000", 1000).status == 416);
    CHECK(select_range("bytes=99999999999999999999999-", 1000).status == 416);
    CHECK(select_range("bytes=-0", 1000).status == 416);
    CHECK(select_range("bytes=0-", 0).status == 416);
    CHECK(select_range("bytes=-5", 0).status == 416);
    CHECK(select_range("bytes=1000-,2000-", 1000).status == 416);
}

TEST_CASE("[H5] a range that is none, or several, gets the whole file") {
    for (const std::string range :
         {"", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-4", "bytes=1", "bytes=--1", "bytes=1-2-3",
          "bytes=+1-2", "bytes=0x1-2", "items=0-1", "bytes=0-1,x", "bytes=0-1,5-6", "bytes=0-1,2000-", "bytes=1- 2"}) {
        CAPTURE(range);
        CHECK(select_range(range, 1000) == Selection{200, 0, 1000});
    }
}

TEST_CASE("[H5] every range of small files stays inside the file") {
    for (std::uint64_t size = 0; size < 5; ++size) {
        for (int first = -1; first < 7; ++first) {
            for (int last = -1; last < 7; ++last) {
                const std::string range =
                    "bytes=" + (first < 0 ? "" : std::to_string(first)) + "-" + (last < 0 ? "" : std::to_string(last));
                CAPTURE(range);
                const Selection selection = select_range(range, size);
                CHECK(selection.first + selection.length <= size);
                if (selection.status == 206) CHECK(selection.length > 0);
            }
        }
    }
}

TEST_CASE("[H5] a file the browser has already is not sent again") {
    CHECK(get({{"If-None-Match", "\"1-2-3\""}}).status == 304);
    CHECK(get({{"If-None-Match", "\"x\", W/\"1-2-3\""}}).status == 304);
    CHECK(get({{"if-none-match", "*"}}).status == 304);
    CHECK(get({{"If-None-Match", "\"x\""}}).status == 200);
    CHECK(get({{"If-Modified-Since", "Sun, 06 Nov 1994 08:49:37 GMT"}}).status == 304);
    CHECK(get({{"If-Modified-Since", "Sun, 06 Nov 1994 08:49:36 GMT"}}).status == 200);
    CHECK(get({{"If-Modified-Since", "yesterday"}}).status == 200);
    CHECK(get({{"If-None-Match", "\"x\""}, {"If-Modified-Since", "Sun, 06 Nov 1994 08:49:37 GMT"}}).status == 200);
    CHECK(get({{"If-None-Match", "\"1-2-3\""}, {"Range", "bytes=0-1"}}).status == 304);
}

TEST_CASE("[H5] a request for another file than there is fails its precondition") {
    CHECK(get({{"If-Match", "\"x\""}}).status == 412);
    CHECK(get({{"If-Match", "W/\"1-2-3\""}}).status == 412);
    CHECK(get({{"If-Match", "\"x\", \"1-2-3\""}}).status == 200);
    CHECK(get({{"If-Unmodified-Since", "Sun, 06 Nov 1994 08:49:36 GMT"}}).status == 412);
    CHECK(get({{"If-Unmodified-Since", "Sun, 06 Nov 1994 08:49:37 GMT"}}).status == 200);
}

TEST_CASE("[H5] a range of a file that has changed gets the whole new file") {
    CHECK(get({{"Range", "bytes=0-1"}}) == Selection{206, 0, 2});
    CHECK(get({{"Range", "bytes=0-1"}, {"If-Range", "\"1-2-3\""}}).status == 206);
    CHECK(get({{"Range", "bytes=0-1"}, {"If-Range", "\"old\""}}).status == 200);
    CHECK(get({{"Range", "bytes=0-1"}, {"If-Range", "W/\"1-2-3\""}}).status == 200);
    CHECK(get({{"Range", "bytes=0-1"}, {"If-Range", "Sun, 06 Nov 1994 08:49:37 GMT"}}).status == 206);
    CHECK(get({{"Range", "bytes=0-1"}, {"If-Range", "Sun, 06 Nov 1994 08:49:38 GMT"}}).status == 200);
}

TEST_CASE("[H5] a range means nothing to HEAD, and two Range fields mean nothing at all") {
    CHECK(get({{"Range", "bytes=0-1"}}, "HEAD").status == 200);
    CHECK(get({{"Range", "bytes=0-1"}, {"Range", "bytes=2-3"}}).status == 200);
}

TEST_CASE("all three forms of an HTTP date are read, and nothing else") {
    CHECK(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT") == modified_s);
    CHECK(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT") == modified_s);
    CHECK(parse_http_date("Sun Nov  6 08:49:37 1994") == modified_s);
    CHECK(http_date(modified_s) == "Sun, 06 Nov 1994 08:49:37 GMT");
    for (const std::string text : {"", "now", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 GMT x",
                                   "784111777", "Sun, 99 Nov 1994 08:49:37 GMT"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_http_date(text).has_value());
    }
}
