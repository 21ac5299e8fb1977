#pragma once

#include "app/config.hpp"

#include <functional>
#include <memory>
#include <string>

namespace playhead {

// The whole engine: builds every part, hands it its dependencies, and runs until a signal ends it.
//   Errors: the constructor throws std::runtime_error with what to do about it: a port that is taken, a folder that is
//   missing, a room of the config that cannot be.
//   Thread: the caller's becomes the HTTP thread; the shard has its own.
class Server {
  public:
    // `reread` reads the config again, when SIGHUP or the admin API asks for the plugins to be brought up to date; what
    // it throws is told to whoever asked. Without it they cannot be.
    Server(const Config& config, const std::string& version, std::function<Config()> reread = {});
    ~Server();

    std::string url() const;

    // Returns after SIGTERM or SIGINT, when clients have been told and answers have gone out, or drain_time_max later.
    // A second signal ends the process at once.
    void run();

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace playhead
