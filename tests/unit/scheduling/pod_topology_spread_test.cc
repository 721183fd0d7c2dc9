// Topology spread constraints, driven through the whole scheduler.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/scheduling/scheduler_harness.h"

namespace stowage::testing {
namespace {

constexpr std::string_view kZone = "topology.kubernetes.io/zone";
constexpr std::string_view kHost = "kubernetes.io/hostname";
constexpr std::string_view kSkewMessage = " node(s) didn't match pod topology spread constraints.";

PodBuilder web(std::string_view name) { return makePod(name).label("app", "web"); }

// Zones a and b with one node each: na, nb.
void addTwoZones(SchedulerHarness& h) {
  h.add(makeNode("na").zone("a").label(kHost, "na"));
  h.add(makeNode("nb").zone("b").label(kHost, "nb"));
}

// Node na of zone a takes pods; nb of zone b does not, but counts as empty.
void addOneOpenZone(SchedulerHarness& h) {
  h.add(makeNode("na").zone("a"));
  h.add(makeNode("nb").zone("b").unschedulable());
}

TEST(PodTopologySpread, KeepsTheSkewOverZones) {
  SchedulerHarness h;
  addTwoZones(h);
  h.add(web("old").node("na"));
  h.add(web("p").spread(1, kZone, "app=web"));
  h.settle();
  EXPECT_EQ(h.boundTo("p"), "nb");
}

TEST(PodTopologySpread, CountsWhatWasJustDecided) {
  SchedulerHarness h;
  addTwoZones(h);
  for (const char* name : {"p1", "p2", "p3", "p4"}) h.add(web(name).spread(1, kZone, "app=web"));
  h.settle();
  int in_a = 0;
  for (const char* name : {"p1", "p2", "p3", "p4"}) in_a += h.boundTo(name) == "na" ? 1 : 0;
  EXPECT_EQ(in_a, 2);
}

TEST(PodTopologySpread, APodThatDoesNotMatchItselfAddsNothing) {
  SchedulerHarness h;
  addOneOpenZone(h);
  h.add(web("old").node("na"));
  h.add(makePod("p").spread(1, kZone, "app=web"));
  h.settle();
  EXPECT_EQ(h.boundTo("p"), "na") << "one to none is a skew of one, allowed";
}

TEST(PodTopologySpread, ATaintedZoneCountsUnlessTaintsAreHonoured) {
  for (const bool honour : {false, true}) {
    SchedulerHarness h;
    h.add(makeNode("na").zone("a"));
    h.add(makeNode("nb").zone("b").taint("pool", "x"));
    h.add(web("old").node("na"));
    auto pod = web("p").spread(1, kZone, "app=web");
    if (honour) pod.edit().spec.spread[0].node_taints_policy = "Honor";
    h.add(pod);
    h.settle();
    EXPECT_EQ(h.boundTo("p"), honour ? "na" : "");
  }
}

TEST(PodTopologySpread, NodesThatAffinityRulesOutDoNotCountUnlessIgnored) {
  for (const bool ignore : {false, true}) {
    SchedulerHarness h;
    h.add(makeNode("na").zone("a").label("disk", "ssd"));
    h.add(makeNode("nb").zone("b"));
    h.add(web("old").node("na"));
    auto pod = web("p").spread(1, kZone, "app=web").nodeSelector("disk", "ssd");
    if (ignore) pod.edit().spec.spread[0].node_affinity_policy = "Ignore";
    h.add(pod);
    h.settle();
    EXPECT_EQ(h.boundTo("p"), ignore ? "" : "na");
  }
}

TEST(PodTopologySpread, FewerDomainsThanWantedCountAsAnEmptyOne) {
  SchedulerHarness h;
  addTwoZones(h);
  h.add(web("old1").node("na"));
  h.add(web("old2").node("nb"));
  auto pod = web("p").spread(1, kZone, "app=web");
  pod.edit().spec.spread[0].min_domains = 3;
  h.add(pod);
  h.settle();
  EXPECT_EQ(h.lastCondition(), "0/2 nodes are available: 2" + std::string(kSkewMessage));
  h.add(makeNode("nc").zone("c"));
  h.advance(std::chrono::seconds(2));
  h.settle();
  EXPECT_EQ(h.boundTo("p"), "nc");
}

TEST(PodTopologySpread, ANodeWithoutTheKeyIsNoPlace) {
  SchedulerHarness h;
  h.add(makeNode("bare"));
  h.add(web("p").spread(1, kZone, "app=web"));
  h.settle();
  EXPECT_EQ(h.lastCondition(),
            "0/1 nodes are available: 1 node(s) didn't match pod topology spread constraints "
            "(missing required label).");
}

TEST(PodTopologySpread, TerminatingPodsAndOtherNamespacesDoNotCount) {
  SchedulerHarness h;
  addOneOpenZone(h);
  h.add(web("going").node("na").terminating());
  h.add(web("elsewhere").ns("other").node("na"));
  h.add(web("p").spread(1, kZone, "app=web"));
  h.settle();
  EXPECT_EQ(h.boundTo("p"), "na");
}

TEST(PodTopologySpread, APodCountsUntilItsDeletionBegins) {
  SchedulerHarness h;
  addOneOpenZone(h);
  h.add(web("old").node("na"));
  h.add(web("p").spread(1, kZone, "app=web"));
  h.settle();
  ASSERT_EQ(h.boundTo("p"), "");
  h.update(web("old").node("na").terminating());
  h.remove(web("old").node("na").terminating());
  h.advance(std::chrono::seconds(2));
  h.settle();
  EXPECT_EQ(h.boundTo("p"), "na");
}

TEST(PodTopologySpread, RelabelledPodsAreCountedAnew) {
  SchedulerHarness h;
  addOneOpenZone(h);
  h.add(web("old").node("na"));
  h.add(web("p").spread(1, kZone, "app=web"));
  h.settle();
  ASSERT_EQ(h.boundTo("p"), "");
  h.update(makePod("old").label("app", "db").node("na"));
  h.advance(std::chrono::seconds(2));
  h.settle();
  EXPECT_EQ(h.boundTo("p"), "na");
}

TEST(PodTopologySpread, LabelKeysNarrowTheSelectorToThePodsOwnRevision) {
  SchedulerHarness h;
  addOneOpenZone(h);
  h.add(web("old").label("rev", "1").node("na"));
  auto pod = web("p").label("rev", "2").spread(1, kZone, "app=web");
  pod.edit().spec.spread[0].match_label_keys = {"rev", "absent"};
  h.add(pod);
  h.settle();
  EXPECT_EQ(h.boundTo("p"), "na");
}

TEST(PodTopologySpread, WhatCannotBeHonouredIsPreferred) {
  HarnessOptions options;
  options.profile.scores = {{"PodTopologySpread", 2}};
  SchedulerHarness h(options);
  for (const char* name : {"n1", "n2", "n3"}) {
    h.add(makeNode(name).zone(name == std::string("n3") ? "b" : "a").label(kHost, name));
  }
  h.add(web("old1").node("n1"));
  h.add(web("old2").node("n2"));
  h.add(web("p").spread(1, kZone, "app=web", /*do_not_schedule=*/false));
  h.settle();
  EXPECT_EQ(h.boundTo("p"), "n3");
}

TEST(PodTopologySpread, ASelectorWithoutRequirementsCountsNobody) {
  SchedulerHarness h;
  addTwoZones(h);
  h.add(web("old").node("na"));
  auto pod = web("p").spread(1, kZone, "app=web");
  pod.edit().spec.spread[0].label_selector = kubeapi::LabelSelector();
  h.add(pod);
  h.settle();
  EXPECT_EQ(h.boundTo("p"), "na") << "upstream counts no placed pod for {}";
}

}  // namespace
}  // namespace stowage::testing
