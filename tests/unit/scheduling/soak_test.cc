// Thousands of random steps through a whole Scheduler against the naive evaluator: pods, nodes,
// other schedulers, binds that succeed, fail or stay unknown, and a watch that lags.
//  - a pod is only ever bound where the naive evaluator allows it, and is only ever called
//    unschedulable when no node is allowed;
//  - when all is quiet, no pod waits that would fit somewhere: no wake-up was lost;
//  - no pod is bound twice, every pod of ours is accounted for.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/rng.h"
#include "testing/scheduling/naive_cluster.h"
#include "testing/scheduling/scheduler_harness.h"

namespace stowage::testing {
namespace {

using namespace std::chrono_literals;
using kubeapi::PodPtr;
using scheduling::BindOutcome;

// Every second run has a profile with all scores that depend on nodes alone, so that each cached
// score is compared with one computed anew.
HarnessOptions optionsOf(std::uint64_t seed) {
  HarnessOptions options;
  if (seed % 2 == 0) return options;
  options.profile.scores = {{"NodeResourcesFit", 2},
                            {"NodeResourcesBalancedAllocation", 1},
                            {"ImageLocality", 1},
                            {"NodeAffinity", 1}};
  auto& fit = options.profile.fit_scoring;
  fit.type = scheduling::FitScoring::Type::kRequestedToCapacityRatio;
  fit.resources = {{"cpu", 2}, {"memory", 1}, {"example.com/gpu", 3}};
  fit.shape = {{0, 1}, {60, 9}, {100, 2}};
  options.profile.balanced_resources = {"cpu", "memory", "example.com/gpu"};
  kubeapi::PreferredNodeTerm preferred;
  preferred.weight = 5;
  preferred.term.match_expressions = {{"disk", kubeapi::SelectorOperator::kIn, {"hdd"}}};
  options.profile.added_affinity.preferred = {preferred};
  return options;
}

class Soak {
 public:
  explicit Soak(std::uint64_t seed) : rng_(seed), h_(optionsOf(seed)) {}

  void step() {
    switch (rng_.below(13)) {
      case 0:
      case 1:
        return addPod();
      case 2:
      case 12:
        return removePod();
      case 3:
        return rng_.below(3) == 0 ? removeNode() : setNode();
      case 4:
        return setNode();
      case 5:
        return rng_.below(2) == 0 ? addForeignPod() : addPod();
      case 6:
        return answerBind(randomOutcome());
      case 7:
        return answerRead();
      case 8:
        return showBound();
      case 9:
        h_.advance(std::chrono::milliseconds(rng_.below(1500)));
        return;
      default:
        return decide();
    }
  }

  // Lets everything come to rest, then checks what must hold at rest.
  void rest() {
    for (int round = 0; round < 12; ++round) {
      while (!unanswered_.empty()) answerBind(BindOutcome::kBound);
      while (!asked().empty()) answerRead();
      while (!unseen_.empty()) showBound();
      while (decideOnce()) {
      }
      h_.advance(3s);
    }
    for (const auto& [name, pod] : pending_) {
      const std::string node = view_.anyFeasible(*pod);
      EXPECT_EQ(node, "") << name << " waits though it fits; last told: " << told_[name];
    }
    EXPECT_EQ(h_.scheduler->assumedPods(), 0U);
    EXPECT_EQ(h_.scheduler->outstandingBinds(), 0U);
    const auto sizes = h_.scheduler->queueSizes();
    EXPECT_EQ(sizes.active + sizes.backoff + sizes.unschedulable + sizes.gated, pending_.size());
    EXPECT_EQ(h_.scheduler->podCount(), placed_.size());
    EXPECT_EQ(h_.scheduler->nodeCount(), view_.nodes().size());
  }

  void freeSome() {
    for (std::size_t i = placed_.size() / 2; i > 0; --i) removePod();
  }

  [[nodiscard]] std::size_t bound() const { return bound_; }
  [[nodiscard]] std::size_t failed() const { return failed_; }

 private:
  std::string pick(const std::vector<std::string>& from) { return from[rng_.below(from.size())]; }

  NodeBuilder randomNode(const std::string& name) {
    auto node = makeNode(name).cpu(pick({"1", "2", "4", "8"})).memory(pick({"2Gi", "8Gi"}));
    node.pods(pick({"3", "10", "110"})).label("disk", pick({"ssd", "hdd"}));
    node.label("kubernetes.io/hostname", name);
    if (rng_.below(8) != 0) node.zone(pick({"a", "b", "c"}));
    if (rng_.below(4) == 0) node.allocatable("example.com/gpu", pick({"1", "4"}));
    if (rng_.below(5) == 0) node.taint("pool", pick({"a", "b"}));
    if (rng_.below(8) == 0) node.taint("soft", "x", kubeapi::TaintEffect::kPreferNoSchedule);
    if (rng_.below(8) == 0) node.unschedulable();
    if (rng_.below(2) == 0) {
      node.edit().declared_features = {"RestartAllContainersOnContainerExits"};
    }
    for (const char* image : {"app:1", "big:1", "db:latest"}) {
      if (rng_.below(3) == 0) {
        node.image(image, static_cast<std::int64_t>(rng_.below(4)) * 700'000'000);
      }
    }
    return node;
  }

  PodBuilder randomPod(const std::string& name) {
    auto pod = makePod(name).cpu(pick({"100m", "500m", "1", "3", "9"}));
    if (rng_.below(2) == 0) pod.memory(pick({"100Mi", "1Gi", "4Gi"}));
    if (rng_.below(6) == 0) pod.request("example.com/gpu", pick({"1", "2"}));
    if (rng_.below(20) == 0) pod.memory("9223372036854775807");
    if (rng_.below(5) == 0) pod.nodeSelector("disk", pick({"ssd", "hdd", "tape"}));
    if (rng_.below(5) == 0) pod.tolerate("pool", pick({"a", "b"}));
    if (rng_.below(8) == 0) pod.hostPort(static_cast<int>(80 + rng_.below(2)));
    if (rng_.below(10) == 0) pod.requireNodeName(nodeName());
    if (rng_.below(10) == 0) pod.edit().spec.containers[0].restarts_all = true;
    if (rng_.below(10) == 0) pod.podLevel("cpu", pick({"1", "3"}));
    pod.image(pick({"app:1", "big:1", "db", "none:3"}));
    if (rng_.below(6) == 0) {
      pod.preferNode(10, "disk", kubeapi::SelectorOperator::kIn, {"ssd"});
    }
    pod.priority(static_cast<int>(rng_.below(3)));
    pod.label("app", pick({"x", "y", "z"}));
    const auto app = [&] { return "app=" + pick({"x", "y", "z"}); };
    const auto key = [&] {
      return pick({"kubernetes.io/hostname", "topology.kubernetes.io/zone"});
    };
    if (rng_.below(10) == 0) pod.affinity(app(), key());
    if (rng_.below(10) == 0) pod.antiAffinity(app(), key());
    if (rng_.below(6) == 0) {
      pod.spread(static_cast<int>(1 + rng_.below(2)), key(), app(), rng_.below(4) != 0);
    }
    return pod;
  }

  std::string nodeName() { return "n" + std::to_string(rng_.below(8)); }

  void addPod() {
    const std::string name = "p" + std::to_string(next_++);
    const PodPtr pod = randomPod(name);
    pending_[name] = pod;
    h_.add(pod);
  }

  void addForeignPod() {
    const std::string name = "f" + std::to_string(next_++);
    const PodPtr pod = randomPod(name).scheduler("other").node(nodeName());
    placed_[name] = pod;
    view_.place(pod, pod->spec.node_name.str());
    h_.add(pod);
  }

  void removePod() {
    auto& from = rng_.below(3) == 0 ? pending_ : placed_;
    if (from.empty()) return;
    auto it = from.begin();
    std::advance(it, static_cast<long>(rng_.below(from.size())));
    const std::string name = it->first;
    const PodPtr pod = it->second;
    from.erase(it);
    view_.remove(*pod);
    unseen_.erase(name);
    on_server_.erase(name);
    gone_.insert(name);
    if (rng_.below(3) == 0 && !pod->spec.node_name.empty()) {
      auto done = std::make_shared<kubeapi::Pod>(*pod);
      done->status.phase = "Succeeded";
      h_.scheduler->podUpdated(pod, done);
    } else {
      h_.scheduler->podDeleted(pod);
    }
  }

  void setNode() {
    const std::string name = nodeName();
    const kubeapi::NodePtr node = randomNode(name);
    view_.setNode(node);
    h_.scheduler->nodeUpdated(nullptr, node);
  }

  void removeNode() {
    const std::string name = nodeName();
    view_.removeNode(name);
    h_.scheduler->nodeDeleted(makeNode(name));
  }

  bool decideOnce() {
    const std::size_t requests = h_.binder.requests.size();
    const std::size_t events = h_.events.events.size();
    h_.binder.full = rng_.below(20) == 0;
    if (!h_.scheduler->scheduleOne()) return false;
    for (std::size_t i = events; i < h_.events.events.size(); ++i) {
      const auto& event = h_.events.events[i];
      const std::string name = event.pod.name.str();
      told_[name] = event.note;
      ++failed_;
      const auto pod = pending_.find(name);
      EXPECT_NE(pod, pending_.end()) << name;
      if (pod == pending_.end()) continue;
      EXPECT_EQ(view_.anyFeasible(*pod->second), "") << name << ": " << event.note;
    }
    if (h_.binder.requests.size() > requests) onBind(h_.binder.requests.back());
    return true;
  }

  void decide() {
    for (std::uint64_t i = rng_.below(4); i > 0; --i) decideOnce();
  }

  void onBind(const scheduling::BindRequest& request) {
    const std::string name = request.pod.name.str();
    ASSERT_TRUE(pending_.contains(name)) << name << " was not waiting";
    EXPECT_FALSE(on_server_.contains(name)) << name << " is bound twice";
    EXPECT_TRUE(view_.feasible(*pending_[name], request.node.str()))
        << name << " on " << request.node.str();
    view_.place(pending_[name], request.node.str());
    unanswered_.push_back(request);
  }

  BindOutcome randomOutcome() {
    switch (rng_.below(8)) {
      case 0:
        return BindOutcome::kRejected;
      case 1:
        return BindOutcome::kUnknown;
      default:
        return BindOutcome::kBound;
    }
  }

  void answerBind(BindOutcome outcome) {
    if (unanswered_.empty()) return;
    const std::size_t at = rng_.below(unanswered_.size());
    const scheduling::BindRequest request = unanswered_[at];
    unanswered_.erase(unanswered_.begin() + static_cast<long>(at));
    const std::string name = request.pod.name.str();
    if (gone_.contains(name)) outcome = BindOutcome::kGone;
    const bool lands =
        outcome == BindOutcome::kBound || (outcome == BindOutcome::kUnknown && rng_.below(2) == 0);
    if (lands) {
      on_server_[name] = request.node.str();
      unseen_.insert(name);
      ++bound_;
      if (rng_.below(2) == 0) showBound();
    } else if (outcome != BindOutcome::kUnknown && pending_.contains(name)) {
      view_.remove(*pending_[name]);
    }
    h_.scheduler->bindFinished(request, outcome, "told so");
  }

  [[nodiscard]] std::vector<scheduling::PodRef>& asked() { return h_.reader.asked; }

  void answerRead() {
    if (asked().empty()) return;
    const scheduling::PodRef ref = asked().back();
    asked().pop_back();
    const std::string name = ref.name.str();
    if (rng_.below(4) == 0) {
      h_.scheduler->podRefetched(ref, std::nullopt);
      return;
    }
    PodPtr answer;
    if (const auto pod = pending_.find(name); pod != pending_.end()) {
      const auto bound = on_server_.find(name);
      answer = bound == on_server_.end() ? pod->second : boundCopy(pod->second, bound->second);
      if (bound == on_server_.end()) {
        view_.remove(*pod->second);
      } else {
        seen(name, answer);
      }
    } else if (const auto placed = placed_.find(name); placed != placed_.end()) {
      answer = placed->second;
    }
    h_.scheduler->podRefetched(ref, answer);
  }

  void seen(const std::string& name, const PodPtr& pod) {
    placed_[name] = pod;
    pending_.erase(name);
    unseen_.erase(name);
  }

  void showBound() {
    if (unseen_.empty()) return;
    auto it = unseen_.begin();
    std::advance(it, static_cast<long>(rng_.below(unseen_.size())));
    const std::string name = *it;
    const PodPtr before = pending_.at(name);
    const PodPtr after = boundCopy(before, on_server_.at(name));
    seen(name, after);
    h_.scheduler->podUpdated(before, after);
  }

  base::Rng rng_;
  SchedulerHarness h_;
  NaiveCluster view_;                             // as the scheduler must see it
  std::map<std::string, PodPtr> pending_;         // not seen bound yet
  std::map<std::string, PodPtr> placed_;          // seen on a node
  std::map<std::string, std::string> on_server_;  // ours, bound: node
  std::set<std::string> unseen_;                  // bound, the watch has not shown it
  std::set<std::string> gone_;
  std::map<std::string, std::string> told_;
  std::vector<scheduling::BindRequest> unanswered_;
  std::size_t next_ = 0;
  std::size_t bound_ = 0;
  std::size_t failed_ = 0;
};

class SchedulerSoak : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(SchedulerSoak, AgreesWithTheNaiveEvaluatorAndLosesNothing) {
  Soak soak(GetParam());
  for (int round = 0; round < 4 && !HasFailure(); ++round) {
    for (int i = 0; i < 500 && !HasFailure(); ++i) soak.step();
    soak.rest();
    // Room is freed and nothing else happens: only the right wake-ups bring pods onto it.
    soak.freeSome();
    soak.rest();
  }
  EXPECT_GT(soak.bound(), 10U);
  EXPECT_GT(soak.failed(), 10U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, SchedulerSoak, ::testing::Range<std::uint64_t>(1, 31));

}  // namespace
}  // namespace stowage::testing
