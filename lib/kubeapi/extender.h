// Answers of HTTP extenders: k8s.io/kube-scheduler extender/v1 as plain values, read from JSON as
// Go's decoder would: names of fields in any case, null as absent, unknown fields ignored. Anything
// else than the expected type is an error of the whole answer. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"

namespace stowage::kubeapi {

struct ExtenderFilterResult {
  std::optional<std::vector<std::string>> node_names;
  std::optional<std::vector<std::string>> nodes;           // their names; the rest is not kept
  std::map<std::string, std::string> failed;               // node -> reason
  std::map<std::string, std::string> failed_unresolvable;  // the same, where nothing can help
  std::string error;
};

struct ExtenderHostScore {
  std::string host;
  std::int64_t score = 0;
};

struct ExtenderMetaVictims {
  std::string node;
  std::vector<std::string> pods;  // uids
  std::int64_t violations = 0;
};

base::Result<ExtenderFilterResult> parseExtenderFilterResult(std::string_view json);
base::Result<std::vector<ExtenderHostScore>> parseExtenderScores(std::string_view json);
// By node.
base::Result<std::vector<ExtenderMetaVictims>> parseExtenderVictims(std::string_view json);
// The `Error` of an ExtenderBindingResult; "": it is bound.
base::Result<std::string> parseExtenderBindingResult(std::string_view json);

}  // namespace stowage::kubeapi
