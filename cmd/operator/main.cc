// stowage-operator: flags -> Settings -> App -> run until a signal or a lost lease.
#include <cstdio>
#include <variant>

#include "base/log.h"
#include "base/version.h"
#include "cmd/operator/app.h"
#include "cmd/operator/options.h"
#include "k8sclient/transport/cpprest_transport.h"
#include "program/process.h"

namespace {

using namespace stowage;  // one file, nothing includes it

constexpr const char* kProgram = "stowage-operator";

int run(const operator_cmd::Options& options) {
  auto settings = operator_cmd::loadSettings(options);
  if (!settings) return program::complain(kProgram, settings.error().message(), 2);
  program::setUpLogging(options);
  const sigset_t signals = program::blockSignals();
  k8sclient::initializeCpprest(2);
  base::log().info("starting", {{"version", base::version()},
                                {"commit", base::commit()},
                                {"cluster", settings->client.origin}});
  auto app = operator_cmd::App::create(std::move(*settings));
  if (!app) return program::complain(kProgram, app.error().message(), 2);
  return program::serve(kProgram, **app, signals);
}

}  // namespace

int main(int argc, char** argv) {
  program::shareOneHeap();
  auto parsed = operator_cmd::parseOptions(argc, argv);
  if (const auto* early = std::get_if<program::EarlyExit>(&parsed)) {
    std::fputs(early->text.c_str(), early->code == 0 ? stdout : stderr);
    return early->code;
  }
  program::leave(run(std::get<operator_cmd::Options>(parsed)));
}
