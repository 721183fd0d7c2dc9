// Volumes of members that grow and change, on a simulated cluster that judges every write by the
// invariants. What storage drivers say is played here.
#include <gmock/gmock.h>

#include "base/text.h"
#include "testing/statefulgroup/group_harness.h"

namespace stowage::testing {
namespace {

using statefulgroup::Resource;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Json claimsOf(const char* storage, const char* attributes_class = nullptr) {
  Json more = withClaims();
  Json& spec = more["volumeClaimTemplates"][0]["spec"];
  spec["resources"]["requests"]["storage"] = storage;
  if (attributes_class != nullptr) spec["volumeAttributesClassName"] = attributes_class;
  return more;
}

class GroupVolumes : public ::testing::Test, protected GroupHarness {
 protected:
  Json claim(const std::string& name) { return (*cluster.find(Resource::kClaims, name))["spec"]; }
  // Every volume has that size and class.
  void have(const char* storage, const char* attributes_class = "") {
    for (const std::string& name : claims())
      cluster.setClaimStatus(name, {{"capacity", {{"storage", storage}}},
                                    {"currentVolumeAttributesClassName", attributes_class},
                                    {"modifyVolumeStatus", nullptr},
                                    {"conditions", nullptr}});
  }
  Json fileSystemPending() {
    const Json condition = {{"type", "FileSystemResizePending"},
                            {"status", "True"},
                            {"lastTransitionTime", base::formatTime(clock.wallNow())}};
    return {{"conditions", Json::array({condition})}};
  }
  std::string reason() { return status()["shards"][0].value("reason", ""); }
};

TEST_F(GroupVolumes, GrowOneMembersAfterAnothers) {
  put(1, 3, claimsOf("1Gi"));
  have("1Gi");
  put(1, 3, claimsOf("2Gi"));
  EXPECT_EQ(claim("data-db-0-0")["resources"]["requests"]["storage"], "2Gi");
  EXPECT_EQ(claim("data-db-0-1")["resources"]["requests"]["storage"], "1Gi");
  EXPECT_THAT(reason(), HasSubstr("claim data-db-0-0 is changing"));
  EXPECT_EQ(condition("StorageResizing"), "True/Resizing");
  for (int i = 0; i < 3; ++i) {
    have("2Gi");
    settle();
  }
  EXPECT_EQ(claim("data-db-0-2")["resources"]["requests"]["storage"], "2Gi");
  EXPECT_EQ(condition("StorageResizing"), "False/Idle");
}

TEST_F(GroupVolumes, WhatTheServerRefusesIsToldAndHoldsNothingElseUp) {
  put(1, 3, claimsOf("1Gi"));
  have("1Gi");
  cluster.claims_are_fixed = "the storageclass must support resize";
  put(1, 3, claimsOf("2Gi"));
  EXPECT_EQ(condition("StorageResizing"), "False/NotSupported");
  EXPECT_THAT(reason(), HasSubstr("cannot grow to 2Gi: the storageclass must support resize"));
  takeRemovals();
  // The template cannot be made smaller again: an update goes on all the same.
  Json next = claimsOf("2Gi");
  next.update(withImage("example.test/db:2"));
  put(1, 3, next);
  EXPECT_THAT(takeRemovals(), ElementsAre("db-0-2", "db-0-1", "db-0-0"));
  EXPECT_EQ(condition("Ready"), "True/AllReady");
  EXPECT_EQ(condition("StorageResizing"), "False/NotSupported");
  EXPECT_EQ(claim("data-db-0-0")["resources"]["requests"]["storage"], "1Gi");
  // It is tried again.
  cluster.claims_are_fixed.clear();
  clock.advance(seconds(31));
  settle();
  EXPECT_EQ(condition("StorageResizing"), "True/Resizing");
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(claim("data-db-0-" + std::to_string(i))["resources"]["requests"]["storage"], "2Gi");
    have("2Gi");
    settle();
  }
  EXPECT_EQ(condition("StorageResizing"), "False/Idle");
}

TEST_F(GroupVolumes, AMemberComesBackThoughItsClaimMayNotGrow) {
  Json more = claimsOf("1Gi");
  more["volumeExpansionPolicy"] = "OnRecreate";
  put(1, 3, more);
  have("1Gi");
  cluster.claims_are_fixed = "the storageclass must support resize";
  more["volumeClaimTemplates"][0]["spec"]["resources"]["requests"]["storage"] = "2Gi";
  put(1, 3, more);
  cluster.end("db-0-1", "Failed");
  settle();
  EXPECT_THAT(pods(), ElementsAre("db-0-0", "db-0-1", "db-0-2"));
  EXPECT_EQ(condition("Ready"), "True/AllReady");
  EXPECT_EQ(condition("StorageResizing"), "False/NotSupported");
}

TEST_F(GroupVolumes, TakeAnotherAttributesClassOneMembersAfterAnothers) {
  put(1, 3, claimsOf("1Gi", "slow"));
  have("1Gi", "slow");
  put(1, 3, claimsOf("1Gi", "fast"));
  EXPECT_EQ(claim("data-db-0-0")["volumeAttributesClassName"], "fast");
  EXPECT_EQ(claim("data-db-0-1")["volumeAttributesClassName"], "slow");
  EXPECT_THAT(reason(), HasSubstr("claim data-db-0-0 is changing"));
  for (int i = 0; i < 3; ++i) {
    have("1Gi", "fast");
    settle();
  }
  EXPECT_EQ(claim("data-db-0-2")["volumeAttributesClassName"], "fast");
  EXPECT_EQ(status()["volumeClaims"][0]["updated"], 3);
  EXPECT_THAT(takeRemovals(), IsEmpty());
  // What the driver does not have is told, and holds nothing else up.
  put(1, 3, claimsOf("1Gi", "none"));
  cluster.setClaimStatus("data-db-0-0", {{"modifyVolumeStatus", {{"status", "Infeasible"}}}});
  settle();
  EXPECT_EQ(condition("StorageResizing"), "False/Infeasible");
  EXPECT_EQ(status()["volumeClaims"][0]["failed"], 1);
}

TEST_F(GroupVolumes, WhatDoesNotGrowUnderARunningPodGrowsWithANewOne) {
  put(1, 3, claimsOf("1Gi"));
  have("1Gi");
  takeRemovals();
  put(1, 3, claimsOf("2Gi"));
  clock.advance(seconds(1));
  cluster.setClaimStatus("data-db-0-0", fileSystemPending());
  settle();
  // Its node has some time first.
  EXPECT_EQ(condition("StorageResizing"), "True/FileSystemResizePending");
  EXPECT_THAT(takeRemovals(), IsEmpty());
  clock.advance(seconds(121));
  settle();
  EXPECT_THAT(takeRemovals(), ElementsAre("db-0-0"));
  // The new pod is not blamed for what the old one could not.
  clock.advance(seconds(121));
  settle();
  EXPECT_THAT(takeRemovals(), IsEmpty());
  for (int i = 0; i < 3; ++i) {
    have("2Gi");
    settle();
  }
  EXPECT_EQ(claim("data-db-0-2")["resources"]["requests"]["storage"], "2Gi");
  EXPECT_EQ(condition("Ready"), "True/AllReady");
  EXPECT_THAT(takeRemovals(), IsEmpty());
}

TEST_F(GroupVolumes, NoMemberThatIsNeededIsRestartedToGrow) {
  put(1, 3, claimsOf("1Gi"));
  have("1Gi");
  put(1, 3, claimsOf("2Gi"));
  clock.advance(seconds(1));
  cluster.setClaimStatus("data-db-0-0", fileSystemPending());
  unready = {"db-0-2"};
  kubelet();
  takeRemovals();
  clock.advance(seconds(121));
  settle();
  EXPECT_THAT(takeRemovals(), IsEmpty());
  unready.clear();
  settle();
  EXPECT_THAT(takeRemovals(), ElementsAre("db-0-0"));
}

// ---- volumes that are lost

class GroupLostVolumes : public GroupVolumes {
 protected:
  static Json replacing(const char* when_replaced = "Delete", const char* loss = "Replace") {
    Json more = claimsOf("1Gi");
    more["recovery"] = {{"volumeLoss", loss}};
    more["persistentVolumeClaimRetentionPolicy"] = {{"whenReplaced", when_replaced}};
    return more;
  }
  static Json volume() { return {{"metadata", Json::object()}, {"spec", Json::object()}}; }
  void form(const Json& more, int replicas = 3) {
    put(1, replicas, more);
    for (const std::string& name : claims()) {
      cluster.bindClaim(name, "pv-" + name);
      cluster.setVolume("pv-" + name, volume());
    }
    settle();
    takeRemovals();
  }
  // The volume is gone, and the member goes down.
  void lose(const std::string& pod) {
    cluster.setVolume("pv-data-" + pod, nullptr);
    cluster.setClaimStatus("data-" + pod, {{"phase", "Lost"}});
    cluster.end(pod, "Failed");
  }
  std::string claimUid(const std::string& pod) {
    const Json* found = cluster.find(Resource::kClaims, "data-" + pod);
    return found == nullptr ? "" : (*found)["metadata"]["uid"].get<std::string>();
  }
};

TEST_F(GroupLostVolumes, AMemberGetsAnotherForOneThatIsGone) {
  form(replacing());
  const std::string before = claimUid("db-0-1");
  const std::string other = claimUid("db-0-0");
  lose("db-0-1");
  settle();
  EXPECT_EQ(condition("Ready"), "True/AllReady");
  EXPECT_NE(claimUid("db-0-1"), before);
  EXPECT_EQ(claimUid("db-0-0"), other);
  EXPECT_THAT(events.lines, ::testing::Contains(HasSubstr("ReplacementStarted")));
}

TEST_F(GroupLostVolumes, WithoutConsentItIsWaitedFor) {
  form(replacing("Retain", "Wait"));
  const std::string before = claimUid("db-0-1");
  lose("db-0-1");
  settle();
  EXPECT_EQ(claimUid("db-0-1"), before);
  EXPECT_THAT(reason(), HasSubstr("has lost its volume"));
}

TEST_F(GroupLostVolumes, WhatIsThereIsNotGivenUpThoughItsPodIsDown) {
  form(replacing());
  const std::string before = claimUid("db-0-1");
  unschedulable = {"db-0-1"};
  cluster.end("db-0-1", "Failed");
  settle();
  EXPECT_EQ(claimUid("db-0-1"), before);
  // A local volume, first of a node that is there.
  Json local = volume();
  local["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"] = Json::array(
      {{{"matchExpressions",
         {{{"key", "kubernetes.io/hostname"}, {"operator", "In"}, {"values", {"n1"}}}}}}});
  cluster.setVolume("pv-data-db-0-1", local);
  cluster.setNode("n1", true);
  settle();
  EXPECT_EQ(claimUid("db-0-1"), before);
  cluster.setNode("n1", false);
  unschedulable.clear();
  pass();
  settle();
  EXPECT_NE(claimUid("db-0-1"), before);
  EXPECT_EQ(condition("Ready"), "True/AllReady");
}

TEST_F(GroupLostVolumes, AVolumeThatSomebodyDeletesIsGivenUpOnceItsMemberIsDown) {
  form(replacing());
  const std::string before = claimUid("db-0-1");
  Json going = volume();
  going["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
  cluster.setVolume("pv-data-db-0-1", going);
  settle();
  EXPECT_EQ(claimUid("db-0-1"), before);
  unschedulable = {"db-0-1"};
  cluster.end("db-0-1", "Failed");
  settle();
  EXPECT_NE(claimUid("db-0-1"), before);
}

// What is left may be needed to make the others of.
TEST_F(GroupLostVolumes, NothingIsGivenUpWhileTheOthersDoNotHoldTheShard) {
  form(replacing());
  const std::string first = claimUid("db-0-0");
  const std::string second = claimUid("db-0-1");
  lose("db-0-0");
  lose("db-0-1");
  settle();
  EXPECT_EQ(claimUid("db-0-0"), first);
  EXPECT_EQ(claimUid("db-0-1"), second);
  EXPECT_THAT(reason(), HasSubstr("has lost a volume, and the others of its shard are needed"));
}

// What the caches do not show yet is looked up.
TEST_F(GroupLostVolumes, TheOthersAreLookedUpBeforeAVolumeIsGivenUp) {
  form(replacing());
  const std::string before = claimUid("db-0-1");
  lose("db-0-1");
  pass();  // its pod, which has ended, is removed
  cluster.finish("db-0-1");
  view.sync(cluster);
  cluster.setReady("db-0-0", false);
  passOnOldCaches();
  EXPECT_EQ(claimUid("db-0-1"), before);
  cluster.setReady("db-0-0", true);
  pass();
  EXPECT_NE(claimUid("db-0-1"), before);
}

TEST_F(GroupLostVolumes, OneAfterAnotherUnlessMoreAreAllowed) {
  form(replacing(), 5);
  lose("db-0-0");
  lose("db-0-1");
  settle();
  EXPECT_EQ(status()["totalReplicas"], 3);
  Json more = replacing();
  more["recovery"]["maxReplacementsPerShard"] = 2;
  put(1, 5, more);
  EXPECT_EQ(condition("Ready"), "True/AllReady");
}

TEST_F(GroupLostVolumes, TheLastVolumeOfAShardIsNeverGivenUp) {
  Json more = replacing();
  more["disruption"] = {{"singleReplica", "Allow"}};
  form(more, 1);
  const std::string before = claimUid("db-0-0");
  lose("db-0-0");
  settle();
  EXPECT_EQ(claimUid("db-0-0"), before);
}

TEST_F(GroupLostVolumes, WhoComesBackEmptyHasLeftBefore) {
  Json more = replacing();
  more["membership"] = {{"mode", "HTTP"}, {"http", {{"port", 7000}}}};
  form(more);
  hooks.asked.clear();
  bool lets_go = false;
  hooks.answer = [&](const statefulgroup::HookRequest& request) -> statefulgroup::HookAnswer {
    if (request.verb == statefulgroup::HookVerb::kLeave && !lets_go)
      return {statefulgroup::HookAnswer::Kind::kRefused, "an election is on"};
    return {};
  };
  const std::string before = claimUid("db-0-1");
  lose("db-0-1");
  settle();
  EXPECT_EQ(claimUid("db-0-1"), before);
  EXPECT_THAT(reason(), HasSubstr("an election is on"));
  lets_go = true;
  settle();
  EXPECT_THAT(hooks.asked, ::testing::IsSupersetOf({"leave db-0-1", "join db-0-1"}));
  EXPECT_NE(claimUid("db-0-1"), before);
  EXPECT_EQ(condition("Ready"), "True/AllReady");
}

}  // namespace
}  // namespace stowage::testing
