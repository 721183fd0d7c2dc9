// What is not built yet is refused by name, and never ignored.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/scheduling/scheduler_harness.h"

namespace stowage::testing {
namespace {

using Kind = kubeapi::PodVolume::Kind;

constexpr std::string_view kNotSupported = " is not supported by this version of stowage-scheduler";

kubeapi::PodPtr with(const std::function<void(kubeapi::Pod&)>& change) {
  auto builder = makePod("p");
  change(builder.edit());
  return builder.build();
}

kubeapi::PodPtr withVolume(Kind kind) {
  return with([&](kubeapi::Pod& pod) {
    kubeapi::PodVolume volume;
    volume.kind = kind;
    pod.spec.volumes.push_back(volume);
  });
}

struct Case {
  kubeapi::PodPtr pod;
  std::string field;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.field; }

std::vector<Case> cases() {
  return {
      {makePod("p").affinity("app=a", "zone"), "spec.affinity.podAffinity"},
      {makePod("p").antiAffinity("app=a", "zone"), "spec.affinity.podAntiAffinity"},
      {with([](kubeapi::Pod& pod) { pod.spec.affinity.pod_affinity.preferred.emplace_back(); }),
       "spec.affinity.podAffinity"},
      {with(
           [](kubeapi::Pod& pod) { pod.spec.affinity.pod_anti_affinity.preferred.emplace_back(); }),
       "spec.affinity.podAntiAffinity"},
      {makePod("p").spread(1, "zone", "app=a"), "spec.topologySpreadConstraints"},
      {makePod("p").spread(1, "zone", "app=a", false), "spec.topologySpreadConstraints"},
      {with([](kubeapi::Pod& pod) { pod.spec.has_resource_claims = true; }), "spec.resourceClaims"},
      {with([](kubeapi::Pod& pod) { pod.spec.containers[0].has_resource_claims = true; }),
       "spec.containers[].resources.claims"},
      {with([](kubeapi::Pod& pod) { pod.spec.scheduling_group = "gang"; }), "spec.schedulingGroup"},
      {with([](kubeapi::Pod& pod) {
         auto& terms = pod.spec.affinity.node_required.emplace().terms;
         for (int i = 0; i < 1001; ++i) {
           terms.push_back({{{"k", kubeapi::SelectorOperator::kExists, {}}}, {}});
         }
       }),
       "spec.affinity.nodeAffinity with more than 1000 requirements"},
      {with([](kubeapi::Pod& pod) { pod.spec.volumes.resize(257); }),
       "spec.volumes with more than 256 claims and disks"},
  };
}

class Refusal : public ::testing::TestWithParam<Case> {};

TEST_P(Refusal, NamesTheFieldAndIsASchedulerError) {
  SchedulerHarness h;
  h.add(makeNode("n").cpu("4").memory("8Gi"));
  h.add(GetParam().pod);
  h.settle();
  EXPECT_TRUE(h.binder.requests.empty()) << GetParam().field;
  EXPECT_EQ(h.lastCondition(), GetParam().field + std::string(kNotSupported));
  EXPECT_EQ(h.status.patches.at(0).reason, "SchedulerError")
      << "autoscalers add nodes for Unschedulable";
  EXPECT_EQ(h.scheduler->queueSizes().unschedulable, 1U) << "no retry by time";
}

INSTANTIATE_TEST_SUITE_P(Fields, Refusal, ::testing::ValuesIn(cases()));

TEST(RefusedPods, WakeWhenTheirOwnSpecIsMended) {
  SchedulerHarness h;
  h.add(makeNode("n").cpu("4").memory("8Gi"));
  h.add(makePod("p").gate("hold").spread(1, "zone", "app=a"));
  h.update(makePod("p").spread(1, "zone", "app=a"));
  h.settle();
  ASSERT_EQ(h.scheduler->queueSizes().unschedulable, 1U);
  h.update(makePod("p"));
  h.settle();
  EXPECT_EQ(h.boundTo("p"), "n");
}

TEST(RefusedPods, VolumesThatNoFilterLooksAtAreNoReason) {
  for (const Kind kind : {Kind::kImage, Kind::kOtherAttachable}) {
    SchedulerHarness h;
    h.add(makeNode("n").cpu("4").memory("8Gi"));
    h.add(withVolume(kind));
    h.settle();
    EXPECT_EQ(h.boundTo("p"), "n");
  }
}

TEST(RefusedPods, AProfileThatDisablesThePluginIgnoresWhatItWouldDo) {
  HarnessOptions options;
  std::erase(options.profile.filters, "InterPodAffinity");
  std::erase_if(options.profile.scores, [](const auto& s) { return s.name == "InterPodAffinity"; });
  SchedulerHarness h(options);
  h.add(makeNode("n").cpu("4").memory("8Gi"));
  h.add(makePod("p").antiAffinity("app=a", "zone"));
  h.settle();
  EXPECT_EQ(h.boundTo("p"), "n");
}

// ---- pods kept away by the required anti-affinity of pods that are placed ----

struct AwayCase {
  const char* what;
  kubeapi::PodAffinityTerm term;
  kubeapi::PodPtr incoming;
  bool refused;
};

void PrintTo(const AwayCase& c, std::ostream* out) { *out << c.what; }

kubeapi::PodAffinityTerm term(const std::function<void(kubeapi::PodAffinityTerm&)>& change = {}) {
  kubeapi::PodAffinityTerm made;
  made.label_selector = selector("app=web");
  made.topology_key = "kubernetes.io/hostname";
  if (change) change(made);
  return made;
}

std::vector<AwayCase> awayCases() {
  using T = kubeapi::PodAffinityTerm;
  const auto web = makePod("p").label("app", "web").build();
  const auto web_in = [](std::string_view ns) {
    return makePod("p").ns(ns).label("app", "web").build();
  };
  return {
      {"labels match", term(), web, true},
      {"labels do not match", term(), makePod("p").label("app", "db"), false},
      {"another namespace", term(), web_in("prod"), false},
      {"a namespace that is listed", term([](T& t) { t.namespaces = {"prod"}; }), web_in("prod"),
       true},
      {"its own namespace is not listed", term([](T& t) { t.namespaces = {"prod"}; }), web, false},
      {"no label selector matches nothing", term([](T& t) { t.label_selector.reset(); }), web,
       false},
      {"an empty label selector matches all",
       term([](T& t) { t.label_selector = kubeapi::LabelSelector(); }), makePod("p"), true},
      {"an empty namespace selector is every namespace",
       term([](T& t) { t.namespace_selector = kubeapi::LabelSelector(); }), web_in("far"), true},
      {"namespace labels match", term([](T& t) { t.namespace_selector = selector("team=a"); }),
       web_in("prod"), true},
      {"namespace labels do not match",
       term([](T& t) { t.namespace_selector = selector("team=b"); }), web_in("prod"), false},
      {"a listed namespace beside a selector", term([](T& t) {
         t.namespaces = {"default"};
         t.namespace_selector = selector("team=b");
       }),
       web, true},
      {"labels of an unknown namespace may match",
       term([](T& t) { t.namespace_selector = selector("team=b"); }), web_in("unknown"), true},
  };
}

kubeapi::PodPtr keeper(const kubeapi::PodAffinityTerm& made) {
  auto builder = makePod("keeper").node("n");
  builder.edit().spec.affinity.pod_anti_affinity.required.push_back(made);
  return builder.build();
}

class KeptAway : public ::testing::TestWithParam<AwayCase> {};

TEST_P(KeptAway, ByRequiredAntiAffinityOfAPlacedPodUntilItGoes) {
  const AwayCase& c = GetParam();
  SchedulerHarness h;
  h.scheduler->namespaceSet(makeNamespace("prod", {{"team", "a"}}));
  h.add(makeNode("n").cpu("4").memory("8Gi"));
  h.add(keeper(c.term));
  h.add(c.incoming);
  h.settle();
  EXPECT_EQ(h.boundTo("p").empty(), c.refused) << c.what;
  if (!c.refused) return;
  EXPECT_EQ(h.lastCondition(),
            "required spec.affinity.podAntiAffinity of pod default/keeper matches this pod, which "
            "is not supported by this version of stowage-scheduler");
  EXPECT_EQ(h.status.patches.at(0).reason, "SchedulerError");
  h.remove(keeper(c.term));
  h.settle();
  EXPECT_EQ(h.boundTo("p"), "n") << c.what << ": woken when the other pod went";
}

INSTANTIATE_TEST_SUITE_P(Terms, KeptAway, ::testing::ValuesIn(awayCases()));

TEST(KeptAwayPods, WakeWhenTheirLabelsChange) {
  SchedulerHarness h;
  h.add(makeNode("n").cpu("4").memory("8Gi"));
  h.add(keeper(term()));
  h.add(makePod("p").label("app", "web"));
  h.settle();
  h.update(makePod("p").label("app", "db"));
  h.settle();
  EXPECT_EQ(h.boundTo("p"), "n");
}

TEST(KeptAwayPods, WakeWhenTheirNamespaceIsRelabelled) {
  SchedulerHarness h;
  h.scheduler->namespaceSet(makeNamespace("prod", {{"team", "a"}}));
  h.add(makeNode("n").cpu("4").memory("8Gi"));
  h.add(keeper(term([](auto& t) { t.namespace_selector = selector("team=a"); })));
  h.add(makePod("p").ns("prod").label("app", "web"));
  h.settle();
  ASSERT_EQ(h.boundTo("p"), "");
  h.scheduler->namespaceSet(makeNamespace("prod", {{"team", "b"}}));
  h.settle();
  EXPECT_EQ(h.boundTo("p"), "n");
}

TEST(KeptAwayPods, StayWhileAnotherPodStillKeepsThemAway) {
  SchedulerHarness h;
  h.add(makeNode("n").cpu("4").memory("8Gi"));
  h.add(keeper(term()));
  auto second = makePod("second").node("n");
  second.edit().spec.affinity.pod_anti_affinity.required.push_back(term());
  h.add(second);
  h.add(makePod("p").label("app", "web"));
  h.settle();
  h.remove(keeper(term()));
  EXPECT_EQ(h.settle(), 0);
  h.remove(second);
  h.settle();
  EXPECT_EQ(h.boundTo("p"), "n");
}

}  // namespace
}  // namespace stowage::testing
