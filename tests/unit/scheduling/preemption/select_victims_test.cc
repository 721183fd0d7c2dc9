// Victims on one node. The cases are those of kube-scheduler's
// plugins/defaultpreemption/default_preemption_test.go (TestDryRunPreemption), v1.36.3, expressed
// anew, and properties over random nodes.
#include "scheduling/preemption/select_victims.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/rng.h"
#include "testing/builders/pod_builder.h"

namespace stowage::testing {
namespace {

using kubeapi::PodPtr;
using scheduling::DisruptionBudgets;
using scheduling::selectVictims;
using scheduling::Victims;
using Outcome = Victims::Outcome;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

base::WallTime at(int second) { return base::WallTime(std::chrono::seconds(second)); }

// A node with one resource, on which every test pod takes the first digit group of its image.
class OneResource final : public scheduling::WhatIf {
 public:
  OneResource(int size, int wanted, const std::vector<PodPtr>& pods)
      : size_(size), wanted_(wanted) {
    for (const PodPtr& pod : pods) on_.emplace(pod->meta.uid.str(), takes(*pod));
  }
  static int takes(const kubeapi::Pod& pod) { return std::stoi(pod.spec.containers.front().image); }
  void takeOff(const PodPtr& victim) override { ASSERT_EQ(on_.erase(victim->meta.uid.str()), 1U); }
  void putBack(const PodPtr& victim) override {
    ASSERT_TRUE(on_.emplace(victim->meta.uid.str(), takes(*victim)).second);
  }
  bool fits() override {
    int used = wanted_;
    for (const auto& [uid, taken] : on_) used += taken;
    return used <= size_;
  }
  [[nodiscard]] const std::map<std::string, int>& left() const { return on_; }

 private:
  const int size_;
  const int wanted_;
  std::map<std::string, int> on_;
};

PodBuilder pod(std::string_view name, int priority, int takes, int started = 1000) {
  auto builder = makePod(name);
  builder.priority(priority).started(at(started)).image(std::to_string(takes));
  return builder;
}

kubeapi::PodDisruptionBudgetPtr budget(std::string_view name, std::string_view selects, int allowed,
                                       std::vector<base::Symbol> disrupted = {}) {
  kubeapi::PodDisruptionBudget made;
  made.meta.ns = "default";
  made.meta.name = name;
  made.selector = selector(selects);
  made.disruptions_allowed = allowed;
  std::sort(disrupted.begin(), disrupted.end());
  for (const base::Symbol& pod : disrupted) made.disrupted_pods.push_back({pod, std::nullopt});
  return std::make_shared<const kubeapi::PodDisruptionBudget>(std::move(made));
}

struct Case {
  const char* what;
  int size;
  int wanted;
  std::vector<PodPtr> pods;
  std::vector<kubeapi::PodDisruptionBudgetPtr> budgets;
  Outcome outcome;
  std::vector<std::string> victims;
  std::size_t violations = 0;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.what; }

std::vector<Case> resourceCases() {
  return {
      {"nobody may be evicted", 10, 10, {}, {}, Outcome::kNoneAllowed, {}},
      {"one pod in the way", 10, 8, {pod("a", 100, 8)}, {}, Outcome::kFound, {"a"}},
      {"not even the empty node is enough",
       10,
       11,
       {pod("a", 100, 8)},
       {},
       Outcome::kDoesNotFit,
       {}},
      {"it fits as it is", 10, 2, {pod("a", 100, 8)}, {}, Outcome::kNoneNeeded, {}},
      {"the small one of lower priority stays",
       10,
       8,
       {pod("low-small", 0, 1), pod("mid-large", 100, 8)},
       {},
       Outcome::kFound,
       {"mid-large"}},
      {"mixed priorities: the important one stays",
       10,
       6,
       {pod("low", 0, 3), pod("mid", 100, 4), pod("low2", 0, 3)},
       {},
       Outcome::kFound,
       {"low", "low2"}},
      {"of equal priorities the one that started later goes",
       10,
       4,
       {pod("early", 0, 5, 1000), pod("late", 0, 5, 2000)},
       {},
       Outcome::kFound,
       {"late"}},
      {"a pod that has not started goes before one that has",
       10,
       4,
       {pod("running", 0, 5), makePod("waiting").priority(0).image("5")},
       {},
       Outcome::kFound,
       {"waiting"}},
      {"victims come most important first",
       10,
       10,
       {pod("low", 0, 3), pod("high", 200, 3), pod("mid", 100, 4)},
       {},
       Outcome::kFound,
       {"high", "mid", "low"}},
  };
}

std::vector<Case> budgetCases() {
  const auto in = [](std::string_view name, int priority, int takes, int started = 1000) {
    return pod(name, priority, takes, started).label("app", "foo").build();
  };
  return {
      {"a pod whose budget is used up is spared before others",
       10,
       5,
       {in("guarded", 0, 5), pod("free", 100, 5)},
       {budget("b", "app=foo", 0)},
       Outcome::kFound,
       {"free"}},
      {"two pods of one budget that allows one",
       10,
       10,
       {in("a", 100, 5, 1000), in("b", 100, 5, 2000)},
       {budget("b", "app=foo", 1)},
       Outcome::kFound,
       {"a", "b"},
       1},
      {"the budget's allowance goes to the more important",
       10,
       5,
       {in("a", 100, 5), in("b", 0, 5)},
       {budget("b", "app=foo", 1)},
       Outcome::kFound,
       {"a"}},
      {"a granted eviction of another pod counts nothing for this one",
       10,
       10,
       {in("a", 100, 5, 1000), in("b", 100, 5, 2000)},
       {budget("b", "app=foo", 1, {"other"})},
       Outcome::kFound,
       {"a", "b"},
       1},
      {"a pod whose eviction was granted violates nothing",
       10,
       10,
       {in("a", 100, 5, 1000), in("b", 100, 5, 2000)},
       {budget("b", "app=foo", 1, {"a"})},
       Outcome::kFound,
       {"a", "b"},
       0},
      {"both granted, nothing allowed",
       10,
       10,
       {in("a", 100, 5, 1000), in("b", 100, 5, 2000)},
       {budget("b", "app=foo", 0, {"a", "b"})},
       Outcome::kFound,
       {"a", "b"},
       0},
      {"each of two budgets is drawn from",
       10,
       10,
       {pod("a", 100, 5).label("app", "foo").label("tier", "web"), in("b", 100, 5, 2000)},
       {budget("by-app", "app=foo", 2), budget("by-tier", "tier in (web, api)", 0)},
       Outcome::kFound,
       {"a", "b"},
       1},
      {"a budget with an empty selector protects nothing",
       10,
       5,
       {in("a", 0, 5), pod("b", 100, 5)},
       {budget("b", "", 0)},
       Outcome::kFound,
       {"a"}},
      {"a pod without labels is in no budget",
       10,
       5,
       {pod("a", 0, 5), in("b", 100, 5)},
       {budget("b", "!absent", 0)},
       Outcome::kFound,
       {"a"}},
  };
}

class SelectVictims : public ::testing::TestWithParam<Case> {};

TEST_P(SelectVictims, AsKubeSchedulerDoes) {
  const Case& c = GetParam();
  DisruptionBudgets budgets;
  for (const auto& each : c.budgets) budgets.set(each);
  OneResource node(c.size, c.wanted, c.pods);
  const Victims got = selectVictims(node, c.pods, budgets);
  EXPECT_EQ(got.outcome, c.outcome);
  std::vector<std::string> names;
  for (const PodPtr& victim : got.pods) names.push_back(victim->meta.name.str());
  EXPECT_EQ(names, c.victims);
  EXPECT_EQ(got.violations, c.violations);
}

INSTANTIATE_TEST_SUITE_P(Resources, SelectVictims, ::testing::ValuesIn(resourceCases()));
INSTANTIATE_TEST_SUITE_P(Budgets, SelectVictims, ::testing::ValuesIn(budgetCases()));

// Random nodes: whoever was chosen is needed, and the pod fits once they are gone.
TEST(SelectVictimsProperty, NobodyCouldBePutBack) {
  base::Rng rng(7);
  int found = 0;
  for (int round = 0; round < 2000; ++round) {
    std::vector<PodPtr> pods;
    DisruptionBudgets budgets;
    for (std::uint64_t i = 0; i < 1 + rng.below(8); ++i) {
      auto made = pod("p" + std::to_string(i), static_cast<int>(rng.below(3)) * 100,
                      static_cast<int>(rng.below(6)), static_cast<int>(rng.below(4)));
      if (rng.below(2) == 0) made.label("app", "a" + std::to_string(rng.below(3)));
      pods.push_back(made);
    }
    for (std::uint64_t i = 0; i < rng.below(3); ++i) {
      budgets.set(budget("b" + std::to_string(i), "app=a" + std::to_string(i),
                         static_cast<int>(rng.below(3))));
    }
    OneResource node(static_cast<int>(5 + rng.below(20)), static_cast<int>(rng.below(20)), pods);
    const Victims got = selectVictims(node, pods, budgets);
    if (got.outcome != Outcome::kFound) continue;
    ++found;
    EXPECT_TRUE(node.fits());
    EXPECT_EQ(node.left().size() + got.pods.size(), pods.size());
    EXPECT_LE(got.violations, got.pods.size());
    for (const PodPtr& victim : got.pods) {
      node.putBack(victim);
      EXPECT_FALSE(node.fits()) << victim->meta.name.view() << " dies in vain";
      node.takeOff(victim);
    }
  }
  EXPECT_GT(found, 500) << "the property was hardly tried";
}

TEST(DisruptionBudgetsTest, AreUnknownUntilTheFirstList) {
  DisruptionBudgets budgets;
  EXPECT_FALSE(budgets.known());
  budgets.setKnown();
  EXPECT_TRUE(budgets.known());
}

std::vector<std::string> protecting(const DisruptionBudgets& budgets, const kubeapi::Pod& of) {
  std::set<std::string> names;
  EXPECT_TRUE(
      budgets.visitProtecting(of, [&](const auto& each) { names.insert(each.meta.name.str()); }));
  return {names.begin(), names.end()};
}

TEST(DisruptionBudgetsTest, FollowChangesOfTheirSelector) {
  DisruptionBudgets budgets;
  const PodPtr foo = makePod("p").label("app", "foo");
  const PodPtr bar = makePod("p").label("app", "bar");
  budgets.set(budget("b", "app=foo", 1));
  EXPECT_THAT(protecting(budgets, *foo), ElementsAre("b"));
  budgets.set(budget("b", "app=bar", 1));
  EXPECT_THAT(protecting(budgets, *foo), IsEmpty());
  EXPECT_THAT(protecting(budgets, *bar), ElementsAre("b"));
  budgets.set(budget("b", "app notin (foo)", 1));
  EXPECT_THAT(protecting(budgets, *bar), ElementsAre("b"));
  EXPECT_EQ(budgets.size(), 1U);
  budgets.remove("default", "b");
  budgets.remove("default", "b");
  EXPECT_THAT(protecting(budgets, *bar), IsEmpty());
  EXPECT_EQ(budgets.size(), 0U);
}

TEST(DisruptionBudgetsTest, OtherNamespacesDoNotCount) {
  DisruptionBudgets budgets;
  budgets.set(budget("b", "app=foo", 0));
  EXPECT_THAT(protecting(budgets, *makePod("p").ns("far").label("app", "foo").build()), IsEmpty());
}

TEST(DisruptionBudgetsTest, TooManyToLookAtProtectThePod) {
  DisruptionBudgets budgets;
  for (std::size_t i = 0; i <= DisruptionBudgets::kMaxLookedAt; ++i) {
    budgets.set(budget("b" + std::to_string(i), "other notin (x)", 5));
  }
  const PodPtr any = makePod("p").label("app", "foo");
  EXPECT_TRUE(scheduling::BudgetLedger(budgets).overdraws(*any));
}

TEST(DisruptionBudgetsTest, ASelectorWithoutBoundsProtectsThePod) {
  DisruptionBudgets budgets;
  kubeapi::PodDisruptionBudget made = *budget("b", "app=bar", 5);
  for (std::size_t i = 0; i <= DisruptionBudgets::kMaxSelectorLength; ++i) {
    made.selector->requirements.front().values.emplace_back("v" + std::to_string(i));
  }
  budgets.set(std::make_shared<const kubeapi::PodDisruptionBudget>(std::move(made)));
  const PodPtr any = makePod("p").label("app", "foo");
  EXPECT_TRUE(scheduling::BudgetLedger(budgets).overdraws(*any));
}

}  // namespace
}  // namespace stowage::testing
