// What a group had and is not to have any more goes, on a real API server: Services, the budget,
// old revisions, and a volume on a node that is gone. With the other tests of this program they use
// every right that the operator has (tests/chart/rights_test.py).
#include <gmock/gmock.h>

#include "integration/operator/operator_world.h"

namespace stowage::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;
using namespace std::chrono_literals;

constexpr const char* kHostname = "kubernetes.io/hostname";

class GroupLeftoversIt : public OperatorWorld {
 protected:
  void TearDown() override {
    OperatorWorld::TearDown();
    for (const std::string& volume : volumes_)
      (void)cluster_.kubectl({"delete", "pv", volume, "--ignore-not-found", "--wait=false"});
    (void)cluster_.kubectl({"delete", "node", host(), "--ignore-not-found"});
  }
  std::string host() { return ns_ + "-host"; }
  // On one node, or on any when that is empty.
  void makeVolume(const std::string& suffix, const std::string& node) {
    const std::string name = ns_ + "-" + suffix;
    Json volume = {{"apiVersion", "v1"},
                   {"kind", "PersistentVolume"},
                   {"metadata", {{"name", name}}},
                   {"spec",
                    {{"capacity", {{"storage", "1Gi"}}},
                     {"accessModes", Json::array({"ReadWriteOnce"})},
                     {"storageClassName", ns_},
                     {"persistentVolumeReclaimPolicy", "Retain"},
                     {"hostPath", {{"path", "/tmp/" + name}}}}}};
    if (!node.empty()) {
      const Json is_host = {
          {"key", kHostname}, {"operator", "In"}, {"values", Json::array({node})}};
      const Json term = {{"matchExpressions", Json::array({is_host})}};
      volume["spec"]["nodeAffinity"] = {{"required", {{"nodeSelectorTerms", Json::array({term})}}}};
    }
    volumes_.push_back(name);
    createAll(cluster_, {volume});
  }
  Json claim(int ordinal) {
    return getObject(cluster_, {"pvc", "data-db-0-" + std::to_string(ordinal), "-n", ns_});
  }

 private:
  std::vector<std::string> volumes_;
};

TEST_F(GroupLeftoversIt, ServicesBudgetAndOldRevisionsGo) {
  const Json services = {{"ports", Json::array({{{"name", "peer"}, {"port", 2380}}})},
                         {"client", {{"policy", "Create"}}},
                         {"perReplica", {{"policy", "Create"}}}};
  createGroup("db", {{"services", services}, {"revisionHistoryLimit", 0}});
  awaitRest("db");
  EXPECT_THAT(namesOf("services", "db"), SizeIs(5));
  EXPECT_THAT(namesOf("poddisruptionbudgets", "db"), ElementsAre("db-0"));
  const auto before = uids("db");

  const Json none = {{"policy", "None"}};
  changeGroup("db", {{"services", {{"client", none}, {"perReplica", none}}},
                     {"disruption", {{"budget", "None"}}}});
  EXPECT_TRUE(waitFor([&] { return namesOf("services", "db").size() == 1; }, kPatience));
  EXPECT_THAT(namesOf("services", "db"), ElementsAre("db-0-peers"));
  EXPECT_TRUE(waitFor([&] { return namesOf("poddisruptionbudgets", "db").empty(); }, kPatience));
  awaitRest("db");
  EXPECT_EQ(uids("db"), before);

  changeGroup("db", imagePatch("example.test/db:2"));
  awaitRest("db");
  EXPECT_TRUE(waitFor([&] { return namesOf("controllerrevisions", "db").size() == 1; }, kPatience));
  EXPECT_EQ(getGroup("db")["status"]["updateRevision"], namesOf("controllerrevisions", "db").at(0));
}

TEST_F(GroupLeftoversIt, AVolumeOnANodeThatIsGoneIsGivenUp) {
  createAll(cluster_, {nodeManifest(host(), "100", "400Gi", "110")});
  makeVolume("there", host());
  makeVolume("a", "");
  makeVolume("b", "");
  const Json claim_template = {{"name", "data"},
                               {"spec",
                                {{"accessModes", Json::array({"ReadWriteOnce"})},
                                 {"storageClassName", ns_},
                                 {"resources", {{"requests", {{"storage", "1Gi"}}}}}}}};
  createGroup("db", {{"volumeClaimTemplates", Json::array({claim_template})},
                     {"persistentVolumeClaimRetentionPolicy", {{"whenReplaced", "Delete"}}},
                     {"recovery", {{"volumeLoss", "Replace"}}}});
  await("db", "Ready", "True/AllReady");
  int lost = 0;
  while (lost < 2 && claim(lost)["spec"]["volumeName"] != ns_ + "-there") ++lost;
  const std::string pod = "db-0-" + std::to_string(lost);
  EXPECT_EQ(pods("db").at(pod)["spec"]["nodeName"], host());
  const std::string before = claim(lost)["metadata"]["uid"];

  given_up_.insert(before);
  makeVolume("c", "");
  ASSERT_EQ(cluster_.kubectl({"delete", "node", host()}).exit_code, 0);
  // As the pod garbage collector does, later.
  (void)cluster_.kubectl(
      {"delete", "pod", pod, "-n", ns_, "--force", "--grace-period=0", "--ignore-not-found"});
  EXPECT_TRUE(waitFor(
      [&] {
        const Json now = claim(lost);
        return now.is_object() && now["metadata"]["uid"] != before;
      },
      90s))
      << getGroup("db")["status"].dump(1);
  await("db", "Ready", "True/AllReady");
  EXPECT_EQ(claim(lost)["spec"]["volumeName"], ns_ + "-c");
}

}  // namespace
}  // namespace stowage::testing
