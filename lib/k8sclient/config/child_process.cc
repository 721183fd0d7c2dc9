#include "k8sclient/config/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <map>
#include <optional>

#include "k8sclient/transport/deadline.h"
#include "k8sclient/transport/tls_identity.h"

// POSIX leaves its declaration to the program.
extern char** environ;

namespace stowage::k8sclient {

namespace {

// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { reset(); }
  [[nodiscard]] int get() const { return fd_; }
  void reset(int fd = -1) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
  }

 private:
  int fd_;
};

std::string systemError(int error) { return std::strerror(error); }

void setOrErase(std::map<std::string, std::string>& env, const std::string& name,
                const std::optional<std::string>& value) {
  if (value) {
    env[name] = *value;
  } else {
    env.erase(name);
  }
}

// Our environment with the child's additions, and with the certificate paths as they were before
// initializeCpprest() changed them for this process.
std::vector<std::string> environmentOf(const ChildProcess& child) {
  std::map<std::string, std::string> env;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos)
      env.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  if (const SystemTrust* trust = rememberedSystemTrust()) {
    setOrErase(env, "SSL_CERT_FILE", trust->file);
    setOrErase(env, "SSL_CERT_DIR", trust->directory);
  }
  for (const auto& [name, value] : child.env) env[name] = value;
  std::vector<std::string> out;
  out.reserve(env.size());
  for (const auto& [name, value] : env) out.push_back(fmt::format("{}={}", name, value));
  return out;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

// Spawned process; killed with its group and reaped unless it ended by itself.
class Running {
 public:
  Running() = default;
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() { kill(); }

  // 0 or an errno.
  int spawn(const ChildProcess& child, int output) {
    std::vector<std::string> args{child.command};
    args.insert(args.end(), child.args.begin(), child.args.end());
    std::vector<std::string> env = environmentOf(child);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    if (!child.share_stdin) {
      posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    }
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);  // e.g. our sockets
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    sigset_t defaults;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    own_group_ = !child.share_stdin;  // a background group could not read the terminal
    if (own_group_) {
      flags |= POSIX_SPAWN_SETPGROUP;
      posix_spawnattr_setpgroup(&attributes, 0);
    }
    posix_spawnattr_setflags(&attributes, flags);
    const int error = posix_spawnp(&pid_, child.command.c_str(), &actions, &attributes,
                                   pointers(args).data(), pointers(env).data());
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) pid_ = -1;
    return error;
  }

  // Waits for the end until `deadline`; nullopt when it still runs.
  std::optional<int> waitUntil(base::SteadyTime deadline) {
    // A pid has no waitable handle before pidfd_open; closing its output is nearly always its end,
    // so this rarely polls more than once.
    for (;;) {
      int status = 0;
      const pid_t ended = ::waitpid(pid_, &status, WNOHANG);
      if (ended == pid_ || (ended < 0 && errno != EINTR)) {
        pid_ = -1;
        return ended < 0 ? -1 : status;
      }
      if (socketNow() >= deadline) return std::nullopt;
      ::poll(nullptr, 0, 5);
    }
  }

  void kill() {
    if (pid_ <= 0) return;
    ::kill(own_group_ ? -pid_ : pid_, SIGKILL);
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
  }

 private:
  pid_t pid_ = -1;
  bool own_group_ = false;
};

int millisecondsUntil(base::SteadyTime deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - socketNow());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 1'000'000));
}

// Reads until end of file. ok, or why it ended early.
base::Status readAll(int fd, int wake, base::SteadyTime deadline, std::size_t limit,
                     const std::stop_token& stop, std::string& out) {
  std::array<char, 16 << 10> piece{};
  for (;;) {
    std::array<pollfd, 2> fds{{{fd, POLLIN, 0}, {wake, POLLIN, 0}}};
    const int ready = ::poll(fds.data(), fds.size(), millisecondsUntil(deadline));
    if (stop.stop_requested()) return {base::Code::kCancelled, "stopped"};
    if (ready < 0 && errno != EINTR) return {base::Code::kUnavailable, systemError(errno)};
    if (socketNow() >= deadline) return {base::Code::kTimeout, "did not end in time"};
    if ((fds[0].revents & (POLLIN | POLLHUP | POLLERR)) == 0) continue;
    const ssize_t count = ::read(fd, piece.data(), piece.size());
    if (count == 0) return {};
    if (count < 0 && errno != EINTR) return {base::Code::kUnavailable, systemError(errno)};
    if (count > 0) out.append(piece.data(), static_cast<std::size_t>(count));
    if (out.size() > limit) {
      return {base::Code::kResourceExhausted, fmt::format("printed more than {} bytes", limit)};
    }
  }
}

}  // namespace

base::Result<std::string> runChild(const ChildProcess& child, base::Duration timeout,
                                   std::size_t max_output, const std::stop_token& stop) {
  const base::SteadyTime deadline = deadlineIn(timeout);
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return base::fail(base::Code::kUnavailable, systemError(errno));
  }
  const Descriptor from_child(ends[0]);
  Descriptor to_us(ends[1]);
  const Descriptor wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  const std::stop_callback waker(stop, [&wake] { ::eventfd_write(wake.get(), 1); });

  Running running;
  if (const int error = running.spawn(child, to_us.get()); error != 0) {
    const bool missing = error == ENOENT || error == EACCES;
    return base::fail(missing ? base::Code::kNotFound : base::Code::kUnavailable,
                      systemError(error));
  }
  to_us.reset();
  std::string output;
  const base::Status status =
      readAll(from_child.get(), wake.get(), deadline, max_output, stop, output);
  if (!status.ok()) return base::fail(status);
  const std::optional<int> ended = running.waitUntil(deadline);
  if (!ended) return base::fail(base::Code::kTimeout, "did not end in time");
  if (WIFSIGNALED(*ended)) {
    return base::fail(base::Code::kUnavailable,
                      fmt::format("killed by signal {}", WTERMSIG(*ended)));
  }
  if (!WIFEXITED(*ended) || WEXITSTATUS(*ended) != 0) {
    return base::fail(base::Code::kUnavailable,
                      fmt::format("failed with status {}", WEXITSTATUS(*ended)));
  }
  return output;
}

}  // namespace stowage::k8sclient
