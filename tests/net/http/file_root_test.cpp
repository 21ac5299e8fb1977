#include "net/http/file_root.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

using playhead::http::FileRoot;
namespace fs = std::filesystem;

namespace {

// A folder with a file, and ways out of it.
struct Folder {
    Folder() {
        std::string name = (fs::temp_directory_path() / "playhead-root-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw std::system_error(errno, std::generic_category());
        path = name;
        fs::create_directories(path / "root/sub");
        write("secret.txt", "secret");
        write("root/a.txt", "hello");
        write("root/sub/b.txt", "hello again");
        fs::create_symlink("a.txt", path / "root/inside");
        fs::create_symlink("../secret.txt", path / "root/outside");
        fs::create_symlink(path / "secret.txt", path / "root/absolute");
        fs::create_directory_symlink("..", path / "root/up");
        fs::create_directory_symlink("/", path / "root/slash");
        fs::create_symlink("loop", path / "root/loop");
        fs::create_symlink("/proc/self/root", path / "root/magic");
        ::mkfifo((path / "root/fifo").c_str(), 0600);
    }
    ~Folder() {
        std::error_code ignored;
        fs::remove_all(path, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    void write(const std::string& name, const std::string& text) const { std::ofstream{path / name} << text; }

    fs::path path;
};

std::string text_of(const playhead::http::OpenFile& file) {
    std::string text(file.size, '\0');
    const auto got = ::pread(file.descriptor.get(), text.data(), text.size(), 0);
    return text.substr(0, got < 0 ? 0 : static_cast<std::size_t>(got));
}

} // namespace

TEST_CASE("[H5] a file root opens what lies inside and nothing else, by either way of looking") {
    const Folder folder;
    for (const auto lookup : {FileRoot::Lookup::openat2, FileRoot::Lookup::walk}) {
        CAPTURE(static_cast<int>(lookup));
        const FileRoot root{folder.path / "root", lookup};
        const auto plain = root.open("a.txt");
        REQUIRE(plain.has_value());
        CHECK(plain->size == 5);
        CHECK(text_of(*plain) == "hello");
        const auto deeper = root.open("sub/b.txt");
        REQUIRE(deeper.has_value());
        CHECK(text_of(*deeper) == "hello again");
        for (const std::string path : {"", "/", "/etc/passwd", "../secret.txt", "sub/../../secret.txt", "outside",
                                       "absolute", "up/secret.txt", "up/root/a.txt", "slash/etc/passwd", "loop",
                                       "magic/etc/passwd", "fifo", "sub", "sub/", "nothing", "a.txt/", "a.txt/x"}) {
            CAPTURE(path);
            const auto opened = root.open(path);
            REQUIRE_FALSE(opened.has_value());
            CHECK(opened.error() == FileRoot::Problem::not_found);
        }
        CHECK_FALSE(root.open(std::string("a.txt\0", 6)).has_value());
    }
}

TEST_CASE("[H5] a link that stays inside the folder is followed where the kernel can vouch for it") {
    const Folder folder;
    const FileRoot root{folder.path / "root"};
    const auto opened = root.open("inside");
    // A sandbox without openat2 makes the root walk, which follows none.
    if (opened) CHECK(text_of(*opened) == "hello");
}

TEST_CASE("[H5] an ETag changes with the file and not without") {
    const Folder folder;
    const FileRoot root{folder.path / "root"};
    const std::string first = root.open("a.txt")->etag;
    CHECK(root.open("a.txt")->etag == first);
    CHECK(root.open("sub/b.txt")->etag != first);
    folder.write("root/a.txt", "longer than before");
    CHECK(root.open("a.txt")->etag != first);
    CHECK(first.front() == '"');
    CHECK(first.back() == '"');
}

TEST_CASE("a file root that is not there says so at start-up") {
    CHECK_THROWS_AS(FileRoot{"/nowhere/at/all"}, std::runtime_error);
}
