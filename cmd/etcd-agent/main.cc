// stowage-etcd-agent: flags -> App -> run until a signal.
#include <csignal>
#include <cstdio>
#include <stop_token>
#include <thread>
#include <variant>

#include "base/log.h"
#include "base/version.h"
#include "cmd/etcd-agent/app.h"
#include "cmd/etcd-agent/options.h"
#include "k8sclient/transport/cpprest_transport.h"
#include "program/process.h"

namespace {

using namespace stowage;  // one file, nothing includes it

constexpr const char* kProgram = "stowage-etcd-agent";

// Ends early, in order, when it is told to.
int runInit(const etcd_agent::Options& options, const sigset_t& signals) {
  std::stop_source stop;
  std::thread([signals, stop]() mutable {
    int received = 0;
    sigwait(&signals, &received);
    stop.request_stop();
  }).detach();
  const base::Status ended = etcd_agent::runInit(options, stop.get_token());
  if (ended.ok()) return 0;
  return program::complain(kProgram, ended.message(),
                           ended.code() == base::Code::kInvalidArgument ? 2 : 1);
}

int run(const etcd_agent::Options& options) {
  program::setUpLogging(options);
  const sigset_t signals = program::blockSignals();
  k8sclient::initializeCpprest(1);
  base::log().info("starting", {{"version", base::version()}, {"commit", base::commit()}});
  if (options.mode == etcd_agent::Options::Mode::kInit) return runInit(options, signals);
  auto app = etcd_agent::App::create(options);
  if (!app) return program::complain(kProgram, app.error().message(), 2);
  return program::serve(kProgram, **app, signals);
}

}  // namespace

int main(int argc, char** argv) {
  program::shareOneHeap();
  auto parsed = etcd_agent::parseOptions(argc, argv);
  if (const auto* early = std::get_if<program::EarlyExit>(&parsed)) {
    std::fputs(early->text.c_str(), early->code == 0 ? stdout : stderr);
    return early->code;
  }
  program::leave(run(std::get<etcd_agent::Options>(parsed)));
}
