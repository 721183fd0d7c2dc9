// Volumes that grow and change, and places that cannot be had, on a real API server. What a storage
// driver says of a claim is played here; the class, the volumes and what binds them are real.
#include <gmock/gmock.h>

#include "integration/operator/operator_world.h"

namespace stowage::testing {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

class GroupVolumesIt : public OperatorWorld {
 protected:
  static Json withVolume(const char* storage, const char* attributes_class) {
    return {{"volumeClaimTemplates",
             Json::array({{{"name", "data"},
                           {"spec",
                            {{"accessModes", {"ReadWriteOnce"}},
                             {"storageClassName", "expandable"},
                             {"volumeAttributesClassName", attributes_class},
                             {"resources", {{"requests", {{"storage", storage}}}}}}}}})}};
  }
  void makeVolumes(int volumes) {
    std::vector<Json> objects = {{{"apiVersion", "storage.k8s.io/v1"},
                                  {"kind", "StorageClass"},
                                  {"metadata", {{"name", "expandable"}}},
                                  {"provisioner", "example.test/none"},
                                  {"allowVolumeExpansion", true}}};
    for (int i = 0; i < volumes; ++i) {
      objects.push_back(
          {{"apiVersion", "v1"},
           {"kind", "PersistentVolume"},
           {"metadata", {{"name", ns_ + "-" + std::to_string(i)}}},
           {"spec",
            {{"capacity", {{"storage", "1Gi"}}},
             {"accessModes", {"ReadWriteOnce"}},
             {"storageClassName", "expandable"},
             {"volumeAttributesClassName", "slow"},
             {"persistentVolumeReclaimPolicy", "Retain"},
             {"csi",
              {{"driver", "example.test"}, {"volumeHandle", ns_ + "-" + std::to_string(i)}}}}}});
    }
    createAll(cluster_, objects);
  }
  void TearDown() override {
    OperatorWorld::TearDown();
    (void)cluster_.kubectl({"delete", "storageclass", "expandable", "--ignore-not-found"});
    for (int i = 0; i < 4; ++i)
      (void)cluster_.kubectl(
          {"delete", "pv", ns_ + "-" + std::to_string(i), "--ignore-not-found", "--wait=false"});
  }
  Json claim(int ordinal) {
    return getObject(cluster_, {"pvc", "data-db-0-" + std::to_string(ordinal), "-n", ns_});
  }
  void have(int ordinal, const char* storage, const char* attributes_class) {
    const Json patch = {{"status",
                         {{"capacity", {{"storage", storage}}},
                          {"currentVolumeAttributesClassName", attributes_class}}}};
    const CommandResult done =
        cluster_.kubectl({"patch", "pvc", "data-db-0-" + std::to_string(ordinal), "-n", ns_,
                          "--subresource=status", "--type=merge", "-p", patch.dump()});
    EXPECT_EQ(done.exit_code, 0) << done.output;
  }
};

TEST_F(GroupVolumesIt, GrowAndChangeOneMembersAfterAnothers) {
  makeVolumes(3);
  createGroup("db", withVolume("1Gi", "slow"));
  awaitRest("db");
  for (int i = 0; i < 3; ++i) have(i, "1Gi", "slow");
  const auto before = uids("db");
  changeGroup("db", withVolume("2Gi", "fast"));
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(
        waitFor([&] { return claim(i)["spec"]["resources"]["requests"]["storage"] == "2Gi"; }, 30s))
        << i << getGroup("db")["status"].dump(1);
    EXPECT_EQ(claim(i)["spec"]["volumeAttributesClassName"], "fast");
    await("db", "StorageResizing", "True/Resizing");
    if (i < 2) {
      EXPECT_EQ(claim(i + 1)["spec"]["resources"]["requests"]["storage"], "1Gi");
    }
    have(i, "2Gi", "fast");
  }
  await("db", "StorageResizing", "False/Idle");
  awaitRest("db");
  EXPECT_EQ(uids("db"), before);
}

TEST_F(GroupVolumesIt, AClassThatLetsNothingGrowIsToldAndAMendedOneGoesOn) {
  makeVolumes(3);
  createGroup("db", withVolume("1Gi", "slow"));
  awaitRest("db");
  for (int i = 0; i < 3; ++i) have(i, "1Gi", "slow");
  const auto mayGrow = [&](const char* patch) {
    const CommandResult done =
        cluster_.kubectl({"patch", "storageclass", "expandable", "--type=merge", "-p", patch});
    ASSERT_EQ(done.exit_code, 0) << done.output;
  };
  mayGrow(R"({"allowVolumeExpansion":false})");
  changeGroup("db", withVolume("2Gi", "slow"));
  await("db", "StorageResizing", "False/NotSupported");
  EXPECT_TRUE(waitFor([&] { return !eventsOf("db", "ExpansionFailed").empty(); }, kPatience));
  EXPECT_EQ(claim(0)["spec"]["resources"]["requests"]["storage"], "1Gi");
  mayGrow(R"({"allowVolumeExpansion":true})");
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(waitFor(
        [&] { return claim(i)["spec"]["resources"]["requests"]["storage"] == "2Gi"; }, kPatience))
        << i << getGroup("db")["status"].dump(1);
    have(i, "2Gi", "slow");
  }
  await("db", "StorageResizing", "False/Idle");
  forgetRefusals();  // by the class, not for want of a right
}

TEST_F(GroupVolumesIt, AMemberGetsAnotherForOneThatIsGone) {
  makeVolumes(4);
  Json spec = withVolume("1Gi", "slow");
  spec["recovery"] = {{"volumeLoss", "Replace"}};
  spec["persistentVolumeClaimRetentionPolicy"] = {{"whenReplaced", "Delete"}};
  createGroup("db", spec);
  awaitRest("db");
  const std::string before = claim(1)["metadata"]["uid"];
  const std::string other = claim(0)["metadata"]["uid"];
  const std::string volume = claim(1)["spec"]["volumeName"];
  // As when the storage behind it is gone, and somebody says so.
  ASSERT_EQ(cluster_.kubectl({"delete", "pv", volume, "--wait=false"}).exit_code, 0);
  ASSERT_EQ(cluster_
                .kubectl({"patch", "pv", volume, "--type=merge", "-p",
                          R"({"metadata":{"finalizers":null}})"})
                .exit_code,
            0);
  ASSERT_TRUE(waitFor([&] { return claim(1)["status"]["phase"] == "Lost"; }, 60s));
  EXPECT_EQ(claim(1)["metadata"]["uid"], before);  // its member serves
  ASSERT_EQ(cluster_.kubectl({"delete", "pod", "db-0-1", "-n", ns_}).exit_code, 0);
  EXPECT_TRUE(waitFor(
      [&] {
        const Json now = claim(1);
        return now.is_object() && now["metadata"]["uid"] != before &&
               now["status"].value("phase", "") == "Bound";
      },
      60s))
      << getGroup("db")["status"].dump(1);
  awaitRest("db");
  EXPECT_EQ(claim(0)["metadata"]["uid"], other);
  EXPECT_FALSE(eventsOf("db", "ReplacementStarted").empty());
}

// Three zones cannot hold five voters that must not share one.
TEST_F(GroupVolumesIt, PlacesThatNoNodeHasAreTold) {
  const Json domain = {{"topologyKey", "topology.kubernetes.io/zone"},
                       {"maxPerDomain", 1},
                       {"whenUnsatisfiable", "ScheduleAnyway"}};
  createGroup("db", {{"replicas", 5}, {"topology", {{"failureDomains", Json::array({domain})}}}});
  await("db", "Spread", "False/TooFewDomains");
  std::string message;
  const Json group = getGroup("db");
  for (const Json& one : group["status"]["conditions"]) {
    if (one["type"] == "Spread") message = one["message"];
  }
  EXPECT_THAT(message, HasSubstr("need 5 of them, and the nodes have 3"));
  EXPECT_TRUE(waitFor([&] { return eventsOf("db", "TooFewDomains").size() == 1; }, 30s));
}

}  // namespace
}  // namespace stowage::testing
