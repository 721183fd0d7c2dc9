// Groups that come, grow, shrink, sleep and go, on a real API server with real controllers.
#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "integration/operator/operator_world.h"
#include "stowage_paths.h"

namespace stowage::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;
using namespace std::chrono_literals;

const Json kService = {{"ports", Json::array({{{"name", "peer"}, {"port", 2380}}})},
                       {"client", {{"policy", "Create"}}},
                       {"perReplica", {{"policy", "Create"}}}};

Json claims(const char* when_scaled = "Retain") {
  const Json claim = {{"name", "data"},
                      {"spec",
                       {{"accessModes", Json::array({"ReadWriteOnce"})},
                        {"storageClassName", "by-hand"},
                        {"resources", {{"requests", {{"storage", "1Gi"}}}}}}}};
  return {{"volumeClaimTemplates", Json::array({claim})},
          {"persistentVolumeClaimRetentionPolicy", {{"whenScaled", when_scaled}}}};
}

class GroupLifeIt : public OperatorWorld {
 protected:
  // Volumes for claims of class by-hand, bound by the real binder.
  void makeVolumes(int count) {
    std::vector<Json> volumes;
    for (int i = 0; i < count; ++i) {
      volumes.push_back({{"apiVersion", "v1"},
                         {"kind", "PersistentVolume"},
                         {"metadata", {{"name", ns_ + "-" + std::to_string(i)}}},
                         {"spec",
                          {{"capacity", {{"storage", "1Gi"}}},
                           {"accessModes", Json::array({"ReadWriteOnce"})},
                           {"storageClassName", "by-hand"},
                           {"persistentVolumeReclaimPolicy", "Retain"},
                           {"hostPath", {{"path", "/tmp/" + ns_ + "-" + std::to_string(i)}}}}}});
    }
    createAll(cluster_, volumes);
  }
};

TEST_F(GroupLifeIt, AGroupFormsWithEverythingItOwns) {
  makeVolumes(6);
  Json spec = claims();
  spec["shards"] = 2;
  spec["services"] = kService;
  createGroup("db", spec);
  await("db", "Ready", "True/AllReady");
  EXPECT_THAT(namesOf("pods", "db"),
              ElementsAre("db-0-0", "db-0-1", "db-0-2", "db-1-0", "db-1-1", "db-1-2"));
  EXPECT_THAT(namesOf("persistentvolumeclaims", "db"), Contains("data-db-1-2"));
  EXPECT_THAT(namesOf("services", "db"),
              UnorderedElementsAre("db-0-peers", "db-1-peers", "db-0-client", "db-1-client",
                                   "db-0-0", "db-0-1", "db-0-2", "db-1-0", "db-1-1", "db-1-2"));
  EXPECT_THAT(namesOf("poddisruptionbudgets", "db"), ElementsAre("db-0", "db-1"));
  const Json status = getGroup("db")["status"];
  EXPECT_EQ(status["readyReplicas"], 6);
  EXPECT_EQ(status["quorateShards"], 2);
  EXPECT_EQ(status["volumeClaims"][0]["updated"], 6);
  const auto table = cluster_.kubectl({"get", "sfg", "-n", ns_});
  EXPECT_THAT(table.output, HasSubstr("AllReady"));
  EXPECT_TRUE(waitFor(
      [&] {
        return cluster_.kubectl({"describe", "sfg", "db", "-n", ns_})
                   .output.find("created pod db-1-2") != std::string::npos;
      },
      10s));
  // quorumSafe is preferred by default, and there is room: no zone holds two of three.
  std::map<std::string, int> zones;
  for (const auto& [name, pod] : pods("db")) {
    const std::string node = pod["spec"]["nodeName"];
    ++zones[name.substr(0, 4) + std::to_string((node.back() - '0') % 3)];
  }
  for (const auto& [zone, count] : zones) EXPECT_LE(count, 1) << zone;
  await("db", "Spread", "True/Satisfied");
}

TEST_F(GroupLifeIt, AtRestAndAcrossRestartsNothingIsWritten) {
  createGroup("db", {{"shards", 2}});
  awaitRest("db");
  const auto before = uids("db");
  const std::string token = metricsToken(cluster_, ns_);
  operator_.reset();
  const std::size_t mark = auditMark(cluster_);
  operator_ = startOperator({"--leader-elect=false", "--resync-period-seconds=1"});
  ASSERT_TRUE(operator_->waitReady());
  // It has looked at the group, again and again.
  EXPECT_TRUE(waitFor(
      [&] {
        return operator_
                   ->metric(
                       R"(controller_runtime_reconcile_total{controller="statefulgroup",result="success"})",
                       token)
                   .value_or(0) >= 3;
      },
      30s));
  EXPECT_THAT(operatorWrites(mark), IsEmpty());
  EXPECT_EQ(uids("db"), before);
  // What is served is documented.
  std::ifstream file(std::string(STOWAGE_SOURCE_DIR) + "/docs/metrics.md");
  const std::string docs{std::istreambuf_iterator<char>(file), {}};
  std::istringstream lines(operator_->get("/metrics", token).body);
  int families = 0;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("# TYPE ")) continue;
    const std::string name = line.substr(7, line.find(' ', 7) - 7);
    ++families;
    EXPECT_NE(docs.find("`" + name + "`"), std::string::npos)
        << name << " is not in docs/metrics.md";
  }
  EXPECT_GT(families, 30);
  EXPECT_EQ(operator_->metric("stowage_shard_headroom_min{group=\"db\",namespace=\"" + ns_ + "\"}",
                              token),
            1);
}

TEST_F(GroupLifeIt, ScalesOutAndInByTheScaleSubresource) {
  createGroup("db", Json::object());
  await("db", "Ready", "True/AllReady");
  ASSERT_EQ(cluster_.kubectl({"scale", "sfg/db", "--replicas=5", "-n", ns_}).exit_code, 0);
  await("db", "Ready", "True/AllReady");
  EXPECT_THAT(pods("db"), SizeIs(5));
  const std::size_t mark = auditMark(cluster_);
  ASSERT_EQ(cluster_.kubectl({"scale", "sfg/db", "--replicas=1", "-n", ns_}).exit_code, 0);
  await("db", "Ready", "True/AllReady");
  EXPECT_THAT(removals(mark), ElementsAre("db-0-4", "db-0-3", "db-0-2", "db-0-1"));
  EXPECT_THAT(namesOf("pods", "db"), ElementsAre("db-0-0"));
}

TEST_F(GroupLifeIt, ClaimsStayOrGoAsThePolicySays) {
  makeVolumes(5);
  Json spec = claims("Delete");
  spec["replicas"] = 5;
  createGroup("db", spec);
  await("db", "Ready", "True/AllReady");
  changeGroup("db", {{"replicas", 3}});
  await("db", "Ready", "True/AllReady");
  EXPECT_TRUE(waitFor([&] { return namesOf("persistentvolumeclaims", "db").size() == 3; }, 30s));
  EXPECT_THAT(namesOf("persistentvolumeclaims", "db"),
              ElementsAre("data-db-0-0", "data-db-0-1", "data-db-0-2"));
  // whenDeleted is Retain.
  ASSERT_EQ(cluster_.kubectl({"delete", "sfg", "db", "-n", ns_, "--timeout=60s"}).exit_code, 0);
  EXPECT_TRUE(waitFor([&] { return namesOf("services", "db").empty(); }, 30s));
  EXPECT_THAT(namesOf("pods", "db"), IsEmpty());
  EXPECT_THAT(namesOf("persistentvolumeclaims", "db"), SizeIs(3));
}

TEST_F(GroupLifeIt, AMovedMemberIsReplacedBeforeItLeaves) {
  createGroup("db", Json::object());
  await("db", "Ready", "True/AllReady");
  const std::size_t mark = auditMark(cluster_);
  changeGroup("db", {{"offlineReplicas", Json::array({"0/1"})}});
  await("db", "Ready", "True/AllReady");
  EXPECT_THAT(namesOf("pods", "db"), ElementsAre("db-0-0", "db-0-2", "db-0-3"));
  EXPECT_THAT(removals(mark), ElementsAre("db-0-1"));
}

TEST_F(GroupLifeIt, SleepsAndWakes) {
  createGroup("db", Json::object());
  await("db", "Ready", "True/AllReady");
  setLabel("db-0-1", "stowage.dev/role", "leader");
  const std::size_t mark = auditMark(cluster_);
  changeGroup("db", {{"runPolicy", "Hibernated"}});
  await("db", "Hibernated", "True/Hibernated");
  EXPECT_THAT(pods("db"), IsEmpty());
  EXPECT_THAT(removals(mark), ElementsAre("db-0-0", "db-0-2", "db-0-1"));
  changeGroup("db", {{"runPolicy", "Running"}});
  await("db", "Ready", "True/AllReady");
}

TEST_F(GroupLifeIt, PausedItKeepsItsHandsOff) {
  createGroup("db", Json::object());
  await("db", "Ready", "True/AllReady");
  changeGroup("db", {{"managementPolicy", "Paused"}});
  await("db", "Paused", "True/Paused");
  const std::size_t mark = auditMark(cluster_);
  changeGroup("db", imagePatch("example.test/db:2"));
  ASSERT_EQ(cluster_.kubectl({"delete", "pod", "db-0-1", "-n", ns_}).exit_code, 0);
  await("db", "Ready", "False/Paused");
  for (const std::string& write : operatorWrites(mark))
    EXPECT_EQ(write, "update statefulgroups db");  // its status
  changeGroup("db", {{"managementPolicy", "Managed"}});
  await("db", "Ready", "True/AllReady");
  EXPECT_THAT(pods("db"), SizeIs(3));
}

TEST_F(GroupLifeIt, ADeletedGroupLeavesNothingAndAnOrphaningOneItsPods) {
  createGroup("db", {{"services", kService}});
  await("db", "Ready", "True/AllReady");
  const auto before = uids("db");
  ASSERT_EQ(
      cluster_.kubectl({"delete", "sfg", "db", "-n", ns_, "--cascade=orphan", "--timeout=60s"})
          .exit_code,
      0);
  EXPECT_EQ(uids("db"), before);
  // The same once more takes all of it over, and restarts nobody.
  createGroup("db", {{"services", kService}});
  awaitRest("db");
  EXPECT_EQ(uids("db"), before);
  const std::string uid = getGroup("db")["metadata"]["uid"];
  for (const char* plural : {"pods", "services", "poddisruptionbudgets", "controllerrevisions"}) {
    for (const Json& object :
         listObjects(cluster_, {plural, "-n", ns_, "-l", "stowage.dev/group=db"}))
      EXPECT_EQ(object["metadata"]["ownerReferences"][0]["uid"], uid) << object["metadata"];
  }
  createGroup("other", Json::object());
  await("other", "Ready", "True/AllReady");
  ASSERT_EQ(cluster_.kubectl({"delete", "sfg", "other", "-n", ns_, "--timeout=60s"}).exit_code, 0);
  for (const char* plural : {"pods", "services", "poddisruptionbudgets", "controllerrevisions"}) {
    EXPECT_TRUE(waitFor([&] { return namesOf(plural, "other").empty(); }, 30s)) << plural;
  }
}

TEST_F(GroupLifeIt, WhatAUserChangesAboutServicesAndBudgetsIsPutBack) {
  createGroup("db", {{"services", kService}});
  await("db", "Ready", "True/AllReady");
  ASSERT_EQ(cluster_
                .kubectl({"patch", "pdb", "db-0", "-n", ns_, "--type=merge", "-p",
                          R"({"spec":{"minAvailable":0}})"})
                .exit_code,
            0);
  EXPECT_TRUE(waitFor(
      [&] { return getObject(cluster_, {"pdb", "db-0", "-n", ns_})["spec"]["minAvailable"] == 2; },
      30s));
  ASSERT_EQ(cluster_.kubectl({"delete", "service", "db-0-peers", "-n", ns_}).exit_code, 0);
  EXPECT_TRUE(waitFor(
      [&] { return getObject(cluster_, {"service", "db-0-peers", "-n", ns_}).is_object(); }, 30s));
  // A budget of somebody's own makes every eviction fail: that is told.
  const Json budget = {
      {"apiVersion", "policy/v1"},
      {"kind", "PodDisruptionBudget"},
      {"metadata", {{"name", "mine"}, {"namespace", ns_}}},
      {"spec",
       {{"maxUnavailable", 1}, {"selector", {{"matchLabels", {{"stowage.dev/group", "db"}}}}}}}};
  createAll(cluster_, {budget});
  await("db", "BudgetsSynced", "False/Conflict");
  ASSERT_EQ(cluster_.kubectl({"delete", "pdb", "mine", "-n", ns_}).exit_code, 0);
  await("db", "BudgetsSynced", "True/Synced");
}

TEST_F(GroupLifeIt, APodInTheWayIsNotTouched) {
  createAll(cluster_, {podManifest(ns_, "db-0-1", "stowage-scheduler", "10m", "8Mi")});
  createGroup("db", Json::object());
  await("db", "Available", "True/QuorumHeld");
  EXPECT_TRUE(waitFor([&] { return !eventsOf("db", "NameConflict").empty(); }, 30s));
  EXPECT_THAT(getObject(cluster_, {"pod", "db-0-1", "-n", ns_})["metadata"].value("ownerReferences",
                                                                                  Json()),
              Json());
  ASSERT_EQ(cluster_.kubectl({"delete", "pod", "db-0-1", "-n", ns_}).exit_code, 0);
  await("db", "Ready", "True/AllReady");
}

}  // namespace
}  // namespace stowage::testing
