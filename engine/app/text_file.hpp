#pragma once

#include <cstddef>
#include <expected>
#include <filesystem>
#include <string>
#include <string_view>

namespace playhead {

// All of a file.   Errors: what is wrong with it, to stand behind its name: "does not exist", "is not a file", "has
// more than 262144 bytes", "cannot be read".
std::expected<std::string, std::string> read_text_file(const std::filesystem::path& path, std::size_t bytes_max);

// Makes the folders it stands in, and the file. Never replaces one unless told to.   Errors: as above.
enum class IfExists { refuse, replace };
std::expected<void, std::string> write_text_file(const std::filesystem::path& path, std::string_view text,
                                                 IfExists if_exists);

// A path as a message shows it: relative to where the program runs if it is below, so that it is short and can be
// opened.
std::string shown_path(const std::filesystem::path& path);

} // namespace playhead
