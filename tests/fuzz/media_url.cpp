#include "core/utf8.hpp"
#include "fuzz/targets.hpp"
#include "room/media.hpp"

#include <algorithm>
#include <string>

namespace playhead::fuzz {

// The first byte is the kind, the rest the address of what somebody wants to watch: what is taken leads every page of
// the room there.
void fuzz_media_url(ByteView input) {
    if (input.empty()) return;
    Load load;
    load.kind = static_cast<MediaKind>(input[0]);
    load.url.assign(reinterpret_cast<const char*>(input.data()) + 1, input.size() - 1);
    load.title = load.url;
    const auto taken = checked(load);
    if (!taken) return must(!taken.error().message.empty(), "a refusal has a reason");
    must(taken->url == load.url && taken->kind == load.kind, "an address is taken as it is, or not at all");
    must(taken->url.size() <= Load::url_bytes_max && valid_utf8(taken->url), "an address is text within its limit");
    must(std::ranges::none_of(taken->url, [](char one) { return static_cast<unsigned char>(one) <= ' '; }),
         "an address has no room for a second one");
    const auto lower_start = [&](std::string_view scheme) {
        return std::ranges::equal(std::string_view{taken->url}.substr(0, scheme.size()), scheme, {},
                                  [](char one) { return one >= 'A' && one <= 'Z' ? one + 32 : one; });
    };
    must(!lower_start("javascript:") && !lower_start("data:") && !lower_start("file:") && !taken->url.starts_with("//"),
         "an address is of the web, or of this server");
    must(taken->title.size() <= Load::title_bytes_max && valid_utf8(taken->title), "a title is text within its limit");
    const auto again = checked(*taken);
    must(again && *again == *taken, "what was taken once is taken again");
}

} // namespace playhead::fuzz
