// Random lives: specs that change, drains, pods that fail and recover, operators that die and come
// back to old caches. No write breaks an invariant, and when the world stops moving every group
// comes to what its spec wants and stays there.
#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "testing/statefulgroup/group_harness.h"

namespace stowage::testing {
namespace {

Json randomSpec() {
  const int shards = *rc::gen::inRange(1, 4);
  const int replicas = *rc::gen::element(1, 3, 5);
  Json more = {{"shardScaleInPolicy", "Allow"},
               {"disruption", {{"singleReplica", "Allow"}}},
               {"persistentVolumeClaimRetentionPolicy",
                {{"whenScaled", *rc::gen::element("Retain", "Delete")}}}};
  const std::string image = "example.test/db:" + std::to_string(*rc::gen::inRange(1, 4));
  const std::string cpu = std::to_string(*rc::gen::inRange(1, 3));
  more["template"] = {
      {"spec",
       {{"containers",
         {{{"name", "main"}, {"image", image}, {"resources", {{"requests", {{"cpu", cpu}}}}}}}}}}};
  if (*rc::gen::arbitrary<bool>())
    more["offlineReplicas"] = {"*/" + std::to_string(*rc::gen::inRange(0, 4))};
  if (*rc::gen::arbitrary<bool>()) {
    more["volumeClaimTemplates"] =
        Json::array({{{"name", "data"},
                      {"spec",
                       {{"accessModes", {"ReadWriteOnce"}},
                        {"resources", {{"requests", {{"storage", "1Gi"}}}}}}}}});
  }
  more["updateStrategy"] = {
      {"rollingUpdate",
       {{"maxUnavailableShards", *rc::gen::inRange(1, 4)},
        {"podUpdatePolicy", *rc::gen::element("Recreate", "InPlaceIfPossible", "InPlaceOnly")}}}};
  return groupSpec(shards, replicas, more);
}

std::string anyPod(const GroupHarness& h) {
  const auto pods = h.pods();
  return pods.empty() ? std::string() : *rc::gen::elementOf(pods);
}

// What the operator does with what it sees, which may be old; it may die on the way.
void operate(GroupHarness& h) {
  const bool fresh = *rc::gen::weightedElement<bool>({{4, true}, {1, false}});
  const bool dies = *rc::gen::weightedElement<bool>({{1, true}, {5, false}});
  if (dies) h.cluster.dieAfter(*rc::gen::inRange(0, 6));
  try {
    fresh ? h.pass() : h.passOnOldCaches();
  } catch (const OperatorDies&) {
    h.restart();
  }
  h.cluster.dieAfter(std::nullopt);
}

void happen(GroupHarness& h) {
  switch (*rc::gen::inRange(0, 10)) {
    case 0:
      h.cluster.putGroup("db", randomSpec());
      break;
    case 1:
      h.cluster.drain(anyPod(h));
      break;
    case 2:
      h.cluster.end(anyPod(h), *rc::gen::element("Failed", "Succeeded"));
      break;
    case 3:
      h.unready = {anyPod(h)};
      break;
    case 4:
      h.unready.clear();
      h.deferred = {anyPod(h)};
      break;
    case 5:
      h.restart();
      break;
    case 6:
      h.clock.advance(std::chrono::seconds(*rc::gen::inRange(1, 100)));
      break;
    case 7:
      h.cluster.setRole(anyPod(h), *rc::gen::element("leader", "follower"));
      break;
    default:
      h.kubelet();
  }
}

RC_GTEST_PROP(ReconcilerLives, InvariantsHoldAndTheEndIsWhatTheSpecWants, ()) {
  GroupHarness h;
  h.cluster.putGroup("db", randomSpec());
  const int steps = *rc::gen::inRange(10, 80);
  for (int i = 0; i < steps; ++i) {
    happen(h);
    operate(h);
    RC_ASSERT(h.checker.violations() == std::vector<std::string>());
  }
  h.unready.clear();
  h.deferred.clear();
  // What cannot be done in place waits for another policy.
  Json spec = (*h.cluster.find(statefulgroup::Resource::kGroups, "db"))["spec"];
  Json& policy = spec["updateStrategy"]["rollingUpdate"]["podUpdatePolicy"];
  if (policy == "InPlaceOnly") {
    policy = "InPlaceIfPossible";
    h.cluster.putGroup("db", spec);
  }
  h.settle();
  RC_ASSERT(h.checker.violations() == std::vector<std::string>());
  const bool ready = h.condition("Ready") == "True/AllReady";
  RC_ASSERT((ready ? std::string() : h.status().dump()) == "");
  const int writes = h.cluster.writes();
  h.restart();
  h.pass();
  RC_ASSERT(h.cluster.writes() == writes);
}

}  // namespace
}  // namespace stowage::testing
