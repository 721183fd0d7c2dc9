// What StatefulSets are known to be caught out by, on a real API server. The numbers are those of
// the list in tests/unit/statefulgroup/reconcile/corner_cases_test.cc. Elsewhere on the real one:
// 4 GroupUpdatesIt.PartitionsHoldMembersBack, 6 GroupUpdatesIt.Issue67250..., 10 CrashTableIt.
// AGroupWasMadeAnewUnderItsOldName, 14 GroupDefinition.StatusIsWritten..., 15 OperatorResilienceIt.
// AnApiServerThatDies..., 19 Rendering.TheLongestNamesAreAccepted.
#include <gmock/gmock.h>

#include "base/text.h"
#include "integration/operator/operator_world.h"

namespace stowage::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using namespace std::chrono_literals;

class CornerCasesIt : public OperatorWorld {
 protected:
  void TearDown() override {
    OperatorWorld::TearDown();
    for (const std::string& volume : volumes_)
      (void)cluster_.kubectl({"delete", "pv", volume, "--ignore-not-found", "--wait=false"});
  }
  void kubectl(std::vector<std::string> words) {
    words.insert(words.end(), {"-n", ns_});
    const CommandResult done = cluster_.kubectl(words);
    ASSERT_EQ(done.exit_code, 0) << done.output;
  }
  void mergeInto(const std::string& kind, const std::string& name, const Json& patch,
                 std::vector<std::string> more = {}) {
    std::vector<std::string> words = {"patch", kind, name, "--type=merge", "-p", patch.dump()};
    words.insert(words.end(), more.begin(), more.end());
    kubectl(words);
  }
  void awaitAnother(const std::string& pod, const std::string& uid) {
    EXPECT_TRUE(waitFor(
        [&] {
          const auto now = uids("db");
          return now.contains(pod) && now.at(pod) != uid;
        },
        kPatience))
        << getGroup("db")["status"].dump(1);
  }
  std::string imageOf(const std::string& pod) {
    return pods("db").at(pod)["spec"]["containers"][0]["image"];
  }
  Json withVolumes(int count) {
    std::vector<Json> volumes;
    for (int i = 0; i < count; ++i) {
      volumes_.push_back(ns_ + "-" + std::to_string(i));
      volumes.push_back({{"apiVersion", "v1"},
                         {"kind", "PersistentVolume"},
                         {"metadata", {{"name", volumes_.back()}}},
                         {"spec",
                          {{"capacity", {{"storage", "1Gi"}}},
                           {"accessModes", Json::array({"ReadWriteOnce"})},
                           {"storageClassName", ns_},
                           {"hostPath", {{"path", "/tmp/" + volumes_.back()}}}}}});
    }
    createAll(cluster_, volumes);
    const Json claim = {{"name", "data"},
                        {"spec",
                         {{"accessModes", Json::array({"ReadWriteOnce"})},
                          {"storageClassName", ns_},
                          {"resources", {{"requests", {{"storage", "1Gi"}}}}}}}};
    return {{"volumeClaimTemplates", Json::array({claim})}};
  }

 private:
  std::vector<std::string> volumes_;
};

// 1
TEST_F(CornerCasesIt, APodThatEndedWellIsMadeAnew) {
  createGroup("db", Json::object());
  awaitRest("db");
  const std::string before = uids("db").at("db-0-1");
  mergeInto("pod", "db-0-1", {{"status", {{"phase", "Succeeded"}, {"conditions", nullptr}}}},
            {"--subresource=status"});
  awaitAnother("db-0-1", before);
  awaitRest("db");
}

// 2, 3, 18
TEST_F(CornerCasesIt, OrdinalsMovePartitionsHoldAndWhatIsNoChangeIsNone) {
  createGroup("db", Json::object());
  awaitRest("db");
  changeGroup("db", {{"ordinals", {{"start", 2}}}});
  awaitRest("db");
  EXPECT_THAT(namesOf("pods", "db"), ElementsAre("db-0-2", "db-0-3", "db-0-4"));
  changeGroup("db", {{"ordinals", nullptr}});
  awaitRest("db");
  EXPECT_THAT(namesOf("pods", "db"), ElementsAre("db-0-0", "db-0-1", "db-0-2"));

  const auto before = uids("db");
  Json same = {{"template", {{"metadata", {{"annotations", Json::object()}}}}}};
  changeGroup("db", same);
  awaitRest("db");
  EXPECT_THAT(namesOf("controllerrevisions", "db"), SizeIs(1));

  Json held = imagePatch("example.test/db:2");
  held["updateStrategy"] = {{"rollingUpdate", {{"partition", 7}}}};
  changeGroup("db", held);
  EXPECT_TRUE(waitFor([&] { return namesOf("controllerrevisions", "db").size() == 2; }, kPatience));
  await("db", "Progressing", "False/Idle");
  EXPECT_EQ(uids("db"), before);
}

// 5
TEST_F(CornerCasesIt, APodThatAFinalizerHoldsComesBackAtTheRevisionOfThen) {
  createGroup("db", Json::object());
  awaitRest("db");
  mergeInto("pod", "db-0-2", {{"metadata", {{"finalizers", {"example.test/hold"}}}}});
  const auto before = uids("db");
  changeGroup("db", imagePatch("example.test/db:2"));
  EXPECT_TRUE(
      waitFor([&] { return pods("db").at("db-0-2")["metadata"].contains("deletionTimestamp"); },
              kPatience));
  changeGroup("db", imagePatch("example.test/db:3"));
  EXPECT_TRUE(waitFor([&] { return namesOf("controllerrevisions", "db").size() == 3; }, kPatience));
  EXPECT_EQ(uids("db"), before);  // and nobody else goes meanwhile
  mergeInto("pod", "db-0-2", {{"metadata", {{"finalizers", nullptr}}}});
  awaitRest("db");
  EXPECT_EQ(imageOf("db-0-2"), "example.test/db:3");
}

// 7: somebody else's object has the very name that the template's hash makes.
TEST_F(CornerCasesIt, ARevisionsNameThatIsTakenIsLeftToItsOwner) {
  createGroup("db", Json::object());
  awaitRest("db");
  const std::string name = namesOf("controllerrevisions", "db").at(0);
  kubectl({"delete", "sfg", "db", "--timeout=60s"});
  ASSERT_TRUE(waitFor([&] { return namesOf("controllerrevisions", "db").empty(); }, kPatience));
  createAll(cluster_, {{{"apiVersion", "apps/v1"},
                        {"kind", "ControllerRevision"},
                        {"metadata", {{"name", name}, {"namespace", ns_}}},
                        {"revision", 1},
                        {"data", {{"not", "ours"}}}}});
  createGroup("db", Json::object());
  awaitRest("db");
  EXPECT_THAT(namesOf("controllerrevisions", "db"), ElementsAre(Not(name)));
  EXPECT_EQ(getGroup("db")["status"]["collisionCount"], 1);
  EXPECT_EQ(getObject(cluster_, {"controllerrevision", name, "-n", ns_})["data"]["not"], "ours");
}

// 8
TEST_F(CornerCasesIt, WithoutReplicasAnUpdateIsDoneAtOnce) {
  createGroup("db", {{"replicas", 0}, {"consensus", {{"type", "None"}}}});
  await("db", "Ready", "True/AllReady");
  changeGroup("db", imagePatch("example.test/db:2"));
  await("db", "Ready", "True/AllReady");
  const Json status = getGroup("db")["status"];
  EXPECT_EQ(status["currentRevision"], status["updateRevision"]);
  changeGroup("db", {{"replicas", 3}});
  awaitRest("db");
  EXPECT_EQ(imageOf("db-0-0"), "example.test/db:2");
}

// 9
TEST_F(CornerCasesIt, AGroupThatGoesMakesNothingAnew) {
  createGroup("db", Json::object());
  awaitRest("db");
  mergeInto("pod", "db-0-0", {{"metadata", {{"finalizers", {"example.test/hold"}}}}});
  const std::size_t mark = auditMark(cluster_);
  kubectl({"delete", "sfg", "db", "--wait=false"});
  EXPECT_TRUE(waitFor([&] { return uids("db").size() == 1; }, kPatience));
  kubectl({"delete", "pdb", "db-0"});
  mergeInto("pod", "db-0-0", {{"metadata", {{"finalizers", nullptr}}}});
  EXPECT_TRUE(waitFor([&] { return getGroup("db").is_null(); }, kPatience));
  for (const std::string& write : operatorWrites(mark))
    EXPECT_THAT(write, Not(::testing::StartsWith("create "))) << write;
}

// 11: nobody else selects it, so it is the group's again.
TEST_F(CornerCasesIt, APodWhoseLabelsWereTakenOffIsFoundAgain) {
  createGroup("db", Json::object());
  awaitRest("db");
  const auto before = uids("db");
  mergeInto("pod", "db-0-1",
            {{"metadata",
              {{"labels", {{"stowage.dev/group", nullptr}, {"stowage.dev/group-uid", nullptr}}}}}});
  EXPECT_TRUE(waitFor([&] { return uids("db") == before; }, kPatience));
  awaitRest("db");
}

// 12: a claim under way out holds up its member and nobody else; one that is missing is made.
TEST_F(CornerCasesIt, AClaimThatGoesIsWaitedForAndAMissingOneIsMade) {
  createGroup("db", withVolumes(5));
  awaitRest("db");
  const auto claim = [&](const std::string& name) {
    return getObject(cluster_, {"pvc", name, "-n", ns_})["metadata"]["uid"];
  };
  const Json first = claim("data-db-0-1");
  const Json second = claim("data-db-0-2");
  mergeInto("pvc", "data-db-0-1", {{"metadata", {{"finalizers", {"example.test/hold"}}}}});
  kubectl({"delete", "pvc", "data-db-0-1", "data-db-0-2", "--wait=false"});
  kubectl({"delete", "pod", "db-0-1", "db-0-2"});
  EXPECT_TRUE(waitFor(
      [&] {
        const Json now = getObject(cluster_, {"pvc", "data-db-0-2", "-n", ns_});
        return now.is_object() && now["metadata"]["uid"] != second;
      },
      kPatience));
  EXPECT_TRUE(waitFor([&] { return pods("db").contains("db-0-2"); }, kPatience));
  EXPECT_FALSE(pods("db").contains("db-0-1"));
  mergeInto("pvc", "data-db-0-1", {{"metadata", {{"finalizers", nullptr}}}});
  awaitRest("db");
  EXPECT_NE(claim("data-db-0-1"), first);
}

// 13
TEST_F(CornerCasesIt, MinReadySecondsHoldTheNextMember) {
  createGroup("db", {{"minReadySeconds", 4}});
  awaitRest("db");
  changeGroup("db", imagePatch("example.test/db:2"));
  awaitRest("db");
  // Each was made when the one before had been ready for that long.
  const auto made = [&](const char* pod) {
    return pods("db").at(pod)["metadata"]["creationTimestamp"].get<std::string>();
  };
  const auto readyAt = [&](const char* pod) {
    for (const Json& one : pods("db").at(pod)["status"]["conditions"]) {
      if (one["type"] == "Ready") return one["lastTransitionTime"].get<std::string>();
    }
    return std::string();
  };
  const auto secondsOf = [](const std::string& time) {
    return base::parseTime(time).value_or(base::WallTime{});
  };
  for (const auto& [before, after] : {std::pair{"db-0-2", "db-0-1"}, {"db-0-1", "db-0-0"}})
    EXPECT_GE(secondsOf(made(after)) - secondsOf(readyAt(before)), 3s) << after;
}

// 16
TEST_F(CornerCasesIt, InOrderAMemberThatDiesIsMadeBeforeItsSuccessors) {
  createGroup("db", {{"startup", {{"policy", "OrderedReady"}}},
                     {"template", {{"spec", {{"schedulingGates", {{{"name", "test/wait"}}}}}}}}});
  const auto open = [&](const std::string& pod) {
    mergeInto("pod", pod, {{"spec", {{"schedulingGates", nullptr}}}});
  };
  ASSERT_TRUE(waitFor([&] { return pods("db").contains("db-0-0"); }, kPatience));
  open("db-0-0");
  ASSERT_TRUE(waitFor([&] { return pods("db").contains("db-0-1"); }, kPatience));
  EXPECT_THAT(pods("db"), SizeIs(2));
  const std::string before = uids("db").at("db-0-0");
  kubectl({"delete", "pod", "db-0-0"});
  awaitAnother("db-0-0", before);
  open("db-0-1");
  // The second is available, the first is not: the third waits for the first.
  EXPECT_TRUE(waitFor([&] { return getGroup("db")["status"].value("availableReplicas", 0) == 1; },
                      kPatience));
  EXPECT_THAT(namesOf("pods", "db"), ElementsAre("db-0-0", "db-0-1"));
  open("db-0-0");
  ASSERT_TRUE(waitFor([&] { return pods("db").contains("db-0-2"); }, kPatience));
  open("db-0-2");
  awaitRest("db");
}

// 17
TEST_F(CornerCasesIt, InParallelAllAreMadeWhoeverIsIll) {
  createGroup("db", Json::object());
  awaitRest("db");
  setReady("db-0-1", false);
  await("db", "Degraded", "True/AtQuorumFloor");
  changeGroup("db", {{"replicas", 5}});
  EXPECT_TRUE(waitFor([&] { return pods("db").size() == 5; }, kPatience));
  setReady("db-0-1", true);
  awaitRest("db");
}

// A node that is off for certain, and a pod that tolerates even that: nobody else would ask it to
// go.
TEST_F(CornerCasesIt, APodThatToleratesTheFenceOfItsNodeIsMadeAnewElsewhere) {
  const Json the_fence = {{"key", "node.kubernetes.io/out-of-service"}, {"operator", "Exists"}};
  createGroup("db", {{"recovery", {{"nodeLoss", "ReplaceWhenFenced"}, {"nodeLossGraceSeconds", 0}}},
                     {"template", {{"spec", {{"tolerations", Json::array({the_fence})}}}}}});
  awaitRest("db");
  const Json pod = pods("db").at("db-0-1");
  const std::string node = pod["spec"]["nodeName"];
  const std::string before = pod["metadata"]["uid"];
  const std::size_t mark = auditMark(cluster_);
  const Json silent = {
      {"status",
       {{"conditions", Json::array({{{"type", "Ready"},
                                     {"status", "False"},
                                     {"reason", "Test"},
                                     {"lastTransitionTime", "2026-01-01T00:00:00Z"}}})}}}};
  ASSERT_EQ(cluster_.kubectl({"cordon", node}).exit_code, 0);
  setReady("db-0-1", false);
  // As when its kubelet says nothing; KWOK would at once (tests/tools/stages/node.yaml).
  ASSERT_EQ(cluster_.kubectl({"annotate", "node", node, "example.test/silent=yes"}).exit_code, 0);
  ASSERT_EQ(cluster_
                .kubectl({"patch", "node", node, "--subresource=status", "--type=strategic", "-p",
                          silent.dump()})
                .exit_code,
            0);
  await("db", "Degraded", "True/NodeLost");
  EXPECT_EQ(uids("db").at("db-0-1"), before);  // silent is not lost
  EXPECT_TRUE(waitFor([&] { return !eventsOf("db", "ReplicaLost").empty(); }, kPatience));
  const std::string fence = "node.kubernetes.io/out-of-service=nodeshutdown:NoExecute";
  ASSERT_EQ(cluster_.kubectl({"taint", "node", node, fence}).exit_code, 0);
  awaitAnother("db-0-1", before);
  EXPECT_THAT(removals(mark), ElementsAre("db-0-1"));
  ASSERT_EQ(cluster_.kubectl({"taint", "node", node, fence + "-"}).exit_code, 0);
  ASSERT_EQ(cluster_.kubectl({"annotate", "node", node, "example.test/silent-"}).exit_code, 0);
  ASSERT_EQ(cluster_.kubectl({"uncordon", node}).exit_code, 0);
  awaitRest("db");
}

}  // namespace
}  // namespace stowage::testing
