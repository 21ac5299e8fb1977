#include "app/text_file.hpp"

#include <fstream>
#include <system_error>

namespace playhead {

namespace fs = std::filesystem;

std::expected<std::string, std::string> read_text_file(const fs::path& path, std::size_t bytes_max) {
    std::error_code failed;
    if (!fs::exists(path, failed)) return std::unexpected("does not exist");
    if (!fs::is_regular_file(path, failed)) return std::unexpected("is not a file");
    std::ifstream file{path, std::ios::binary};
    std::string text(bytes_max + 1, '\0'); // one more, so that too long is seen to be
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (!file.is_open() || file.bad() || (!file && !file.eof())) return std::unexpected("cannot be read");
    text.resize(static_cast<std::size_t>(file.gcount()));
    if (text.size() > bytes_max) return std::unexpected("has more than " + std::to_string(bytes_max) + " bytes");
    return text;
}

std::expected<void, std::string> write_text_file(const fs::path& path, std::string_view text, IfExists if_exists) {
    std::error_code failed;
    if (if_exists == IfExists::refuse && fs::exists(path, failed)) return std::unexpected("exists already");
    if (path.has_parent_path()) fs::create_directories(path.parent_path(), failed);
    if (failed) return std::unexpected("cannot be made: " + failed.message());
    std::ofstream file{path, std::ios::binary | std::ios::trunc};
    file.write(text.data(), static_cast<std::streamsize>(text.size()));
    file.close();
    if (!file) return std::unexpected("cannot be written");
    return {};
}

std::string shown_path(const fs::path& path) {
    std::error_code failed;
    const fs::path here = fs::current_path(failed);
    if (failed) return path.string();
    const fs::path relative = fs::absolute(path, failed).lexically_normal().lexically_relative(here);
    if (failed || relative.empty() || *relative.begin() == "..") return path.lexically_normal().string();
    return relative.string();
}

} // namespace playhead
