#include "program/common_options.h"

#include "base/version.h"

namespace stowage::program {

namespace {

// Holding theirs would keep one of the two from running.
CLI::Validator ownLease() {
  return {[](const std::string& text) {
            return text == "kube-scheduler" || text == "kube-controller-manager"
                       ? text + " is the Lease of " + text + "; leave the flag out or name your own"
                       : std::string();
          },
          ""};
}

void addServingFlags(CLI::App& app, CommonOptions& options) {
  app.add_option("--bind-address", options.bind_address, "address to serve HTTPS on")
      ->capture_default_str();
  app.add_option("--secure-port", options.secure_port,
                 "port of /livez, /readyz, /healthz and, with a token, /metrics, /metrics/slis, "
                 "/configz and what is below /debug; 0 serves nothing")
      ->check(wholeNumber(0, 65535))
      ->capture_default_str();
  app.add_option("--tls-cert-file", options.tls_cert_file,
                 "certificate to serve with (default: a self-signed one, in memory)")
      ->type_name("FILE");
  app.add_option("--tls-private-key-file", options.tls_key_file, "key of --tls-cert-file")
      ->type_name("FILE");
  // The names that Kubernetes' servers have for them (component-base cli/flag/ciphersuites_flag.go,
  // v0.36.3).
  app.add_option("--tls-min-version", options.tls_min_version, "oldest TLS version that is served")
      ->check(CLI::IsMember({"VersionTLS12", "VersionTLS13"}))
      ->capture_default_str();
}

}  // namespace

void addCommonFlags(CLI::App& app, CommonOptions& options, const std::string& lease) {
  app.add_option("--kubeconfig", options.kubeconfig, "kubeconfig to use; must exist when given")
      ->type_name("FILE");
  app.add_flag_function(
         "--leader-elect", [&options](std::int64_t count) { options.leader_elect = count > 0; },
         "elect a leader by a Lease first, so that several replicas may run (default true; "
         "--leader-elect=false turns it off)")
      ->check(trueOrFalse());
  addOptional(app, "--leader-elect-resource-name", options.lease_name,
              "name of the Lease (default " + lease + ")")
      ->check(objectName())
      ->check(ownLease());
  addOptional(app, "--leader-elect-resource-namespace", options.lease_namespace,
              "namespace of the Lease (default: the pod's own, else kube-system)")
      ->check(namespaceName());
  addServingFlags(app, options);
  app.add_option("--logging-format", options.logging_format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  app.add_option("-v,--v", options.verbosity,
                 "log verbosity: 0 info, 1 and more debug; PUT /debug/flags/v changes it later")
      ->check(wholeNumber(0, kMaxVerbosity))
      ->capture_default_str();
}

std::optional<EarlyExit> parseCommandLine(CLI::App& app, const CommonOptions& options,
                                          const std::string& program, int argc,
                                          const char* const* argv) {
  if (auto early = parse(app, program, base::versionLine(program), "flag", argc, argv))
    return early;
  if (options.tls_cert_file.empty() != options.tls_key_file.empty()) {
    return wrongCommandLine(
        program, "--tls-cert-file and --tls-private-key-file go together: give both or none");
  }
  return std::nullopt;
}

}  // namespace stowage::program
