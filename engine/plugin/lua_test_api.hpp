#pragma once

#include "plugin/plugin_set.hpp"
#include "plugin/test_room.hpp"
#include "plugin/test_runner.hpp"

#include <cstddef>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace playhead {

// A test.lua in an interpreter of its own: sandboxed like a plugin, apart from the rooms that it opens, which have
// theirs. What it gets is in test_api.lua.
//   Bounds:  each test has its own budget of instructions, so that one that loops for ever fails alone; what its rooms
//   do
//            is under theirs.
class TestScript {
  public:
    static constexpr std::size_t rooms_max = 64; // of one test

    explicit TestScript(const FindPlugin& find);
    ~TestScript();
    TestScript(const TestScript&) = delete;
    TestScript& operator=(const TestScript&) = delete;

    // Runs the file and gives the names of its tests in order.   Errors: it does not load, with file:line.
    std::expected<std::vector<std::string>, std::string> load(const PluginSource& plugin);
    // Runs one of them; empty if it passed. The rooms it has opened are there until the next one.
    std::optional<std::string> run(std::size_t index);
    const std::vector<std::unique_ptr<TestRoom>>& rooms() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace playhead
