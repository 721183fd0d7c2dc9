// kubectl-stowage, for `kubectl stowage ...`: flags -> client -> verb -> text and exit code.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>
#include <variant>

#include "base/clock.h"
#include "base/metric_sink.h"
#include "cmd/kubectl-stowage/options.h"
#include "cmd/kubectl-stowage/verbs.h"
#include "k8sclient/transport/cpprest_transport.h"
#include "program/cluster.h"
#include "program/process.h"

namespace {

using namespace stowage;  // one file, nothing includes it

constexpr const char* kProgram = "kubectl stowage";

// On a terminal each takes the place of the one before.
void show(const std::string& text) {
  const bool terminal = isatty(STDOUT_FILENO) != 0;
  std::fputs(terminal ? "\033[H\033[2J" : "", stdout);
  std::fputs(text.c_str(), stdout);
  std::fputs(terminal ? "" : "\n", stdout);
  std::fflush(stdout);
}

// https://no-color.org: whoever has set it to anything wants none.
bool showsColours() {
  const char* none = std::getenv("NO_COLOR");
  const char* kind = std::getenv("TERM");
  const bool dumb = kind == nullptr || std::string_view(kind) == "dumb";
  return isatty(STDOUT_FILENO) != 0 && !dumb && (none == nullptr || *none == 0);
}

int run(kubectl::Options options) {
  options.colours = showsColours();
  auto config = k8sclient::loadClientConfig(options.kubeconfig, k8sclient::processEnvironment(),
                                            options.context);
  if (!config) return program::complain(kProgram, config.error().message(), 2);
  k8sclient::initializeCpprest(2);
  base::SystemClock clock;
  k8sclient::RestOptions rest;
  rest.user_agent = k8sclient::userAgent("kubectl-stowage");
  auto api = program::connect(*config, rest, clock, base::nullMetricSink());
  if (!api) return program::complain(kProgram, api.error().message(), 2);
  kubectl::Verbs verbs(**api, clock, options.ns.empty() ? config->ns : options.ns);
  if (options.watch) {
    const base::Status end = verbs.watch(options, show, {});
    return end.ok() ? 0 : program::complain(kProgram, end.message(), 1);
  }
  const auto text = verbs.run(options);
  if (!text) return program::complain(kProgram, text.error().message(), 1);
  std::fputs(text->c_str(), stdout);
  return std::fflush(stdout) == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  auto parsed = kubectl::parseOptions(argc, argv);
  if (const auto* early = std::get_if<program::EarlyExit>(&parsed)) {
    std::fputs(early->text.c_str(), early->code == 0 ? stdout : stderr);
    return early->code;
  }
  program::leave(run(std::get<kubectl::Options>(std::move(parsed))));
}
