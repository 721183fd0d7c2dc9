// stowage-scheduler: flags and files -> Settings -> App -> run until a signal or a lost lease.
#include <cstdio>
#include <string>
#include <variant>

#include "base/log.h"
#include "base/version.h"
#include "cmd/scheduler/app.h"
#include "cmd/scheduler/options.h"
#include "cmd/scheduler/startup.h"
#include "k8sclient/transport/cpprest_transport.h"
#include "program/process.h"

namespace {

using namespace stowage;  // one file, nothing includes it

constexpr const char* kProgram = "stowage-scheduler";

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
  if (!settings) return program::complain(kProgram, settings.error().message(), 2);
  program::setUpLogging(options);
  const sigset_t signals = program::blockSignals(!options.config_file.empty());
  k8sclient::initializeCpprest(2);
  logStart(*settings);
  auto app = scheduler_cmd::App::create(std::move(*settings));
  if (!app) return program::complain(kProgram, app.error().message(), 2);
  return program::serve(kProgram, **app, signals);
}

}  // namespace

int main(int argc, char** argv) {
  program::shareOneHeap();
  auto parsed = scheduler_cmd::parseOptions(argc, argv);
  if (const auto* early = std::get_if<scheduler_cmd::EarlyExit>(&parsed)) {
    std::fputs(early->text.c_str(), early->code == 0 ? stdout : stderr);
    return early->code;
  }
  program::leave(run(std::get<scheduler_cmd::Options>(parsed)));
}
