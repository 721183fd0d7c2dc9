// ChildProcess: a program under test: started with arguments and a log file, signalled, waited for,
// and never left behind: the destructor kills it, and the kernel does when the test program dies.
// Not thread safe.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace stowage::testing {

struct CommandResult {
  int exit_code = -1;  // 128 + signal when killed by one
  std::string output;  // standard output and error together
};

class ChildProcess {
 public:
  // Starts `argv` with `extra_env` ("NAME=value") added; output is appended to `log_path`.
  // Ends the test program when the child cannot be started.
  ChildProcess(std::vector<std::string> argv, std::string log_path,
               std::vector<std::string> extra_env = {});
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  void signal(int number);
  // Exit code (128 + signal when killed), or nullopt when it still runs after `limit`.
  std::optional<int> waitExit(std::chrono::milliseconds limit);
  [[nodiscard]] bool running();
  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] std::string log() const;

 private:
  pid_t pid_ = -1;
  std::string log_path_;
  std::optional<int> exit_code_;
};

// Runs a program to its end with `input` as its standard input.
CommandResult runCommand(const std::vector<std::string>& argv, const std::string& input = {},
                         std::chrono::seconds limit = std::chrono::seconds(120));

// Asks `condition` every `period` until it is true; false after `limit`. The one place where tests
// wait for something outside the process.
template <typename Condition>
bool waitFor(Condition&& condition, std::chrono::milliseconds limit,
             std::chrono::milliseconds period = std::chrono::milliseconds(50));

// Implementation detail of waitFor: pauses the calling thread between two looks.
void pauseBetweenLooks(std::chrono::milliseconds period);

template <typename Condition>
bool waitFor(Condition&& condition, std::chrono::milliseconds limit,
             std::chrono::milliseconds period) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    pauseBetweenLooks(period);
  }
  return true;
}

}  // namespace stowage::testing
