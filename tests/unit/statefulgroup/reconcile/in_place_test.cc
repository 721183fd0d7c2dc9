// Updates of pods as they are, on a simulated cluster that judges every write by the invariants:
// a restart in place is a disruption like any other, a resize is none, and neither is done before
// the node has done it.
#include <gmock/gmock.h>

#include "testing/statefulgroup/group_harness.h"

namespace stowage::testing {
namespace {

using statefulgroup::HookAnswer;
using statefulgroup::HookRequest;
using statefulgroup::HookVerb;
using statefulgroup::Resource;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

Json inPlace(const char* image, const char* policy = "InPlaceIfPossible") {
  return withImage(image, policy);
}

// One cpu and more, by the policy of the container or without a restart.
Json withCpu(int cpu, bool restarts = false, const char* policy = "InPlaceIfPossible") {
  Json more = withImage("example.test/db:1", policy);
  Json& container = more["template"]["spec"]["containers"][0];
  container["resources"] = {{"requests", {{"cpu", std::to_string(cpu)}}}};
  if (restarts)
    container["resizePolicy"] =
        Json::array({{{"resourceName", "cpu"}, {"restartPolicy", "RestartContainer"}}});
  return more;
}

class GroupInPlace : public ::testing::Test, protected GroupHarness {
 protected:
  std::map<std::string, std::string> uids() const {
    std::map<std::string, std::string> uids;
    for (const std::string& pod : pods()) uids[pod] = uidOf(pod);
    return uids;
  }
  Json pod(const std::string& name) const { return *cluster.find(Resource::kPods, name); }
  Json budget() const {
    return (*cluster.find(Resource::kBudgets, "db-0"))["spec"]["minAvailable"];
  }
  std::string reason() const { return status()["shards"][0].value("reason", ""); }
  // Passes alone, while the nodes do nothing.
  void passes() {
    for (int i = 0; i < 20; ++i) {
      pass();
      cluster.countHealthy();
    }
  }
};

TEST_F(GroupInPlace, AnImageIsChangedInOnePodAfterAnotherAndInTheLeadersLast) {
  put(1, 3);
  cluster.setRole("db-0-2", "leader");
  cluster.setRole("db-0-1", "follower");
  cluster.setRole("db-0-0", "follower");
  settle();
  const auto before = uids();
  put(1, 3, inPlace("example.test/db:2"));
  EXPECT_THAT(takeChanges(), ElementsAre("db-0-1", "db-0-0", "db-0-2"));
  EXPECT_THAT(takeRemovals(), IsEmpty());
  EXPECT_EQ(uids(), before);
  EXPECT_EQ(condition("Ready"), "True/AllReady");
  EXPECT_EQ(status()["currentRevision"], status()["updateRevision"]);
  for (const std::string& name : pods()) {
    const Json found = pod(name);
    EXPECT_EQ(found["status"]["containerStatuses"][0]["image"], "example.test/db:2") << name;
    EXPECT_EQ(found["status"]["containerStatuses"][0]["restartCount"], 1) << name;
    EXPECT_FALSE(found["metadata"]["annotations"].contains("stowage.dev/operation")) << name;
  }
  EXPECT_EQ(budget(), 2);
}

// The API server has taken the change, and the pod is as ready as before: nothing is done yet.
TEST_F(GroupInPlace, UntilTheNodeHasDoneItNobodyElseIsTouched) {
  put(1, 3);
  cluster.putGroup("db", groupSpec(1, 3, inPlace("example.test/db:2")));
  passes();
  EXPECT_THAT(takeChanges(), ElementsAre("db-0-2"));
  EXPECT_TRUE(cluster.isReady("db-0-2"));
  EXPECT_EQ(status()["updatedReplicas"], 0);
  EXPECT_EQ(status()["shards"][0]["inFlight"]["operation"], "InPlace");
  EXPECT_EQ(condition("Ready"), "False/Progressing");
  EXPECT_THAT(reason(), HasSubstr("db-0-2: container main has not been restarted yet"));
  // Nor by somebody else: the budget leaves no room for a drain meanwhile.
  EXPECT_EQ(budget(), 3);
  cluster.drain("db-0-0");
  EXPECT_FALSE(cluster.isTerminating("db-0-0"));
  // Whoever comes after a crash waits, too.
  restart();
  passes();
  EXPECT_THAT(takeChanges(), IsEmpty());
  settle();
  EXPECT_EQ(condition("Ready"), "True/AllReady");
}

TEST_F(GroupInPlace, NoContainerIsRestartedWhereABudgetOrAFloorForbidsIt) {
  put(1, 3);
  unready = {"db-0-0"};
  kubelet();
  cluster.putGroup("db", groupSpec(1, 3, inPlace("example.test/db:2")));
  unready.clear();
  // A drain is faster, between the raise of the budget and the restart.
  put(1, 1);
  takeChanges();
  put(1, 1, inPlace("example.test/db:2"));
  EXPECT_THAT(takeChanges(), IsEmpty());
  EXPECT_EQ(condition("Progressing"), "False/WaitingForBudget");
  Json more = inPlace("example.test/db:2");
  more["disruption"] = {{"singleReplica", "Allow"}};
  put(1, 1, more);
  EXPECT_THAT(takeChanges(), ElementsAre("db-0-0"));
  EXPECT_EQ(condition("Ready"), "True/AllReady");
}

TEST_F(GroupInPlace, ADrainThatComesFirstIsWaitedFor) {
  put(1, 3);
  cluster.putGroup("db", groupSpec(1, 3, inPlace("example.test/db:2")));
  pass();  // the revision
  pass();  // the record
  ASSERT_TRUE(pod("db-0-2")["metadata"]["annotations"].contains("stowage.dev/operation"));
  cluster.drain("db-0-0");
  cluster.countHealthy();
  passes();
  EXPECT_THAT(takeChanges(), IsEmpty());
  settle();
  EXPECT_EQ(condition("Ready"), "True/AllReady");
}

// No budget judges a restart: what the caches do not show yet is looked up.
TEST_F(GroupInPlace, TheOthersAreLookedUpBeforeAMemberIsRestarted) {
  put(1, 3);
  cluster.putGroup("db", groupSpec(1, 3, inPlace("example.test/db:2")));
  for (int i = 0; i < 10 && budget() != 3; ++i) pass();
  ASSERT_EQ(budget(), 3);
  cluster.countHealthy();
  view.sync(cluster);
  cluster.setReady("db-0-0", false);
  passOnOldCaches();
  EXPECT_THAT(takeChanges(), IsEmpty());
  cluster.setReady("db-0-0", true);
  pass();
  EXPECT_THAT(takeChanges(), ElementsAre("db-0-2"));
}

TEST_F(GroupInPlace, ALeaderIsAskedToHandOverFirstAndAMemberWhetherItHasCaughtUp) {
  const auto hooked = [](Json more) {
    more["switchover"] = {{"mode", "HTTP"}, {"http", {{"port", 7000}}}};
    more["healthGates"] = {{"mode", "HTTP"}, {"http", {{"port", 7000}}}};
    return more;
  };
  put(1, 3, hooked({}));
  cluster.setRole("db-0-0", "follower");
  cluster.setRole("db-0-1", "leader");
  cluster.setRole("db-0-2", "follower");
  settle();
  hooks.asked.clear();
  bool caught_up = false;
  hooks.answer = [&](const HookRequest& request) -> HookAnswer {
    if (request.verb == HookVerb::kPostRestart && !caught_up)
      return {HookAnswer::Kind::kWorking, "12 entries behind"};
    return {};
  };
  put(1, 3, hooked(inPlace("example.test/db:2")));
  EXPECT_THAT(takeChanges(), ElementsAre("db-0-2"));
  EXPECT_EQ(hooks.asked.front(), "pre-disruption db-0-2");
  EXPECT_THAT(reason(), HasSubstr("12 entries behind"));
  caught_up = true;
  settle();
  EXPECT_THAT(takeChanges(), ElementsAre("db-0-0"));
  EXPECT_THAT(hooks.asked, Contains("switchover db-0-1"));
  EXPECT_THAT(reason(), HasSubstr("switchover of db-0-1"));
  cluster.setRole("db-0-1", "follower");
  cluster.setRole("db-0-0", "leader");
  settle();
  EXPECT_THAT(takeChanges(), ElementsAre("db-0-1"));
  EXPECT_EQ(condition("Ready"), "True/AllReady");
}

TEST_F(GroupInPlace, ABadImageStopsTheRolloutAndAMendedOneHealsIt) {
  for (const char* policy : {"InPlaceIfPossible", "InPlaceOnly"}) {
    put(1, 3, inPlace("example.test/db:1", policy));
    const std::string uid = uidOf("db-0-2");
    takeChanges();
    bad_images.insert("example.test/db:bad");
    put(1, 3, inPlace("example.test/db:bad", policy));
    EXPECT_THAT(takeChanges(), ElementsAre("db-0-2"));
    EXPECT_EQ(condition("Available"), "True/QuorumHeld");
    clock.advance(std::chrono::seconds(601));
    settle();
    EXPECT_EQ(condition("Progressing"), "False/ProgressDeadlineExceeded");
    put(1, 3, inPlace("example.test/db:1", policy));
    EXPECT_EQ(condition("Ready"), "True/AllReady") << policy;
    // Who wants nothing but changes in place gets no new pod for one that does not serve, either.
    EXPECT_EQ(uidOf("db-0-2") == uid, std::string(policy) == "InPlaceOnly");
  }
}

TEST_F(GroupInPlace, WhatTheApiServerDoesNotTakeInPlaceIsMadeAnew) {
  put(1, 3);
  cluster.admission = [](const Json& wanted) {
    return wanted["metadata"].contains("uid") ? std::string("no updates here") : std::string();
  };
  put(1, 3, inPlace("example.test/db:2", "InPlaceOnly"));
  EXPECT_THAT(takeRemovals(), IsEmpty());
  EXPECT_THAT(reason(), HasSubstr("no updates here"));
  put(1, 3, inPlace("example.test/db:2"));
  EXPECT_THAT(takeRemovals(), ElementsAre("db-0-2", "db-0-1", "db-0-0"));
  EXPECT_THAT(takeChanges(), IsEmpty());
  EXPECT_EQ(condition("Ready"), "True/AllReady");
}

TEST_F(GroupInPlace, AResizeTakesNothingAwayAndIsDoneInOnePodAfterAnother) {
  put(1, 3, withCpu(1));
  const auto before = uids();
  cluster.putGroup("db", groupSpec(1, 3, withCpu(2)));
  passes();
  EXPECT_THAT(takeChanges(), ElementsAre("db-0-2"));
  EXPECT_THAT(reason(), HasSubstr("db-0-2: its node has not changed it yet"));
  EXPECT_EQ(budget(), 2);
  settle();
  EXPECT_THAT(takeChanges(), ElementsAre("db-0-1", "db-0-0"));
  EXPECT_EQ(uids(), before);
  EXPECT_EQ(condition("Ready"), "True/AllReady");
  for (const std::string& name : pods())
    EXPECT_EQ(pod(name)["status"]["containerStatuses"][0]["restartCount"], 0) << name;
  // Nobody has to be asked, not even for the only replica.
  put(1, 1, withCpu(2));
  put(1, 1, withCpu(3));
  EXPECT_EQ(condition("Ready"), "True/AllReady");
}

TEST_F(GroupInPlace, AResizeThatRestartsContainersIsADisruption) {
  put(1, 3, withCpu(1, true));
  cluster.putGroup("db", groupSpec(1, 3, withCpu(2, true)));
  passes();
  EXPECT_THAT(takeChanges(), ElementsAre("db-0-2"));
  EXPECT_EQ(status()["shards"][0]["inFlight"]["operation"], "InPlace");
  EXPECT_EQ(budget(), 3);
  settle();
  EXPECT_THAT(takeChanges(), ElementsAre("db-0-1", "db-0-0"));
  EXPECT_EQ(condition("Ready"), "True/AllReady");
}

TEST_F(GroupInPlace, WhatANodeWillNeverHaveIsHadElsewhere) {
  put(1, 3, withCpu(1));
  infeasible = {"db-0-2"};
  cluster.putGroup("db", groupSpec(1, 3, withCpu(64)));
  passes();
  kubelet();
  passes();
  EXPECT_THAT(takeRemovals(), ElementsAre("db-0-2"));
  infeasible.clear();
  settle();
  EXPECT_THAT(takeRemovals(), IsEmpty());
  EXPECT_EQ(condition("Ready"), "True/AllReady");
}

TEST_F(GroupInPlace, APutOffResizeIsWaitedForUntilTheDeadline) {
  put(1, 3, withCpu(1));
  deferred = {"db-0-2"};
  put(1, 3, withCpu(8));
  EXPECT_THAT(takeRemovals(), IsEmpty());
  EXPECT_THAT(takeChanges(), ElementsAre("db-0-2"));
  EXPECT_THAT(reason(), HasSubstr("no room for the resources now"));
  clock.advance(std::chrono::seconds(601));
  pass();
  pass();
  EXPECT_THAT(takeRemovals(), ElementsAre("db-0-2"));
  deferred.clear();
  settle();
  EXPECT_EQ(condition("Ready"), "True/AllReady");
}

TEST_F(GroupInPlace, APutOffResizeHoldsUpNoOtherWish) {
  for (const char* policy : {"InPlaceIfPossible", "InPlaceOnly"}) {
    deferred = {"db-0-2"};
    put(1, 3, withCpu(1, false, policy));
    takeChanges();
    put(1, 3, withCpu(8, false, policy));
    EXPECT_THAT(takeChanges(), ElementsAre("db-0-2"));
    put(1, 3, withCpu(1, false, policy));
    EXPECT_EQ(condition("Ready"), "True/AllReady") << policy;
    EXPECT_THAT(takeRemovals(), IsEmpty());
    deferred.clear();
  }
}

TEST_F(GroupInPlace, InPlaceOnlyMakesNoPodAnewForAResize) {
  put(1, 3, withCpu(1, false, "InPlaceOnly"));
  infeasible = {"db-0-2"};
  put(1, 3, withCpu(64, false, "InPlaceOnly"));
  EXPECT_THAT(reason(), HasSubstr("will never have the resources"));
  clock.advance(std::chrono::seconds(601));
  settle();
  EXPECT_THAT(takeRemovals(), IsEmpty());
  EXPECT_EQ(condition("Progressing"), "False/ProgressDeadlineExceeded");
}

// One more change while a container is about to be restarted: it is still that pod's turn.
TEST_F(GroupInPlace, AnotherChangeMeanwhileRestartsNobodyElse) {
  put(1, 5);
  cluster.putGroup("db", groupSpec(1, 5, inPlace("example.test/db:2")));
  passes();
  EXPECT_THAT(takeChanges(), ElementsAre("db-0-4"));
  cluster.putGroup("db", groupSpec(1, 5, inPlace("example.test/db:3")));
  passes();
  EXPECT_THAT(takeChanges(), IsEmpty());
  settle();
  EXPECT_EQ(condition("Ready"), "True/AllReady");
}

TEST_F(GroupInPlace, ShardsAreInFlightTogetherOnlyAsManyAsAllowed) {
  put(3, 3);
  cluster.putGroup("db", groupSpec(3, 3, inPlace("example.test/db:2")));
  passes();
  EXPECT_THAT(takeChanges(), ElementsAre("db-0-2"));
  Json two = inPlace("example.test/db:2");
  two["updateStrategy"]["rollingUpdate"]["maxUnavailableShards"] = 2;
  cluster.putGroup("db", groupSpec(3, 3, two));
  passes();
  EXPECT_THAT(takeChanges(), ElementsAre("db-1-2"));
  settle();
  EXPECT_EQ(condition("Ready"), "True/AllReady");
}

}  // namespace
}  // namespace stowage::testing
