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

}  // namespace
}  // namespace stowage::testing
