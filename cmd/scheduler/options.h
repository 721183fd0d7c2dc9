// Options: what was typed. Flags win over the configuration file (docs/configuration.md); a flag
// that was not typed is absent here. Value type.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "base/status.h"

namespace stowage::scheduler_cmd {

struct Options {
  std::string config_file;
  std::string kubeconfig;
  std::optional<std::string> scheduler_name;
  std::optional<bool> leader_elect;
  std::optional<std::string> lease_name;
  std::optional<std::string> lease_namespace;
  std::string bind_address = "0.0.0.0";
  int secure_port = 10259;  // kube-scheduler's; 0 turns serving off
  std::string tls_cert_file;
  std::string tls_key_file;
  std::string logging_format = "text";
  int verbosity = 0;
  bool verify_caches = false;
};

// The program is done before it began: --help, --version or a wrong command line.
struct EarlyExit {
  int code = 0;
  std::string text;  // for standard output when code is 0, else for standard error
};

// Parses the command line. Never prints, never exits.
std::variant<Options, EarlyExit> parseOptions(int argc, const char* const* argv);

}  // namespace stowage::scheduler_cmd
