// Pods with persistent volumes, on a real kube-apiserver with the real volume controllers of
// kube-controller-manager. Where a cloud would make volumes, the test does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "integration/scheduler/cluster_objects.h"
#include "integration/scheduler/scheduler_process.h"

namespace stowage::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

constexpr const char* kControllers =
    "persistentvolume-binder-controller,ephemeral-volume-controller";
constexpr const char* kSelectedNode = "volume.kubernetes.io/selected-node";
constexpr const char* kZone = "topology.kubernetes.io/zone";

Json classManifest(const std::string& name, const std::string& provisioner, bool waits) {
  return {{"apiVersion", "storage.k8s.io/v1"},
          {"kind", "StorageClass"},
          {"metadata", {{"name", name}}},
          {"provisioner", provisioner},
          {"volumeBindingMode", waits ? "WaitForFirstConsumer" : "Immediate"}};
}

Json claimManifest(const std::string& ns, const std::string& name, const std::string& cls,
                   const std::string& mode = "ReadWriteOnce") {
  return {{"apiVersion", "v1"},
          {"kind", "PersistentVolumeClaim"},
          {"metadata", {{"namespace", ns}, {"name", name}}},
          {"spec",
           {{"accessModes", Json::array({mode})},
            {"storageClassName", cls},
            {"resources", {{"requests", {{"storage", "1Gi"}}}}}}}};
}

Json volumeManifest(const std::string& name, const std::string& cls,
                    const std::string& mode = "ReadWriteOnce") {
  return {{"apiVersion", "v1"},
          {"kind", "PersistentVolume"},
          {"metadata", {{"name", name}}},
          {"spec",
           {{"capacity", {{"storage", "2Gi"}}},
            {"accessModes", Json::array({mode})},
            {"storageClassName", cls},
            {"persistentVolumeReclaimPolicy", "Retain"},
            {"csi", {{"driver", "csi.example.test"}, {"volumeHandle", name}}}}}};
}

Json onNode(Json volume, const std::string& node) {
  const Json requirement = {
      {"key", "kubernetes.io/hostname"}, {"operator", "In"}, {"values", Json::array({node})}};
  volume["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"] =
      Json::array({{{"matchExpressions", Json::array({requirement})}}});
  return volume;
}

Json withClaim(Json pod, const std::string& claim) {
  pod["spec"]["volumes"] =
      Json::array({{{"name", "data"}, {"persistentVolumeClaim", {{"claimName", claim}}}}});
  return pod;
}

class VolumesOnRealApi : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { ControlPlane::instance().startControllers(kControllers); }
  static void TearDownTestSuite() { ControlPlane::instance().stopControllers(); }

  void SetUp() override {
    ns_ = cluster_.namespaceForTest();
    cls_ = "class-" + ns_;
    pv_ = "pv-" + ns_;
    audit_mark_ = auditMark(cluster_);
    createAll(cluster_, {nodeManifest("n1", "4", "8Gi"), nodeManifest("n2", "4", "8Gi")});
  }
  void TearDown() override {
    deleteNodes(cluster_);
    (void)cluster_.kubectl({"delete", "csinodes", "--all", "--wait=false"});
    if (expect_no_refusal_) {
      EXPECT_THAT(refusedRequests(cluster_, "stowage-scheduler", audit_mark_), IsEmpty())
          << "the scheduler asked for something that its role does not allow";
    }
  }
  [[nodiscard]] Json pod(const std::string& name, const std::string& claim) const {
    return withClaim(podManifest(ns_, name, "stowage-scheduler", "100m", "64Mi"), claim);
  }
  std::string nodeOf(const std::string& name) {
    const Json found = getObject(cluster_, {"pod", name, "-n", ns_});
    return found.is_object() ? found["spec"].value("nodeName", "") : "";
  }
  std::string message(const std::string& name) {
    const Json condition = scheduledCondition(cluster_, ns_, name);
    return condition.is_object() ? condition.value("message", "") : "";
  }
  Json claim(const std::string& name) { return getObject(cluster_, {"pvc", name, "-n", ns_}); }
  std::string selectedNode(const std::string& name) {
    const Json found = claim(name);
    if (!found.is_object()) return "";
    return found["metadata"].value("annotations", Json::object()).value(kSelectedNode, "");
  }
  ::testing::AssertionResult comesTo(const std::string& name, const std::string& node,
                                     SchedulerProcess& scheduler) {
    std::string at;
    if (waitFor([&] { return !(at = nodeOf(name)).empty(); }, 30s) &&
        (node.empty() || at == node)) {
      return ::testing::AssertionSuccess();
    }
    return ::testing::AssertionFailure()
           << name << " is on '" << at << "': " << message(name) << "\n"
           << scheduler.process().log();
  }
  ::testing::AssertionResult isTold(const std::string& name, const std::string& text) {
    std::string told;
    if (waitFor([&] { return (told = message(name)).find(text) != std::string::npos; }, 30s)) {
      return ::testing::AssertionSuccess();
    }
    return ::testing::AssertionFailure() << name << " was told: " << told;
  }
  // What a provisioner does once a node is selected.
  void provision(const std::string& name) {
    Json volume = onNode(volumeManifest(pv_, cls_), selectedNode(name));
    volume["spec"]["claimRef"] = {{"namespace", ns_},
                                  {"name", name},
                                  {"uid", claim(name)["metadata"]["uid"]},
                                  {"kind", "PersistentVolumeClaim"},
                                  {"apiVersion", "v1"}};
    createAll(cluster_, {volume});
  }

  ControlPlane& cluster_ = ControlPlane::instance();
  std::string ns_, cls_, pv_;
  std::size_t audit_mark_ = 0;
  bool expect_no_refusal_ = true;
};

TEST_F(VolumesOnRealApi, AStaticVolumeOfAWaitingClassIsBoundThenThePod) {
  createAll(cluster_, {classManifest(cls_, "kubernetes.io/no-provisioner", true),
                       onNode(volumeManifest(pv_, cls_), "n2"), claimManifest(ns_, "data", cls_)});
  SchedulerProcess scheduler(cluster_, {});
  ASSERT_TRUE(scheduler.waitReady()) << scheduler.process().log();
  createAll(cluster_, {pod("p", "data"), pod("q", "data")});
  EXPECT_TRUE(comesTo("p", "n2", scheduler));
  EXPECT_TRUE(comesTo("q", "n2", scheduler)) << "the second pod of the claim follows it";
  EXPECT_EQ(claim("data")["spec"]["volumeName"], pv_);
  EXPECT_EQ(claim("data")["status"]["phase"], "Bound");
  const Json nominated = getObject(cluster_, {"pod", "p", "-n", ns_})["status"];
  // The API server ends a nomination with the binding from 1.35 on (its feature gate
  // ClearingNominatedNodeNameAfterBinding); before, it stands and names the pod's own node.
  const Json version = Json::parse(cluster_.kubectl({"get", "--raw", "/version"}).output);
  const bool clears = std::stoi(version["minor"].get<std::string>()) >= 35;
  EXPECT_EQ(nominated.value("nominatedNodeName", ""), clears ? "" : "n2");
}

TEST_F(VolumesOnRealApi, ImmediateClaimsAreWaitedFor) {
  createAll(cluster_,
            {classManifest(cls_, "kubernetes.io/no-provisioner", false),
             claimManifest(ns_, "data", cls_), claimManifest(ns_, "lost", "no-such-class")});
  SchedulerProcess scheduler(cluster_, {});
  ASSERT_TRUE(scheduler.waitReady()) << scheduler.process().log();
  createAll(cluster_, {pod("p", "data"), pod("q", "lost"), pod("r", "not-there")});
  const std::string unbound =
      "0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims.";
  EXPECT_TRUE(isTold("p", unbound));
  EXPECT_TRUE(isTold("q", unbound));
  EXPECT_TRUE(
      isTold("r", "0/2 nodes are available: persistentvolumeclaim \"not-there\" not found."));
  createAll(cluster_, {onNode(volumeManifest(pv_, cls_), "n1")});
  EXPECT_TRUE(comesTo("p", "n1", scheduler));
}

TEST_F(VolumesOnRealApi, AnExclusiveClaimServesOnePod) {
  createAll(cluster_, {classManifest(cls_, "kubernetes.io/no-provisioner", false),
                       volumeManifest(pv_, cls_, "ReadWriteOncePod"),
                       claimManifest(ns_, "data", cls_, "ReadWriteOncePod")});
  SchedulerProcess scheduler(cluster_, {});
  ASSERT_TRUE(scheduler.waitReady()) << scheduler.process().log();
  createAll(cluster_, {pod("first", "data")});
  ASSERT_TRUE(comesTo("first", "", scheduler));
  createAll(cluster_, {pod("second", "data")});
  EXPECT_TRUE(isTold("second",
                     "0/2 nodes are available: 2 node(s) unavailable due to PersistentVolumeClaim "
                     "with ReadWriteOncePod access mode already in-use by another pod."));
  ASSERT_EQ(cluster_.kubectl({"delete", "pod", "first", "-n", ns_, "--force"}).exit_code, 0);
  EXPECT_TRUE(comesTo("second", "", scheduler));
}

TEST_F(VolumesOnRealApi, ADriversLimitAndAZoneLabelKeepPodsAway) {
  const auto csiNode = [](const std::string& name, int limit) -> Json {
    return {{"apiVersion", "storage.k8s.io/v1"},
            {"kind", "CSINode"},
            {"metadata", {{"name", name}}},
            {"spec",
             {{"drivers", Json::array({{{"name", "csi.example.test"},
                                        {"nodeID", name},
                                        {"topologyKeys", nullptr},
                                        {"allocatable", {{"count", limit}}}}})}}}};
  };
  for (const auto& [node, zone] : {std::pair{"n1", "a"}, std::pair{"n2", "b"}}) {
    ASSERT_EQ(cluster_.kubectl({"label", "node", node, std::string(kZone) + "=" + zone}).exit_code,
              0);
  }
  Json zonal = volumeManifest(pv_ + "-zonal", cls_);
  zonal["metadata"]["labels"][kZone] = "b";
  createAll(cluster_, {csiNode("n1", 1), csiNode("n2", 1),
                       classManifest(cls_, "kubernetes.io/no-provisioner", false)});
  createAll(cluster_, {zonal, claimManifest(ns_, "zonal", cls_)});
  SchedulerProcess scheduler(cluster_, {});
  ASSERT_TRUE(scheduler.waitReady()) << scheduler.process().log();
  createAll(cluster_, {pod("p", "zonal")});
  ASSERT_TRUE(comesTo("p", "n2", scheduler));
  createAll(cluster_, {volumeManifest(pv_ + "-1", cls_), claimManifest(ns_, "one", cls_)});
  createAll(cluster_, {pod("q", "one")});
  ASSERT_TRUE(comesTo("q", "n1", scheduler)) << "n2 holds all it can";
  createAll(cluster_, {volumeManifest(pv_ + "-2", cls_), claimManifest(ns_, "two", cls_)});
  createAll(cluster_, {pod("r", "two")});
  EXPECT_TRUE(isTold("r", "0/2 nodes are available: 2 node(s) exceed max volume count."));
  ASSERT_EQ(cluster_.kubectl({"delete", "pod", "q", "-n", ns_, "--force"}).exit_code, 0);
  EXPECT_TRUE(comesTo("r", "n1", scheduler));
}

TEST_F(VolumesOnRealApi, AProvisionerIsToldTheNodeAndItsRefusalIsHeard) {
  createAll(cluster_,
            {classManifest(cls_, "example.test/maker", true), claimManifest(ns_, "data", cls_)});
  SchedulerProcess scheduler(cluster_, {});
  ASSERT_TRUE(scheduler.waitReady()) << scheduler.process().log();
  createAll(cluster_, {pod("p", "data")});
  ASSERT_TRUE(waitFor([&] { return !selectedNode("data").empty(); }, 20s))
      << scheduler.process().log();
  EXPECT_TRUE(waitFor(
      [&] {
        return getObject(cluster_, {"pod", "p", "-n", ns_})["status"].value(
                   "nominatedNodeName", "") == selectedNode("data");
      },
      10s));
  // The provisioner cannot make it there.
  ASSERT_EQ(
      cluster_.kubectl({"annotate", "pvc", "data", "-n", ns_, std::string(kSelectedNode) + "-"})
          .exit_code,
      0);
  EXPECT_TRUE(isTold("p",
                     "running PreBind plugin \"VolumeBinding\": binding volumes: provisioning "
                     "failed for PVC \"data\""));
  ASSERT_TRUE(waitFor([&] { return !selectedNode("data").empty(); }, 20s)) << "tried again";
  const std::string node = selectedNode("data");
  provision("data");
  EXPECT_TRUE(comesTo("p", node, scheduler));
  EXPECT_EQ(claim("data")["spec"]["volumeName"], pv_);
}

TEST_F(VolumesOnRealApi, AnEphemeralVolumeGetsItsClaimFirst) {
  createAll(cluster_, {classManifest(cls_, "example.test/maker", true)});
  SchedulerProcess scheduler(cluster_, {});
  ASSERT_TRUE(scheduler.waitReady()) << scheduler.process().log();
  Json made = podManifest(ns_, "p", "stowage-scheduler", "100m", "64Mi");
  Json claim_template = claimManifest("", "", cls_)["spec"];
  made["spec"]["volumes"] =
      Json::array({{{"name", "scratch"},
                    {"ephemeral", {{"volumeClaimTemplate", {{"spec", claim_template}}}}}}});
  createAll(cluster_, {made});
  ASSERT_TRUE(waitFor([&] { return !selectedNode("p-scratch").empty(); }, 20s))
      << message("p") << scheduler.process().log();
  provision("p-scratch");
  EXPECT_TRUE(comesTo("p", "", scheduler));
}

TEST_F(VolumesOnRealApi, VolumesThatDoNotBindInTimeAreGivenUp) {
  createAll(cluster_,
            {classManifest(cls_, "example.test/maker", true), claimManifest(ns_, "data", cls_)});
  const ControlPlane::TempFile config(R"(apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
profiles:
- schedulerName: stowage-scheduler
  pluginConfig:
  - name: VolumeBinding
    args: {bindTimeoutSeconds: 1}
)");
  SchedulerFlags flags;
  flags.extra = {"--config", config.path()};
  SchedulerProcess scheduler(cluster_, flags);
  ASSERT_TRUE(scheduler.waitReady()) << scheduler.process().log();
  createAll(cluster_, {pod("p", "data")});
  EXPECT_TRUE(isTold("p",
                     "running PreBind plugin \"VolumeBinding\": binding volumes: context deadline "
                     "exceeded"));
  provision("data");
  EXPECT_TRUE(comesTo("p", selectedNode("data"), scheduler)) << "the next attempt finds it";
}

// The whole safety of our writes: the version of the decision is a precondition.
TEST_F(VolumesOnRealApi, AnOlderVersionIsRefusedWith409) {
  createAll(cluster_, {volumeManifest(pv_, cls_)});
  const std::string version =
      getObject(cluster_, {"pv", pv_})["metadata"]["resourceVersion"].get<std::string>();
  ASSERT_EQ(cluster_.kubectl({"label", "pv", pv_, "touched=yes"}).exit_code, 0);
  const std::string patch = R"({"metadata":{"resourceVersion":")" + version +
                            R"("},"spec":{"claimRef":{"namespace":"x","name":"y"}}})";
  // kubectl reads before it patches, which the scheduler's role does not allow.
  const CommandResult refused = cluster_.kubectl({"patch", "pv", pv_, "--type=merge", "-p", patch});
  EXPECT_NE(refused.exit_code, 0);
  EXPECT_THAT(refused.output, HasSubstr("the object has been modified"));
  EXPECT_FALSE(getObject(cluster_, {"pv", pv_})["spec"].contains("claimRef"));
}

TEST_F(VolumesOnRealApi, ASchedulerKilledBetweenVolumeAndBindLosesNothing) {
  cluster_.stopControllers();  // so that the claim is not bound meanwhile
  createAll(cluster_, {classManifest(cls_, "kubernetes.io/no-provisioner", true),
                       claimManifest(ns_, "data", cls_)});
  for (const char* suffix : {"-a", "-b", "-c"}) {
    createAll(cluster_, {onNode(volumeManifest(pv_ + suffix, cls_), "n2")});
    ASSERT_EQ(cluster_
                  .kubectl({"patch", "pv", pv_ + suffix, "--subresource=status", "--type=merge",
                            "-p", R"({"status":{"phase":"Available"}})"})
                  .exit_code,
              0);
  }
  const auto claimed = [&] {
    std::vector<std::string> names;
    for (const char* suffix : {"-a", "-b", "-c"}) {
      if (getObject(cluster_, {"pv", pv_ + suffix})["spec"].contains("claimRef")) {
        names.push_back(pv_ + suffix);
      }
    }
    return names;
  };
  {
    SchedulerProcess scheduler(cluster_, {});
    ASSERT_TRUE(scheduler.waitReady()) << scheduler.process().log();
    createAll(cluster_, {pod("p", "data")});
    ASSERT_TRUE(waitFor([&] { return claimed().size() == 1; }, 20s)) << scheduler.process().log();
    scheduler.process().signal(SIGKILL);
    ASSERT_TRUE(scheduler.process().waitExit(5s));
  }
  EXPECT_EQ(nodeOf("p"), "");
  const std::vector<std::string> first = claimed();
  SchedulerProcess successor(cluster_, {});
  ASSERT_TRUE(successor.waitReady()) << successor.process().log();
  cluster_.startControllers(kControllers);
  EXPECT_TRUE(comesTo("p", "n2", successor));
  EXPECT_EQ(claim("data")["spec"]["volumeName"], first.at(0));
  EXPECT_EQ(claimed(), first) << "no second volume was claimed";
  EXPECT_EQ(bindingRecords(cluster_)[ns_ + "/p"].succeeded, 1);
}

TEST_F(VolumesOnRealApi, WithoutARightOnlyPodsThatNeedItWait) {
  expect_no_refusal_ = false;
  createAll(cluster_, {classManifest(cls_, "kubernetes.io/no-provisioner", false),
                       volumeManifest(pv_, cls_), claimManifest(ns_, "data", cls_)});
  // The rights of the scheduler but for one resource.
  Json role = getObject(cluster_, {"clusterrole", "stowage-scheduler"});
  ASSERT_TRUE(role.is_object());
  role["metadata"] = {{"name", "limited-" + ns_}};
  for (Json& rule : role["rules"]) {
    Json& resources = rule["resources"];
    for (auto at = resources.begin(); at != resources.end();) {
      at = *at == "csinodes" ? resources.erase(at) : at + 1;
    }
  }
  const std::string user = "limited-" + ns_;
  createAll(
      cluster_,
      {role,
       {{"apiVersion", "rbac.authorization.k8s.io/v1"},
        {"kind", "ClusterRoleBinding"},
        {"metadata", {{"name", user}}},
        {"roleRef",
         {{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "ClusterRole"}, {"name", user}}},
        {"subjects",
         Json::array(
             {{{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "User"}, {"name", user}}})}}});
  SchedulerFlags flags;
  flags.identity = user;
  SchedulerProcess scheduler(cluster_, flags);
  ASSERT_TRUE(scheduler.waitReady()) << scheduler.process().log();
  createAll(cluster_,
            {podManifest(ns_, "plain", "stowage-scheduler", "100m", "64Mi"), pod("p", "data")});
  EXPECT_TRUE(comesTo("plain", "", scheduler));
  EXPECT_TRUE(isTold("p", "cannot read csinodes.storage.k8s.io"));
  EXPECT_EQ(scheduledCondition(cluster_, ns_, "p")["reason"], "SchedulerError");
  EXPECT_THAT(scheduler.get("/readyz?verbose").body, HasSubstr("[!]volumes-csinodes degraded"));

  ASSERT_EQ(cluster_
                .kubectl({"create", "clusterrole", "csinodes-" + ns_, "--verb=list,watch",
                          "--resource=csinodes.storage.k8s.io"})
                .exit_code,
            0);
  ASSERT_EQ(cluster_
                .kubectl({"create", "clusterrolebinding", "csinodes-" + ns_,
                          "--clusterrole=csinodes-" + ns_, "--user=" + user})
                .exit_code,
            0);
  EXPECT_TRUE(waitFor([&] { return !nodeOf("p").empty(); }, 60s)) << scheduler.process().log();
  EXPECT_EQ(scheduler.get("/readyz?verbose").body.find("degraded"), std::string::npos);
}

}  // namespace
}  // namespace stowage::testing
