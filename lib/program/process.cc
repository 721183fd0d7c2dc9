#include "program/process.h"

#include <malloc.h>

#include <cstdio>
#include <cstdlib>

#include "base/log.h"

namespace stowage::program {

int complain(const std::string& program, const std::string& message, int code) {
  std::fprintf(stderr, "%s: %s\n", program.c_str(), message.c_str());
  return code;
}

void shareOneHeap() {
#ifdef M_ARENA_MAX
  mallopt(M_ARENA_MAX, 1);
#endif
}

sigset_t blockSignals(bool reloads) {
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  if (reloads) sigaddset(&set, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return set;
}

void setUpLogging(const CommonOptions& options) {
  base::setUpLogging(
      options.logging_format == "json" ? base::LogFormat::kJson : base::LogFormat::kText,
      options.verbosity);
}

int serve(const std::string& program, Service& service, const sigset_t& signals) {
  // After the lease is lost another instance works: nothing of ours may go out any more.
  const auto lost = [] {
    base::log().error("lease lost: exiting so that only the new leader works");
    std::_Exit(1);
  };
  if (base::Status started = service.start(lost); !started.ok()) {
    // A flag that can never work, or something that may be free at the next start.
    const int code = started.code() == base::Code::kInvalidArgument ? 2 : 1;
    complain(program, started.message(), code);
    service.stop();
    return code;
  }
  int received = 0;
  while (sigwait(&signals, &received) == 0 && received == SIGHUP) service.reload();
  base::log().info("stopping", {{"signal", received == SIGINT ? "SIGINT" : "SIGTERM"}});
  service.stop();
  base::log().info("stopped");
  return 0;
}

void leave(int code) {
  std::fflush(nullptr);
  std::_Exit(code);
}

}  // namespace stowage::program
