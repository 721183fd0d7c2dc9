// Options: what was typed, with defaults. Value type; parsing never prints and never exits.
#pragma once

#include <string>
#include <variant>

#include "program/common_options.h"

namespace stowage::operator_cmd {

struct Options : program::CommonOptions {
  Options() { secure_port = 8443; }
  std::string ns;   // only groups of this namespace; empty: of all
  int workers = 4;  // groups that are worked on at once
  int resync_seconds = 600;
  std::string hook_service_account;  // NAMESPACE:NAME; empty: the operator's own
  double qps = 0;                    // 0: no limit, the server's priority and fairness decides
  int burst = 0;                     // 0: twice qps
  // The Lease's times: as kube-scheduler's leaderElection.
  int lease_seconds = 15;
  int renew_seconds = 10;
  int retry_seconds = 2;
};

std::variant<Options, program::EarlyExit> parseOptions(int argc, const char* const* argv);

// The options in use, as YAML, for /configz.
std::string optionsYaml(const Options& options);

}  // namespace stowage::operator_cmd
