// Updates of pods as they are, on a real API server: what it takes in place and through
// pods/resize, and that budgets hold drains off meanwhile. KWOK plays the node: see
// tests/tools/stages/pod.yaml.
#include <gmock/gmock.h>

#include "integration/operator/operator_world.h"

namespace stowage::testing {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

class GroupInPlaceIt : public OperatorWorld {
 protected:
  void create(const Json& more = Json::object()) {
    Json spec = {
        {"updateStrategy", {{"rollingUpdate", {{"podUpdatePolicy", "InPlaceIfPossible"}}}}}};
    spec.merge_patch(more);
    createGroup("db", spec);
    awaitRest("db");
  }
  static Json cpu(const std::string& amount) {
    Json patch = imagePatch("example.test/db:1");
    patch["template"]["spec"]["containers"][0]["resources"] = {{"requests", {{"cpu", amount}}}};
    return patch;
  }
  Json status(const std::string& pod) { return pods("db")[pod]["status"]["containerStatuses"][0]; }
  // Pods that the operator wrote to by that verb or subresource since `mark`, in order, once each.
  std::vector<std::string> changed(std::size_t mark, const std::string& subresource) {
    std::vector<std::string> names;
    for (const PodWrite& write : podWrites(cluster_, "stowage-operator", ns_, mark)) {
      if (write.verb == "patch" && write.subresource == subresource &&
          (names.empty() || names.back() != write.pod))
        names.push_back(write.pod);
    }
    return names;
  }
  bool isEvicted(const std::string& pod) {
    return cluster_
               .kubectlWithInput(
                   {"create", "--raw", "/api/v1/namespaces/" + ns_ + "/pods/" + pod + "/eviction",
                    "-f", "-"},
                   R"({"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":")" + pod +
                       R"(","namespace":")" + ns_ + R"("}})")
               .exit_code == 0;
  }
  std::string reason() { return getGroup("db")["status"]["shards"][0].value("reason", ""); }
};

TEST_F(GroupInPlaceIt, ImagesChangeInRunningPodsOneAfterAnotherAndTheLeadersLast) {
  create();
  setLabel("db-0-2", "stowage.dev/role", "leader");
  setLabel("db-0-1", "stowage.dev/role", "follower");
  setLabel("db-0-0", "stowage.dev/role", "follower");
  const auto before = uids("db");
  const std::size_t mark = auditMark(cluster_);
  changeGroup("db", imagePatch("example.test/db:2"));
  awaitRest("db");
  EXPECT_EQ(uids("db"), before);
  EXPECT_THAT(removals(mark), IsEmpty());
  EXPECT_THAT(changed(mark, ""), ElementsAre("db-0-1", "db-0-0", "db-0-2"));
  for (const auto& [name, pod] : pods("db")) {
    EXPECT_EQ(status(name)["image"], "example.test/db:2") << name;
    EXPECT_EQ(status(name)["restartCount"], 1) << name;
    EXPECT_FALSE(pod["metadata"]["annotations"].contains("stowage.dev/operation")) << name;
  }
}

// From the record to the end of the restart nobody else gets another member away.
TEST_F(GroupInPlaceIt, ADrainFindsNoRoomWhileAMemberIsRestarted) {
  create();
  changeGroup("db", imagePatch("example.test/db:2"));
  ASSERT_TRUE(waitFor(
      [&] { return pods("db")["db-0-2"]["spec"]["containers"][0]["image"] == "example.test/db:2"; },
      30s));
  EXPECT_FALSE(isEvicted("db-0-0"));
  EXPECT_FALSE(isEvicted("db-0-1"));
  awaitRest("db");
  EXPECT_EQ(listObjects(cluster_, {"pdb", "-n", ns_})[0]["spec"]["minAvailable"], 2);
}

TEST_F(GroupInPlaceIt, AmountsChangeThroughTheResizeSubresource) {
  create(cpu("100m"));
  const auto before = uids("db");
  const std::size_t mark = auditMark(cluster_);
  changeGroup("db", cpu("200m"));
  awaitRest("db");
  EXPECT_EQ(uids("db"), before);
  EXPECT_THAT(changed(mark, "resize"), ElementsAre("db-0-2", "db-0-1", "db-0-0"));
  for (const auto& [name, pod] : pods("db")) {
    EXPECT_EQ(status(name)["resources"]["requests"]["cpu"], "200m") << name;
    EXPECT_EQ(status(name)["restartCount"], 0) << name;
  }
}

TEST_F(GroupInPlaceIt, WhatANodeWillNeverHaveIsHadByANewPod) {
  create(cpu("100m"));
  const auto before = uids("db");
  ASSERT_EQ(
      cluster_.kubectl({"annotate", "pod", "db-0-2", "-n", ns_, "example.test/resize=Infeasible"})
          .exit_code,
      0);
  const std::size_t mark = auditMark(cluster_);
  changeGroup("db", cpu("200m"));
  awaitRest("db");
  EXPECT_THAT(removals(mark), ElementsAre("db-0-2"));
  EXPECT_NE(uids("db")["db-0-2"], before.at("db-0-2"));
  EXPECT_EQ(uids("db")["db-0-1"], before.at("db-0-1"));
  EXPECT_EQ(pods("db")["db-0-2"]["spec"]["containers"][0]["resources"]["requests"]["cpu"], "200m");
}

TEST_F(GroupInPlaceIt, APutOffResizeIsToldAndWaitedFor) {
  create(cpu("100m"));
  ASSERT_EQ(
      cluster_.kubectl({"annotate", "pod", "db-0-2", "-n", ns_, "example.test/resize=Deferred"})
          .exit_code,
      0);
  const std::size_t mark = auditMark(cluster_);
  changeGroup("db", cpu("200m"));
  ASSERT_TRUE(waitFor(
      [&] {
        return reason().find("no room for the resources now: the node is full") !=
               std::string::npos;
      },
      30s))
      << reason();
  EXPECT_THAT(changed(mark, "resize"), ElementsAre("db-0-2"));
  ASSERT_EQ(
      cluster_.kubectl({"annotate", "pod", "db-0-2", "-n", ns_, "example.test/resize-"}).exit_code,
      0);
  awaitRest("db");
  EXPECT_THAT(removals(mark), IsEmpty());
}

// A pod of class BestEffort cannot get requests: the API server says so, and a new pod has them.
TEST_F(GroupInPlaceIt, WhatCannotBeHadInPlaceIsHadByNewPods) {
  create();
  const std::size_t mark = auditMark(cluster_);
  changeGroup("db", cpu("100m"));
  awaitRest("db");
  EXPECT_THAT(removals(mark), ElementsAre("db-0-2", "db-0-1", "db-0-0"));
  EXPECT_THAT(changed(mark, "resize"), IsEmpty());
}

}  // namespace
}  // namespace stowage::testing
