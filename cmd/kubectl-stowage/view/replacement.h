// Whether a member may be given a new pod now. Pure: the budget has the last word, when the pod is
// evicted; this says beforehand what it would not, or not as well.
#pragma once

#include <string>
#include <vector>

#include "statefulgroup/observed.h"

namespace stowage::kubectl {

struct Replacement {
  std::string refusal;               // why not; empty: it may
  std::vector<std::string> remarks;  // what is good to know
};

Replacement judgeReplacement(const statefulgroup::Observed& observed, const kubeapi::MemberPod& pod,
                             base::WallTime now);

}  // namespace stowage::kubectl
