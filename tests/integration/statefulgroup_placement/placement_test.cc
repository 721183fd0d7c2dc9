// Where pods of groups come to lie: what topology promises is kept by real schedulers, ours and
// kube-scheduler alike, on a real kube-apiserver.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>

#include "integration/scheduler/cluster_objects.h"
#include "integration/scheduler/scheduler_process.h"
#include "kubeapi/decode.h"
#include "statefulgroup/render/pod_renderer.h"
#include "statefulgroup/slots.h"

namespace stowage::testing {
namespace {

using namespace statefulgroup;
using namespace std::chrono_literals;

enum class Scheduler { kStowage, kUpstream };

class GroupPlacement : public ::testing::TestWithParam<Scheduler> {
 protected:
  void SetUp() override {
    ns_ = cluster_.namespaceForTest();
    if (GetParam() == Scheduler::kUpstream) {
      cluster_.startKubeScheduler();
    } else {
      stowage_ = std::make_unique<SchedulerProcess>(cluster_, SchedulerFlags{});
      ASSERT_TRUE(stowage_->waitReady()) << stowage_->process().log();
    }
  }
  void TearDown() override {
    if (GetParam() == Scheduler::kUpstream) cluster_.stopKubeScheduler();
    deleteNodes(cluster_);
  }

  // So many nodes with that label, all with room for everything.
  void addNodes(const std::string& key, const std::string& domain, int count) {
    std::vector<Json> nodes;
    for (int i = 0; i < count; ++i) {
      nodes.push_back(nodeManifest(domain + "-" + std::to_string(i), "64", "64Gi"));
      nodes.back()["metadata"]["labels"][key] = domain;
      domain_of_[domain + "-" + std::to_string(i)] = domain;
    }
    createAll(cluster_, nodes);
  }

  // The pods of a group in the order in which the operator makes them.
  void createPods(const std::string& ns, const std::string& name, const Json& spec) {
    Json all = spec;
    Json pod = {{"automountServiceAccountToken", false},
                {"terminationGracePeriodSeconds", 0},
                {"schedulerName",
                 GetParam() == Scheduler::kUpstream ? "default-scheduler" : "stowage-scheduler"},
                {"containers", Json::array({{{"name", "main"}, {"image", "example.test/x"}}})}};
    pod.update(spec.value(Json::json_pointer("/template/spec"), Json::object()));
    all["template"]["spec"] = std::move(pod);
    kubeapi::Decoder<kubeapi::StatefulGroup> decoder;
    const auto group = decoder.object(Json{
        {"metadata", {{"name", name}, {"namespace", ns}, {"uid", ns + "-" + name}}},
        {"spec", all}}.dump());
    ASSERT_TRUE(group.has_value()) << group.error().toString();
    const auto revision = Revision::fromData(name + "-x", 1, revisionData(**group));
    ASSERT_TRUE(revision.has_value()) << revision.error().toString();
    const Names names(**group);
    std::vector<Json> pods;
    for (int shard = 0; shard < (*group)->spec.shards; ++shard) {
      std::vector<int> slots;
      for (int ordinal = 0; ordinal < (*group)->spec.replicas; ++ordinal) {
        slots.push_back(slotForNewVoter(slots));
        pods.push_back(Json::parse(renderPod({(*group)->meta,
                                              names,
                                              *revision,
                                              {shard, ordinal},
                                              slots.back(),
                                              ordinal == 0,
                                              1,
                                              3})));
      }
    }
    createAll(cluster_, pods);
  }

  // Waits until that many pods have a node and the others were told that there is none; how many
  // pods of each shard lie in each domain.
  using Placed = std::map<std::string, std::map<std::string, int>>;
  Placed placed(const std::string& ns, std::size_t bound, std::size_t refused) {
    std::vector<Json> pods;
    const bool settled = waitFor(
        [&] {
          pods = listObjects(cluster_, {"pods", "-n", ns});
          std::size_t with_node = 0;
          std::size_t without = 0;
          for (const Json& pod : pods) {
            if (pod["spec"].contains("nodeName")) {
              ++with_node;
            } else if (pod["status"]
                           .value("conditions", Json::array())
                           .dump()
                           .find("Unschedulable") != std::string::npos) {
              ++without;
            }
          }
          return with_node == bound && without == refused;
        },
        60s);
    Placed placed;
    for (const Json& pod : pods) {
      EXPECT_TRUE(settled) << pod["metadata"]["name"] << " " << pod["spec"].value("nodeName", "-");
      if (!pod["spec"].contains("nodeName")) continue;
      const std::string domain = domain_of_[pod["spec"]["nodeName"]];
      ++placed[pod["metadata"]["labels"]["stowage.dev/shard"]][domain];
    }
    return placed;
  }

  ControlPlane& cluster_ = ControlPlane::instance();
  std::string ns_;
  std::unique_ptr<SchedulerProcess> stowage_;
  std::map<std::string, std::string> domain_of_;
};

Json domains(const Json& domain) {
  return {{"topology", {{"failureDomains", Json::array({domain})}}}};
}

TEST_P(GroupPlacement, NoZoneHoldsMoreVotersThanAShardMayLose) {
  // Most nodes are in one zone, and the pods want to be there.
  addNodes("zone", "a", 8);
  addNodes("zone", "b", 1);
  addNodes("zone", "c", 1);
  Json spec = domains({{"topologyKey", "zone"}, {"quorumSafe", "Required"}});
  const Json wish =
      Json::parse(R"({"matchExpressions":[{"key":"zone","operator":"In","values":["a"]}]})");
  spec["template"]["spec"]["affinity"]["nodeAffinity"]
      ["preferredDuringSchedulingIgnoredDuringExecution"] =
          Json::array({{{"weight", 100}, {"preference", wish}}});
  spec["shards"] = 4;
  spec["replicas"] = 5;
  createPods(ns_, "db", spec);
  const Placed shards = placed(ns_, 20, 0);
  ASSERT_EQ(shards.size(), 4U);
  for (const auto& [shard, zones] : shards) {
    for (const auto& [zone, voters] : zones) EXPECT_LE(voters, safeVotersPerDomain(5)) << zone;
  }
}

TEST_P(GroupPlacement, WithoutEnoughZonesAVoterWaits) {
  addNodes("zone", "a", 4);
  addNodes("zone", "b", 4);
  createPods(ns_, "db", domains({{"topologyKey", "zone"}, {"quorumSafe", "Required"}}));
  const Placed shards = placed(ns_, 2, 1);
  EXPECT_EQ(shards.at("0"), (std::map<std::string, int>{{"a", 1}, {"b", 1}}));
}

TEST_P(GroupPlacement, MaxPerDomainIsACapHoweverManyDomainsThereAre) {
  addNodes("rack", "a", 4);
  addNodes("rack", "b", 4);
  addNodes("rack", "c", 4);
  Json spec = domains({{"topologyKey", "rack"},
                       {"maxPerDomain", 2},
                       {"whenUnsatisfiable", "DoNotSchedule"},
                       {"quorumSafe", "Off"}});
  spec["replicas"] = 7;
  createPods(ns_, "db", spec);
  // All racks are as full as may be: skew alone would let a seventh pod in.
  const Placed shards = placed(ns_, 6, 1);
  EXPECT_EQ(shards.at("0"), (std::map<std::string, int>{{"a", 2}, {"b", 2}, {"c", 2}}));
}

TEST_P(GroupPlacement, ExclusiveDomainsHaveOneOwner) {
  for (const char* cell : {"a", "b", "c"}) addNodes("cell", cell, 3);
  Json spec = {{"shards", 2}};
  spec["topology"] = {{"failureDomains", Json::array()}, {"exclusive", {{"topologyKey", "cell"}}}};
  createPods(ns_, "db", spec);
  const Placed exclusive = placed(ns_, 6, 0);
  std::set<std::string> taken;
  for (const auto& [shard, cells] : exclusive) {
    ASSERT_EQ(cells.size(), 1U) << shard;
    taken.insert(cells.begin()->first);
  }
  EXPECT_EQ(taken.size(), 2U);
  // Another group, of another namespace and with no such wish, has what is left.
  const std::string other_ns = cluster_.namespaceForTest();
  createPods(other_ns, "db", {{"topology", {{"failureDomains", Json::array()}}}});
  const Placed other = placed(other_ns, 3, 0);
  for (const auto& [cell, pods] : other.at("0")) EXPECT_FALSE(taken.contains(cell)) << cell;
}

INSTANTIATE_TEST_SUITE_P(Both, GroupPlacement,
                         ::testing::Values(Scheduler::kStowage, Scheduler::kUpstream),
                         [](const auto& info) {
                           return info.param == Scheduler::kStowage ? "Stowage" : "KubeScheduler";
                         });

}  // namespace
}  // namespace stowage::testing
