// Options: what was typed. Flags win over the configuration file (docs/configuration.md); a flag
// that was not typed is absent here. Value type.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "program/common_options.h"

namespace stowage::scheduler_cmd {

struct Options : program::CommonOptions {
  Options() { secure_port = 10259; }  // kube-scheduler's
  std::string config_file;
  std::optional<std::string> scheduler_name;
  bool verify_caches = false;
  std::string tracing_endpoint;  // empty: attempts are not traced
  std::uint32_t tracing_per_million = 1'000'000;
};

using program::EarlyExit;

// Parses the command line. Never prints, never exits.
std::variant<Options, EarlyExit> parseOptions(int argc, const char* const* argv);

}  // namespace stowage::scheduler_cmd
