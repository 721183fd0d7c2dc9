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

template <typename T>
void addOptional(CLI::App& app, const std::string& name, std::optional<T>& target,
                 const std::string& help) {
  app.add_option_function<T>(name, [&target](const T& value) { target = value; }, help);
}

void addConnectionFlags(CLI::App& app, Options& options) {
  app.add_option("--config", options.config_file,
                 "KubeSchedulerConfiguration (kubescheduler.config.k8s.io/v1) to read; strict: an "
                 "unknown field is an error")
      ->type_name("FILE");
  app.add_option("--kubeconfig", options.kubeconfig, "kubeconfig to use; must exist when given")
      ->type_name("FILE");
  addOptional(app, "--scheduler-name", options.scheduler_name,
              "name of the single profile: the schedulerName of pods to take (default "
              "stowage-scheduler)");
  app.add_flag_function(
      "--leader-elect", [&options](std::int64_t count) { options.leader_elect = count > 0; },
      "elect a leader by a Lease before scheduling, so that several replicas may run (default "
      "true; "
      "--leader-elect=false turns it off)");
  addOptional(app, "--leader-elect-resource-name", options.lease_name,
              "name of the Lease (default stowage-scheduler)");
  addOptional(app, "--leader-elect-resource-namespace", options.lease_namespace,
              "namespace of the Lease (default: the pod's own, else kube-system)");
}

void addServingFlags(CLI::App& app, Options& options) {
  app.add_option("--bind-address", options.bind_address, "address to serve HTTPS on")
      ->capture_default_str();
  app.add_option("--secure-port", options.secure_port,
                 "port of /livez, /readyz, /healthz and /metrics; 0 serves nothing")
      ->check(CLI::Range(0, 65535))
      ->capture_default_str();
  app.add_option("--tls-cert-file", options.tls_cert_file,
                 "certificate to serve with (default: a self-signed one, in memory)")
      ->type_name("FILE");
  app.add_option("--tls-private-key-file", options.tls_key_file, "key of --tls-cert-file")
      ->type_name("FILE");
}

}  // namespace

std::variant<Options, EarlyExit> parseOptions(int argc, const char* const* argv) {
  Options options;
  CLI::App app(kDescription, "stowage-scheduler");
  app.footer(kFooter);
  app.set_version_flag("--version", base::versionLine("stowage-scheduler"),
                       "print version and commit");
  addConnectionFlags(app, options);
  addServingFlags(app, options);
  app.add_option("--logging-format", options.logging_format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  app.add_option("-v,--v", options.verbosity, "log verbosity: 0 info, 1 and more debug")
      ->check(CLI::Range(0, 10))
      ->capture_default_str();
  app.add_flag("--verify-caches", options.verify_caches,
               "recompute every cached decision and stop on a difference (slow; for debugging)");
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return EarlyExit{0, app.help()};
  } catch (const CLI::CallForVersion&) {
    return EarlyExit{0, base::versionLine("stowage-scheduler") + "\n"};
  } catch (const CLI::ParseError& error) {
    return EarlyExit{2, std::string("stowage-scheduler: ") + error.what() +
                            "\nType stowage-scheduler --help to see every flag.\n"};
  }
  if (options.tls_cert_file.empty() != options.tls_key_file.empty()) {
    return EarlyExit{
        2,
        "stowage-scheduler: --tls-cert-file and --tls-private-key-file go together: give "
        "both or none\n"};
  }
  return options;
}

}  // namespace stowage::scheduler_cmd
