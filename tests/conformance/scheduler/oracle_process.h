// OracleProcess: a long-lived process that answers one line per line. Questions are written by a
// thread of its own, so that the asker can work while it answers. Not thread safe.
#pragma once

#include <sys/types.h>

#include <cstdio>
#include <string>
#include <thread>
#include <vector>

namespace stowage::conformance {

class OracleProcess {
 public:
  // Ends the test program when the process cannot be started.
  explicit OracleProcess(const std::string& binary);
  ~OracleProcess();
  OracleProcess(const OracleProcess&) = delete;
  OracleProcess& operator=(const OracleProcess&) = delete;

  // Hands over questions; the answers of the last batch must have been received.
  void send(std::vector<std::string> questions);
  // Waits for the answer to the next question of the batch. Ends the test program when there is
  // none.
  std::string receive();

 private:
  pid_t pid_ = -1;
  int to_ = -1;
  std::FILE* from_ = nullptr;
  std::thread writer_;
};

}  // namespace stowage::conformance
