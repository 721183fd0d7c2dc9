// Pods that name no constraints of their own: who their siblings are, and how a profile's default
// constraints spread them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "scheduling/peers/workload_selectors.h"
#include "testing/scheduling/scheduler_harness.h"

namespace stowage::testing {
namespace {

using kubeapi::LabelSelector;
using scheduling::ObjectChange;
using scheduling::WorkloadSelectors;

constexpr std::string_view kZone = "topology.kubernetes.io/zone";
constexpr std::string_view kHost = "kubernetes.io/hostname";

using Pairs = std::vector<std::pair<std::string, std::string>>;

kubeapi::Labels labelsOf(const Pairs& pairs) {
  kubeapi::Labels labels;
  for (const auto& [key, value] : pairs) labels.set(base::Symbol(key), base::Symbol(value));
  return labels;
}

LabelSelector selecting(const Pairs& pairs) {
  LabelSelector selector;
  for (const auto& [key, value] : pairs) {
    selector.requirements.push_back(
        {base::Symbol(key), kubeapi::SelectorOperator::kIn, {base::Symbol(value)}});
  }
  return selector;
}

template <typename T>
ObjectChange<T> comes(T object, std::string_view name, std::string_view ns = "default") {
  object.meta.ns = base::Symbol(ns);
  object.meta.name = base::Symbol(name);
  return {nullptr, std::make_shared<const T>(std::move(object))};
}
template <typename T>
ObjectChange<T> goes(const ObjectChange<T>& came) {
  return {came.after, nullptr};
}
ObjectChange<kubeapi::Service> service(std::string_view name, const Pairs& selector) {
  kubeapi::Service object;
  object.selector = labelsOf(selector);
  return comes(std::move(object), name);
}
ObjectChange<kubeapi::ReplicaSet> replicaSet(std::string_view name, const Pairs& selector) {
  kubeapi::ReplicaSet object;
  object.selector = selecting(selector);
  return comes(std::move(object), name);
}

TEST(WorkloadSelectors, ServicesThatMatchAreMergedAndOthersDoNotCount) {
  WorkloadSelectors workloads;
  EXPECT_TRUE(workloads.apply(service("a", {{"app", "web"}})));
  workloads.apply(service("b", {{"app", "web"}, {"tier", "front"}}));
  workloads.apply(service("c", {{"app", "db"}}));
  workloads.apply(service("all", {}));
  workloads.apply(comes(kubeapi::Service{}, "by-hand"));
  kubeapi::Service elsewhere;
  elsewhere.selector = labelsOf({{"rev", "1"}});
  workloads.apply(comes(elsewhere, "a", "other"));
  const kubeapi::PodPtr pod =
      makePod("p").label("app", "web").label("tier", "front").label("rev", "1");
  EXPECT_EQ(workloads.siblingsOf(*pod), selecting({{"app", "web"}, {"tier", "front"}}));
  const kubeapi::PodPtr lonely = makePod("q").label("rev", "1");
  EXPECT_TRUE(workloads.siblingsOf(*lonely).requirements.empty());
}

TEST(WorkloadSelectors, AnswersFollowEveryChange) {
  WorkloadSelectors workloads;
  const kubeapi::PodPtr pod = makePod("p").label("app", "web").label("tier", "front");
  const auto first = service("a", {{"app", "web"}});
  workloads.apply(first);
  EXPECT_EQ(workloads.siblingsOf(*pod), selecting({{"app", "web"}}));
  EXPECT_FALSE(workloads.apply(service("a", {{"app", "web"}}))) << "nothing else is selected";
  EXPECT_TRUE(workloads.apply(service("a", {{"tier", "front"}})));
  EXPECT_EQ(workloads.siblingsOf(*pod), selecting({{"tier", "front"}}));
  EXPECT_TRUE(workloads.apply(goes(first)));
  EXPECT_TRUE(workloads.siblingsOf(*pod).requirements.empty());
  EXPECT_FALSE(workloads.apply(goes(first)));
  EXPECT_EQ(workloads.size(), 0U);
}

TEST(WorkloadSelectors, AControllerAddsToServicesOnlyWhenItControlsThePod) {
  WorkloadSelectors workloads;
  workloads.apply(service("a", {{"app", "web"}}));
  workloads.apply(replicaSet("rs", {{"hash", "6b9f"}}));
  const kubeapi::PodPtr owned = makePod("p").label("app", "web").owner("ReplicaSet", "rs");
  EXPECT_EQ(workloads.siblingsOf(*owned), selecting({{"app", "web"}, {"hash", "6b9f"}}));
  const kubeapi::PodPtr other = makePod("q").label("app", "web").owner("ReplicaSet", "gone");
  EXPECT_EQ(workloads.siblingsOf(*other), selecting({{"app", "web"}}));
  const kubeapi::PodPtr job = makePod("r").label("app", "web").owner("Job", "rs");
  EXPECT_EQ(workloads.siblingsOf(*job), selecting({{"app", "web"}}));
}

TEST(WorkloadSelectors, AReplicationControllersLabelsWin) {
  WorkloadSelectors workloads;
  workloads.apply(service("a", {{"app", "web"}}));
  kubeapi::ReplicationController rc;
  rc.selector = labelsOf({{"app", "old"}});
  workloads.apply(comes(rc, "rc"));
  kubeapi::Pod pod = *static_cast<kubeapi::PodPtr>(makePod("p").label("app", "web"));
  pod.meta.owners.push_back({base::Symbol("v1"), base::Symbol("ReplicationController"),
                             base::Symbol("rc"), base::Symbol("u"), true});
  EXPECT_EQ(workloads.siblingsOf(pod), selecting({{"app", "old"}}));
}

// More questions than are kept: answers stay right.
TEST(WorkloadSelectors, ManyDifferentPodsAreAnsweredRight) {
  WorkloadSelectors workloads;
  workloads.apply(service("a", {{"app", "web"}}));
  for (int i = 0; i < 10000; ++i) {
    const kubeapi::PodPtr pod = makePod("p").label("app", "web").label("n", std::to_string(i));
    ASSERT_EQ(workloads.siblingsOf(*pod), selecting({{"app", "web"}}));
  }
}

HarnessOptions spreading(bool system, std::vector<kubeapi::TopologySpreadConstraint> constraints) {
  HarnessOptions options;
  options.profile.scores = {{"PodTopologySpread", 2}};
  options.profile.spread_defaults = {system, std::move(constraints)};
  return options;
}

TEST(DefaultSpreading, UpstreamsOwnConstraintsSpreadTheSiblings) {
  SchedulerHarness h(spreading(true, {}));
  h.scheduler->workloadChanged(service("web", {{"app", "web"}}));
  h.add(makeNode("na").zone("a").label(kHost, "na"));
  h.add(makeNode("nb").zone("b").label(kHost, "nb"));
  h.add(makePod("old").label("app", "web").node("na"));
  h.add(makePod("sibling").label("app", "web"));
  h.add(makePod("stranger").label("app", "db"));
  h.settle();
  EXPECT_EQ(h.boundTo("sibling"), "nb");
  EXPECT_EQ(h.boundTo("stranger"), "na") << "nodes are alike for it: the first wins";
}

TEST(DefaultSpreading, ANodeWithoutAZoneIsStillAHost) {
  SchedulerHarness h(spreading(true, {}));
  h.scheduler->workloadChanged(service("web", {{"app", "web"}}));
  h.add(makeNode("na").zone("a").label(kHost, "na"));
  h.add(makeNode("nowhere").label(kHost, "nowhere"));
  h.add(makePod("old").label("app", "web").node("na"));
  h.add(makePod("p").label("app", "web"));
  h.settle();
  EXPECT_EQ(h.boundTo("p"), "nowhere");
}

TEST(DefaultSpreading, AProfilesOwnHardConstraintFilters) {
  kubeapi::TopologySpreadConstraint hard;
  hard.topology_key = base::Symbol(kZone);
  hard.max_skew = 1;
  hard.do_not_schedule = true;
  SchedulerHarness h(spreading(false, {hard}));
  const auto selecting_service = service("web", {{"app", "web"}});
  h.scheduler->workloadChanged(selecting_service);
  h.add(makeNode("na").zone("a"));
  h.add(makeNode("nb").zone("b").unschedulable());
  h.add(makePod("old").label("app", "web").node("na"));
  h.add(makePod("p").label("app", "web"));
  h.settle();
  EXPECT_EQ(h.boundTo("p"), "");
  EXPECT_THAT(h.lastCondition(),
              ::testing::HasSubstr("1 node(s) didn't match pod topology spread constraints"));
  // Constraints of its own take the place of the defaults.
  h.add(makePod("own").label("app", "web").spread(5, kZone, "app=web"));
  h.settle();
  EXPECT_EQ(h.boundTo("own"), "na");
  // Nothing selects it any more: it is tried again, and fits.
  h.scheduler->workloadChanged(goes(selecting_service));
  h.advance(std::chrono::seconds(11));
  h.settle();
  EXPECT_EQ(h.boundTo("p"), "na");
}

// How many of twenty nodes of four cores hold pods after Services with so many replicas of a
// quarter core came, one after the other.
std::size_t nodesUsed(bool system, int services, int replicas) {
  HarnessOptions options;
  options.profile.spread_defaults.system = system;
  SchedulerHarness h(options);
  for (int i = 0; i < 20; ++i) {
    const std::string name = "n" + std::to_string(i);
    h.add(makeNode(name).cpu("4").memory("16Gi").label(kHost, name).zone(i % 2 == 0 ? "a" : "b"));
  }
  std::set<std::string> used;
  for (int app = 0; app < services; ++app) {
    const std::string label = "app" + std::to_string(app);
    h.scheduler->workloadChanged(service(label, {{"app", label}}));
    for (int i = 0; i < replicas; ++i) {
      const std::string pod = label + "-" + std::to_string(i);
      h.add(makePod(pod).label("app", label).cpu("250m").memory("1Gi"));
      h.settle();
      used.insert(h.boundTo(pod));
    }
  }
  EXPECT_FALSE(used.contains("")) << "there is room for all";
  return used.size();
}

// Why Stowage's own profile has no default constraints: docs/decisions/0007.
// Why Stowage's own profile has no default constraints: docs/decisions/0007.
TEST(DefaultSpreading, UpstreamsConstraintsWouldCostTheDefaultProfileNodes) {
  struct Row {
    int services, replicas;
    std::size_t without, with_upstreams;
  };
  // The table of that decision.
  for (const Row& row : {Row{1, 12, 1, 3},
                         {1, 20, 2, 4},
                         {10, 3, 2, 3},
                         {4, 5, 2, 2},
                         {5, 16, 5, 7},
                         {10, 12, 8, 9}}) {
    EXPECT_EQ(nodesUsed(false, row.services, row.replicas), row.without);
    EXPECT_EQ(nodesUsed(true, row.services, row.replicas), row.with_upstreams);
  }
}

TEST(DefaultSpreading, ServicesAreWatchedOnlyWhereTheyDecide) {
  scheduling::Profile profile = scheduling::defaultProfile("s");
  EXPECT_FALSE(scheduling::spreadsByDefault(profile)) << "Stowage packs";
  profile.spread_defaults.system = true;
  EXPECT_TRUE(scheduling::spreadsByDefault(profile));
  profile.scores = {{"Packing", 1}};
  EXPECT_FALSE(scheduling::spreadsByDefault(profile)) << "upstream's own are soft";
  profile.spread_defaults = {false, {kubeapi::TopologySpreadConstraint{}}};
  EXPECT_TRUE(scheduling::spreadsByDefault(profile)) << "the filter uses them";
  profile.filters = {"NodeName"};
  EXPECT_FALSE(scheduling::spreadsByDefault(profile));
}

}  // namespace
}  // namespace stowage::testing
