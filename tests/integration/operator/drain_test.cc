// Nodes that are emptied by `kubectl drain`, as an administrator does it before maintenance.
#include <gmock/gmock.h>

#include <algorithm>

#include "integration/operator/operator_world.h"

namespace stowage::testing {
namespace {

using ::testing::IsEmpty;
using namespace std::chrono_literals;

class DrainIt : public OperatorWorld {
 protected:
  void TearDown() override {
    for (const std::string& node : drained_) (void)cluster_.kubectl({"uncordon", node});
    OperatorWorld::TearDown();
  }
  std::unique_ptr<ChildProcess> drain(const std::string& node) {
    drained_.push_back(node);
    return std::make_unique<ChildProcess>(
        std::vector<std::string>{cluster_.kubectlPath(), "--kubeconfig", cluster_.adminKubeconfig(),
                                 "drain", node, "--timeout=120s"},
        cluster_.logDir() + "/drain-" + node + ".log");
  }
  std::string nodeOf(const std::string& pod) {
    return getObject(cluster_, {"pod", pod, "-n", ns_})["spec"].value("nodeName", "");
  }
  int serving(const std::string& group) {
    int count = 0;
    for (const auto& [name, pod] : pods(group)) {
      for (const Json& one : pod["status"].value("conditions", Json::array()))
        count += one["type"] == "Ready" && one["status"] == "True" ? 1 : 0;
    }
    return count;
  }

  std::vector<std::string> drained_;
};

TEST_F(DrainIt, OfTwoNodesAtOnceTakesOneMemberAfterAnother) {
  createGroup("db", Json::object());
  awaitRest("db");
  const std::size_t mark = auditMark(cluster_);
  const auto before = uids("db");
  const std::string first = nodeOf("db-0-0");
  const std::string second = nodeOf("db-0-1");
  ASSERT_NE(first, second);
  const auto one = drain(first);
  const auto other = drain(second);
  int fewest = 3;
  EXPECT_TRUE(waitFor(
      [&] {
        fewest = std::min(fewest, serving("db"));
        return !one->running() && !other->running();
      },
      kPatience));
  EXPECT_EQ(one->waitExit(1s), 0) << one->log();
  EXPECT_EQ(other->waitExit(1s), 0) << other->log();
  EXPECT_GE(fewest, 2);
  await("db", "Ready", "True/AllReady");
  for (const char* pod : {"db-0-0", "db-0-1"}) {
    EXPECT_NE(uids("db").at(pod), before.at(pod)) << pod;
    EXPECT_NE(nodeOf(pod), first) << pod;
    EXPECT_NE(nodeOf(pod), second) << pod;
  }
  EXPECT_EQ(uids("db").at("db-0-2"), before.at("db-0-2"));
  EXPECT_THAT(removals(mark), IsEmpty());  // none of it was the operator's
}

// A drain and a rollout share one budget: between them they never take two.
TEST_F(DrainIt, DuringARolloutWaitsForItsTurn) {
  createGroup("db", Json::object());
  awaitRest("db");
  changeGroup("db", imagePatch("example.test/db:2"));
  const auto one = drain(nodeOf("db-0-0"));
  int fewest = 3;
  EXPECT_TRUE(waitFor(
      [&] {
        fewest = std::min(fewest, serving("db"));
        return !one->running() && condition("db", "Ready") == "True/AllReady";
      },
      kPatience))
      << getGroup("db").dump(1);
  EXPECT_EQ(one->waitExit(1s), 0) << one->log();
  EXPECT_GE(fewest, 2);
  for (const auto& [name, pod] : pods("db"))
    EXPECT_EQ(pod["spec"]["containers"][0]["image"], "example.test/db:2") << name;
}

}  // namespace
}  // namespace stowage::testing
