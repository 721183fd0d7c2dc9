#include "conformance/scheduler/oracle_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <iostream>

namespace stowage::conformance {
namespace {

[[noreturn]] void die(const std::string& what) {
  std::cerr << what << "\n";
  std::exit(1);
}

void writeAll(int fd, const std::string& text) {
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t n = write(fd, text.data() + done, text.size() - done);
    if (n <= 0) return;  // receive() says so
    done += static_cast<std::size_t>(n);
  }
}

}  // namespace

OracleProcess::OracleProcess(const std::string& binary) {
  signal(SIGPIPE, SIG_IGN);
  int questions[2];
  int answers[2];
  if (pipe2(questions, O_CLOEXEC) != 0 || pipe2(answers, O_CLOEXEC) != 0) die("no pipe");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, questions[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, answers[1], STDOUT_FILENO);
  std::string path = binary;
  char* argv[] = {path.data(), nullptr};
  const int failed = posix_spawn(&pid_, path.c_str(), &actions, nullptr, argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) die("The oracle " + binary + " cannot be started.");
  close(questions[0]);
  close(answers[1]);
  to_ = questions[1];
  from_ = fdopen(answers[0], "r");
}

OracleProcess::~OracleProcess() {
  if (writer_.joinable()) writer_.join();
  close(to_);  // its end of input: it ends by itself
  std::fclose(from_);
  waitpid(pid_, nullptr, 0);
}

void OracleProcess::send(std::vector<std::string> questions) {
  if (writer_.joinable()) writer_.join();
  writer_ = std::thread([fd = to_, lines = std::move(questions)] {
    for (const std::string& line : lines) writeAll(fd, line + "\n");
  });
}

std::string OracleProcess::receive() {
  char* line = nullptr;
  std::size_t capacity = 0;
  const ssize_t length = getline(&line, &capacity, from_);
  if (length <= 0) die("The oracle broke off.");
  std::string answer(line, static_cast<std::size_t>(length));
  std::free(line);
  return answer;
}

}  // namespace stowage::conformance
