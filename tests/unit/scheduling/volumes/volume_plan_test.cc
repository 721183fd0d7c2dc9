// What storage says about a pod's claims, and which nodes that leaves. Expected values follow
// kube-scheduler v1.36.3 (plugins/volumebinding, plugins/volumezone).
#include "scheduling/volumes/volume_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "base/rng.h"
#include "kubeapi/kept_annotations.h"
#include "testing/builders/node_builder.h"
#include "testing/builders/pod_builder.h"
#include "testing/builders/storage_builder.h"
#include "testing/scheduling/storage_events.h"

namespace stowage::testing {
namespace {

using scheduling::StorageState;
using scheduling::VolumeFacts;
using scheduling::VolumePlan;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::shared_ptr<const VolumeFacts> factsOf(const StorageState& state, const kubeapi::PodPtr& pod) {
  return scheduling::makeVolumeFacts(state, *scheduling::volumeNeedsOf(*pod));
}

std::uint64_t judge(const StorageState& state, const kubeapi::PodPtr& pod,
                    const kubeapi::NodePtr& node, VolumePlan* plan = nullptr) {
  const auto csi = state.csiNode(node->meta.name);
  return scheduling::judgeVolumes(*factsOf(state, pod),
                                  {node->meta.name, node->meta.labels, csi.get()}, plan);
}

std::vector<std::string> bindingsOf(const VolumePlan& plan) {
  std::vector<std::string> texts;
  for (const auto& binding : plan.bindings) {
    texts.push_back(binding.claim->meta.name.str() + "=" + binding.volume->meta.name.str());
  }
  return texts;
}

kubeapi::PodPtr podWith(const std::vector<std::string>& claims) {
  auto pod = makePod("p");
  for (const std::string& claim : claims) pod.claim(claim);
  return pod.build();
}

kubeapi::PodPtr podWithEphemeral(std::string_view volume) {
  auto pod = makePod("p");
  kubeapi::PodVolume made;
  made.kind = kubeapi::PodVolume::Kind::kEphemeral;
  made.name = volume;
  pod.edit().spec.volumes.push_back(made);
  return pod.build();
}

struct Storage {
  StorageState state;
  template <typename... Objects>
  explicit Storage(const Objects&... objects) {
    (state.apply(seen(objects)), ...);
  }
};

// ---- before any node ----

TEST(VolumeFacts, ClaimsThatCannotBeUsedRejectThePod) {
  auto deleting = makeClaim("data").boundTo("pv");
  deleting.edit().meta.deletion_time = base::WallTime(std::chrono::hours(1));
  auto lost = makeClaim("data").boundTo("pv");
  lost.edit().phase = "Lost";
  struct Row {
    const char* name;
    std::function<void(StorageState&)> given;
    std::string want;
  };
  const std::string immediate = "pod has unbound immediate PersistentVolumeClaims";
  for (const Row& row : std::vector<Row>{
           {"missing", [](StorageState&) {}, "persistentvolumeclaim \"data\" not found"},
           {"of another namespace",
            [](StorageState& s) { s.apply(seen(makeClaim("data").ns("other").boundTo("pv"))); },
            "persistentvolumeclaim \"data\" not found"},
           {"being deleted", [&](StorageState& s) { s.apply(seen(deleting)); },
            "persistentvolumeclaim \"data\" is being deleted"},
           {"lost", [&](StorageState& s) { s.apply(seen(lost)); },
            "persistentvolumeclaim \"data\" bound to non-existent persistentvolume \"pv\""},
           {"no class", [](StorageState& s) { s.apply(seen(makeClaim("data"))); }, immediate},
           {"class missing", [](StorageState& s) { s.apply(seen(makeClaim("data").cls("c"))); },
            immediate},
           {"immediate class",
            [](StorageState& s) {
              s.apply(seen(makeClaim("data").cls("c")));
              s.apply(seen(makeClass("c")));
            },
            immediate},
           {"prebound, not completed",
            [](StorageState& s) {
              s.apply(seen(makeClaim("data").cls("c").asksFor("pv")));
              s.apply(seen(makeClass("c").waits()));
            },
            immediate},
           {"waiting class",
            [](StorageState& s) {
              s.apply(seen(makeClaim("data").cls("c")));
              s.apply(seen(makeClass("c").waits()));
            },
            ""},
           {"bound", [](StorageState& s) { s.apply(seen(makeClaim("data").boundTo("pv"))); }, ""},
       }) {
    StorageState state;
    row.given(state);
    EXPECT_EQ(factsOf(state, podWith({"data"}))->binding_reject, row.want) << row.name;
  }
}

TEST(VolumeFacts, EphemeralClaimsBelongToTheirPod) {
  StorageState state;
  const auto pod = podWithEphemeral("scratch");
  EXPECT_EQ(factsOf(state, pod)->binding_reject,
            "waiting for ephemeral volume controller to create the persistentvolumeclaim "
            "\"p-scratch\"");
  state.apply(seen(makeClaim("p-scratch").boundTo("pv")));
  EXPECT_EQ(factsOf(state, pod)->binding_reject,
            "PVC default/p-scratch was not created for pod default/p (pod is not owner)");
  state.apply(seen(makeClaim("p-scratch").boundTo("pv").ownedByPod("uid-default-p")));
  EXPECT_EQ(factsOf(state, pod)->binding_reject, "");
  EXPECT_EQ(factsOf(state, pod)->restrictions_reject, "");
  EXPECT_EQ(factsOf(state, pod)->zone_reject, "") << "zones look at claims by name only";
}

TEST(VolumeFacts, ZonesNeedAVolumeOrAWaitingClass) {
  const auto zoneReject = [](const auto&... objects) {
    const Storage storage(objects...);
    return factsOf(storage.state, podWith({"data"}))->zone_reject;
  };
  EXPECT_EQ(zoneReject(makeClass("c")), "persistentvolumeclaim \"data\" not found");
  EXPECT_EQ(zoneReject(makeClaim("data")),
            "PersistentVolumeClaim had no pv name and storageClass name");
  EXPECT_EQ(zoneReject(makeClaim("data").cls("c")), "storageclass.storage.k8s.io \"c\" not found");
  EXPECT_EQ(zoneReject(makeClaim("data").cls("c"), makeClass("c")), "PersistentVolume had no name");
  EXPECT_EQ(zoneReject(makeClaim("data").cls("c"), makeClass("c").waits()), "");
  EXPECT_EQ(zoneReject(makeClaim("data").boundTo("pv")), "persistentvolume \"pv\" not found");
}

TEST(VolumeFacts, ZoneLabelsMayListSeveralZones) {
  const auto rules = [](std::string_view value) {
    return scheduling::zoneRulesOf(
        *makeVolume("pv").label("topology.kubernetes.io/zone", value).build());
  };
  ASSERT_EQ(rules("b__a").size(), 1U);
  EXPECT_THAT(rules("b__a")[0].values, ElementsAre(base::Symbol("a"), base::Symbol("b")));
  EXPECT_THAT(rules("a__"), IsEmpty()) << "a malformed label is ignored";
}

TEST(VolumeFacts, TheEpochTellsEveryChangeThatMatters) {
  Storage storage(makeClaim("data").cls("c"), makeClass("c").waits());
  const auto pod = podWith({"data"});
  const auto needs = *scheduling::volumeNeedsOf(*pod);
  auto last = scheduling::volumeEpoch(storage.state, needs);
  const auto changes = [&](const scheduling::StorageChange& event) {
    storage.state.apply(event);
    const auto now = scheduling::volumeEpoch(storage.state, needs);
    return std::exchange(last, now) != now;
  };
  EXPECT_TRUE(changes(seen(makeVolume("pv").cls("c")))) << "a volume that may serve it";
  EXPECT_FALSE(changes(seen(makeVolume("far").cls("other"))));
  EXPECT_TRUE(changes(seen(makeCapacity("cap", "c", "1Gi", "zone", "a"))));
  EXPECT_TRUE(changes(seen(makeCsiDriver("example.test/maker", true))));
  EXPECT_FALSE(changes(seen(makeCsiDriver("example.test/other", true))));
  EXPECT_TRUE(changes(seen(makeClass("c").waits().allowed("zone", {"a"}))));
  EXPECT_TRUE(changes(seen(makeVolume("mine").cls("z").claimedBy("default", "data"))));
  EXPECT_TRUE(changes(seen(makeClaim("data").version("2").cls("c").boundTo("pv"))));
  EXPECT_TRUE(changes(seen(makeVolume("pv").version("2").cls("c").claimedBy("default", "data"))));
  EXPECT_FALSE(changes(seen(makeVolume("new").cls("c"))))
      << "a bound claim looks at its own volume";
  EXPECT_TRUE(changes(gone(makeVolume("pv"))));
}

// ---- bound claims ----

TEST(BoundClaims, TheirVolumesMustBeUsableFromTheNode) {
  const Storage storage(makeClaim("data").boundTo("pv"), makeClaim("gone").boundTo("nowhere"),
                        makeClaim("any").boundTo("share"), makeVolume("share"),
                        makeVolume("pv").usableFrom("zone", {"a"}));
  const auto here = makeNode("n").label("zone", "a").build();
  const auto there = makeNode("n").label("zone", "b").build();
  EXPECT_EQ(judge(storage.state, podWith({"data", "any"}), here), 0U);
  EXPECT_EQ(judge(storage.state, podWith({"data"}), there), scheduling::kVolumeNodeConflict);
  EXPECT_EQ(judge(storage.state, podWith({"gone"}), here), scheduling::kVolumeMissing);
  EXPECT_EQ(judge(storage.state, podWith({"data", "gone"}), there), scheduling::kVolumeNodeConflict)
      << "the first one that fails speaks";
}

TEST(BoundClaims, MigratedVolumesSpeakTheDriversWords) {
  Storage storage(makeClaim("data").boundTo("pv"), makeVolume("pv")
                                                       .source("awsElasticBlockStore", "vol-1")
                                                       .label("topology.kubernetes.io/zone", "a"));
  const auto pod = podWith({"data"});
  const auto node = makeNode("n").zone("b").label("topology.ebs.csi.aws.com/zone", "b").build();
  EXPECT_EQ(judge(storage.state, pod, node), 0U) << "in-tree, the label is VolumeZone's matter";
  storage.state.apply(seen(makeCsiNode("n").migrated("kubernetes.io/aws-ebs")));
  EXPECT_EQ(judge(storage.state, pod, node), scheduling::kVolumeNodeConflict);
  storage.state.apply(seen(makeVolume("pv").source("awsElasticBlockStore", "aws://x/disk")));
  EXPECT_EQ(judge(storage.state, pod, node), scheduling::kVolumeUntranslatable);
}

// ---- claims that wait for the scheduler ----

TEST(DelayedClaims, TakeTheSmallestVolumeThatSuits) {
  const auto wrong = [](std::string_view name) {
    return makeVolume(name).cls("c").capacity("1Gi");
  };
  auto deleting = wrong("deleting");
  deleting.edit().meta.deletion_time = base::WallTime(std::chrono::hours(1));
  auto block = wrong("block");
  block.edit().volume_mode = "Block";
  auto attributes = wrong("attributes");
  attributes.edit().attributes_class = "gold";
  const Storage storage(
      makeClass("c").waits().noProvisioner(), makeClaim("data").cls("c").request("1Gi"), deleting,
      block, attributes, makeVolume("small").cls("c").capacity("1023Mi"),
      makeVolume("other-class").cls("d"), makeVolume("bound").cls("c").phase("Bound"),
      makeVolume("mode").cls("c").modes({"ReadOnlyMany"}),
      makeVolume("away").cls("c").usableFrom("zone", {"b"}),
      makeVolume("taken").cls("c").claimedBy("default", "another"),
      makeVolume("big").cls("c").capacity("10Gi"), makeVolume("fit-b").cls("c").capacity("2Gi"),
      makeVolume("fit-a").cls("c").capacity("2Gi").modes({"ReadWriteOnce", "ReadWriteMany"}));
  VolumePlan plan;
  EXPECT_EQ(judge(storage.state, podWith({"data"}), makeNode("n").label("zone", "a"), &plan), 0U);
  EXPECT_THAT(bindingsOf(plan), ElementsAre("data=fit-a")) << "of equal ones the first by name";
  EXPECT_THAT(plan.provisions, IsEmpty());
}

TEST(DelayedClaims, ASelectorChoosesAmongVolumes) {
  auto claim = makeClaim("data").cls("c");
  claim.edit().selector = selector("tier=gold");
  const Storage storage(makeClass("c").waits().noProvisioner(), claim, makeVolume("plain").cls("c"),
                        makeVolume("gold").cls("c").label("tier", "gold").capacity("5Gi"));
  VolumePlan plan;
  EXPECT_EQ(judge(storage.state, podWith({"data"}), makeNode("n"), &plan), 0U);
  EXPECT_THAT(bindingsOf(plan), ElementsAre("data=gold"));
}

TEST(DelayedClaims, SmallClaimsChooseFirstAndNoVolumeServesTwo) {
  const Storage storage(
      makeClass("c").waits().noProvisioner(), makeClaim("large").cls("c").request("2Gi"),
      makeClaim("small").cls("c").request("1Gi"), makeVolume("two").cls("c").capacity("2Gi"),
      makeVolume("three").cls("c").capacity("3Gi"));
  VolumePlan plan;
  EXPECT_EQ(judge(storage.state, podWith({"large", "small"}), makeNode("n"), &plan), 0U);
  EXPECT_THAT(bindingsOf(plan), ElementsAre("small=two", "large=three"));

  StorageState one;
  one.apply(seen(makeClass("c").waits().noProvisioner()));
  one.apply(seen(makeClaim("large").cls("c")));
  one.apply(seen(makeClaim("small").cls("c")));
  one.apply(seen(makeVolume("two").cls("c").capacity("2Gi")));
  EXPECT_EQ(judge(one, podWith({"large", "small"}), makeNode("n")), scheduling::kVolumeNoMatch);
  plan = {};
  EXPECT_EQ(judge(one, podWith({"small", "small"}), makeNode("n"), &plan), 0U);
  EXPECT_THAT(bindingsOf(plan), ElementsAre("small=two")) << "mounted twice, bound once";
}

TEST(DelayedClaims, AVolumeClaimedForTheClaimWinsOverAllOthers) {
  StorageState state;
  state.apply(seen(makeClass("c").waits().noProvisioner()));
  state.apply(seen(makeClaim("data").cls("c")));
  state.apply(seen(makeVolume("tiny").cls("c")));
  state.apply(seen(makeVolume("mine")
                       .cls("c")
                       .capacity("9Gi")
                       .claimedBy("default", "data")
                       .usableFrom("z", {"a"})));
  VolumePlan plan;
  EXPECT_EQ(judge(state, podWith({"data"}), makeNode("n").label("z", "a"), &plan), 0U);
  EXPECT_THAT(bindingsOf(plan), ElementsAre("data=mine"));
  EXPECT_EQ(judge(state, podWith({"data"}), makeNode("n").label("z", "b")),
            scheduling::kVolumeNoMatch)
      << "not usable from there: no other volume either";
  state.apply(seen(makeVolume("mine").cls("c").claimedBy("default", "data", "uid-of-another")));
  plan = {};
  EXPECT_EQ(judge(state, podWith({"data"}), makeNode("n").label("z", "b"), &plan), 0U);
  EXPECT_THAT(bindingsOf(plan), ElementsAre("data=tiny")) << "claimed for another of that name";
}

TEST(DelayedClaims, AreProvisionedWhereTheClassAllows) {
  const auto pod = podWith({"data"});
  const auto a = makeNode("n").label("zone", "a").build();
  const auto b = makeNode("n").label("zone", "b").build();
  StorageState state;
  state.apply(seen(makeClaim("data").cls("c").request("5Gi")));
  state.apply(seen(makeClass("c").waits().noProvisioner()));
  EXPECT_EQ(judge(state, pod, a), scheduling::kVolumeNoMatch);
  state.apply(seen(makeClass("c").waits().provisioner("")));
  EXPECT_EQ(judge(state, pod, a), scheduling::kVolumeNoMatch);
  state.apply(seen(makeClass("c").waits().allowed("zone", {"a"})));
  VolumePlan plan;
  EXPECT_EQ(judge(state, pod, a, &plan), 0U);
  ASSERT_EQ(plan.provisions.size(), 1U);
  EXPECT_EQ(judge(state, pod, b), scheduling::kVolumeNoMatch);

  state.apply(seen(makeCsiDriver("example.test/maker", true)));
  EXPECT_EQ(judge(state, pod, a), scheduling::kVolumeNoSpace) << "nothing is known of any pool";
  state.apply(seen(makeCapacity("small", "c", "4Gi", "zone", "a")));
  state.apply(seen(makeCapacity("other", "d", "9Gi", "zone", "a")));
  state.apply(seen(makeCapacity("away", "c", "9Gi", "zone", "b")));
  EXPECT_EQ(judge(state, pod, a), scheduling::kVolumeNoSpace);
  state.apply(seen(makeCapacity("large", "c", "5Gi", "zone", "a")));
  EXPECT_EQ(judge(state, pod, a), 0U);

  auto limited = *makeCapacity("large", "c", "50Gi", "zone", "a");
  limited.maximum_volume_size = quantity("1Gi");
  state.apply(seen(std::make_shared<const kubeapi::CsiStorageCapacity>(limited)));
  EXPECT_EQ(judge(state, pod, a), scheduling::kVolumeNoSpace) << "the largest volume counts first";
  auto nowhere = *makeCapacity("large", "c", "50Gi", "zone", "a");
  nowhere.node_topology.reset();
  state.apply(seen(std::make_shared<const kubeapi::CsiStorageCapacity>(nowhere)));
  EXPECT_EQ(judge(state, pod, a), scheduling::kVolumeNoSpace) << "without topology: no node";
  state.apply(seen(makeCsiDriver("example.test/maker", false)));
  EXPECT_EQ(judge(state, pod, a), 0U) << "a driver that tracks nothing limits nothing";
}

TEST(DelayedClaims, ASelectedNodeIsTheOnlyOne) {
  const Storage storage(makeClaim("data").cls("c").selectedNode("n1"), makeClass("c").waits(),
                        makeVolume("pv").cls("c"));
  VolumePlan plan;
  EXPECT_EQ(judge(storage.state, podWith({"data"}), makeNode("n1"), &plan), 0U);
  EXPECT_THAT(bindingsOf(plan), IsEmpty()) << "it is being made, no other volume is taken";
  EXPECT_EQ(plan.provisions.size(), 1U);
  EXPECT_EQ(judge(storage.state, podWith({"data"}), makeNode("n2")), scheduling::kVolumeNoMatch);
}

TEST(DelayedClaims, ReasonsOfBoundAndUnboundClaimsAddUp) {
  const Storage storage(makeClaim("old").boundTo("pv"), makeVolume("pv").usableFrom("zone", {"a"}),
                        makeClaim("new").cls("c"), makeClass("c").waits().noProvisioner());
  EXPECT_EQ(judge(storage.state, podWith({"old", "new"}), makeNode("n").label("zone", "b")),
            scheduling::kVolumeNodeConflict | scheduling::kVolumeNoMatch);
}

// ---- the indexed search against the plain one ----

using Volumes = std::map<std::string, kubeapi::PersistentVolumePtr>;

// Which volume binder.go and pv_helpers.go would take, by trying all of them in order of names.
kubeapi::PersistentVolumePtr naiveMatch(const Volumes& volumes,
                                        const kubeapi::PersistentVolumeClaim& claim,
                                        const kubeapi::Node& node,
                                        const std::vector<std::string>& taken) {
  kubeapi::PersistentVolumePtr best;
  for (const auto& [name, volume] : volumes) {
    if (std::find(taken.begin(), taken.end(), name) != taken.end()) continue;
    const bool for_claim = volume->claim && volume->claim->name == claim.meta.name &&
                           volume->claim->ns == claim.meta.ns &&
                           (volume->claim->uid.empty() || volume->claim->uid == claim.meta.uid);
    if (volume->claim && !for_claim) continue;
    if (!(volume->storage_class == *claim.storage_class)) continue;
    if (volume->capacity < claim.request) continue;
    const bool reaches =
        !volume->node_affinity || kubeapi::matches(*volume->node_affinity, node.meta.labels, {});
    if (for_claim) return reaches ? volume : nullptr;
    if (!reaches || volume->phase.view() != "Available") continue;
    if (best == nullptr || volume->capacity < best->capacity) best = volume;
  }
  return best;
}

TEST(DelayedClaims, TheIndexFindsWhatATrialOfAllFinds) {
  const std::vector<std::string> sizes = {"1Gi", "2Gi", "3Gi"};
  const std::vector<std::string> values = {"a", "b", "c"};
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    base::Rng rng(seed);
    const auto one = [&](const std::vector<std::string>& of) { return of[rng.below(of.size())]; };
    StorageState state;
    Volumes volumes;
    state.apply(seen(makeClass("c").waits().noProvisioner()));
    for (int i = 0; i < 12; ++i) {
      const std::string name = "pv" + std::to_string(i);
      auto volume = makeVolume(name).cls(rng.below(5) == 0 ? "d" : "c").capacity(one(sizes));
      if (rng.below(3) != 0) volume.usableFrom(rng.below(2) == 0 ? "x" : "y", {one(values)});
      if (rng.below(4) == 0) volume.usableFrom("y", {one(values), one(values)});
      if (rng.below(6) == 0) {
        volume.edit().node_affinity.emplace().terms = {
            {{{"x", kubeapi::SelectorOperator::kIn, {base::Symbol(one(values))}}}, {}},
            {{{"y", kubeapi::SelectorOperator::kExists, {}}}, {}}};
      }
      if (rng.below(8) == 0) volume.phase("Released");
      if (rng.below(8) == 0) volume.claimedBy("default", one({"one", "two", "stranger"}));
      volumes[name] = volume.build();
      state.apply(seen(volume));
    }
    std::vector<kubeapi::PersistentVolumeClaimPtr> claims = {
        makeClaim("one").cls("c").request("1Gi"), makeClaim("two").cls("c").request("2Gi")};
    for (const auto& claim : claims) state.apply(seen(claim));
    for (int n = 0; n < 6; ++n) {
      auto builder = makeNode("n");
      if (rng.below(4) != 0) builder.label("x", one(values));
      if (rng.below(4) != 0) builder.label("y", one(values));
      const kubeapi::NodePtr node = builder;
      std::vector<std::string> taken;
      std::vector<std::string> want;
      bool fits = true;
      for (const auto& claim : claims) {
        const auto volume = naiveMatch(volumes, *claim, *node, taken);
        fits = fits && volume != nullptr;
        if (volume == nullptr) continue;
        taken.push_back(volume->meta.name.str());
        want.push_back(claim->meta.name.str() + "=" + taken.back());
      }
      VolumePlan plan;
      const auto got = judge(state, podWith({"one", "two"}), node, &plan);
      ASSERT_EQ(got == 0, fits) << "seed " << seed << " node " << n;
      if (fits) {
        ASSERT_EQ(bindingsOf(plan), want) << "seed " << seed << " node " << n;
      }
    }
  }
}

}  // namespace
}  // namespace stowage::testing
