// Affinity between pods, driven through the whole scheduler.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/scheduling/scheduler_harness.h"

namespace stowage::testing {
namespace {

kubeapi::PodAffinityTerm term(const std::function<void(kubeapi::PodAffinityTerm&)>& change = {}) {
  kubeapi::PodAffinityTerm made;
  made.label_selector = selector("app=web");
  made.topology_key = "kubernetes.io/hostname";
  if (change) change(made);
  return made;
}

// Zones a and b: n1, n2 in a, n3 in b.
void addThreeNodes(SchedulerHarness& h) {
  for (const char* name : {"n1", "n2", "n3"}) {
    h.add(makeNode(name)
              .zone(name == std::string("n3") ? "b" : "a")
              .label("kubernetes.io/hostname", name));
  }
}

TEST(InterPodAffinity, PutsAPodBesideItsFriends) {
  SchedulerHarness h;
  addThreeNodes(h);
  h.add(makePod("db").label("app", "db").node("n3"));
  h.add(makePod("p").affinity("app=db", "topology.kubernetes.io/zone"));
  h.settle();
  EXPECT_EQ(h.boundTo("p"), "n3");
}

TEST(InterPodAffinity, WaitsForAFriendAndIsWokenByIt) {
  SchedulerHarness h;
  addThreeNodes(h);
  h.add(makePod("p").affinity("app=db", "topology.kubernetes.io/zone"));
  h.settle();
  EXPECT_EQ(h.lastCondition(),
            "0/3 nodes are available: 3 node(s) didn't match pod affinity rules.");
  h.add(makePod("other").label("app", "x").node("n1"));
  h.advance(std::chrono::seconds(2));
  EXPECT_EQ(h.settle(), 0) << "a pod that does not match wakes nobody";
  h.add(makePod("db").label("app", "db").node("n2"));
  h.advance(std::chrono::seconds(2));
  h.settle();
  EXPECT_THAT(h.boundTo("p"), ::testing::AnyOf("n1", "n2"));
}

TEST(InterPodAffinity, TheFirstOfASeriesMayGoAnywhereWithTheKey) {
  SchedulerHarness h;
  h.add(makeNode("bare"));
  h.add(makeNode("n").zone("a"));
  h.add(makePod("p").label("app", "db").affinity("app=db", "topology.kubernetes.io/zone"));
  h.settle();
  EXPECT_EQ(h.boundTo("p"), "n");
}

TEST(InterPodAffinity, AFriendMustMatchAllTerms) {
  SchedulerHarness h;
  addThreeNodes(h);
  h.add(makePod("a").label("app", "db").node("n1"));
  h.add(makePod("b").label("tier", "x").node("n1"));
  h.add(makePod("p")
            .affinity("app=db", "topology.kubernetes.io/zone")
            .affinity("tier=x", "kubernetes.io/hostname"));
  h.settle();
  EXPECT_EQ(h.boundTo("p"), "");
  h.add(makePod("both").label("app", "db").label("tier", "x").node("n2"));
  h.advance(std::chrono::seconds(2));
  h.settle();
  EXPECT_EQ(h.boundTo("p"), "n2");
}

TEST(InterPodAffinity, SpreadsOnePerHostAndSaysWhyItStops) {
  SchedulerHarness h;
  addThreeNodes(h);
  for (int i = 0; i < 4; ++i) {
    h.add(makePod("p" + std::to_string(i))
              .label("app", "db")
              .antiAffinity("app=db", "kubernetes.io/hostname"));
  }
  h.settle();
  EXPECT_EQ(h.binder.requests.size(), 3U);
  EXPECT_EQ(h.lastCondition(),
            "0/3 nodes are available: 3 node(s) didn't match pod anti-affinity rules.");
}

TEST(InterPodAffinity, ASelectorOfNamespacesMeansThoseThatItSelects) {
  SchedulerHarness h;
  h.scheduler->namespaceSet(makeNamespace("prod", {{"env", "prod"}}));
  h.scheduler->namespaceSet(makeNamespace("lab", {{"env", "lab"}}));
  addThreeNodes(h);
  h.add(makePod("in-prod").ns("prod").label("app", "web").node("n1"));
  h.add(makePod("in-lab").ns("lab").label("app", "web").node("n3"));
  auto pod = makePod("p");
  pod.edit().spec.affinity.pod_affinity.required.push_back(term([](auto& t) {
    t.topology_key = "topology.kubernetes.io/zone";
    t.namespace_selector = selector("env!=prod");
  }));
  h.add(pod);
  h.settle();
  EXPECT_EQ(h.boundTo("p"), "n3") << "upstream takes the pod of namespace prod for one, too";
}

TEST(InterPodAffinity, TerminatingPodsStillCount) {
  SchedulerHarness h;
  h.add(makeNode("n").label("kubernetes.io/hostname", "n"));
  h.add(makePod("going").label("app", "db").node("n").terminating());
  h.add(makePod("p").antiAffinity("app=db", "kubernetes.io/hostname"));
  h.settle();
  EXPECT_EQ(h.boundTo("p"), "");
}

TEST(InterPodAffinity, PreferencesOfBothSidesAreWeighed) {
  HarnessOptions options;
  options.profile.scores = {{"InterPodAffinity", 2}};
  SchedulerHarness h(options);
  addThreeNodes(h);
  auto lonely = makePod("lonely").node("n1");
  kubeapi::WeightedPodAffinityTerm away;
  away.weight = 10;
  away.term = term([](auto& t) { t.topology_key = "topology.kubernetes.io/zone"; });
  lonely.edit().spec.affinity.pod_anti_affinity.preferred.push_back(away);
  h.add(lonely);
  h.add(makePod("p").label("app", "web"));
  h.settle();
  EXPECT_EQ(h.boundTo("p"), "n3");
}

TEST(InterPodAffinityProfile, AProfileThatDisablesThePluginIgnoresWhatItWouldDo) {
  HarnessOptions options;
  std::erase(options.profile.filters, "InterPodAffinity");
  std::erase_if(options.profile.scores, [](const auto& s) { return s.name == "InterPodAffinity"; });
  SchedulerHarness h(options);
  h.add(makeNode("n").label("kubernetes.io/hostname", "n"));
  h.add(makePod("p").antiAffinity("app=a", "zone"));
  h.settle();
  EXPECT_EQ(h.boundTo("p"), "n");
}

// ---- pods kept away by the required anti-affinity of pods that are placed ----

struct AwayCase {
  const char* what;
  kubeapi::PodAffinityTerm term;
  kubeapi::PodPtr incoming;
  bool kept_away;
};

void PrintTo(const AwayCase& c, std::ostream* out) { *out << c.what; }

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
      {"an unknown namespace has no labels",
       term([](T& t) { t.namespace_selector = selector("team=b"); }), web_in("unknown"), false},
      {"an unknown namespace has no labels, which some selectors want",
       term([](T& t) { t.namespace_selector = selector("team!=b"); }), web_in("unknown"), true},
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
  h.add(makeNode("n").label("kubernetes.io/hostname", "n"));
  h.add(keeper(c.term));
  h.add(c.incoming);
  h.settle();
  EXPECT_EQ(h.boundTo("p").empty(), c.kept_away) << c.what;
  if (!c.kept_away) return;
  EXPECT_EQ(h.lastCondition(),
            "0/1 nodes are available: 1 node(s) didn't satisfy existing pods anti-affinity rules.");
  EXPECT_EQ(h.status.patches.at(0).reason, "Unschedulable");
  h.remove(keeper(c.term));
  h.settle();
  EXPECT_EQ(h.boundTo("p"), "n") << c.what << ": woken when the other pod went";
}

INSTANTIATE_TEST_SUITE_P(Terms, KeptAway, ::testing::ValuesIn(awayCases()));

TEST(KeptAwayPods, WakeWhenTheirLabelsChange) {
  SchedulerHarness h;
  h.add(makeNode("n").label("kubernetes.io/hostname", "n"));
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
  h.add(makeNode("n").label("kubernetes.io/hostname", "n"));
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
  h.add(makeNode("n").label("kubernetes.io/hostname", "n"));
  h.add(keeper(term()));
  auto second = makePod("second").node("n");
  second.edit().spec.affinity.pod_anti_affinity.required.push_back(term());
  h.add(second);
  h.add(makePod("p").label("app", "web"));
  h.settle();
  h.remove(keeper(term()));
  h.settle();
  EXPECT_EQ(h.boundTo("p"), "");
  h.remove(second);
  h.advance(std::chrono::seconds(2));
  h.settle();
  EXPECT_EQ(h.boundTo("p"), "n");
}

}  // namespace
}  // namespace stowage::testing
