#include "cmd/operator/options.h"

#include <fmt/format.h>

#include "base/text.h"
#include "base/version.h"
#include "kubeapi/hooks.h"

namespace stowage::operator_cmd {

namespace {

constexpr const char* kDescription =
    "An operator for replicated stateful services.\n\n"
    "It reconciles StatefulGroups (stowage.dev/v1alpha1): shards of replicas with stable names, "
    "addresses\n"
    "and volumes that keep their quorum while pods are updated, moved and replaced.";

constexpr const char* kFooter =
    "Examples:\n"
    "  # the API, once per cluster\n"
    "  kubectl apply -f lib/statefulgroup/crd/statefulgroups.stowage.dev.yaml\n"
    "  # against the cluster of your kubeconfig, one instance\n"
    "  stowage-operator --kubeconfig ~/.kube/config --leader-elect=false\n"
    "  # then look at groups\n"
    "  kubectl get statefulgroups --all-namespaces\n\n"
    "Without --kubeconfig: $KUBECONFIG, then ~/.kube/config, then the service account of the pod.\n"
    "Exit codes: 0 stopped by a signal, 1 failed or lost the lease, 2 wrong command line or\n"
    "configuration.";

void addLeaseFlags(CLI::App& app, Options& options) {
  app.add_option("--leader-elect-lease-duration-seconds", options.lease_seconds,
                 "how long others wait after the leader's last sign before they take over")
      ->check(program::wholeNumber(1, 3600))
      ->capture_default_str();
  app.add_option("--leader-elect-renew-deadline-seconds", options.renew_seconds,
                 "how long the leader tries to renew before it ends")
      ->check(program::wholeNumber(1, 3600))
      ->capture_default_str();
  app.add_option("--leader-elect-retry-period-seconds", options.retry_seconds, "time between tries")
      ->check(program::wholeNumber(1, 3600))
      ->capture_default_str();
}

// As k8sclient::validate() wants them (kLeaseJitter is 1.2).
bool areLeaseTimes(const Options& options) {
  return options.lease_seconds > options.renew_seconds &&
         options.renew_seconds * 5 > options.retry_seconds * 6;
}

}  // namespace

std::variant<Options, program::EarlyExit> parseOptions(int argc, const char* const* argv) {
  Options options;
  CLI::App app(kDescription, "stowage-operator");
  app.footer(kFooter);
  app.set_version_flag("--version", base::versionLine("stowage-operator"),
                       "print version and commit");
  app.add_option("--namespace", options.ns,
                 "only groups of this namespace (default: of all namespaces)")
      ->check(program::namespaceName());
  app.add_option("--workers", options.workers, "groups that are worked on at once")
      ->check(program::wholeNumber(1, 64))
      ->capture_default_str();
  app.add_option("--resync-period-seconds", options.resync_seconds,
                 "each group is looked at again about so often, whatever happens; 0: never")
      ->check(program::wholeNumber(0, 86400))
      ->capture_default_str();
  app.add_option("--hook-service-account", options.hook_service_account,
                 "whose tokens agents in pods are shown (default: the operator's own, when it runs "
                 "as a service account; docs/hooks.md)")
      ->type_name("NAMESPACE:NAME")
      ->check([](const std::string& text) {
        return kubeapi::hooks::parseServiceAccount(text) ? ""
                                                         : "\"" + text + "\" is not NAMESPACE:NAME";
      });
  app.add_option("--kube-api-qps", options.qps,
                 "calls a second to the API server, watches apart; 0: no limit of our own, the "
                 "server's priority and fairness decides")
      ->check(program::decimalNumber(0, 100000))
      ->capture_default_str();
  app.add_option("--kube-api-burst", options.burst,
                 "calls at once above --kube-api-qps; 0: twice as many")
      ->check(program::wholeNumber(0, 200000))
      ->capture_default_str();
  program::addCommonFlags(app, options, "stowage-operator");
  addLeaseFlags(app, options);
  if (auto early = program::parseCommandLine(app, options, "stowage-operator", argc, argv))
    return *early;
  if (!areLeaseTimes(options)) {
    return program::EarlyExit{
        2,
        "stowage-operator: --leader-elect-lease-duration-seconds must be more than "
        "--leader-elect-renew-deadline-seconds, and that more than 1.2 times "
        "--leader-elect-retry-period-seconds\n"};
  }
  return options;
}

std::string optionsYaml(const Options& options) {
  // A JSON string is a YAML string.
  return fmt::format(
      "namespace: {}\nworkers: {}\nresyncPeriodSeconds: {}\nhookServiceAccount: {}\nkubeApiQps: "
      "{}\nkubeApiBurst: {}\n"
      "leaderElect: {}\nleaderElectResourceName: {}\n"
      "leaderElectLeaseDurationSeconds: {}\nleaderElectRenewDeadlineSeconds: {}\n"
      "leaderElectRetryPeriodSeconds: {}\nbindAddress: {}\nsecurePort: {}\n"
      "loggingFormat: {}\nverbosity: {}\n",
      base::jsonString(options.ns), options.workers, options.resync_seconds,
      base::jsonString(options.hook_service_account), options.qps, options.burst,
      options.leader_elect.value_or(true),
      base::jsonString(options.lease_name.value_or("stowage-operator")), options.lease_seconds,
      options.renew_seconds, options.retry_seconds, base::jsonString(options.bind_address),
      options.secure_port, base::jsonString(options.logging_format), options.verbosity);
}

}  // namespace stowage::operator_cmd
