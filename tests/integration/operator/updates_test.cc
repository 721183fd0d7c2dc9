// Rolling updates on a real API server: order, budgets, what is stuck and heals, what is held back.
#include <gmock/gmock.h>

#include "integration/operator/operator_world.h"

namespace stowage::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace std::chrono_literals;

class GroupUpdatesIt : public OperatorWorld {
 protected:
  std::string imageOf(const std::string& pod) {
    const Json found = getObject(cluster_, {"pod", pod, "-n", ns_});
    return found.is_object() ? found["spec"]["containers"][0]["image"].get<std::string>() : "";
  }
};

TEST_F(GroupUpdatesIt, MembersGoOneAfterAnotherAndTheLeaderLast) {
  createGroup("db", Json::object());
  await("db", "Ready", "True/AllReady");
  setLabel("db-0-2", "stowage.dev/role", "leader");
  setLabel("db-0-1", "stowage.dev/role", "follower");
  setLabel("db-0-0", "stowage.dev/role", "follower");
  const std::size_t mark = auditMark(cluster_);
  changeGroup("db", imagePatch("example.test/db:2"));
  await("db", "Ready", "True/AllReady");
  EXPECT_THAT(removals(mark), ElementsAre("db-0-1", "db-0-0", "db-0-2"));
  for (const auto& [name, pod] : pods("db"))
    EXPECT_EQ(pod["spec"]["containers"][0]["image"], "example.test/db:2") << name;
}

TEST_F(GroupUpdatesIt, LabelsReachPodsWithoutARestart) {
  createGroup(
      "db", {{"updateStrategy", {{"rollingUpdate", {{"podUpdatePolicy", "InPlaceIfPossible"}}}}}});
  await("db", "Ready", "True/AllReady");
  const auto before = uids("db");
  changeGroup("db", {{"template", {{"metadata", {{"labels", {{"tier", "gold"}}}}}}}});
  await("db", "Ready", "True/AllReady");
  EXPECT_EQ(uids("db"), before);
  for (const auto& [name, pod] : pods("db"))
    EXPECT_EQ(pod["metadata"]["labels"]["tier"], "gold") << name;
}

// kubernetes#67250.
TEST_F(GroupUpdatesIt, Issue67250ARevertHealsWithoutTouchingPodsByHand) {
  createGroup("db", Json::object());
  await("db", "Ready", "True/AllReady");
  Json nowhere = imagePatch("example.test/db:2");
  nowhere["template"]["spec"]["nodeSelector"] = {{"no", "such-node"}};
  changeGroup("db", nowhere);
  EXPECT_TRUE(waitFor(
      [&] {
        return getGroup("db")["status"]["shards"][0]
                   .value("reason", "")
                   .find("db-0-2 is pending") != std::string::npos;
      },
      30s));
  await("db", "Available", "True/QuorumHeld");
  EXPECT_EQ(imageOf("db-0-1"), "example.test/db:1");
  Json back = imagePatch("example.test/db:1");
  back["template"]["spec"]["nodeSelector"] = nullptr;
  changeGroup("db", back);
  await("db", "Ready", "True/AllReady");
  EXPECT_EQ(imageOf("db-0-2"), "example.test/db:1");
  EXPECT_THAT(namesOf("controllerrevisions", "db"), SizeIs(2));
}

TEST_F(GroupUpdatesIt, ATemplateThatTheServerRefusesIsToldAndChangesNothing) {
  createGroup("db", Json::object());
  await("db", "Ready", "True/AllReady");
  const auto before = uids("db");
  Json wrong = imagePatch("example.test/db:2");
  wrong["template"]["spec"]["containers"][0]["resources"] = {{"requests", {{"cpu", "-1"}}}};
  changeGroup("db", wrong);
  await("db", "TemplateValid", "False/Rejected");
  std::string message;
  const Json group = getGroup("db");
  for (const Json& one : group["status"]["conditions"]) {
    if (one["type"] == "TemplateValid") message = one["message"];
  }
  EXPECT_THAT(message, HasSubstr("must be greater than or equal to 0"));
  EXPECT_EQ(uids("db"), before);
}

TEST_F(GroupUpdatesIt, PartitionsHoldMembersBack) {
  createGroup("db", {{"shards", 2}});
  await("db", "Ready", "True/AllReady");
  Json canary = imagePatch("example.test/db:2");
  canary["updateStrategy"] = {{"rollingUpdate", {{"partition", 2}, {"shardPartition", 1}}}};
  changeGroup("db", canary);
  EXPECT_TRUE(waitFor([&] { return imageOf("db-1-2") == "example.test/db:2"; }, 30s));
  // What is held back comes back as it was.
  ASSERT_EQ(cluster_.kubectl({"delete", "pod", "db-0-2", "-n", ns_}).exit_code, 0);
  EXPECT_TRUE(waitFor([&] { return pods("db").size() == 6; }, 30s));
  EXPECT_EQ(imageOf("db-0-2"), "example.test/db:1");
  EXPECT_EQ(imageOf("db-1-1"), "example.test/db:1");
  canary["updateStrategy"]["rollingUpdate"] = {{"partition", 0}, {"shardPartition", 0}};
  changeGroup("db", canary);
  await("db", "Ready", "True/AllReady");
  EXPECT_EQ(imageOf("db-0-0"), "example.test/db:2");
}

TEST_F(GroupUpdatesIt, OnDeleteWaitsForSomebodyToDelete) {
  Json spec = {{"updateStrategy", {{"type", "OnDelete"}}}};
  createGroup("db", spec);
  await("db", "Ready", "True/AllReady");
  const std::size_t mark = auditMark(cluster_);
  changeGroup("db", imagePatch("example.test/db:2"));
  EXPECT_TRUE(waitFor([&] { return namesOf("controllerrevisions", "db").size() == 2; }, 30s));
  ASSERT_EQ(cluster_.kubectl({"delete", "pod", "db-0-1", "-n", ns_}).exit_code, 0);
  EXPECT_TRUE(waitFor(
      [&] { return pods("db").contains("db-0-1") && imageOf("db-0-1") == "example.test/db:2"; },
      30s));
  EXPECT_EQ(imageOf("db-0-0"), "example.test/db:1");
  EXPECT_THAT(removals(mark), IsEmpty());
}

TEST_F(GroupUpdatesIt, AMemberThatIsNotReadyHoldsTheRolloutAndNotItsOwnReplacement) {
  createGroup("db", Json::object());
  await("db", "Ready", "True/AllReady");
  setReady("db-0-0", false);
  await("db", "Degraded", "True/AtQuorumFloor");
  const std::size_t mark = auditMark(cluster_);
  changeGroup("db", imagePatch("example.test/db:2"));
  await("db", "Ready", "True/AllReady");
  // Who does not serve is replaced first.
  EXPECT_THAT(removals(mark), ElementsAre("db-0-0", "db-0-2", "db-0-1"));
}

TEST_F(GroupUpdatesIt, SomebodyElsesEvictionIsJudgedByTheBudget) {
  createGroup("db", Json::object());
  await("db", "Ready", "True/AllReady");
  setReady("db-0-0", false);
  await("db", "Degraded", "True/AtQuorumFloor");
  const auto drained = cluster_.kubectlWithInput(
      {"create", "--raw", "/api/v1/namespaces/" + ns_ + "/pods/db-0-1/eviction", "-f", "-"},
      R"({"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"db-0-1","namespace":")" +
          ns_ + R"("}})");
  EXPECT_NE(drained.exit_code, 0);
  EXPECT_THAT(drained.output, HasSubstr("disruption budget"));
  setReady("db-0-0", true);
  await("db", "Ready", "True/AllReady");
}

}  // namespace
}  // namespace stowage::testing
