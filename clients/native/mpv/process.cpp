#include "mpv/process.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <utility>

namespace playhead::mpv {
namespace {

constexpr auto end_look = std::chrono::milliseconds{10};

std::string words_of(int error) { return std::generic_category().message(error); }

// Where a program is, as a shell would find it; empty if nowhere.
std::string find_program(const std::string& name) {
    const auto runs = [](const std::string& path) { return ::access(path.c_str(), X_OK) == 0; };
    if (name.contains('/')) return runs(name) ? name : std::string{};
    const char* path = std::getenv("PATH");
    std::string_view left = path == nullptr ? "/usr/local/bin:/usr/bin:/bin" : path;
    while (!left.empty()) {
        const std::size_t end = std::min(left.find(':'), left.size());
        const std::string found = std::string{left.substr(0, end)} + "/" + name;
        if (end > 0 && runs(found)) return found;
        left.remove_prefix(std::min(end + 1, left.size()));
    }
    return {};
}

} // namespace

std::vector<std::string> command_line(const StartOptions& options) {
    // The less sound is buffered the sooner a correction is heard.
    std::vector<std::string> line{options.program,       "--input-ipc-server=" + options.socket,
                                  "--idle=yes",          "--pause",
                                  "--keep-open=yes",     "--keep-open-pause=no",
                                  "--no-terminal",       "--no-resume-playback",
                                  "--audio-buffer=0.05", "--load-unsafe-playlists=no"};
    if (options.headless) {
        line.insert(line.end(), {"--vo=null", "--ao=null", "--ao-null-buffer=0.05"});
    } else {
        line.emplace_back("--force-window=yes");
    }
    line.insert(line.end(), options.options.begin(), options.options.end());
    return line;
}

std::expected<Process, std::string> Process::start(const StartOptions& options) {
    const std::string program = find_program(options.program);
    if (program.empty())
        return std::unexpected("there is no program '" + options.program +
                               "'; install mpv (in Debian: apt-get install mpv) or say where it is with --mpv PATH");
    std::vector<std::string> words = command_line(options);
    std::vector<char*> arguments;
    arguments.reserve(words.size() + 1);
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);

    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child < 0) return std::unexpected("mpv cannot be started: " + words_of(errno));
    if (child > 0) return Process{child};

    // In the child only calls that are safe while another thread was in the middle of something.
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) ::_exit(127);
    ::setpgid(0, 0); // Ctrl-C in the terminal is for us: we then end mpv in order
    const int nowhere = ::open("/dev/null", O_RDWR);
    if (nowhere < 0) ::_exit(127);
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(nowhere, stream);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execv(program.c_str(), arguments.data());
    ::_exit(127);
}

Process::Process(Process&& other) noexcept
    : id_(std::exchange(other.id_, -1)),
      ended_(std::exchange(other.ended_, std::nullopt)) {}

Process& Process::operator=(Process&& other) noexcept {
    if (this != &other) {
        end();
        id_ = std::exchange(other.id_, -1);
        ended_ = std::exchange(other.ended_, std::nullopt);
    }
    return *this;
}

Process::~Process() { end(); }

void Process::note(int status) {
    if (WIFSIGNALED(status)) {
        ended_ = Ended{.how = "it was ended by signal " + std::to_string(WTERMSIG(status))};
    } else {
        const int code = WEXITSTATUS(status);
        ended_ = Ended{.how = "it ended with exit code " + std::to_string(code), .by_itself = code == 0};
    }
}

const std::optional<Process::Ended>& Process::ended() {
    int status = 0;
    if (id_ > 0 && !ended_ && ::waitpid(id_, &status, WNOHANG) == id_) note(status);
    return ended_;
}

void Process::end() {
    if (id_ <= 0 || ended()) return;
    ::kill(id_, SIGTERM);
    ::kill(id_, SIGCONT); // one that was stopped would not hear
    for (int waited_ms = 0; waited_ms < end_wait_ms; waited_ms += static_cast<int>(end_look.count())) {
        if (ended()) return;
        std::this_thread::sleep_for(end_look);
    }
    kill();
}

void Process::kill() {
    int status = 0;
    if (id_ <= 0 || ended()) return;
    ::kill(id_, SIGKILL);
    if (::waitpid(id_, &status, 0) == id_) note(status);
}

SocketFolder::SocketFolder() {
    const char* runtime = std::getenv("XDG_RUNTIME_DIR");
    std::error_code failed;
    const bool fit = runtime != nullptr && std::filesystem::is_directory(runtime, failed);
    std::string place =
        (fit ? std::string{runtime} : std::filesystem::temp_directory_path().string()) + "/playhead-mpv-XXXXXX";
    if (::mkdtemp(place.data()) == nullptr)
        throw std::runtime_error("there is no place for mpv's socket: " + place + ": " + words_of(errno));
    path_ = place;
}

SocketFolder::~SocketFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

} // namespace playhead::mpv
