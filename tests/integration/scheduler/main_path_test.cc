// What a user sees first: pods are bound, refusals are said in kube-scheduler's words, what changes
// in the cluster wakes what waits. All on a real kube-apiserver.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "integration/scheduler/cluster_objects.h"
#include "integration/scheduler/scheduler_process.h"
#include "stowage_paths.h"

namespace stowage::testing {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

class SchedulerOnRealApi : public ::testing::Test {
 protected:
  void SetUp() override {
    ns_ = cluster_.namespaceForTest();
    // Right after its own start the API server refuses everybody until it knows the roles.
    audit_mark_ = auditMark(cluster_);
  }
  void TearDown() override {
    deleteNodes(cluster_);
    EXPECT_TRUE(overcommittedNodes(cluster_).empty());
    EXPECT_THAT(refusedRequests(cluster_, "stowage-scheduler", audit_mark_), ::testing::IsEmpty())
        << "the scheduler asked for something that its role does not allow";
  }
  void createPods(int count, const std::string& cpu, const std::string& memory,
                  const std::string& scheduler = "stowage-scheduler",
                  const std::string& prefix = "p") {
    std::vector<Json> pods;
    pods.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
      pods.push_back(podManifest(ns_, prefix + "-" + std::to_string(i), scheduler, cpu, memory));
    }
    createAll(cluster_, pods);
  }

  ControlPlane& cluster_ = ControlPlane::instance();
  std::string ns_;
  std::size_t audit_mark_ = 0;
};

TEST_F(SchedulerOnRealApi, BindsItsPodsLeavesOthersAndSaysSoInEvents) {
  createAll(cluster_, {nodeManifest("n1", "4", "8Gi"), nodeManifest("n2", "4", "8Gi")});
  SchedulerProcess scheduler(cluster_, {});
  ASSERT_TRUE(scheduler.waitReady()) << scheduler.process().log();
  createPods(20, "100m", "128Mi");
  createPods(1, "100m", "128Mi", "somebody-else", "foreign");
  ASSERT_TRUE(waitFor([&] { return boundPods(cluster_, ns_) == 20; }, 30s))
      << scheduler.process().log();

  const Json condition = scheduledCondition(cluster_, ns_, "p-0");
  EXPECT_EQ(condition["status"], "True");
  EXPECT_TRUE(scheduledCondition(cluster_, ns_, "foreign-0").is_null());
  std::vector<Json> events;
  ASSERT_TRUE(waitFor(
      [&] { return !(events = podEvents(cluster_, ns_, "p-0", "Scheduled")).empty(); }, 10s));
  const std::string node = getObject(cluster_, {"pod", "p-0", "-n", ns_})["spec"]["nodeName"];
  EXPECT_EQ(events[0]["note"], "Successfully assigned " + ns_ + "/p-0 to " + node);
  EXPECT_EQ(events[0]["action"], "Binding");
  EXPECT_EQ(events[0]["type"], "Normal");
  EXPECT_EQ(events[0]["reportingController"], "stowage-scheduler");
}

TEST_F(SchedulerOnRealApi, PodThatFitsNowhereIsToldWhyAndBoundWhenANodeComes) {
  createAll(cluster_, {nodeManifest("n1", "1", "8Gi"), nodeManifest("n2", "2", "1Gi")});
  SchedulerProcess scheduler(cluster_, {});
  ASSERT_TRUE(scheduler.waitReady()) << scheduler.process().log();
  createPods(1, "1500m", "2Gi");
  Json condition;
  ASSERT_TRUE(waitFor(
      [&] { return (condition = scheduledCondition(cluster_, ns_, "p-0")).is_object(); }, 15s))
      << scheduler.process().log();
  EXPECT_EQ(condition["status"], "False");
  EXPECT_EQ(condition["reason"], "Unschedulable");
  EXPECT_EQ(condition["message"],
            "0/2 nodes are available: 1 Insufficient cpu, 1 Insufficient memory. no new claims to "
            "deallocate, preemption: 0/2 nodes are available: 2 Preemption is not helpful for "
            "scheduling.");
  EXPECT_EQ(condition["observedGeneration"], 1);
  std::vector<Json> events;
  ASSERT_TRUE(waitFor(
      [&] { return !(events = podEvents(cluster_, ns_, "p-0", "FailedScheduling")).empty(); },
      10s));
  EXPECT_EQ(events[0]["note"], condition["message"]);
  EXPECT_EQ(events[0]["type"], "Warning");

  createAll(cluster_, {nodeManifest("n3", "4", "8Gi")});
  EXPECT_TRUE(waitFor([&] { return boundPods(cluster_, ns_) == 1; }, 20s))
      << scheduler.process().log();
}

TEST_F(SchedulerOnRealApi, ConstraintNotBuiltYetIsRefusedByName) {
  createAll(cluster_, {nodeManifest("n1", "4", "8Gi")});
  SchedulerProcess scheduler(cluster_, {});
  ASSERT_TRUE(scheduler.waitReady()) << scheduler.process().log();
  Json pod = podManifest(ns_, "claims", "stowage-scheduler", "100m", "64Mi");
  pod["spec"]["resourceClaims"] = Json::array({{{"name", "gpu"}, {"resourceClaimName", "none"}}});
  createAll(cluster_, {pod});
  Json condition;
  ASSERT_TRUE(waitFor(
      [&] { return (condition = scheduledCondition(cluster_, ns_, "claims")).is_object(); }, 15s));
  EXPECT_EQ(condition["reason"], "SchedulerError");
  EXPECT_THAT(condition["message"].get<std::string>(), HasSubstr("spec.resourceClaims"));
  EXPECT_EQ(boundPods(cluster_, ns_), 0U);
}

// Pod number `i` of an application with the given part of a spec.
Json appPod(const std::string& ns, int i, const std::string& field, const Json& rule) {
  Json pod = podManifest(ns, "app-" + std::to_string(i), "stowage-scheduler", "100m", "64Mi");
  pod["metadata"]["labels"]["app"] = "db";
  pod["spec"][field] = rule;
  return pod;
}

TEST_F(SchedulerOnRealApi, AntiAffinityKeepsOnePodPerHostAndSaysWhyItStops) {
  createAll(cluster_, {nodeManifest("n1", "4", "8Gi"), nodeManifest("n2", "4", "8Gi")});
  SchedulerProcess scheduler(cluster_, {});
  ASSERT_TRUE(scheduler.waitReady()) << scheduler.process().log();
  Json rule;
  rule["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"] =
      Json::array({{{"topologyKey", "kubernetes.io/hostname"},
                    {"labelSelector", {{"matchLabels", {{"app", "db"}}}}}}});
  for (int i = 0; i < 3; ++i) createAll(cluster_, {appPod(ns_, i, "affinity", rule)});
  Json condition;
  ASSERT_TRUE(waitFor(
      [&] {
        condition = scheduledCondition(cluster_, ns_, "app-2");
        return boundPods(cluster_, ns_) == 2 && condition.is_object();
      },
      20s));
  EXPECT_EQ(condition["reason"], "Unschedulable");
  EXPECT_THAT(
      condition["message"].get<std::string>(),
      HasSubstr("0/2 nodes are available: 2 node(s) didn't match pod anti-affinity rules."));
  createAll(cluster_, {nodeManifest("n3", "4", "8Gi")});
  EXPECT_TRUE(waitFor([&] { return boundPods(cluster_, ns_) == 3; }, 20s))
      << scheduler.process().log();
}

TEST_F(SchedulerOnRealApi, SpreadConstraintsKeepTheSkew) {
  createAll(cluster_, {nodeManifest("n1", "4", "8Gi"), nodeManifest("n2", "4", "8Gi")});
  SchedulerProcess scheduler(cluster_, {});
  ASSERT_TRUE(scheduler.waitReady()) << scheduler.process().log();
  const Json rule = Json::array({{{"maxSkew", 1},
                                  {"topologyKey", "kubernetes.io/hostname"},
                                  {"whenUnsatisfiable", "DoNotSchedule"},
                                  {"labelSelector", {{"matchLabels", {{"app", "db"}}}}}}});
  std::vector<Json> pods;
  for (int i = 0; i < 6; ++i) pods.push_back(appPod(ns_, i, "topologySpreadConstraints", rule));
  createAll(cluster_, pods);
  ASSERT_TRUE(waitFor([&] { return boundPods(cluster_, ns_) == 6; }, 20s))
      << scheduler.process().log();
  const auto on = podsPerNode(cluster_, ns_);
  EXPECT_EQ(on, (std::map<std::string, int>{{"n1", 3}, {"n2", 3}}));
}

// Profile with upstream's plugins: pods of a Service are spread without asking for it.
TEST_F(SchedulerOnRealApi, PodsOfAServiceAreSpreadByDefaultInUpstreamsProfile) {
  createAll(
      cluster_,
      {nodeManifest("n1", "4", "8Gi"),
       nodeManifest("n2", "4", "8Gi"),
       nodeManifest("n3", "4", "8Gi"),
       {{"apiVersion", "v1"},
        {"kind", "Service"},
        {"metadata", {{"namespace", ns_}, {"name", "db"}}},
        {"spec",
         {{"selector", {{"app", "db"}}}, {"ports", {{{"port", 5432}, {"protocol", "TCP"}}}}}}}});
  const ControlPlane::TempFile config(kOnlySpreadingScores);
  SchedulerFlags flags;
  flags.extra = {"--config", config.path()};
  SchedulerProcess scheduler(cluster_, flags);
  ASSERT_TRUE(scheduler.waitReady()) << scheduler.process().log();
  std::vector<Json> pods;
  for (int i = 0; i < 6; ++i) {
    pods.push_back(
        podManifest(ns_, "db-" + std::to_string(i), "stowage-scheduler", "100m", "64Mi"));
    pods.back()["metadata"]["labels"] = {{"app", "db"}};
  }
  createAll(cluster_, pods);
  ASSERT_TRUE(waitFor([&] { return boundPods(cluster_, ns_) == 6; }, 20s))
      << scheduler.process().log();
  const auto on = podsPerNode(cluster_, ns_);
  EXPECT_EQ(on, (std::map<std::string, int>{{"n1", 2}, {"n2", 2}, {"n3", 2}}));
}

TEST_F(SchedulerOnRealApi, GatedPodIsBoundWhenItsGatesGo) {
  createAll(cluster_, {nodeManifest("n1", "4", "8Gi")});
  SchedulerProcess scheduler(cluster_, {});
  ASSERT_TRUE(scheduler.waitReady()) << scheduler.process().log();
  Json pod = podManifest(ns_, "gated", "stowage-scheduler", "100m", "64Mi");
  pod["spec"]["schedulingGates"] = Json::array({{{"name", "example.test/quota"}}});
  createAll(cluster_, {pod});
  createPods(1, "100m", "64Mi");
  ASSERT_TRUE(waitFor([&] { return boundPods(cluster_, ns_) == 1; }, 15s));
  const auto result = cluster_.kubectl({"patch", "pod", "gated", "-n", ns_, "--type=json", "-p",
                                        R"([{"op":"remove","path":"/spec/schedulingGates"}])"});
  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_TRUE(waitFor([&] { return boundPods(cluster_, ns_) == 2; }, 15s))
      << scheduler.process().log();
}

TEST_F(SchedulerOnRealApi, NeverFillsANodeBeyondItsRoomWithForeignPodsThere) {
  createAll(cluster_, {nodeManifest("n1", "2", "8Gi"), nodeManifest("n2", "2", "8Gi")});
  // A pod of nobody's scheduler, placed by hand: it counts all the same.
  Json foreign = podManifest(ns_, "foreign", "somebody-else", "1500m", "64Mi");
  foreign["spec"]["nodeName"] = "n1";
  createAll(cluster_, {foreign});
  SchedulerProcess scheduler(cluster_, {});
  ASSERT_TRUE(scheduler.waitReady()) << scheduler.process().log();
  createPods(10, "500m", "64Mi");
  ASSERT_TRUE(waitFor([&] { return boundPods(cluster_, ns_) == 6; }, 20s))
      << scheduler.process().log();
  Json condition;
  EXPECT_TRUE(waitFor(
      [&] {
        int told = 0;
        for (int i = 0; i < 10; ++i) {
          condition = scheduledCondition(cluster_, ns_, "p-" + std::to_string(i));
          if (condition.is_object() && condition["status"] == "False") ++told;
        }
        return told == 5;
      },
      20s));
  EXPECT_TRUE(overcommittedNodes(cluster_).empty());
}

TEST_F(SchedulerOnRealApi, MetricsNeedATokenWithTheRight) {
  SchedulerProcess scheduler(cluster_, {});
  ASSERT_TRUE(scheduler.waitReady()) << scheduler.process().log();
  EXPECT_EQ(scheduler.get("/livez").status, 200);
  EXPECT_EQ(scheduler.get("/healthz").status, 200);
  EXPECT_THAT(scheduler.get("/readyz?verbose").body, HasSubstr("[+]"));
  EXPECT_EQ(scheduler.get("/metrics").status, 401);
  EXPECT_EQ(scheduler.get("/metrics", "not-a-token").status, 401);

  ASSERT_EQ(cluster_.kubectl({"create", "serviceaccount", "reader", "-n", ns_}).exit_code, 0);
  const std::string token = cluster_.token(ns_, "reader");
  EXPECT_EQ(scheduler.get("/metrics", token).status, 403);
  ASSERT_EQ(cluster_
                .kubectl({"create", "clusterrole", "metrics-" + ns_, "--verb=get",
                          "--non-resource-url=/metrics"})
                .exit_code,
            0);
  ASSERT_EQ(cluster_
                .kubectl({"create", "clusterrolebinding", "metrics-" + ns_,
                          "--clusterrole=metrics-" + ns_, "--serviceaccount=" + ns_ + ":reader"})
                .exit_code,
            0);
  // The refusal is cached for ten seconds at most.
  EXPECT_TRUE(waitFor([&] { return scheduler.get("/metrics", token).status == 200; }, 20s, 500ms));
  EXPECT_TRUE(scheduler.metric("scheduler_pending_pods{queue=\"active\"}", token).has_value());

  std::ifstream file(std::string(STOWAGE_SOURCE_DIR) + "/docs/metrics.md");
  const std::string docs((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  std::istringstream lines(scheduler.get("/metrics", token).body);
  int families = 0;
  for (std::string hash, kind, name, rest; lines >> hash && std::getline(lines, rest);) {
    std::istringstream words(rest);
    if (hash != "#" || !(words >> kind >> name) || kind != "TYPE") continue;
    ++families;
    EXPECT_THAT(docs, HasSubstr("`" + name + "`")) << "not in docs/metrics.md";
  }
  EXPECT_GT(families, 30);
}

}  // namespace
}  // namespace stowage::testing
