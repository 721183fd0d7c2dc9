// The four volume filters at work in a whole scheduler: verdicts, messages, and what wakes the pods
// that they rejected. Texts and hints: kube-scheduler plugins/volume*, nodevolumelimits, v1.36.3.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scheduling/shapes/shape.h"
#include "testing/builders/storage_builder.h"
#include "testing/scheduling/scheduler_harness.h"

namespace stowage::testing {
namespace {

using Kind = kubeapi::PodVolume::Kind;

constexpr const char* kZone = "topology.kubernetes.io/zone";

std::string noNode(int nodes, const std::string& why) {
  return "0/" + std::to_string(nodes) + " nodes are available: " + why + ".";
}

kubeapi::PodVolume disk(Kind kind, std::string_view handle, bool read_only = false) {
  kubeapi::PodVolume volume;
  volume.kind = kind;
  volume.handle = handle;
  volume.read_only = read_only;
  return volume;
}

kubeapi::PodVolume image(std::string_view handle, std::string_view monitor, bool read_only) {
  kubeapi::PodVolume volume = disk(Kind::kRbd, handle, read_only);
  volume.monitors = {"shared", monitor};
  if (monitor.starts_with("far")) volume.monitors = {monitor};
  return volume;
}

PodBuilder podWithDisk(std::string_view name, const kubeapi::PodVolume& volume) {
  PodBuilder pod(name);
  pod.edit().spec.volumes.push_back(volume);
  return pod;
}

// ---- VolumeRestrictions ----

TEST(VolumeRestrictions, OneNodeDoesNotMountADiskTwice) {
  struct Row {
    const char* name;
    kubeapi::PodVolume there, incoming;
    bool conflict;
  };
  for (const Row& row : std::vector<Row>{
           {"EBS", disk(Kind::kAwsEbs, "v"), disk(Kind::kAwsEbs, "v"), true},
           {"EBS, both for reading", disk(Kind::kAwsEbs, "v", true), disk(Kind::kAwsEbs, "v", true),
            true},
           {"another EBS", disk(Kind::kAwsEbs, "v"), disk(Kind::kAwsEbs, "w"), false},
           {"PD", disk(Kind::kGcePd, "d"), disk(Kind::kGcePd, "d", true), true},
           {"PD, both for reading", disk(Kind::kGcePd, "d", true), disk(Kind::kGcePd, "d", true),
            false},
           {"iSCSI", disk(Kind::kIscsi, "iqn"), disk(Kind::kIscsi, "iqn"), true},
           {"iSCSI, both for reading", disk(Kind::kIscsi, "iqn", true),
            disk(Kind::kIscsi, "iqn", true), false},
           {"RBD with a common monitor", image("p/i", "a", false), image("p/i", "b", false), true},
           {"RBD of other monitors", image("p/i", "a", false), image("p/i", "far", false), false},
           {"RBD, both for reading", image("p/i", "a", true), image("p/i", "b", true), false},
           {"same name, other kind", disk(Kind::kGcePd, "d"), disk(Kind::kAwsEbs, "d"), false},
           {"Azure disk", disk(Kind::kAzureDisk, "d"), disk(Kind::kAzureDisk, "d"), false},
       }) {
    SchedulerHarness h;
    h.add(makeNode("n").cpu("4").memory("8Gi"));
    h.add(podWithDisk("there", row.there).ns("other").node("n"));
    h.add(podWithDisk("p", row.incoming));
    h.settle();
    EXPECT_EQ(h.boundTo("p").empty(), row.conflict) << row.name;
    if (!row.conflict) continue;
    EXPECT_EQ(h.lastCondition(), noNode(1, "1 node(s) had no available disk")) << row.name;
    h.remove(podWithDisk("there", row.there).ns("other").node("n"));
    h.settle();
    EXPECT_EQ(h.boundTo("p"), "n") << row.name << ": woken when the disk was free";
  }
}

TEST(VolumeRestrictions, AnExclusiveClaimServesOnePodOfTheWholeCluster) {
  SchedulerHarness h;
  h.add(makeNode("a").cpu("4").memory("8Gi"));
  h.add(makeNode("b").cpu("4").memory("8Gi"));
  h.see(makeClaim("data").boundTo("pv").modes({"ReadWriteOncePod"}));
  h.see(makeVolume("pv").claimedBy("default", "data", "uid-data"));
  h.add(makePod("first").claim("data"));
  h.add(makePod("second").claim("data"));
  h.settle();
  EXPECT_EQ(h.binder.requests.size(), 1U);
  EXPECT_EQ(
      h.lastCondition(),
      noNode(2,
             "2 node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access "
             "mode already in-use by another pod"));
  EXPECT_EQ(h.status.patches.back().reason, "Unschedulable");
  h.confirmAll();
  h.remove(makePod("far").ns("other").claim("data").node("a"));
  EXPECT_EQ(h.settle(), 0) << "a claim of that name in another namespace is another claim";
  h.remove(makePod("first").claim("data"));
  h.settle();
  EXPECT_FALSE(h.boundTo("second").empty());
}

TEST(VolumeRestrictions, AnExclusiveClaimIsHeldByAPodWhoseNodeIsGone) {
  SchedulerHarness h;
  h.add(makeNode("a").cpu("4").memory("8Gi"));
  h.add(makeNode("b").cpu("4").memory("8Gi"));
  h.see(makeClaim("data").boundTo("pv").modes({"ReadWriteOncePod"}));
  h.see(makeVolume("pv").claimedBy("default", "data", "uid-data"));
  h.add(makePod("first").claim("data").node("a"));
  h.scheduler->nodeDeleted(makeNode("a"));
  h.add(makePod("second").claim("data"));
  h.settle();
  EXPECT_EQ(h.boundTo("second"), "");
  h.remove(makePod("first").claim("data").node("a"));
  h.settle();
  EXPECT_EQ(h.boundTo("second"), "b");
}

TEST(VolumeRestrictions, SharedClaimsAreNoReason) {
  SchedulerHarness h;
  h.add(makeNode("a").cpu("4").memory("8Gi"));
  h.see(makeClaim("data").boundTo("pv"));
  h.see(makeVolume("pv").claimedBy("default", "data", "uid-data"));
  h.add(makePod("first").claim("data"));
  h.add(makePod("second").claim("data"));
  h.settle();
  EXPECT_EQ(h.binder.requests.size(), 2U);
}

TEST(VolumeRestrictions, AMissingClaimWakesItsPodWhenItComes) {
  SchedulerHarness h;
  h.add(makeNode("n").cpu("4").memory("8Gi"));
  h.add(makePod("p").claim("data"));
  h.settle();
  EXPECT_EQ(h.lastCondition(), noNode(1, "persistentvolumeclaim \"data\" not found"));
  h.see(makeClaim("data").ns("other").boundTo("pv"));
  EXPECT_EQ(h.settle(), 0);
  h.see(makeVolume("pv"));
  h.see(makeClaim("data").boundTo("pv"));
  h.settle();
  EXPECT_EQ(h.boundTo("p"), "n");
}

// ---- NodeVolumeLimits ----

struct LimitBench : SchedulerHarness {
  explicit LimitBench(int limit) {
    add(makeNode("n").cpu("4").memory("8Gi"));
    see(makeCsiNode("n").driver("csi.example.test", limit));
    see(makeClass("c").waits().provisioner("csi.example.test"));
  }
  // A bound claim with a volume of the driver.
  void volume(const std::string& name) {
    see(makeVolume("pv-" + name).csi("csi.example.test", "handle-" + name));
    see(makeClaim(name).boundTo("pv-" + name));
  }
};

const std::string kTooMany = noNode(1, "1 node(s) exceed max volume count");

TEST(NodeVolumeLimits, CountsVolumesOfTheNodesPods) {
  LimitBench h(2);
  for (const char* name : {"a", "b", "c"}) h.volume(name);
  h.add(makePod("one").claim("a"));
  h.add(makePod("two").claim("b"));
  h.add(makePod("again").claim("a"));
  h.settle();
  EXPECT_EQ(h.binder.requests.size(), 3U) << "a volume that is there already takes no room";
  h.add(makePod("three").claim("c"));
  h.settle();
  EXPECT_EQ(h.boundTo("three"), "");
  EXPECT_EQ(h.lastCondition(), kTooMany);
  h.confirmAll();
  h.remove(makePod("two").claim("b"));
  h.settle();
  EXPECT_EQ(h.boundTo("three"), "n");
}

TEST(NodeVolumeLimits, ADriverWithoutALimitAttachesAnyNumber) {
  LimitBench h(0);
  h.see(makeCsiNode("n").driver("csi.example.test"));
  h.volume("a");
  h.add(makePod("one").claim("a"));
  h.settle();
  EXPECT_EQ(h.boundTo("one"), "n");
}

TEST(NodeVolumeLimits, ARaisedLimitWakes) {
  LimitBench h(0);
  h.volume("a");
  h.add(makePod("one").claim("a"));
  h.settle();
  EXPECT_EQ(h.lastCondition(), kTooMany);
  h.see(makeCsiNode("n").driver("csi.example.test", 0));
  EXPECT_EQ(h.settle(), 0);
  h.see(makeCsiNode("n").driver("csi.example.test", 1));
  h.settle();
  EXPECT_EQ(h.boundTo("one"), "n");
}

TEST(NodeVolumeLimits, AttachmentsThatNoPodUsesAnyMoreCount) {
  LimitBench h(1);
  h.volume("a");
  h.volume("left-over");
  h.see(makeAttachment("att", "csi.example.test", "n", "pv-left-over"));
  h.add(makePod("one").claim("a"));
  h.settle();
  EXPECT_EQ(h.lastCondition(), kTooMany);
  h.lose(makeAttachment("att", "csi.example.test", "n", "pv-left-over"));
  h.settle();
  EXPECT_EQ(h.boundTo("one"), "n");
}

TEST(NodeVolumeLimits, AnAttachmentOfAVolumeInUseIsNotCountedTwice) {
  LimitBench h(2);
  h.volume("a");
  h.volume("b");
  h.add(makePod("there").claim("a").node("n"));
  h.see(makeAttachment("att", "csi.example.test", "n", "pv-a"));
  h.add(makePod("p").claim("b"));
  h.settle();
  EXPECT_EQ(h.boundTo("p"), "n");
}

TEST(NodeVolumeLimits, AVolumeThatIsStillToBeMadeCounts) {
  LimitBench h(1);
  h.see(makeClaim("new").cls("c"));
  h.volume("a");
  h.add(makePod("there").claim("a").node("n"));
  h.add(makePod("p").claim("new"));
  h.settle();
  EXPECT_EQ(h.lastCondition(), kTooMany);
}

TEST(NodeVolumeLimits, MigratedDisksOfAllKindsCountForTheDriver) {
  SchedulerHarness h;
  h.add(makeNode("n").cpu("4").memory("8Gi"));
  h.see(makeCsiNode("n").driver("ebs.csi.aws.com", 1));
  h.see(makeVolume("pv").source("awsElasticBlockStore", "aws://zone/vol-1"));
  h.see(makeClaim("data").boundTo("pv"));
  h.add(makePod("there").claim("data").node("n"));
  h.add(podWithDisk("p", disk(Kind::kAwsEbs, "vol-2")));
  h.settle();
  EXPECT_EQ(h.lastCondition(), kTooMany);
  h.add(podWithDisk("same", disk(Kind::kAwsEbs, "vol-1")));
  h.settle();
  EXPECT_EQ(h.boundTo("same"), "n") << "VolumeRestrictions knows inline disks only";
}

TEST(NodeVolumeLimits, FollowsTheClaimsOfPlacedPods) {
  LimitBench h(1);
  h.volume("a");
  h.see(makeClaim("late").cls("c"));
  h.add(makePod("there").claim("late").node("n"));
  h.add(makePod("p").claim("a"));
  h.settle();
  EXPECT_EQ(h.lastCondition(), kTooMany);
  // The placed pod's claim turns out to share the volume of ours.
  h.see(makeClaim("late").version("2").cls("c").boundTo("pv-a"));
  h.see(makeCsiNode("m").driver("csi.example.test", 1));  // any CSINode that comes wakes
  h.settle();
  EXPECT_EQ(h.boundTo("p"), "n");
}

// ---- VolumeZone ----

TEST(VolumeZone, LabelsOfTheVolumeMustBeTheNodes) {
  struct Row {
    const char* name;
    std::vector<std::pair<std::string, std::string>> volume, node;
    bool fits;
  };
  const std::string beta = "failure-domain.beta.kubernetes.io/zone";
  const std::string region = "topology.kubernetes.io/region";
  for (const Row& row : std::vector<Row>{
           {"same zone", {{kZone, "a"}}, {{kZone, "a"}}, true},
           {"another zone", {{kZone, "a"}}, {{kZone, "b"}}, false},
           {"one of several zones", {{kZone, "a__b"}}, {{kZone, "b"}}, true},
           {"no labels on the node", {{kZone, "a"}}, {}, true},
           {"only a region on the node", {{kZone, "a"}}, {{region, "r"}}, false},
           {"older label of the volume", {{beta, "a"}}, {{kZone, "a"}}, true},
           {"older label of the node", {{kZone, "a"}}, {{beta, "a"}}, false},
           {"zone and region", {{kZone, "a"}, {region, "r"}}, {{kZone, "a"}, {region, "s"}}, false},
           {"malformed list", {{kZone, "a____b"}}, {{kZone, "c"}}, true},
       }) {
    SchedulerHarness h;
    auto node = makeNode("n").cpu("4").memory("8Gi");
    for (const auto& [key, value] : row.node) node.label(key, value);
    auto volume = makeVolume("pv");
    for (const auto& [key, value] : row.volume) volume.label(key, value);
    h.add(node);
    h.see(volume);
    h.see(makeClaim("data").boundTo("pv"));
    h.add(makePod("p").claim("data"));
    h.settle();
    EXPECT_EQ(h.boundTo("p"), row.fits ? "n" : "") << row.name;
    if (!row.fits) {
      EXPECT_EQ(h.lastCondition(), noNode(1, "1 node(s) had no available volume zone")) << row.name;
    }
  }
}

TEST(VolumeZone, ANewLabelOfVolumeOrNodeWakes) {
  for (const bool on_volume : {true, false}) {
    SchedulerHarness h;
    h.add(makeNode("n").cpu("4").memory("8Gi").zone("b"));
    h.see(makeVolume("pv").label(kZone, "a"));
    h.see(makeClaim("data").boundTo("pv"));
    h.add(makePod("p").claim("data"));
    h.settle();
    h.see(makeVolume("pv").version("2").label(kZone, "a").label("other", "x"));
    EXPECT_EQ(h.settle(), 0);
    if (on_volume) {
      h.see(makeVolume("pv").version("3").label(kZone, "b"));
    } else {
      h.add(makeNode("n").cpu("4").memory("8Gi").zone("a"));
    }
    h.settle();
    EXPECT_EQ(h.boundTo("p"), "n") << on_volume;
  }
}

TEST(VolumeZone, ABoundClaimWithoutItsVolumeIsRefusedByTheVolumesName) {
  SchedulerHarness h;
  h.add(makeNode("n").cpu("4").memory("8Gi"));
  h.see(makeClaim("data").boundTo("pv"));
  h.add(makePod("p").claim("data"));
  h.settle();
  EXPECT_EQ(h.lastCondition(), noNode(1, "persistentvolume \"pv\" not found"));
  h.see(makeVolume("pv"));
  h.settle();
  EXPECT_EQ(h.boundTo("p"), "n");
}

// ---- VolumeBinding (the filter) ----

TEST(VolumeBindingFilter, WordsAndWakesForBoundVolumes) {
  SchedulerHarness h;
  h.add(makeNode("a").cpu("4").memory("8Gi").label("disk", "x"));
  h.add(makeNode("b").cpu("4").memory("8Gi"));
  h.see(makeVolume("pv").usableFrom("disk", {"y"}));
  h.see(makeClaim("data").boundTo("pv"));
  h.add(makePod("p").claim("data"));
  h.settle();
  EXPECT_EQ(h.lastCondition(),
            noNode(2, "2 node(s) didn't match PersistentVolume's node affinity"));
  h.add(makeNode("b").cpu("4").memory("8Gi").label("disk", "z"));
  EXPECT_EQ(h.settle(), 0) << "a label that does not help";
  h.add(makeNode("b").cpu("4").memory("8Gi").label("disk", "y"));
  h.settle();
  EXPECT_EQ(h.boundTo("p"), "b");
}

TEST(VolumeBindingFilter, UnboundImmediateClaimsWaitForTheirController) {
  SchedulerHarness h;
  h.add(makeNode("n").cpu("4").memory("8Gi"));
  h.see(makeClaim("data").cls("nowhere"));
  h.add(makePod("p").claim("data"));
  h.settle();
  EXPECT_EQ(h.lastCondition(), noNode(1, "pod has unbound immediate PersistentVolumeClaims"));
  EXPECT_EQ(h.status.patches.back().reason, "Unschedulable");
  h.add(makeNode("m").cpu("4").memory("8Gi"));
  EXPECT_EQ(h.settle(), 0) << "no node helps";
  h.see(makeVolume("pv"));
  h.settle();
  h.see(makeClaim("data").version("2").boundTo("pv"));
  h.settle();
  EXPECT_FALSE(h.boundTo("p").empty());
}

TEST(VolumeBindingFilter, EveryKindOfStorageEventWakesAsItShould) {
  struct Row {
    const char* name;
    std::function<void(SchedulerHarness&)> event;
    bool wakes;
  };
  auto small = *makeCapacity("cap", "c", "1Mi", "zone", "b");
  for (const Row& row : std::vector<Row>{
           {"own claim", [](auto& h) { h.see(makeClaim("data").version("2").cls("c")); }, true},
           {"another claim", [](auto& h) { h.see(makeClaim("else").cls("c")); }, false},
           {"a volume", [](auto& h) { h.see(makeVolume("pv").cls("other")); }, true},
           {"a class", [](auto& h) { h.see(makeClass("other")); }, true},
           {"topologies", [](auto& h) { h.see(makeClass("c").waits().allowed("zone", {"x"})); },
            true},
           {"the same class", [](auto& h) { h.see(makeClass("c").waits()); }, false},
           {"a CSINode", [](auto& h) { h.see(makeCsiNode("n")); }, true},
           {"a migrated plugin", [](auto& h) { h.see(makeCsiNode("old").migrated("x")); }, true},
           {"a CSINode's driver", [](auto& h) { h.see(makeCsiNode("old").driver("d")); }, false},
           {"a new pool", [](auto& h) { h.see(makeCapacity("new", "c", "1Mi", "z", "b")); }, true},
           {"a larger pool", [](auto& h) { h.see(makeCapacity("cap", "c", "2Mi", "z", "b")); },
            true},
           {"a pool as it was", [](auto& h) { h.see(makeCapacity("cap", "c", "1Mi", "z", "b")); },
            false},
           {"no tracking any more",
            [](auto& h) { h.see(makeCsiDriver("example.test/maker", false)); }, true},
       }) {
    SchedulerHarness h;
    h.add(makeNode("n").cpu("4").memory("8Gi"));
    h.see(makeClass("c").waits());
    h.see(makeCsiNode("old"));
    h.see(makeCsiDriver("example.test/maker", true));
    h.see(std::make_shared<const kubeapi::CsiStorageCapacity>(small));
    h.see(makeClaim("data").cls("c"));
    h.add(makePod("p").claim("data"));
    h.settle();
    ASSERT_EQ(h.lastCondition(), noNode(1, "1 node(s) did not have enough free storage"));
    row.event(h);
    EXPECT_EQ(h.settle() > 0, row.wakes) << row.name;
  }
}

// ---- storage objects that cannot be read ----

TEST(StorageOutage, PodsWithClaimsWaitAndTheOthersGoOn) {
  using scheduling::StorageKind;
  SchedulerHarness h;
  h.scheduler->storageOutage({StorageKind::kCsiNodes, "csinodes is forbidden"});
  h.add(makeNode("n").cpu("4").memory("8Gi"));
  h.see(makeVolume("pv"));
  h.see(makeClaim("data").boundTo("pv"));
  h.add(makePod("plain"));
  h.add(podWithDisk("network", disk(Kind::kIscsi, "iqn")));
  h.add(makePod("p").claim("data"));
  h.settle();
  EXPECT_EQ(h.boundTo("plain"), "n");
  EXPECT_EQ(h.boundTo("network"), "n") << "no CSI driver has a part in it";
  EXPECT_EQ(h.boundTo("p"), "");
  EXPECT_EQ(h.lastCondition(),
            "cannot read csinodes.storage.k8s.io, which decide where pods with persistent volumes "
            "may run: csinodes is forbidden");
  EXPECT_EQ(h.status.patches.back().reason, "SchedulerError");
  h.scheduler->storageOutage({StorageKind::kCsiNodes, ""});
  h.settle();
  EXPECT_EQ(h.boundTo("p"), "n");
}

TEST(VolumeShapes, PodsWithoutVolumesShareAsBeforeAndClaimsTellShapesApart) {
  const auto spec = [](const PodBuilder& pod) { return scheduling::shapeSpecOf(*pod.build()); };
  EXPECT_EQ(spec(makePod("a")), spec(makePod("b").ns("other")));
  EXPECT_EQ(spec(makePod("a").claim("c")), spec(makePod("b").claim("c")));
  EXPECT_FALSE(spec(makePod("a").claim("c")) == spec(makePod("a").claim("d")));
  EXPECT_FALSE(spec(makePod("a").claim("c")) == spec(makePod("a").ns("other").claim("c")));
}

}  // namespace
}  // namespace stowage::testing
