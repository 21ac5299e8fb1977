#include "session/log.hpp"

#include <doctest/doctest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <sstream>
#include <string>

using namespace playhead;

namespace {

// What the folder's logger writes for as long as this is there.
class Written {
  public:
    Written() {
        spdlog::drop("session");
        auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(text_);
        sink->set_pattern("%v");
        spdlog::register_logger(std::make_shared<spdlog::logger>("session", std::move(sink)));
    }
    ~Written() { spdlog::drop("session"); }
    Written(const Written&) = delete;
    Written& operator=(const Written&) = delete;
    std::string text() const { return text_.str(); }

  private:
    std::ostringstream text_;
};

} // namespace

TEST_CASE("a plugin that logs what a viewer wrote writes one line, and nothing for the terminal to obey") {
    const RoomId room = RoomId::parse("cinema").value();
    const Written written;
    PluginLog{}.line(room, "chat", "said: x\"\n[critical] engine gone\x1B[2J", false, ServerTime{});
    CHECK(written.text() ==
          "plugin_says room=cinema plugin=chat message=\"said: x\"\\n[critical] engine gone\\x1b[2J\"\n");
}
