// Fields of the spec whose effect no other story is about.
#include <gmock/gmock.h>

#include "testing/statefulgroup/group_harness.h"

namespace stowage::testing {
namespace {

using statefulgroup::NodeSight;
using statefulgroup::Resource;
using std::chrono::seconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class GroupFields : public ::testing::Test, protected GroupHarness {
 protected:
  std::string nodeOf(const std::string& pod) {
    return (*cluster.find(Resource::kPods, pod))["spec"].value("nodeName", "");
  }
  void becomes(const std::string& pod, NodeSight::State state) {
    view.nodes[base::Symbol(nodeOf(pod))] = {state, clock.wallNow(), {}};
    unready.insert(pod);
    cluster.setReady(pod, false);
  }
};

// recovery.nodeLoss: a silent node may run its pods all the same; one that is fenced does not.
TEST_F(GroupFields, APodOnAFencedNodeGoesAfterItsGraceAndNotOneOnASilentNode) {
  const Json spec = {
      {"recovery", {{"nodeLoss", "ReplaceWhenFenced"}, {"nodeLossGraceSeconds", 60}}}};
  put(1, 3, spec);
  takeRemovals();
  becomes("db-0-1", NodeSight::State::kSilent);
  clock.advance(seconds(3600));
  settle();
  EXPECT_THAT(takeRemovals(), IsEmpty());
  EXPECT_EQ(condition("Degraded"), "True/NodeLost");
  EXPECT_THAT(status()["shards"][0].value("reason", ""), HasSubstr("which does not answer"));
  becomes("db-0-1", NodeSight::State::kFenced);
  settle();
  EXPECT_THAT(takeRemovals(), IsEmpty());
  clock.advance(seconds(61));
  pass();
  EXPECT_THAT(takeRemovals(), ElementsAre("db-0-1"));
  view.nodes.clear();
  unready.clear();
  settle();
  EXPECT_EQ(condition("Ready"), "True/AllReady");
}

TEST_F(GroupFields, WithoutThatWishTheOperatorTakesNoPodOfAFencedNode) {
  for (const char* wish : {"Wait", "ReplaceWhenNodeDeleted"}) {
    put(1, 3, {{"recovery", {{"nodeLoss", wish}, {"nodeLossGraceSeconds", 0}}}});
    takeRemovals();
    becomes("db-0-1", NodeSight::State::kFenced);
    clock.advance(seconds(3600));
    settle();
    EXPECT_THAT(takeRemovals(), IsEmpty()) << wish;
    view.nodes.clear();
    unready.clear();
    settle();
  }
}

TEST_F(GroupFields, AMemberThatIsNotReadyForTooLongGetsANewPod) {
  put(1, 3, {{"recovery", {{"memberReadyTimeoutSeconds", 120}}}});
  takeRemovals();
  const std::string before = uidOf("db-0-2");
  unready = {"db-0-2"};
  kubelet();
  clock.advance(seconds(110));
  settle();
  EXPECT_EQ(uidOf("db-0-2"), before);
  clock.advance(seconds(11));
  pass();
  EXPECT_THAT(takeRemovals(), ElementsAre("db-0-2"));
  EXPECT_THAT(events.lines, Contains(HasSubstr("longer than memberReadyTimeoutSeconds")));
  unready.clear();
  settle();
  EXPECT_EQ(condition("Ready"), "True/AllReady");
}

TEST_F(GroupFields, OrdinalDescendingKnowsNoRoles) {
  put(1, 3);
  cluster.setRole("db-0-2", "leader");
  cluster.setRole("db-0-1", "follower");
  cluster.setRole("db-0-0", "follower");
  settle();
  takeRemovals();
  Json more = withImage("example.test/db:2");
  more["updateStrategy"]["rollingUpdate"]["order"] = "OrdinalDescending";
  put(1, 3, more);
  EXPECT_THAT(takeRemovals(), ElementsAre("db-0-2", "db-0-1", "db-0-0"));
}

TEST_F(GroupFields, PrioritiesOfRolesOfOnesOwnAreFollowed) {
  const Json roles = Json::array({{{"name", "arbiter"}, {"updatePriority", 9}},
                                  {{"name", "secondary"}, {"updatePriority", 3}},
                                  {{"name", "hidden"}, {"updatePriority", 1}}});
  put(1, 3, {{"roles", roles}});
  cluster.setRole("db-0-2", "arbiter");
  cluster.setRole("db-0-1", "hidden");
  cluster.setRole("db-0-0", "secondary");
  settle();
  takeRemovals();
  Json more = withImage("example.test/db:2");
  more["roles"] = roles;
  put(1, 3, more);
  EXPECT_THAT(takeRemovals(), ElementsAre("db-0-1", "db-0-0", "db-0-2"));
}

TEST_F(GroupFields, AnUnorderedEndIsTheGarbageCollectorsAlone) {
  put(1, 3, {{"terminationOrder", "Unordered"}});
  EXPECT_EQ((*cluster.find(Resource::kGroups, "db"))["metadata"].value("finalizers", Json::array()),
            Json::array());
  takeRemovals();
  cluster.deleteGroup("db");
  settle();
  EXPECT_THAT(takeRemovals(), IsEmpty());
  EXPECT_THAT(cluster.objects(), IsEmpty());
}

TEST_F(GroupFields, RetainedClaimsAreReusedWhereTheSpecSaysSo) {
  Json more = withClaims({{"membership", {{"mode", "HTTP"}, {"http", {{"port", 7000}}}}},
                          {"retainedClaimPolicy", "Reuse"}});
  put(1, 5, more);
  put(1, 3, more);
  EXPECT_THAT(claims(), SizeIs(5));
  put(1, 5, more);
  EXPECT_EQ(condition("Ready"), "True/AllReady");
  EXPECT_EQ(status()["totalReplicas"], 5);
}

TEST_F(GroupFields, TheFloorIsRaisedByMinHealthyAndMinAvailable) {
  for (const Json& spec :
       {Json{{"consensus", {{"minHealthy", 4}}}},
        Json{{"disruption", {{"budget", "MinAvailable"}, {"minAvailable", 4}}}}}) {
    put(1, 5, spec);
    EXPECT_EQ(status()["shards"][0]["minHealthy"], 4);
    EXPECT_EQ((*cluster.find(Resource::kBudgets, "db-0"))["spec"]["minAvailable"], 4);
    unready = {"db-0-4"};
    kubelet();
    settle();
    takeRemovals();
    Json next = withImage("example.test/db:2");
    next.update(spec);
    put(1, 5, next);
    // Who does not serve gets its new pod; nobody else can be spared until it does.
    EXPECT_THAT(takeRemovals(), ElementsAre("db-0-4"));
    unready.clear();
    settle();
    EXPECT_EQ(condition("Ready"), "True/AllReady");
    put(1, 5, spec);
  }
}

}  // namespace
}  // namespace stowage::testing
