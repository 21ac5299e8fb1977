#include "app/recording_folder.hpp"
#include "app/temporary_folder.hpp"

#include <doctest/doctest.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

using namespace playhead;

namespace {

const RoomId cinema = *RoomId::parse("cinema");

Bytes bytes_of(std::string_view text) {
    const auto bytes = std::as_bytes(std::span{text});
    return {bytes.begin(), bytes.end()};
}

std::vector<std::string> files_in(const TemporaryFolder& folder) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator{folder.path()})
        names.push_back(entry.path().filename().string());
    std::ranges::sort(names);
    return names;
}

template <class Holds>
bool soon(Holds holds) {
    for (int i = 0; i < 500; ++i) {
        if (holds()) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
    return false;
}

} // namespace

TEST_CASE("what is recorded is there when the folder's keeper has gone, whoever read it meanwhile") {
    const TemporaryFolder folder;
    std::string name;
    {
        RecordingFolder recordings{{.folder = folder.path() / "new"}};
        auto opened = recordings.open(cinema, 3);
        name = opened.name;
        CHECK(name.starts_with("cinema."));
        CHECK(name.ends_with(".part3.playrec"));
        CHECK(opened.sink->append(bytes_of("one ")));
        CHECK(opened.sink->append(bytes_of("two")));
        opened.sink.reset();
    }
    CHECK(folder.read("new/" + name) == "one two");
    CHECK(std::filesystem::status(folder.path() / "new" / name).permissions() ==
          (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
}

TEST_CASE("more recordings than files are held open, in turns") {
    const TemporaryFolder folder;
    std::set<std::string> names;
    {
        RecordingFolder recordings{{.folder = folder.path()}};
        std::vector<recording::Store::Opened> all;
        for (std::size_t i = 0; i < RecordingFolder::open_files_max + 40; ++i) {
            all.push_back(recordings.open(cinema, 1));
            names.insert(all.back().name);
        }
        for (const char* text : {"a", "b", "c"})
            for (auto& one : all) CHECK(one.sink->append(bytes_of(text)));
    }
    REQUIRE(names.size() == RecordingFolder::open_files_max + 40);
    for (const std::string& name : names) CHECK(folder.read(name) == "abc");
}

TEST_CASE("beyond its size the oldest are deleted, but none that is written") {
    spdlog::set_level(spdlog::level::off);
    const TemporaryFolder folder;
    folder.write("other.txt", std::string(3'000'000, 'x')); // not ours
    folder.write("old.playrec", std::string(900'000, 'x'));
    std::filesystem::last_write_time(folder.path() / "old.playrec",
                                     std::filesystem::file_time_type::clock::now() - std::chrono::hours{1});
    folder.write("newer.playrec", std::string(100'000, 'x'));
    RecordingFolder recordings{{.folder = folder.path(), .folder_mib = 1}};
    auto opened = recordings.open(cinema, 1);
    CHECK(opened.sink->append(Bytes(700'000)));
    CHECK(opened.sink->append(Bytes(700'000)));
    CHECK(soon([&] { return files_in(folder) == std::vector<std::string>{opened.name, "other.txt"}; }));
}

TEST_CASE("a file that cannot be written is lost, and says so with a later record") {
    spdlog::set_level(spdlog::level::off);
    std::optional<TemporaryFolder> folder{std::in_place};
    RecordingFolder recordings{{.folder = folder->path()}};
    auto opened = recordings.open(cinema, 1);
    folder.reset();
    CHECK(soon([&] { return !opened.sink->append(bytes_of("text")); }));
}

TEST_CASE("a folder that cannot be is refused at once") {
    const TemporaryFolder folder;
    folder.write("file", "");
    CHECK_THROWS_WITH_AS(RecordingFolder({.folder = folder.path() / "file" / "folder"}),
                         doctest::Contains("record: nothing can be written to the folder"), std::runtime_error);
}
