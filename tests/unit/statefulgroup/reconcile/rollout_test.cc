// Updates of a group under the reconciler, on a simulated cluster that judges every write by the
// invariants: order, partitions, in place, stuck rollouts and the way back.
#include <gmock/gmock.h>

#include <utility>

#include "testing/statefulgroup/group_harness.h"

namespace stowage::testing {
namespace {

using statefulgroup::Resource;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class GroupRollout : public ::testing::Test, protected GroupHarness {};

TEST_F(GroupRollout, AnUpdateTakesOneMemberAfterAnotherAndTheLeaderLast) {
  put(1, 3);
  cluster.setRole("db-0-2", "leader");
  cluster.setRole("db-0-1", "follower");
  cluster.setRole("db-0-0", "follower");
  settle();
  takeRemovals();
  put(1, 3, withImage("example.test/db:2"));
  EXPECT_THAT(takeRemovals(), ElementsAre("db-0-1", "db-0-0", "db-0-2"));
  EXPECT_EQ(condition("Ready"), "True/AllReady");
  EXPECT_EQ(revisionOf("db-0-0"), status()["updateRevision"]);
  EXPECT_EQ(status()["currentRevision"], status()["updateRevision"]);
}

TEST_F(GroupRollout, WhatChangesNoPodRestartsNone) {
  put(1, 3, withClaims());
  takeRemovals();
  Json more = withClaims({{"updateStrategy", {{"type", "OnDelete"}}}, {"minReadySeconds", 1}});
  put(1, 3, more);
  put(2, 3, more);
  EXPECT_THAT(takeRemovals(), IsEmpty());
  EXPECT_THAT(cluster.names(Resource::kRevisions), SizeIs(1));
}

TEST_F(GroupRollout, WhatNobodyNoticesIsUpdatedInPlace) {
  put(2, 3);
  takeRemovals();
  const std::string uid = uidOf("db-1-2");
  const Json more = {{"template", {{"metadata", {{"labels", {{"tier", "gold"}}}}}}}};
  put(2, 3, more);
  EXPECT_THAT(takeRemovals(), IsEmpty());
  EXPECT_EQ(uidOf("db-1-2"), uid);
  EXPECT_EQ(revisionOf("db-1-2"), status()["updateRevision"]);
  EXPECT_EQ((*cluster.find(Resource::kPods, "db-1-2"))["metadata"]["labels"]["tier"], "gold");
  EXPECT_EQ(condition("Ready"), "True/AllReady");
  EXPECT_THAT(cluster.names(Resource::kRevisions), SizeIs(2));
  // Unless the user wants it otherwise.
  Json anew = {{"template", {{"metadata", {{"labels", {{"tier", "tin"}}}}}}}};
  anew["updateStrategy"] = {{"rollingUpdate", {{"podUpdatePolicy", "Recreate"}}}};
  put(2, 3, anew);
  EXPECT_THAT(takeRemovals(), SizeIs(6));
}

TEST_F(GroupRollout, WhatCannotBeDoneInPlaceWaitsWhereOnlyThatIsAllowed) {
  put(1, 3);
  takeRemovals();
  Json more = withImage("example.test/db:1", "InPlaceOnly");
  more["template"]["spec"]["containers"][0]["command"] = {"sleep"};
  put(1, 3, more);
  EXPECT_THAT(takeRemovals(), IsEmpty());
  EXPECT_THAT(status()["shards"][0]["reason"].get<std::string>(), HasSubstr("InPlaceOnly"));
}

// Found by reading: the patch was fenced by the pod that is there now, whichever that is.
TEST_F(GroupRollout, APodThatHasTakenAnothersPlaceIsNotUpdatedInItsName) {
  put(1, 3);
  cluster.putGroup("db",
                   groupSpec(1, 3, {{"template", {{"metadata", {{"labels", {{"a", "b"}}}}}}}}));
  pass();  // makes the revision
  view.sync(cluster);
  const auto judge = std::exchange(cluster.on_write, nullptr);
  const Json stranger = {{"metadata", Json::object()},
                         {"spec", {{"containers", {{{"name", "c"}, {"image", "i"}}}}}}};
  for (const char* pod : {"db-0-0", "db-0-1", "db-0-2"}) {
    cluster.remove({Resource::kPods, "ns", pod}, {});
    cluster.finish(pod);
    cluster.create({Resource::kPods, "ns", pod}, stranger.dump(), statefulgroup::DryRun::kNo);
  }
  cluster.on_write = judge;
  restart();
  passOnOldCaches();
  for (const char* pod : {"db-0-0", "db-0-1", "db-0-2"})
    EXPECT_FALSE((*cluster.find(Resource::kPods, pod))["metadata"].contains("labels")) << pod;
}

// kubernetes#67250: a rollout that is stuck goes on when the template is mended.
TEST_F(GroupRollout, AStuckRolloutHealsWhenTheTemplateIsMended) {
  put(1, 3);
  const std::string good = revisionOf("db-0-0");
  bad_images.insert("example.test/db:bad");
  put(1, 3, withImage("example.test/db:bad"));
  EXPECT_NE(revisionOf("db-0-2"), good);
  EXPECT_EQ(revisionOf("db-0-1"), good);
  EXPECT_EQ(revisionOf("db-0-0"), good);
  EXPECT_EQ(condition("Ready"), "False/Progressing");
  EXPECT_EQ(condition("Available"), "True/QuorumHeld");
  // The template as it was: the old revision gets a new number, and no new one is made.
  put(1, 3);
  EXPECT_EQ(revisionOf("db-0-2"), good);
  EXPECT_EQ(condition("Ready"), "True/AllReady");
  EXPECT_THAT(cluster.names(Resource::kRevisions), SizeIs(2));
}

TEST_F(GroupRollout, AShardThatNeverCameUpHealsWhenTheTemplateIsMended) {
  unschedulable_images.insert("example.test/db:1");
  put(1, 3);
  EXPECT_EQ(condition("Ready"), "False/Progressing");
  put(1, 3, withImage("example.test/db:2"));
  EXPECT_EQ(condition("Ready"), "True/AllReady");
  // All of them run and none gets ready: they have to be replaced one by one.
  bad_images.insert("example.test/db:3");
  cluster.end("db-0-0", "Failed");
  cluster.end("db-0-1", "Failed");
  cluster.end("db-0-2", "Failed");
  put(1, 3, withImage("example.test/db:3"));
  EXPECT_EQ(condition("Available"), "False/QuorumLost");
  put(1, 3, withImage("example.test/db:2"));
  EXPECT_EQ(condition("Ready"), "True/AllReady");
}

TEST_F(GroupRollout, PartitionsHoldMembersBack) {
  put(2, 3);
  const std::string old = revisionOf("db-0-0");
  Json more = withImage("example.test/db:2");
  more["updateStrategy"] = {{"rollingUpdate", {{"partition", 2}}}};
  put(2, 3, more);
  EXPECT_EQ(revisionOf("db-0-0"), old);
  EXPECT_EQ(revisionOf("db-1-1"), old);
  EXPECT_NE(revisionOf("db-0-2"), old);
  EXPECT_NE(revisionOf("db-1-2"), old);
  EXPECT_EQ(status()["currentRevision"], old);
  // One that is held back comes back as it was.
  cluster.end("db-0-0", "Failed");
  settle();
  EXPECT_EQ(revisionOf("db-0-0"), old);
}

TEST_F(GroupRollout, AShardPartitionIsACanaryByShard) {
  put(3, 3);
  const std::string old = revisionOf("db-0-0");
  Json more = withImage("example.test/db:2");
  more["updateStrategy"] = {{"rollingUpdate", {{"shardPartition", 2}}}};
  put(3, 3, more);
  EXPECT_EQ(revisionOf("db-0-0"), old);
  EXPECT_EQ(revisionOf("db-1-2"), old);
  EXPECT_NE(revisionOf("db-2-0"), old);
}

TEST_F(GroupRollout, OnDeleteReplacesOnlyWhatSomebodyDeleted) {
  put(1, 3);
  const std::string old = revisionOf("db-0-0");
  takeRemovals();
  Json more = withImage("example.test/db:2");
  more["updateStrategy"] = {{"type", "OnDelete"}};
  put(1, 3, more);
  EXPECT_THAT(takeRemovals(), IsEmpty());
  cluster.drain("db-0-1");
  settle();
  EXPECT_EQ(revisionOf("db-0-0"), old);
  EXPECT_NE(revisionOf("db-0-1"), old);
}

TEST_F(GroupRollout, ARolloutThatComesToNoEndStopsBeforeTheNextShard) {
  put(2, 3);
  const std::string old = revisionOf("db-1-0");
  unready = {"db-0-2"};
  bad_images.insert("example.test/db:2");
  put(2, 3, withImage("example.test/db:2"));
  clock.advance(std::chrono::seconds(601));
  settle();
  EXPECT_EQ(condition("Progressing"), "False/ProgressDeadlineExceeded");
  EXPECT_EQ(condition("Ready"), "False/ProgressDeadlineExceeded");
  EXPECT_EQ(revisionOf("db-1-0"), old);
  EXPECT_EQ(revisionOf("db-1-2"), old);
}

TEST_F(GroupRollout, AFailedRolloutGoesBackWhereTheSpecWantsIt) {
  put(2, 3);
  const std::string good = revisionOf("db-0-0");
  bad_images.insert("example.test/db:2");
  Json more = withImage("example.test/db:2");
  more["updateStrategy"] = {{"rollingUpdate", {{"onFailure", "Rollback"}}}};
  put(2, 3, more);
  const std::string bad = status()["updateRevision"];
  EXPECT_EQ(revisionOf("db-0-2"), bad);
  clock.advance(std::chrono::seconds(601));
  settle();
  for (const std::string& pod : pods()) EXPECT_EQ(revisionOf(pod), good) << pod;
  EXPECT_EQ(condition("Progressing"), "False/RolledBack");
  EXPECT_EQ(condition("Ready"), "False/RolledBack");
  EXPECT_EQ(condition("Available"), "True/QuorumHeld");
  EXPECT_EQ(status()["updateRevision"], bad);
  // It stays so, whoever looks, until the spec changes.
  const int writes = cluster.writes();
  restart();
  settle();
  EXPECT_EQ(cluster.writes(), writes);
  put(2, 3, withImage("example.test/db:3"));
  EXPECT_EQ(condition("Ready"), "True/AllReady");
  EXPECT_EQ(revisionOf("db-1-0"), status()["updateRevision"]);
}

// kubectl stowage replace.
TEST_F(GroupRollout, ANewPodThatWasAskedForComesWhenItsShardCanSpareTheOldOne) {
  Json more = {{"updateStrategy", {{"type", "OnDelete"}}}};
  put(1, 3, more);
  takeRemovals();
  const auto ask = [&](const char* pod) {
    const auto judge = std::exchange(cluster.on_write, nullptr);
    cluster.patch({Resource::kPods, "ns", pod}, "",
                  R"({"metadata":{"annotations":{"stowage.dev/replace":"please"}}})");
    cluster.on_write = judge;
  };
  unready = {"db-0-0"};
  kubelet();
  ask("db-0-1");
  settle();
  EXPECT_THAT(takeRemovals(), IsEmpty());
  // The one that does not serve may go at once, and makes room.
  ask("db-0-0");
  unready.clear();
  pass();
  settle();
  EXPECT_THAT(takeRemovals(), ElementsAre("db-0-0", "db-0-1"));
  EXPECT_EQ(condition("Ready"), "True/AllReady");
  const int writes = cluster.writes();
  settle();
  EXPECT_EQ(cluster.writes(), writes);
}

TEST_F(GroupRollout, TheOnlyReplicaIsUpdatedOnlyWithConsent) {
  put(1, 1);
  const std::string old = revisionOf("db-0-0");
  put(1, 1, withImage("example.test/db:2"));
  EXPECT_EQ(revisionOf("db-0-0"), old);
  EXPECT_THAT(condition("Progressing"), "False/WaitingForBudget");
  Json more = withImage("example.test/db:2");
  more["disruption"] = {{"singleReplica", "Allow"}};
  put(1, 1, more);
  EXPECT_NE(revisionOf("db-0-0"), old);
}
}  // namespace
}  // namespace stowage::testing
