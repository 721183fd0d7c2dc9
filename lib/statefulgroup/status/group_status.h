// The status of a group, worked out anew from what is seen: nothing in it is an intention. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kubeapi/stateful_group.h"
#include "statefulgroup/plan/group_plan.h"

namespace stowage::statefulgroup {

// What the API server said of a pod of the present template.
struct TemplateVerdict {
  enum class State : std::uint8_t { kUnknown, kValid, kRejected } state = State::kUnknown;
  std::string message;  // of a rejection, the server's
};

struct StatusInput {
  const GroupSight& sight;
  const GroupPlan& plan;
  TemplateVerdict verdict;
  std::int32_t collision_count = 0;
  // What went wrong in this pass, by shard; one text each, most are empty. As the sight's shards.
  std::vector<std::string> errors;
  // Of the group as a whole.
  std::string error;
  // What the API server said when it took no change of a claim; empty: it did, or was not asked.
  std::string claim_refusal = {};
};

// At most 64 unhealthy replicas are listed, one text has at most 1 KiB.
kubeapi::group::Status statusOf(const StatusInput& input);

// The same but for times of conditions that did not change: nothing to write.
bool sameStatus(const kubeapi::group::Status& a, const kubeapi::group::Status& b);

// Of the pods that belong to the group: what goes into status.selector.
std::string selectorOf(const kubeapi::StatefulGroup& group);

// Every wanted member of every shard is available at the update revision, and nobody else is there.
bool rolledOut(const GroupSight& sight);

}  // namespace stowage::statefulgroup
