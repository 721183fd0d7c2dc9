#include "cmd/scheduler/options.h"

#include <CLI/CLI.hpp>

#include "base/version.h"

namespace stowage::scheduler_cmd {

namespace {

constexpr const char* kDescription =
    "A secondary Kubernetes scheduler that packs pods tightly.\n\n"
    "It schedules the pods whose spec.schedulerName names one of its profiles and leaves all "
    "others\n"
    "alone, while counting every pod of every scheduler. Filters, messages and conditions are "
    "those of\n"
    "kube-scheduler v1.36.";

constexpr const char* kFooter =
    "Examples:\n"
    "  # against the cluster of your kubeconfig, one instance\n"
    "  stowage-scheduler --kubeconfig ~/.kube/config --leader-elect=false\n"
    "  # in a pod, with a configuration file (docs/configuration.md)\n"
    "  stowage-scheduler --config /etc/stowage/scheduler.yaml\n"
    "  # then give it a pod\n"
    "  kubectl run hello --image=nginx "
    "--overrides='{\"spec\":{\"schedulerName\":\"stowage-scheduler\"}}'\n\n"
    "Without --kubeconfig: $KUBECONFIG, then ~/.kube/config, then the service account of the pod.\n"
    "Exit codes: 0 stopped by a signal, 1 failed or lost the lease, 2 wrong command line or\n"
    "configuration.";

}  // namespace

std::variant<Options, EarlyExit> parseOptions(int argc, const char* const* argv) {
  Options options;
  CLI::App app(kDescription, "stowage-scheduler");
  app.footer(kFooter);
  app.set_version_flag("--version", base::versionLine("stowage-scheduler"),
                       "print version and commit");
  app.add_option("--config", options.config_file,
                 "KubeSchedulerConfiguration (kubescheduler.config.k8s.io/v1) to read; strict: an "
                 "unknown field is an error. Changes of the file are taken over while running; a "
                 "wrong one is refused and the old one stays (docs/configuration.md)")
      ->type_name("FILE");
  program::addOptional(app, "--scheduler-name", options.scheduler_name,
                       "name of the single profile: the schedulerName of pods to take (default "
                       "stowage-scheduler)");
  program::addCommonFlags(app, options, "stowage-scheduler");
  app.add_option("--tracing-endpoint", options.tracing_endpoint,
                 "OpenTelemetry collector to send traces of scheduling attempts to, by OTLP over "
                 "HTTP, such as http://collector:4318 (default: none)")
      ->type_name("URL");
  app.add_option("--tracing-sampling-rate-per-million", options.tracing_per_million,
                 "how many of a million attempts are traced")
      ->check(program::wholeNumber(0, 1'000'000))
      ->capture_default_str();
  app.add_flag("--verify-caches", options.verify_caches,
               "recompute every cached decision and stop on a difference (slow; for debugging)")
      ->check(program::trueOrFalse());
  if (auto early = program::parseCommandLine(app, options, "stowage-scheduler", argc, argv))
    return *early;
  return options;
}

}  // namespace stowage::scheduler_cmd
