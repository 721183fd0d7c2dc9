// stowage-scheduler: flags and files -> Settings -> App -> run until a signal or a lost lease.
#include <malloc.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <variant>

#include "base/log.h"
#include "base/version.h"
#include "cmd/scheduler/app.h"
#include "cmd/scheduler/options.h"
#include "cmd/scheduler/startup.h"
#include "k8sclient/transport/cpprest_transport.h"

namespace {

using namespace stowage;  // one file, nothing includes it

int complain(const std::string& message, int code) {
  std::fprintf(stderr, "stowage-scheduler: %s\n", message.c_str());
  return code;
}

// Signals are waited for, never handled: blocked here, before any thread starts.
sigset_t blockSignals() {
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return set;
}

// Some 25 threads, most of which wait: with a heap for each of eight of them, half of what they
// hold is air. One heap is 2.3 of 31 MB less for 2,000 pods on 1,000 nodes, at the same CPU time.
void shareOneHeap() {
#ifdef M_ARENA_MAX
  mallopt(M_ARENA_MAX, 1);
#endif
}

// After the lease is lost another instance schedules: nothing of ours may go out any more.
[[noreturn]] void leaseLost() {
  base::log().error("lease lost: exiting so that only the new leader schedules");
  std::_Exit(1);
}

void logStart(const scheduler_cmd::Settings& settings) {
  base::log().info("starting", {{"version", base::version()},
                                {"commit", base::commit()},
                                {"cluster", settings.client.origin}});
  for (const config::Notice& notice : settings.config.notices) {
    base::log().info("differs from kube-scheduler",
                     {{"field", notice.field}, {"what", notice.text}});
  }
}

int run(const scheduler_cmd::Options& options) {
  auto settings = scheduler_cmd::loadSettings(options);
  if (!settings) return complain(settings.error().message(), 2);
  base::setUpLogging(
      options.logging_format == "json" ? base::LogFormat::kJson : base::LogFormat::kText,
      options.verbosity);
  const sigset_t signals = blockSignals();
  k8sclient::initializeCpprest(2);
  logStart(*settings);
  auto app = scheduler_cmd::App::create(std::move(*settings));
  if (!app) return complain(app.error().message(), 2);
  if (base::Status started = (*app)->start(leaseLost); !started.ok()) {
    // A flag that can never work, or something that may be free at the next start.
    const int code = started.code() == base::Code::kInvalidArgument ? 2 : 1;
    complain(started.message(), code);
    (*app)->stop();
    return code;
  }
  int received = 0;
  sigwait(&signals, &received);
  base::log().info("stopping", {{"signal", received == SIGINT ? "SIGINT" : "SIGTERM"}});
  (*app)->stop();
  base::log().info("stopped");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  shareOneHeap();
  auto parsed = scheduler_cmd::parseOptions(argc, argv);
  if (const auto* early = std::get_if<scheduler_cmd::EarlyExit>(&parsed)) {
    std::fputs(early->text.c_str(), early->code == 0 ? stdout : stderr);
    return early->code;
  }
  const int code = run(std::get<scheduler_cmd::Options>(parsed));
  // Not through static destructors: libraries with threads of their own race there (cpprestsdk
  // issues 1480, 1482). Everything of ours has been stopped in order.
  std::fflush(nullptr);
  std::_Exit(code);
}
