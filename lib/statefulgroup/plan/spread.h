// Whether the places where members are now bear the loss of any one failure domain, as the group's
// topology wants it. What the scheduler was told at a pod's creation is one thing; where pods came
// to lie, another. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "statefulgroup/plan/shard_view.h"

namespace stowage::statefulgroup {

struct SpreadFinding {
  enum class Kind : std::uint8_t {
    kSatisfied,
    kTooFew,   // the nodes have fewer domains than it takes
    kSkewed,   // a domain holds more members of a shard than it should
    kUnknown,  // nodes do not tell their domains
  } kind = Kind::kSatisfied;
  std::string message;
};

// `domains`: of the nodes, by topology key, as in Observed.
SpreadFinding judgeSpread(const std::vector<ShardView>& shards, const kubeapi::group::Spec& spec,
                          const std::map<Symbol, int>& domains);

}  // namespace stowage::statefulgroup
