// PodGroup (scheduling.k8s.io/v1alpha2, Kubernetes 1.36): pods that are placed together.
// Decoded once, shared, never changed. Source: scheduling/v1alpha2 types.go, v0.36.3.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "kubeapi/meta.h"

namespace stowage::kubeapi {

struct PodGroup {
  // kUnknown is a policy that this version does not know; such a group must not be placed as if it
  // had none.
  enum class Policy { kUnknown, kBasic, kGang };

  ObjectMeta meta;
  Symbol workload;  // spec.podGroupTemplateRef.workload
  Symbol workload_template;
  Policy policy = Policy::kUnknown;
  std::int32_t min_count = 0;         // kGang
  std::vector<Symbol> topology_keys;  // spec.schedulingConstraints.topology[].key
  bool disrupted_as_a_whole = false;  // spec.disruptionMode is PodGroup
  Symbol priority_class;
  std::optional<std::int32_t> priority;
  bool has_resource_claims = false;
  std::vector<Condition> conditions;
};
using PodGroupPtr = std::shared_ptr<const PodGroup>;

}  // namespace stowage::kubeapi
