// Options: the command line of kubectl-stowage. Value types; parsing never prints and never exits.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "program/common_options.h"

namespace stowage::kubectl {

enum class Verb : std::uint8_t {
  kStatus,
  kHistory,
  kRollback,
  kRestart,
  kPause,
  kResume,
  kReplace
};

struct Options {
  Verb verb = Verb::kStatus;
  std::string name;  // of the group, or of the pod
  std::string ns;    // empty: of the context
  std::string kubeconfig;
  std::string context;
  bool json = false;
  bool watch = false;
  bool colours = false;  // not typed: as standard output is
  std::optional<std::int64_t> to_revision;
};

std::variant<Options, program::EarlyExit> parseOptions(int argc, const char* const* argv);

}  // namespace stowage::kubectl
