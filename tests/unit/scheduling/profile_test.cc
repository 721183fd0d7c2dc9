// What a profile chooses decides: scores, ignored resources, several profiles, names.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scheduling/plugins/registry.h"
#include "testing/scheduling/scheduler_harness.h"

namespace stowage::testing {
namespace {

using kubeapi::SelectorOperator;
using kubeapi::TaintEffect;

NodeBuilder roomy(std::string_view name) { return makeNode(name).cpu("4").memory("8Gi"); }

HarnessOptions withScores(std::vector<scheduling::Profile::Score> scores) {
  HarnessOptions options;
  options.profile.scores = std::move(scores);
  return options;
}

TEST(Profiles, WithoutScoresTakeTheFirstNode) {
  SchedulerHarness h(withScores({}));
  h.add(roomy("b"));
  h.add(roomy("a"));
  h.add(makePod("p"));
  h.settle();
  EXPECT_EQ(h.boundTo("p"), "b") << "nodes are in the order in which they came";
}

TEST(Profiles, PreferNodesByAffinityWeight) {
  SchedulerHarness h(withScores({{"NodeAffinity", 1}}));
  h.add(roomy("a").label("tier", "one"));
  h.add(roomy("b").label("tier", "two"));
  h.add(makePod("p")
            .preferNode(10, "tier", SelectorOperator::kIn, {"one"})
            .preferNode(20, "tier", SelectorOperator::kIn, {"two"}));
  h.settle();
  EXPECT_EQ(h.boundTo("p"), "b");
}

kubeapi::NodeSelector poolIs(const char* pool) {
  kubeapi::NodeSelector selector;
  selector.terms.resize(1);
  selector.terms[0].match_expressions = {{"pool", SelectorOperator::kIn, {pool}}};
  return selector;
}

TEST(Profiles, AddAnAffinityToAllOfTheirPods) {
  HarnessOptions options;
  options.profile.added_affinity.required = poolIs("batch");
  SchedulerHarness h(options);
  h.add(roomy("web").label("pool", "web"));
  h.add(roomy("batch").label("pool", "batch").label("disk", "hdd"));
  h.add(makePod("p"));
  h.add(makePod("q").nodeSelector("disk", "ssd"));
  h.settle();
  EXPECT_EQ(h.boundTo("p"), "batch");
  EXPECT_EQ(h.lastCondition(),
            "0/2 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, "
            "1 node(s) didn't match scheduler-enforced node affinity.");
}

TEST(Profiles, WakePodsWhenANodeComesToMatchTheAddedAffinity) {
  HarnessOptions options;
  options.profile.added_affinity.required = poolIs("batch");
  SchedulerHarness h(options);
  h.add(roomy("n").label("pool", "web"));
  h.add(makePod("p"));
  h.settle();
  ASSERT_EQ(h.boundTo("p"), "");
  h.advance(std::chrono::seconds(11));
  h.scheduler->nodeUpdated(nullptr, roomy("n").label("pool", "batch"));
  h.settle();
  EXPECT_EQ(h.boundTo("p"), "n") << "its own affinity matched before, the profile's did not";
}

TEST(Profiles, AddPreferencesToThoseOfTheirPods) {
  HarnessOptions options = withScores({{"NodeAffinity", 1}});
  kubeapi::PreferredNodeTerm preferred;
  preferred.weight = 15;
  preferred.term = poolIs("batch").terms[0];
  options.profile.added_affinity.preferred = {preferred};
  SchedulerHarness h(options);
  h.add(roomy("web").label("pool", "web"));
  h.add(roomy("batch").label("pool", "batch"));
  h.add(makePod("p"));
  h.add(makePod("weaker").preferNode(10, "pool", SelectorOperator::kIn, {"web"}));
  h.add(makePod("stronger").preferNode(20, "pool", SelectorOperator::kIn, {"web"}));
  h.settle();
  EXPECT_EQ(h.boundTo("p"), "batch");
  EXPECT_EQ(h.boundTo("weaker"), "batch");
  EXPECT_EQ(h.boundTo("stronger"), "web");
}

TEST(Profiles, PreferNodesWithFewerSoftTaints) {
  SchedulerHarness h(withScores({{"TaintToleration", 1}}));
  h.add(roomy("a").taint("x", "1", TaintEffect::kPreferNoSchedule));
  h.add(roomy("b"));
  h.add(makePod("p"));
  h.add(makePod("q").tolerateKey("x"));
  h.settle();
  EXPECT_EQ(h.boundTo("p"), "b");
  EXPECT_EQ(h.boundTo("q"), "a") << "tolerated: no difference, the first node";
}

TEST(Profiles, MostAllocatedFillsAndLeastAllocatedSpreads) {
  using Type = scheduling::FitScoring::Type;
  for (const auto& [type, node] :
       {std::pair(Type::kMostAllocated, "busy"), std::pair(Type::kLeastAllocated, "idle")}) {
    HarnessOptions options = withScores({{"NodeResourcesFit", 1}});
    options.profile.fit_scoring.type = type;
    SchedulerHarness h(options);
    h.add(roomy("idle"));
    h.add(roomy("busy"));
    h.add(makePod("x").cpu("2").memory("4Gi").node("busy"));
    h.add(makePod("p").cpu("1").memory("1Gi"));
    h.settle();
    EXPECT_EQ(h.boundTo("p"), node);
  }
}

TEST(Profiles, PackingFillsANodeBeforeItOpensAnother) {
  SchedulerHarness h;
  for (int i = 0; i < 5; ++i) h.add(roomy("n" + std::to_string(i)));
  for (int i = 0; i < 8; ++i) h.add(makePod("p" + std::to_string(i)).cpu("500m").memory("1Gi"));
  h.settle();
  std::set<std::string> used;
  for (const auto& request : h.binder.requests) used.insert(request.node.str());
  EXPECT_EQ(used.size(), 1U);
}

TEST(Profiles, IgnoreResourcesByNameAndByGroup) {
  HarnessOptions options;
  options.profile.ignored_resources = {"example.com/a"};
  options.profile.ignored_resource_groups = {"ignored.example"};
  SchedulerHarness h(options);
  h.add(roomy("n"));
  h.add(makePod("p").request("example.com/a", "1").request("ignored.example/b", "1"));
  h.settle();
  EXPECT_EQ(h.boundTo("p"), "n");
  h.add(makePod("q").request("example.com/other", "1"));
  h.settle();
  EXPECT_EQ(h.lastCondition(), "0/1 nodes are available: 1 Insufficient example.com/other.");
}

TEST(Profiles, LeaveOutFiltersThatAreNotListed) {
  HarnessOptions options;
  options.profile.filters = {"NodeResourcesFit"};
  SchedulerHarness h(options);
  h.add(roomy("n").taint("k", "v"));
  h.add(makePod("p"));
  h.settle();
  EXPECT_EQ(h.boundTo("p"), "n");
}

TEST(Profiles, SeveralServeTheirOwnPodsOnOneCluster) {
  base::ManualClock clock;
  RecordingMetricSink metrics;
  FakeBinder binder;
  RecordingEventSink events;
  scheduling::SchedulerOptions options;
  options.profiles = {scheduling::defaultProfile("one"), scheduling::defaultProfile("two")};
  options.verify_caches = true;
  scheduling::Scheduler scheduler(options, {&binder, nullptr, &events, nullptr}, clock, metrics);
  scheduler.nodeAdded(roomy("n").cpu("2"));
  scheduler.podAdded(makePod("a").scheduler("one").cpu("1"));
  scheduler.podAdded(makePod("b").scheduler("two").cpu("1"));
  scheduler.podAdded(makePod("c").scheduler("two").cpu("1"));
  scheduler.podAdded(makePod("d").scheduler("three").cpu("1"));
  while (scheduler.scheduleOne()) {
  }
  EXPECT_EQ(binder.requests.size(), 2U);
  ASSERT_EQ(events.events.size(), 1U);
  EXPECT_EQ(events.events[0].reporting_controller, "two");
  EXPECT_EQ(metrics.value("scheduler_schedule_attempts_total", "result=unschedulable,profile=two"),
            1);
}

TEST(Registry, KnowsUpstreamsNamesAndItsOwn) {
  for (const auto& name : scheduling::defaultProfile("x").filters) {
    const auto id = scheduling::findPlugin(name);
    ASSERT_TRUE(id.has_value()) << name;
    EXPECT_TRUE(scheduling::knownPlugins()[*id].filter) << name;
  }
  for (const auto& score : scheduling::defaultProfile("x").scores) {
    const auto id = scheduling::findPlugin(score.name);
    ASSERT_TRUE(id.has_value()) << score.name;
    EXPECT_TRUE(scheduling::knownPlugins()[*id].score) << score.name;
  }
  EXPECT_FALSE(scheduling::findPlugin("NoSuchPlugin").has_value());
  const scheduling::ClusterCache cache;
  const auto profile = scheduling::defaultProfile("x");
  EXPECT_EQ(scheduling::makeFilter("InterPodAffinity", profile, cache), nullptr);
}

}  // namespace
}  // namespace stowage::testing
