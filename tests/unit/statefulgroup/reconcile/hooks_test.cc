// What members are asked around changes: hand-over, leaving, joining, health gates; by HTTP (whose
// other end is scripted here) and by annotation.
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

Json hook(Json more, const char* field, const char* mode) {
  more[field]["mode"] = mode;
  if (std::string(mode) == "HTTP") more[field]["http"] = {{"port", 7000}};
  return more;
}

class MemberHooksTest : public ::testing::Test, protected GroupHarness {
 protected:
  void form(const Json& more) {
    put(1, 3, more);
    cluster.setRole("db-0-0", "follower");
    cluster.setRole("db-0-1", "leader");
    cluster.setRole("db-0-2", "follower");
    settle();
    takeRemovals();
    hooks.asked.clear();
  }
  std::string reason() { return status()["shards"][0].value("reason", ""); }
};

TEST_F(MemberHooksTest, TheLeaderIsAskedToHandOverAndGoesOnlyWhenItHas) {
  form(hook({}, "switchover", "HTTP"));
  Json next = hook(withImage("example.test/db:2"), "switchover", "HTTP");
  put(1, 3, next);
  EXPECT_THAT(takeRemovals(), ElementsAre("db-0-2", "db-0-0"));
  EXPECT_THAT(hooks.asked, Contains("switchover db-0-1"));
  EXPECT_THAT(reason(), HasSubstr("switchover of db-0-1"));
  EXPECT_EQ(condition("Ready"), "False/Progressing");
  // It says that it has: that alone is not believed. Then the roles do.
  cluster.setRole("db-0-1", "follower");
  cluster.setRole("db-0-0", "leader");
  settle();
  EXPECT_THAT(takeRemovals(), ElementsAre("db-0-1"));
  EXPECT_EQ(condition("Ready"), "True/AllReady");
}

// kubectl stowage replace.
TEST_F(MemberHooksTest, ALeaderThatIsToBeReplacedHandsOverFirst) {
  Json spec = hook({}, "switchover", "HTTP");
  form(spec);
  const auto judge = std::exchange(cluster.on_write, nullptr);
  cluster.patch({Resource::kPods, "ns", "db-0-1"}, "",
                R"({"metadata":{"annotations":{"stowage.dev/replace":"please"}}})");
  cluster.on_write = judge;
  settle();
  EXPECT_THAT(takeRemovals(), IsEmpty());
  EXPECT_THAT(hooks.asked, Contains("switchover db-0-1"));
  EXPECT_THAT(reason(), HasSubstr("switchover of db-0-1"));
  cluster.setRole("db-0-1", "follower");
  cluster.setRole("db-0-0", "leader");
  settle();
  EXPECT_THAT(takeRemovals(), ElementsAre("db-0-1"));
  EXPECT_EQ(condition("Ready"), "True/AllReady");
}

// A leader whose agent is dead has no role that anybody knows of.
TEST_F(MemberHooksTest, WhoMayLeadIsNotTakenAway) {
  form(hook({}, "switchover", "HTTP"));
  cluster.setRole("db-0-1", "");
  put(1, 3, hook(withImage("example.test/db:2"), "switchover", "HTTP"));
  EXPECT_THAT(takeRemovals(), ElementsAre("db-0-2", "db-0-0"));
  EXPECT_THAT(reason(), HasSubstr("its role is not known"));
  cluster.setRole("db-0-0", "leader");
  settle();
  EXPECT_THAT(takeRemovals(), ElementsAre("db-0-1"));
}

TEST_F(MemberHooksTest, AHandOverThatFailsBlocksUnlessThePolicyIsToProceed) {
  hooks.answer = [](const HookRequest& request) -> HookAnswer {
    if (request.verb != HookVerb::kSwitchover) return {};
    return {HookAnswer::Kind::kFailed, "connection refused"};
  };
  form(hook({}, "switchover", "HTTP"));
  Json next = hook(withImage("example.test/db:2"), "switchover", "HTTP");
  put(1, 3, next);
  takeRemovals();
  clock.advance(std::chrono::seconds(61));
  settle();
  EXPECT_THAT(takeRemovals(), IsEmpty());
  EXPECT_THAT(reason(), HasSubstr("connection refused"));
  next["switchover"]["failurePolicy"] = "Proceed";
  put(1, 3, next);
  EXPECT_THAT(takeRemovals(), ElementsAre("db-0-1"));
}

TEST_F(MemberHooksTest, MembersLeaveBeforeTheyGoAndTheirClaimsAreKeptFromOthers) {
  Json more = hook({}, "membership", "HTTP");
  more["volumeClaimTemplates"] =
      Json::array({{{"name", "data"},
                    {"spec",
                     {{"accessModes", {"ReadWriteOnce"}},
                      {"resources", {{"requests", {{"storage", "1Gi"}}}}}}}}});
  put(1, 5, more);
  EXPECT_THAT(hooks.asked, Contains("join db-0-4"));
  hooks.asked.clear();
  bool left = false;
  hooks.answer = [&](const HookRequest& request) -> HookAnswer {
    if (request.verb == HookVerb::kLeave && !left)
      return {HookAnswer::Kind::kRefused, "the leader is being elected"};
    return {};
  };
  takeRemovals();
  put(1, 3, more);
  EXPECT_THAT(takeRemovals(), IsEmpty());
  EXPECT_THAT(reason(), HasSubstr("the leader is being elected"));
  left = true;
  settle();
  EXPECT_THAT(takeRemovals(), ElementsAre("db-0-4", "db-0-3"));
  EXPECT_THAT(hooks.asked, Contains("leave db-0-3"));
  // Out again: nobody takes the removed member's volume.
  put(1, 5, more);
  EXPECT_EQ(status()["totalReplicas"], 3);
  EXPECT_THAT(reason(), HasSubstr("is of a member that left"));
  const Json lifted = {{"metadata", {{"annotations", {{"stowage.dev/quarantined", nullptr}}}}}};
  const auto judge = std::exchange(cluster.on_write, nullptr);
  for (const char* claim : {"data-db-0-3", "data-db-0-4"})
    cluster.patch({Resource::kClaims, "ns", claim}, "", lifted.dump());
  cluster.on_write = judge;
  settle();
  EXPECT_EQ(status()["totalReplicas"], 5);
}

TEST_F(MemberHooksTest, AMemberThatMayHaveLeftGoesEvenIfItIsWantedAgain) {
  Json more = hook({}, "membership", "HTTP");
  put(1, 5, more);
  hooks.answer = [](const HookRequest& request) -> HookAnswer {
    if (request.verb == HookVerb::kLeave) return {HookAnswer::Kind::kWorking, ""};
    return {};
  };
  put(1, 3, more);  // asked, and no answer yet
  hooks.answer = nullptr;
  takeRemovals();
  const std::string uid = uidOf("db-0-4");
  put(1, 5, more);
  EXPECT_THAT(takeRemovals(), ElementsAre("db-0-4"));
  EXPECT_NE(uidOf("db-0-4"), uid);
  EXPECT_EQ(condition("Ready"), "True/AllReady");
}

TEST_F(MemberHooksTest, APeerSpeaksForAMemberThatIsDown) {
  Json more = hook({}, "membership", "HTTP");
  put(1, 5, more);
  unready = {"db-0-4"};
  kubelet();
  std::string agent;
  hooks.answer = [&](const HookRequest& request) -> HookAnswer {
    if (request.verb == HookVerb::kLeave && request.subject.meta.name == "db-0-4")
      agent = request.agent.meta.name.str();
    return {};
  };
  put(1, 3, more);
  EXPECT_EQ(agent, "db-0-0");
  EXPECT_THAT(pods(), ::testing::SizeIs(3));
}

TEST_F(MemberHooksTest, OneMemberAtATimeJoinsAShardThatServes) {
  Json more = hook({}, "membership", "HTTP");
  put(1, 3, more);
  std::vector<std::string> present;
  hooks.answer = [&](const HookRequest& request) -> HookAnswer {
    if (request.verb == HookVerb::kJoin && request.subject.meta.name == "db-0-3")
      return {HookAnswer::Kind::kWorking, "catching up"};
    return {};
  };
  put(1, 5, more);
  EXPECT_THAT(pods(), Not(Contains("db-0-4")));
  EXPECT_THAT(reason(), HasSubstr("catching up"));
  hooks.answer = nullptr;
  settle();
  EXPECT_THAT(pods(), Contains("db-0-4"));
  EXPECT_EQ(condition("Ready"), "True/AllReady");
}

TEST_F(MemberHooksTest, HealthGatesHoldTheRolloutWhileAMemberCatchesUp) {
  Json more = hook({}, "healthGates", "HTTP");
  put(1, 3, more);
  takeRemovals();
  bool caught_up = false;
  hooks.answer = [&](const HookRequest& request) -> HookAnswer {
    if (request.verb == HookVerb::kPostRestart && !caught_up)
      return {HookAnswer::Kind::kWorking, "12 entries behind"};
    return {};
  };
  put(1, 3, hook(withImage("example.test/db:2"), "healthGates", "HTTP"));
  EXPECT_THAT(takeRemovals(), ElementsAre("db-0-2"));
  EXPECT_THAT(reason(), HasSubstr("12 entries behind"));
  caught_up = true;
  settle();
  EXPECT_THAT(takeRemovals(), ElementsAre("db-0-1", "db-0-0"));
  EXPECT_THAT(hooks.asked, Contains("pre-disruption db-0-0"));
}

TEST_F(MemberHooksTest, QuestionsByAnnotationAreAnsweredByAnnotation) {
  form(hook({}, "switchover", "PodAnnotation"));
  put(1, 3, hook(withImage("example.test/db:2"), "switchover", "PodAnnotation"));
  const Json* pod = cluster.find(Resource::kPods, "db-0-1");
  const std::string request = (*pod)["metadata"]["annotations"].value("stowage.dev/request", "");
  ASSERT_THAT(request, ::testing::StartsWith("switchover "));
  const std::string id = request.substr(request.find(' ') + 1);
  const Json answer = {{"metadata", {{"annotations", {{"stowage.dev/answer", "done " + id}}}}}};
  const auto judge = std::exchange(cluster.on_write, nullptr);
  cluster.patch({Resource::kPods, "ns", "db-0-1"}, "", answer.dump());
  cluster.on_write = judge;
  takeRemovals();
  settle();
  EXPECT_THAT(takeRemovals(), IsEmpty());  // somebody else must be leader, too
  cluster.setRole("db-0-1", "follower");
  cluster.setRole("db-0-2", "leader");
  settle();
  EXPECT_THAT(takeRemovals(), ElementsAre("db-0-1"));
  EXPECT_THAT(hooks.asked, IsEmpty());
}

}  // namespace
}  // namespace stowage::testing
