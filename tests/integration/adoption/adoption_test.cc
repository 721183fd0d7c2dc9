// What docs/statefulgroup.md tells people to do: taking over what others left, the example.
#include <gmock/gmock.h>

#include "integration/operator/operator_world.h"
#include "stowage_paths.h"

namespace stowage::testing {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::SizeIs;
using namespace std::chrono_literals;

class AdoptionIt : public OperatorWorld {
 protected:
  void run(const std::vector<std::string>& words) {
    std::vector<std::string> all = words;
    all.insert(all.end(), {"-n", ns_});
    const auto done = cluster_.kubectl(all);
    ASSERT_EQ(done.exit_code, 0) << done.output;
  }
  // Uids of the controllers of a group's pods, and of the group that their labels name.
  std::vector<std::string> owners(const std::string& name) {
    std::vector<std::string> uids;
    for (const auto& [pod, object] : pods(name)) {
      const Json& meta = object["metadata"];
      uids.push_back(meta["ownerReferences"][0]["uid"]);
      uids.push_back(meta["labels"]["stowage.dev/group-uid"]);
    }
    return uids;
  }
};

Json claim() {
  return {{"metadata", {{"name", "data"}}},
          {"spec",
           {{"accessModes", Json::array({"ReadWriteOnce"})},
            {"storageClassName", "by-hand"},
            {"resources", {{"requests", {{"storage", "1Gi"}}}}}}}};
}

TEST_F(AdoptionIt, AGroupMadeAgainTakesItsPodsOverWithoutARestart) {
  createGroup("db", Json::object());
  await("db", "Ready", "True/AllReady");
  const auto before = uids("db");
  run({"delete", "sfg", "db", "--cascade=orphan", "--timeout=60s"});
  run({"delete", "service,pdb", "-l", "stowage.dev/group=db"});
  createGroup("db", Json::object());
  await("db", "Ready", "True/AllReady");
  EXPECT_EQ(uids("db"), before);
  EXPECT_THAT(owners("db"), Each(getGroup("db")["metadata"]["uid"].get<std::string>()));
  EXPECT_TRUE(waitFor(
      [&] {
        return getObject(cluster_, {"pdb", "db-0", "-n", ns_})["status"].value("expectedPods", 0) ==
               3;
      },
      30s));
}

TEST_F(AdoptionIt, AStatefulSetBecomesAGroup) {
  std::vector<Json> objects;
  for (int i = 0; i < 3; ++i) {
    objects.push_back({{"apiVersion", "v1"},
                       {"kind", "PersistentVolume"},
                       {"metadata", {{"name", ns_ + "-" + std::to_string(i)}}},
                       {"spec",
                        {{"capacity", {{"storage", "1Gi"}}},
                         {"accessModes", Json::array({"ReadWriteOnce"})},
                         {"storageClassName", "by-hand"},
                         {"hostPath", {{"path", "/tmp/" + ns_ + "-" + std::to_string(i)}}}}}});
  }
  const Json labels = {{"app", "db"}};
  const Json pod_spec = {
      {"schedulerName", "stowage-scheduler"},
      {"terminationGracePeriodSeconds", 0},
      {"automountServiceAccountToken", false},
      {"containers", Json::array({{{"name", "main"}, {"image", "example.test/db:1"}}})}};
  objects.push_back({{"apiVersion", "v1"},
                     {"kind", "Service"},
                     {"metadata", {{"name", "db-nodes"}, {"namespace", ns_}}},
                     {"spec", {{"clusterIP", "None"}, {"selector", labels}}}});
  objects.push_back({{"apiVersion", "apps/v1"},
                     {"kind", "StatefulSet"},
                     {"metadata", {{"name", "db"}, {"namespace", ns_}}},
                     {"spec",
                      {{"serviceName", "db-nodes"},
                       {"replicas", 3},
                       {"podManagementPolicy", "Parallel"},
                       {"selector", {{"matchLabels", labels}}},
                       {"template", {{"metadata", {{"labels", labels}}}, {"spec", pod_spec}}},
                       {"volumeClaimTemplates", Json::array({claim()})}}}});
  createAll(cluster_, objects);
  run({"wait", "--for=jsonpath={.status.readyReplicas}=3", "sts/db", "--timeout=60s"});
  const auto volume = [&](const std::string& name) {
    return getObject(cluster_, {"pvc", name, "-n", ns_})["spec"]["volumeName"];
  };
  const Json before = volume("data-db-2");
  run({"delete", "sts", "db", "--cascade=orphan"});
  Json claim_template = claim();
  claim_template["name"] = "data";
  claim_template.erase("metadata");
  createGroup("db", {{"naming", "StatefulSet"},
                     {"template", {{"metadata", {{"labels", labels}}}, {"spec", pod_spec}}},
                     {"volumeClaimTemplates", Json::array({claim_template})},
                     {"services", {{"headless", {{"name", "db-nodes"}, {"policy", "None"}}}}}});
  await("db", "Ready", "True/AllReady");
  EXPECT_THAT(namesOf("pods", "db"), ElementsAre("db-0", "db-1", "db-2"));
  EXPECT_THAT(owners("db"), Each(getGroup("db")["metadata"]["uid"].get<std::string>()));
  EXPECT_EQ(volume("data-db-2"), before);
  EXPECT_THAT(namesOf("persistentvolumeclaims", "db"), SizeIs(3));
  // One after another, and by eviction.
  EXPECT_THAT(eventsOf("db", "SuccessfulAdopt"), SizeIs(::testing::Ge(3U)));
  const Json pod = pods("db")["db-0"];
  EXPECT_EQ(pod["spec"]["subdomain"], "db-nodes");
}

// A pod of it cannot run here; but the API server takes all of it.
TEST_F(AdoptionIt, TheExampleIsAccepted) {
  run({"create", "-f", STOWAGE_SOURCE_DIR "/examples/primary-replica/group.yaml"});
  await("log", "TemplateValid", "True/Accepted");
  EXPECT_TRUE(waitFor([&] { return pods("log").size() == 3; }, 30s));
  EXPECT_THAT(namesOf("services", "log"),
              ElementsAre("log-0-client", "log-0-peers", "log-0-primary"));
  EXPECT_EQ(getObject(cluster_, {"pdb", "log-0", "-n", ns_})["spec"]["minAvailable"], 2);
}

}  // namespace
}  // namespace stowage::testing
