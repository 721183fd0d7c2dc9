// A client writes throughout everything that is done to a group of real etcd members:
// examples/etcd, under the real operator. No acknowledged write is lost, and how long nobody could
// write is told, phase by phase. STOWAGE_ETCD_SHARDS: how many shards of three (default 1).
#include <gmock/gmock.h>

#include <cstdlib>

#include "integration/etcd_group/etcd_group_world.h"

namespace stowage::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace std::chrono_literals;

// A member that is asked to go hands the leadership over first; one that is lost is missed after an
// election timeout (1 s).
constexpr auto kPlanned = 5s;
constexpr auto kLost = 10s;

int shardsWanted() {
  const char* wanted = std::getenv("STOWAGE_ETCD_SHARDS");
  return wanted == nullptr ? 1 : std::atoi(wanted);
}

class EtcdGroupIt : public EtcdGroupWorld {
 protected:
  const int shards_ = shardsWanted();

  void patchGroup(const Json& patch) {
    const CommandResult done =
        cluster_.kubectl({"patch", "sfg", kGroup, "-n", ns_, "--type=json", "-p", patch.dump()});
    ASSERT_EQ(done.exit_code, 0) << done.output;
  }

  // Another image: the living pods' containers are started anew.
  void updateInPlace() {
    const auto before = uids(kGroup);
    const char* path = "/spec/template/spec/containers/0/image";
    const std::string image = getGroup(kGroup)[Json::json_pointer(path)];
    patchGroup(Json::array({{{"op", "replace"}, {"path", path}, {"value", image + "-next"}}}));
    awaitAll(shards_);
    EXPECT_EQ(uids(kGroup), before);
    for (const auto& [name, pod] : pods(kGroup))
      EXPECT_EQ(pod["status"]["containerStatuses"][0]["restartCount"], 1) << name;
  }

  // New pods. The leader goes last, when it leads no more.
  void updateWithNewPods() {
    const auto before = uids(kGroup);
    patchGroup(Json::array({{{"op", "replace"},
                             {"path", "/spec/template/spec/terminationGracePeriodSeconds"},
                             {"value", 20}}}));
    awaitAll(shards_);
    for (const auto& [name, uid] : uids(kGroup)) EXPECT_NE(uid, before.at(name)) << name;
  }

  void scaleTo(int replicas) {
    setReplicas(replicas);
    awaitAll(shards_);
    for (int shard = 0; shard < shards_; ++shard)
      EXPECT_THAT(voters(shard), SizeIs(replicas)) << shard;
  }

  void replaceAMember(const std::string& member) {
    const std::string before = uids(kGroup).at(member);
    const CommandResult done = stowage({"replace", member});
    ASSERT_EQ(done.exit_code, 0) << done.output;
    awaitAnother(member, before);
    awaitRest(kGroup);
  }

  // The node is off, and somebody who knows says so (docs/statefulgroup.md, Lost nodes).
  void loseTheNodeOf(const std::string& member) {
    const std::string node = nodeOf(member);
    const std::string before = uids(kGroup).at(member);
    nodes().kill(node);
    await(kGroup, "Degraded", "True/NodeLost");
    EXPECT_EQ(uids(kGroup).at(member), before);
    const std::string taint = "node.kubernetes.io/out-of-service=nodeshutdown:NoExecute";
    ASSERT_EQ(cluster_.kubectl({"taint", "node", node, taint}).exit_code, 0);
    awaitAnother(member, before);
    awaitRest(kGroup);
    EXPECT_NE(nodeOf(member), node);
    ASSERT_EQ(cluster_.kubectl({"taint", "node", node, taint + "-"}).exit_code, 0);
    nodes().restore(node);
  }
};

TEST_F(EtcdGroupIt, NoAcknowledgedWriteIsLost) {
  applyExample(shards_);
  awaitAll(shards_);
  if (HasFailure()) FAIL() << logs();
  EXPECT_THAT(voters(0), ElementsAre("etcd-0-0", "etcd-0-1", "etcd-0-2"));
  startWriters(shards_);
  ASSERT_NE(leader(0), "") << logs();
  endPhase("at rest", kPlanned);

  updateInPlace();
  endPhase("update in place", kPlanned);

  updateWithNewPods();
  endPhase("update with new pods", kPlanned);

  scaleTo(5);
  endPhase("3 to 5 members", kPlanned);

  scaleTo(3);
  endPhase("5 to 3 members", kPlanned);

  replaceAMember("etcd-0-1");
  endPhase("kubectl stowage replace", kPlanned);

  loseTheNodeOf(leader(0));
  endPhase("the leader's node is lost", kLost);

  stopWritersAndReadBack();
  EXPECT_THAT(voters(0), ElementsAre("etcd-0-0", "etcd-0-1", "etcd-0-2"));
  if (HasFailure()) std::printf("%s\n", logs().c_str());
}

}  // namespace
}  // namespace stowage::testing
