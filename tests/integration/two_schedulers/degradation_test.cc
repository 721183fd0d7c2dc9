// A right that is missing turns off what needs it, by name, and nothing else.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "integration/scheduler/cluster_objects.h"
#include "integration/scheduler/scheduler_process.h"

namespace stowage::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::chrono_literals;

class Degradation : public ::testing::Test {
 protected:
  void SetUp() override {
    ns_ = cluster_.namespaceForTest();
    (void)cluster_.identity("stowage-scheduler");  // its role is there from now on
    const Json high = {{"apiVersion", "scheduling.k8s.io/v1"},
                       {"kind", "PriorityClass"},
                       {"metadata", {{"name", "degradation-high"}}},
                       {"value", 1000}};
    ASSERT_EQ(cluster_.kubectlWithInput({"apply", "-f", "-"}, high.dump()).exit_code, 0);
    role_ = getObject(cluster_, {"clusterrole", "stowage-scheduler"});
    ASSERT_TRUE(role_.is_object());
    role_["metadata"].erase("resourceVersion");
    role_["metadata"].erase("uid");
  }
  void TearDown() override {
    putRole(role_);
    deleteNodes(cluster_);
  }
  void putRole(const Json& role) {
    const CommandResult done = cluster_.kubectlWithInput({"replace", "-f", "-"}, role.dump());
    ASSERT_EQ(done.exit_code, 0) << done.output;
  }
  void takeRightsTo(const std::string& resource) {
    Json less = role_;
    for (Json& rule : less["rules"]) {
      Json kept = Json::array();
      for (const Json& one : rule["resources"]) {
        if (one != resource) kept.push_back(one);
      }
      if (kept.empty()) kept.push_back("nothing");
      rule["resources"] = kept;
    }
    putRole(less);
  }
  std::string verbose(SchedulerProcess& scheduler) { return scheduler.get("/readyz?verbose").body; }
  std::size_t leaseEvents(const std::string& reason, const std::string& note) {
    std::size_t count = 0;
    for (const Json& event : listObjects(cluster_, {"events.events.k8s.io", "-n", "kube-system"})) {
      const bool about = event.value("reason", "") == reason &&
                         event["regarding"].value("kind", "") == "Lease" &&
                         event.value("note", "").find(note) != std::string::npos;
      if (about) count += event.contains("series") ? event["series"].value("count", 1) : 1;
    }
    return count;
  }

  ControlPlane& cluster_ = ControlPlane::instance();
  std::string ns_;
  Json role_;
};

TEST_F(Degradation, WithoutTheRightToBudgetsNobodyIsPreemptedAndAllElseWorks) {
  takeRightsTo("poddisruptionbudgets");
  const std::size_t before = leaseEvents("FeatureDegraded", "poddisruptionbudgets");
  Json low = podManifest(ns_, "low", "somebody-else", "3", "64Mi");
  low["spec"]["nodeName"] = "n";
  low["spec"]["terminationGracePeriodSeconds"] = 0;
  createAll(cluster_, {nodeManifest("n", "4", "8Gi"), low});
  SchedulerProcess scheduler(cluster_, {});
  ASSERT_TRUE(scheduler.waitReady()) << scheduler.process().log();
  ASSERT_TRUE(waitFor(
      [&] { return verbose(scheduler).find("[!]preemption degraded") != std::string::npos; }, 20s))
      << verbose(scheduler);
  EXPECT_THAT(verbose(scheduler), HasSubstr("cannot read poddisruptionbudgets"));
  const std::string token = metricsToken(cluster_, ns_);
  EXPECT_EQ(scheduler.metric("stowage_feature_degraded{feature=\"preemption\"}", token), 1);
  EXPECT_EQ(scheduler.metric("stowage_feature_degraded{feature=\"volumes-csinodes\"}", token), 0);

  Json high = podManifest(ns_, "high", "stowage-scheduler", "3", "64Mi");
  high["spec"]["priorityClassName"] = "degradation-high";
  createAll(cluster_, {high, podManifest(ns_, "small", "stowage-scheduler", "500m", "64Mi")});
  ASSERT_TRUE(waitFor([&] { return boundPods(cluster_, ns_) == 2; }, 20s))
      << "a pod that fits is placed\n"
      << scheduler.process().log();
  ASSERT_TRUE(waitFor([&] { return !scheduledCondition(cluster_, ns_, "high").is_null(); }, 20s));
  EXPECT_THAT(scheduledCondition(cluster_, ns_, "high").value("message", ""),
              HasSubstr("not possible while poddisruptionbudgets cannot be listed"));
  EXPECT_TRUE(waitFor(
      [&] { return leaseEvents("FeatureDegraded", "poddisruptionbudgets") == before + 1; }, 20s));

  // Given back, the feature returns by itself.
  putRole(role_);
  ASSERT_TRUE(waitFor(
      [&] { return verbose(scheduler).find("[!]preemption degraded") == std::string::npos; }, 90s,
      500ms))
      << scheduler.process().log();
  EXPECT_EQ(scheduler.metric("stowage_feature_degraded{feature=\"preemption\"}", token), 0);
  EXPECT_TRUE(waitFor(
      [&] {
        const Json pod = getObject(cluster_, {"pod", "high", "-n", ns_});
        return pod.is_object() && pod["spec"].value("nodeName", "") == "n";
      },
      20s))
      << scheduler.process().log();
  EXPECT_EQ(leaseEvents("FeatureDegraded", "poddisruptionbudgets"), before + 1);
}

TEST_F(Degradation, WithoutTheRightToStorageOnlyPodsWithVolumesWait) {
  takeRightsTo("csinodes");
  createAll(cluster_, {nodeManifest("n", "4", "8Gi")});
  SchedulerProcess scheduler(cluster_, {});
  ASSERT_TRUE(scheduler.waitReady()) << scheduler.process().log();
  ASSERT_TRUE(waitFor(
      [&] { return verbose(scheduler).find("[!]volumes-csinodes degraded") != std::string::npos; },
      20s))
      << verbose(scheduler);
  Json with_volume = podManifest(ns_, "with-volume", "stowage-scheduler", "100m", "64Mi");
  with_volume["spec"]["volumes"] = {
      {{"name", "data"}, {"persistentVolumeClaim", {{"claimName", "data"}}}}};
  const Json claim = {{"apiVersion", "v1"},
                      {"kind", "PersistentVolumeClaim"},
                      {"metadata", {{"namespace", ns_}, {"name", "data"}}},
                      {"spec",
                       {{"accessModes", {"ReadWriteOnce"}},
                        {"storageClassName", "none"},
                        {"resources", {{"requests", {{"storage", "1Gi"}}}}}}}};
  createAll(cluster_,
            {claim, with_volume, podManifest(ns_, "plain", "stowage-scheduler", "100m", "64Mi")});
  ASSERT_TRUE(waitFor([&] { return boundPods(cluster_, ns_) == 1; }, 20s));
  ASSERT_TRUE(
      waitFor([&] { return !scheduledCondition(cluster_, ns_, "with-volume").is_null(); }, 20s));
  EXPECT_THAT(scheduledCondition(cluster_, ns_, "with-volume").value("message", ""),
              HasSubstr("csinodes"));
  EXPECT_THAT(verbose(scheduler), Not(HasSubstr("[-]")));
}

// Profiles with upstream's default constraints are the only ones that look at Services.
TEST_F(Degradation, WithoutTheRightToServicesPodsAreSpreadByTheirControllersOnly) {
  takeRightsTo("services");
  const std::size_t before = leaseEvents("FeatureDegraded", "services");
  const Json labels = {{"app", "web"}};
  const Json set = {
      {"apiVersion", "apps/v1"},
      {"kind", "ReplicaSet"},
      {"metadata", {{"namespace", ns_}, {"name", "web"}}},
      {"spec",
       {{"replicas", 0},
        {"selector", {{"matchLabels", labels}}},
        {"template",
         {{"metadata", {{"labels", labels}}},
          {"spec", podManifest(ns_, "t", "stowage-scheduler", "100m", "64Mi")["spec"]}}}}}};
  createAll(cluster_, {nodeManifest("n1", "4", "8Gi"), nodeManifest("n2", "4", "8Gi"), set});
  const ControlPlane::TempFile config(kOnlySpreadingScores);
  SchedulerFlags flags;
  flags.extra = {"--config", config.path()};
  SchedulerProcess scheduler(cluster_, flags);
  ASSERT_TRUE(scheduler.waitReady()) << scheduler.process().log();
  ASSERT_TRUE(waitFor(
      [&] {
        return verbose(scheduler).find("[!]default-spreading-services degraded") !=
               std::string::npos;
      },
      20s))
      << verbose(scheduler);
  EXPECT_THAT(verbose(scheduler), HasSubstr("cannot read services"));
  EXPECT_THAT(verbose(scheduler), Not(HasSubstr("[!]default-spreading-replicasets")));
  EXPECT_TRUE(
      waitFor([&] { return leaseEvents("FeatureDegraded", "services") == before + 1; }, 20s));

  const std::string uid = getObject(cluster_, {"replicaset", "web", "-n", ns_})["metadata"]["uid"];
  std::vector<Json> pods;
  for (int i = 0; i < 4; ++i) {
    Json& pod = pods.emplace_back(
        podManifest(ns_, "web-" + std::to_string(i), "stowage-scheduler", "100m", "64Mi"));
    pod["metadata"]["labels"] = labels;
    pod["metadata"]["ownerReferences"] = {{{"apiVersion", "apps/v1"},
                                           {"kind", "ReplicaSet"},
                                           {"name", "web"},
                                           {"uid", uid},
                                           {"controller", true}}};
  }
  createAll(cluster_, pods);
  ASSERT_TRUE(waitFor([&] { return boundPods(cluster_, ns_) == 4; }, 20s))
      << scheduler.process().log();
  const auto on = podsPerNode(cluster_, ns_);
  EXPECT_EQ(on, (std::map<std::string, int>{{"n1", 2}, {"n2", 2}}));
}

}  // namespace
}  // namespace stowage::testing
