// The dry run on the real cache, over random clusters: it leaves no trace, never names a pod of the
// same or a higher priority, and names nobody in vain.
#include "scheduling/preemption/victim_search.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "scheduling/cycle/promised_room.h"
#include "testing/builders/node_builder.h"
#include "testing/builders/pod_builder.h"
#include "testing/scheduling/fake_ports.h"
#include "testing/scheduling/naive_cluster.h"
#include "testing/scheduling/recording_metric_sink.h"

namespace stowage::testing {
namespace {

using kubeapi::PodPtr;
using placement::NodeIndex;
using scheduling::Attempt;
using scheduling::Candidate;
using scheduling::ClusterCache;
using scheduling::Context;
using scheduling::NodeVerdict;
using scheduling::ProfileRunner;
using scheduling::VictimSearch;

// A scheduler's state without the scheduler.
class Bench {
 public:
  Bench() {
    profiles_.push_back(std::make_unique<ProfileRunner>(
        scheduling::defaultProfile("stowage-scheduler"), cache, 64, true));
    budgets.setKnown();
  }

  ProfileRunner& profile() { return *profiles_.front(); }
  std::optional<Candidate> search(const PodPtr& pod, std::uint64_t seed) {
    const auto shape = profile().acquireShape(*pod);
    const Attempt attempt{*pod, shape};
    base::Rng rng(seed);
    const std::vector<NodeVerdict> withheld =
        scheduling::withheldNodes(context, profile(), attempt);
    auto result = search_.search(profile(), attempt, withheld, rng);
    profile().shapes().release(shape);
    if (result.candidates.empty()) return std::nullopt;
    return std::move(result.candidates[scheduling::chooseCandidate(result.candidates)]);
  }

  // Everything that decisions can see, as text.
  [[nodiscard]] std::string trace() const {
    std::string text;
    const auto& state = cache.state();
    for (NodeIndex node = 0; node < state.slots(); ++node) {
      if (!state.present(node)) continue;
      text += state.nodeName(node).str();
      for (placement::Dimension dim = 0; dim < state.dimensions(); ++dim) {
        text += " " + std::to_string(state.allocatable(dim, node)) + "/" +
                std::to_string(state.requested(dim, node));
      }
      text += " " + std::to_string(state.nonZeroCpu(node)) + " " +
              std::to_string(state.nonZeroMemory(node)) + ":";
      std::set<std::string> pods;
      for (const auto* pod : cache.nodeAt(node).pods) pods.insert(pod->pod->meta.uid.str());
      for (const std::string& pod : pods) text += " " + pod;
      text += " ports " + std::to_string(cache.nodeAt(node).ports.size()) + "\n";
    }
    return text + std::to_string(cache.peers().terms().size());
  }

  ClusterCache cache;
  scheduling::Nominator nominator;
  scheduling::DisruptionBudgets budgets;

 private:
  std::vector<std::unique_ptr<ProfileRunner>> profiles_;
  RecordingMetricSink sink_;
  base::ManualClock clock_;
  scheduling::SchedulerOptions options_;
  scheduling::SchedulerPorts ports_;
  scheduling::SchedulingMetrics metrics_{sink_, profiles_};
  scheduling::SchedulingQueue queue_{{}, clock_, [](scheduling::Place, std::string_view) {}};

 public:
  Context context{options_, ports_, clock_, cache, queue_, profiles_, metrics_, nominator};

 private:
  scheduling::PreemptionLoops loops_;
  scheduling::Symbols own_{base::Symbol("stowage-scheduler")};
  VictimSearch search_{context, budgets, loops_, own_};
};

PodBuilder randomPod(base::Rng& rng, const std::string& name) {
  auto pod = makePod(name);
  pod.cpu(std::to_string(1 + rng.below(8)) + "00m");
  if (rng.below(2) == 0) pod.memory(std::to_string(1 + rng.below(4)) + "Gi");
  if (rng.below(4) == 0) pod.hostPort(static_cast<std::int32_t>(80 + rng.below(2)));
  if (rng.below(3) == 0) pod.label("app", "a" + std::to_string(rng.below(2)));
  pod.priority(static_cast<std::int32_t>(rng.below(4)) * 100 - 100);
  pod.started(base::WallTime(std::chrono::seconds(rng.below(5))));
  if (rng.below(3) == 0) pod.scheduler("other");
  return pod;
}

TEST(VictimSearchProperty, LeavesNoTraceAndNamesNobodyInVain) {
  base::Rng rng(11);
  int found = 0;
  for (int round = 0; round < 300; ++round) {
    Bench bench;
    NaiveCluster naive;
    std::map<std::string, PodPtr> placed;
    const std::uint64_t nodes = 1 + rng.below(5);
    for (std::uint64_t n = 0; n < nodes; ++n) {
      auto made = makeNode("n" + std::to_string(n));
      made.cpu("2").memory("8Gi").pods("6");
      if (rng.below(6) == 0) made.taint("t", "v");
      const kubeapi::NodePtr node = made;
      bench.cache.setNode(node);
      naive.setNode(node);
      for (std::uint64_t p = 0; p < rng.below(8); ++p) {
        const std::string name = node->meta.name.str() + "-" + std::to_string(p);
        const PodPtr pod = randomPod(rng, name).node(node->meta.name.view());
        bench.cache.setPlaced(pod);
        naive.place(pod, node->meta.name.str());
        placed[pod->meta.uid.str()] = pod;
      }
    }
    if (rng.below(2) == 0) {
      kubeapi::PodDisruptionBudget budget;
      budget.meta.ns = "default";
      budget.meta.name = "b";
      budget.selector = selector("app=a0");
      budget.disruptions_allowed = static_cast<std::int32_t>(rng.below(2));
      bench.budgets.set(std::make_shared<const kubeapi::PodDisruptionBudget>(budget));
    }
    const PodPtr pod = randomPod(rng, "p").priority(150);
    const std::string before = bench.trace();
    const auto best = bench.search(pod, rng.next());
    ASSERT_EQ(bench.trace(), before);
    ASSERT_TRUE(bench.cache.consistent());
    if (!best) continue;
    ++found;
    const std::string node = bench.cache.nodeAt(best->node).name.str();
    ASSERT_FALSE(best->victims.pods.empty());
    for (const PodPtr& victim : best->victims.pods) {
      EXPECT_LT(victim->spec.priority, pod->spec.priority);
      EXPECT_EQ(victim->spec.node_name.view(), node);
      naive.remove(*victim);
    }
    EXPECT_TRUE(naive.feasible(*pod, node));
    for (const PodPtr& victim : best->victims.pods) {
      naive.place(victim, node);
      EXPECT_FALSE(naive.feasible(*pod, node)) << victim->meta.name.view() << " dies in vain";
      naive.remove(*victim);
    }
  }
  EXPECT_GT(found, 50) << "the property was hardly tried";
}

// Where no pod can help there is no candidate; where some set of pods can, one is found.
TEST(VictimSearchProperty, FindsACandidateExactlyWhenEvictingAllWouldHelp) {
  base::Rng rng(12);
  int possible = 0;
  for (int round = 0; round < 300; ++round) {
    Bench bench;
    NaiveCluster naive;
    const kubeapi::NodePtr node = makeNode("n").cpu("2").memory("8Gi").pods("6");
    bench.cache.setNode(node);
    naive.setNode(node);
    const PodPtr pod = randomPod(rng, "p").priority(100);
    NaiveCluster cleared = naive;
    for (std::uint64_t p = 0; p < rng.below(9); ++p) {
      const PodPtr on = randomPod(rng, "x" + std::to_string(p)).node("n");
      bench.cache.setPlaced(on);
      naive.place(on, "n");
      if (on->spec.priority >= pod->spec.priority) cleared.place(on, "n");
    }
    const bool helps = !naive.feasible(*pod, "n") && cleared.feasible(*pod, "n");
    possible += helps ? 1 : 0;
    EXPECT_EQ(bench.search(pod, 1).has_value(), helps) << round;
  }
  EXPECT_GT(possible, 30);
}

TEST(VictimSearch, MakesRoomBesidePromisedPods) {
  Bench bench;
  bench.cache.setNode(makeNode("n").cpu("4").memory("8Gi"));
  bench.cache.setPlaced(makePod("a").node("n").cpu("2").priority(0));
  bench.cache.setPlaced(makePod("b").node("n").cpu("2").priority(50));
  const PodPtr pod = makePod("p").cpu("2").priority(100);
  ASSERT_EQ(bench.search(pod, 1)->victims.pods.size(), 1U);
  bench.nominator.observe(makePod("promised").cpu("2").priority(100).nominated("n"));
  ASSERT_EQ(bench.search(pod, 1)->victims.pods.size(), 2U) << "two rooms are needed";
  bench.nominator.observe(makePod("more").cpu("1").priority(100).nominated("n"));
  EXPECT_FALSE(bench.search(pod, 1).has_value());
}

TEST(VictimSearch, StopsAtEnoughCandidatesButLooksOnForAPeacefulOne) {
  Bench bench;
  for (int n = 0; n < 300; ++n) {
    const std::string name = "n" + std::to_string(n);
    bench.cache.setNode(makeNode(name).cpu("1").memory("8Gi"));
    auto pod = makePod("x" + std::to_string(n));
    pod.node(name).cpu("1").priority(0);
    if (n != 7) pod.label("app", "guarded");
    bench.cache.setPlaced(pod);
  }
  kubeapi::PodDisruptionBudget budget;
  budget.meta.ns = "default";
  budget.meta.name = "b";
  budget.selector = selector("app=guarded");
  bench.budgets.set(std::make_shared<const kubeapi::PodDisruptionBudget>(budget));
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto best = bench.search(makePod("p").cpu("1").priority(100), seed);
    ASSERT_TRUE(best.has_value());
    EXPECT_EQ(bench.cache.nodeAt(best->node).name.view(), "n7") << seed;
  }
}

}  // namespace
}  // namespace stowage::testing
