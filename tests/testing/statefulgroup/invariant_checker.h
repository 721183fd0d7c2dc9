// InvariantChecker: judges every write of the operator by what the cluster is right before it, in
// terms of its own: it shares no arithmetic with what it judges. The invariants are those of
// docs/statefulgroup.md, by their numbers there.
#pragma once

#include <string>
#include <vector>

#include "testing/statefulgroup/simulated_cluster.h"

namespace stowage::testing {

class InvariantChecker {
 public:
  explicit InvariantChecker(std::string group = "db") : group_(std::move(group)) {}
  // One write that is about to be carried out.
  void judge(const std::string& verb, const SimulatedCluster::Key& object, const Json& body,
             const SimulatedCluster& before);

  [[nodiscard]] const std::vector<std::string>& violations() const { return violations_; }

 private:
  void judgeRemoval(const std::string& pod, const SimulatedCluster& before, const Json& group);
  void judgeClaim(const std::string& claim, const SimulatedCluster& before, const Json& group);
  void judgeReplacement(const std::string& claim, const std::string& shard, int members,
                        const SimulatedCluster& before);
  void judgeCreation(const Json& pod, const SimulatedCluster& before);
  void violated(const std::string& what) { violations_.push_back(what); }

  std::string group_;
  std::vector<std::string> violations_;
};

}  // namespace stowage::testing
