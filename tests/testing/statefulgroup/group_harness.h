// GroupHarness: one group "ns/db", a simulated cluster, an operator, and invariants that are judged
// with every write. What pods do is played by a kubelet that the test can hold back. Not thread
// safe.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "statefulgroup/reconcile/reconciler.h"
#include "testing/scheduling/recording_metric_sink.h"
#include "testing/statefulgroup/invariant_checker.h"
#include "testing/statefulgroup/simulated_cluster.h"

namespace stowage::testing {

// Agents that do as they are told, and remember what they were asked: "switchover db-0-1".
class ScriptedHooks final : public statefulgroup::HookCaller {
 public:
  statefulgroup::HookAnswer ask(const statefulgroup::HookRequest& request) override;
  std::vector<std::string> asked;
  // By default everything is done at once.
  std::function<statefulgroup::HookAnswer(const statefulgroup::HookRequest&)> answer;
};

class GroupHarness {
 public:
  GroupHarness();

  // A whole new spec (groupSpec()), and what follows from it until nothing moves any more.
  void put(const Json& spec);
  void put(int shards, int replicas, const Json& more = Json::object()) {
    put(groupSpec(shards, replicas, more));
  }

  // One pass on caches that show everything.
  controlloop::Outcome pass();
  // One on caches that show what they showed at the last one.
  controlloop::Outcome passOnOldCaches() { return reconciler_->reconcile("ns/db", {}); }
  // What kubelets, the scheduler and controllers do next; false: nothing.
  bool kubelet();
  // Passes and kubelet by turns until neither does anything; fails the test when that takes too
  // long, or an invariant is broken.
  void settle();
  // Another process, with no memory.
  void restart();

  [[nodiscard]] std::vector<std::string> pods() const;
  [[nodiscard]] std::string uidOf(const std::string& pod) const;
  [[nodiscard]] std::string revisionOf(const std::string& pod) const;
  [[nodiscard]] std::vector<std::string> claims() const;
  [[nodiscard]] Json status() const;
  // "True/AllReady"
  [[nodiscard]] std::string condition(const std::string& type) const;
  // Pods that were deleted or evicted since the last call, in order.
  std::vector<std::string> takeRemovals();
  // Pods whose containers were given another image or other amounts since the last call, in order.
  std::vector<std::string> takeChanges();

  base::ManualClock clock;
  SimulatedCluster cluster{clock};
  SimulatedView view;
  RecordedEvents events;
  RecordingMetricSink metrics;
  ScriptedHooks hooks;
  InvariantChecker checker;
  // Pods that never become ready: by name, or whose image is in the second.
  std::set<std::string> unready;
  std::set<std::string> bad_images;
  // Pods whose nodes put a resize off, or never have room for it.
  std::set<std::string> deferred;
  std::set<std::string> infeasible;
  // Pods that never get a node.
  std::set<std::string> unschedulable;
  std::set<std::string> unschedulable_images;

 private:
  std::unique_ptr<statefulgroup::Reconciler> reconciler_;
  std::vector<std::string> removals_;
  std::vector<std::string> changes_;
};

}  // namespace stowage::testing
