// RevisionContent: a revision's data, read. Private to lib/statefulgroup: renderers look into it.
// Immutable once made.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kubeapi/stateful_group.h"
#include "statefulgroup/json_value.h"

namespace stowage::statefulgroup {

struct RevisionContent {
  std::string data;  // canonical
  int render_version = 0;
  Json pod_template;            // an object with an object `spec`
  std::vector<Json> overrides;  // objects with a text `shards`
  std::vector<std::string> claims;
  // Domains that have a rule.
  std::vector<kubeapi::group::FailureDomain> failure_domains;
  std::optional<kubeapi::group::ExclusiveTopology> exclusive;
  kubeapi::group::LeaderSpread leader_spread = kubeapi::group::LeaderSpread::kOff;
  std::string restart_time;  // empty: none
};

// The topology as revision data has it, without what makes no rule; null when nothing is left.
Json topologyData(const kubeapi::group::Topology& topology);

base::Result<RevisionContent> readRevisionData(std::string_view data);

}  // namespace stowage::statefulgroup
