// What every server program of Stowage takes on its command line: where the cluster is, who leads,
// what is served and logged. Value types; parsing never prints and never exits.
#pragma once

#include <optional>
#include <string>

#include "program/command_line.h"

namespace stowage::program {

inline constexpr int kMaxVerbosity = 10;

struct CommonOptions {
  std::string kubeconfig;
  std::optional<bool> leader_elect;  // absent: not typed
  std::optional<std::string> lease_name;
  std::optional<std::string> lease_namespace;
  std::string bind_address = "0.0.0.0";
  int secure_port = 0;  // 0 turns serving off
  std::string tls_cert_file;
  std::string tls_key_file;
  std::string tls_min_version = "VersionTLS12";
  std::string logging_format = "text";
  int verbosity = 0;
};

template <typename T>
CLI::Option* addOptional(CLI::App& app, const std::string& name, std::optional<T>& target,
                         const std::string& help) {
  return app.add_option_function<T>(name, [&target](const T& value) { target = value; }, help);
}

// Flags for all of CommonOptions. `lease`: the default name of the Lease.
void addCommonFlags(CLI::App& app, CommonOptions& options, const std::string& lease);

// Parses; nullopt: go on. `program`: its name, for messages.
std::optional<EarlyExit> parseCommandLine(CLI::App& app, const CommonOptions& options,
                                          const std::string& program, int argc,
                                          const char* const* argv);

}  // namespace stowage::program
