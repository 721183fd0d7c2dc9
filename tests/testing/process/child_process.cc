#include "testing/process/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

namespace stowage::testing {

namespace {

[[noreturn]] void die(const char* what, const std::string& detail) {
  std::fprintf(stderr, "%s %s: %s\n", what, detail.c_str(), std::strerror(errno));
  std::abort();
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (const std::string& text : texts) out.push_back(const_cast<char*>(text.c_str()));
  out.push_back(nullptr);
  return out;
}

std::vector<std::string> environmentWith(const std::vector<std::string>& extra) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) all.emplace_back(*entry);
  all.insert(all.end(), extra.begin(), extra.end());
  return all;
}

int exitCode(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// Everything is prepared before fork: the child only makes system calls.
pid_t spawn(const std::vector<std::string>& argv, const std::vector<std::string>& env, int in,
            int out) {
  std::vector<char*> arguments = pointers(argv);
  std::vector<char*> environment = pointers(env);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) die("fork", argv[0]);
  if (pid > 0) return pid;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);
  dup2(in, STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  dup2(out, STDERR_FILENO);
  execvpe(arguments[0], arguments.data(), environment.data());
  _exit(127);
}

}  // namespace

ChildProcess::ChildProcess(std::vector<std::string> argv, std::string log_path,
                           std::vector<std::string> extra_env)
    : log_path_(std::move(log_path)) {
  const int out = open(log_path_.c_str(), O_CREAT | O_APPEND | O_WRONLY | O_CLOEXEC, 0644);
  const int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (out < 0 || in < 0) die("open", log_path_);
  pid_ = spawn(argv, environmentWith(extra_env), in, out);
  close(in);
  close(out);
}

ChildProcess::~ChildProcess() {
  if (!running()) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

void ChildProcess::signal(int number) {
  if (running()) kill(pid_, number);
}

bool ChildProcess::running() {
  if (exit_code_) return false;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) != pid_) return true;
  exit_code_ = exitCode(status);
  return false;
}

std::optional<int> ChildProcess::waitExit(std::chrono::milliseconds limit) {
  waitFor([this] { return !running(); }, limit, std::chrono::milliseconds(5));
  return exit_code_;
}

std::string ChildProcess::log() const {
  std::ifstream file(log_path_);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

CommandResult runCommand(const std::vector<std::string>& argv, const std::string& input,
                         std::chrono::seconds limit) {
  std::array<int, 2> out_pipe{};
  if (pipe2(out_pipe.data(), O_CLOEXEC) != 0) die("pipe", argv[0]);
  // Input through an unlinked file: no deadlock between two full pipes, whatever its size.
  std::string name = "/tmp/stowage-input-XXXXXX";
  const int in = mkostemp(name.data(), O_CLOEXEC);
  if (in < 0) die("mkostemp", name);
  unlink(name.c_str());
  for (std::size_t sent = 0; sent < input.size();) {
    const ssize_t count = write(in, input.data() + sent, input.size() - sent);
    if (count <= 0) die("write", name);
    sent += static_cast<std::size_t>(count);
  }
  lseek(in, 0, SEEK_SET);
  const pid_t pid = spawn(argv, environmentWith({}), in, out_pipe[1]);
  close(in);
  close(out_pipe[1]);
  CommandResult result;
  const auto deadline = std::chrono::steady_clock::now() + limit;
  std::array<char, 65536> buffer{};
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    pollfd watched{out_pipe[0], POLLIN, 0};
    if (left.count() <= 0 || poll(&watched, 1, static_cast<int>(left.count())) <= 0) {
      kill(pid, SIGKILL);
      result.output += "\n[killed: no end after the time limit]\n";
      break;
    }
    const ssize_t count = read(out_pipe[0], buffer.data(), buffer.size());
    if (count <= 0) break;
    result.output.append(buffer.data(), static_cast<std::size_t>(count));
  }
  close(out_pipe[0]);
  int status = 0;
  waitpid(pid, &status, 0);
  result.exit_code = exitCode(status);
  return result;
}

void pauseBetweenLooks(std::chrono::milliseconds period) {
  poll(nullptr, 0, static_cast<int>(period.count()));
}

}  // namespace stowage::testing
