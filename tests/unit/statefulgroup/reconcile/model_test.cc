// Model checker: every state that a shard can get into within some steps of {the caches catch up, a
// pass by an operator without memory on caches that may be old, its death before any of its writes,
// a pod gets a node, becomes ready or unready, ends, is gone, is drained}, breadth first. Operators
// without memory on old caches are also what a second operator is, one that was paused or lost its
// lease. The invariants are judged with every write, and in no state may a shard that everything is
// well with be left by the operator in any other shape than its spec wants.
#include <gmock/gmock.h>

#include <cstdlib>
#include <deque>
#include <unordered_set>

#include "base/metric_sink.h"
#include "statefulgroup/reconcile/reconciler.h"
#include "testing/statefulgroup/group_harness.h"
#include "testing/statefulgroup/invariant_checker.h"
#include "testing/statefulgroup/simulated_cluster.h"

namespace stowage::testing {
namespace {

using statefulgroup::Resource;

struct State {
  SimulatedCluster cluster;
  SimulatedCluster::Objects seen;  // by the caches
  int depth = 0;
  std::string path;
};

Json withoutVolatile(Json object) {
  Json& meta = object["metadata"];
  meta.erase("resourceVersion");
  meta.erase("uid");
  meta.erase("creationTimestamp");
  meta.erase("ownerReferences");
  meta.erase("generation");
  if (meta.contains("deletionTimestamp")) meta["deletionTimestamp"] = "x";
  if (meta.contains("annotations")) {
    for (auto& value : meta["annotations"]) value = "x";
  }
  if (object.contains("status")) {
    for (Json& condition : object["status"].value("conditions", Json::array()))
      condition.erase("lastTransitionTime");
  }
  return object;
}

// The status of the group is what the operator says, and decides about nothing but revisions.
Json reduced(const SimulatedCluster::Key& key, const Json& object) {
  Json kept = withoutVolatile(object);
  if (key.first == Resource::kGroups && kept.contains("status"))
    kept["status"] = {{"update", kept["status"].value("updateRevision", "")}};
  return kept;
}

std::string fingerprint(const State& state) {
  std::string print;
  for (const auto& [key, object] : state.cluster.objects()) {
    print += key.second + reduced(key, object).dump();
    const auto seen = state.seen.find(key);
    if (seen == state.seen.end()) {
      print += "|unseen";
    } else if (seen->second != object) {
      print += "|" + reduced(key, seen->second).dump();
      print += seen->second["metadata"]["uid"] == object["metadata"]["uid"] ? "old" : "other";
    }
    print += "\n";
  }
  for (const auto& [key, object] : state.seen) {
    if (state.cluster.find(key.first, key.second) == nullptr)
      print += "ghost " + key.second + reduced(key, object).dump() + "\n";
  }
  return print;
}

class Explorer {
 public:
  Explorer(int depth, std::size_t limit) : depth_(depth), limit_(limit) {}

  // Forms the group by passes and a kubelet that does its work, then lets `change` happen, and the
  // operator have a first look at it.
  void start(const Json& spec, const std::function<void(SimulatedCluster&)>& change) {
    State state{SimulatedCluster(clock_), {}, 0, "start"};
    state.cluster.putGroup("db", spec);
    for (int i = 0; i < 40; ++i) {
      state.seen = state.cluster.objects();
      pass(state, std::nullopt);
      for (const std::string& pod : state.cluster.names(Resource::kPods)) {
        state.cluster.schedule(pod);
        if (!state.cluster.isReady(pod)) state.cluster.setReady(pod, true);
      }
    }
    change(state.cluster);
    // The change is known, and what comes before anything is done about members is done.
    state.seen = state.cluster.objects();
    pass(state, std::nullopt);
    state.seen = state.cluster.objects();
    add(std::move(state));
  }

  void explore() {
    while (!queue_.empty() && violations_.empty()) {
      const State state = std::move(queue_.front());
      queue_.pop_front();
      if (state.depth >= depth_) continue;
      stepOperator(state);
      for (const std::string& pod : state.cluster.names(Resource::kPods)) stepPod(state, pod);
    }
  }

  [[nodiscard]] std::size_t states() const { return known_.size(); }
  [[nodiscard]] const std::vector<std::string>& violations() const { return violations_; }
  [[nodiscard]] bool complete() const { return complete_; }

 private:
  void add(State state) {
    if (known_.size() >= limit_) {
      complete_ = false;
      return;
    }
    if (known_.insert(fingerprint(state)).second) queue_.push_back(std::move(state));
  }

  void next(const State& from, const std::string& what, const std::function<void(State&)>& step) {
    State state = from;
    state.depth += 1;
    state.path += " > " + what;
    step(state);
    add(std::move(state));
  }

  void pass(State& state, std::optional<int> dies_after) {
    InvariantChecker checker;
    state.cluster.on_write = [&](const std::string& verb, const SimulatedCluster::Key& object,
                                 const Json& body, const SimulatedCluster& before) {
      checker.judge(verb, object, body, before);
    };
    state.cluster.dieAfter(dies_after);
    SimulatedView view;
    view.show(state.seen);
    RecordedEvents events;
    ScriptedHooks hooks;
    statefulgroup::Reconciler reconciler(view, state.cluster, hooks, events, clock_,
                                         base::nullMetricSink());
    try {
      reconciler.reconcile("ns/db", {});
    } catch (const OperatorDies&) {  // as it was to
    }
    state.cluster.dieAfter(std::nullopt);
    state.cluster.on_write = nullptr;
    for (const std::string& violation : checker.violations())
      violations_.push_back(violation + "\n  after " + state.path);
  }

  void stepOperator(const State& from) {
    next(from, "caches", [](State& state) { state.seen = state.cluster.objects(); });
    State whole = from;
    whole.path += " > pass";
    const int before = whole.cluster.writes();
    pass(whole, std::nullopt);
    const int writes = whole.cluster.writes() - before;
    whole.depth += 1;
    add(std::move(whole));
    for (int dies = 1; dies < writes; ++dies) {
      next(from, "dies after " + std::to_string(dies), [&](State& state) { pass(state, dies); });
    }
  }

  void stepPod(const State& from, const std::string& pod) {
    const bool ready = from.cluster.isReady(pod);
    if (from.cluster.isTerminating(pod)) {
      next(from, pod + " gone", [&](State& state) { state.cluster.finish(pod); });
      return;
    }
    next(from, pod + " scheduled", [&](State& state) { state.cluster.schedule(pod); });
    next(from, pod + (ready ? " unready" : " ready"),
         [&](State& state) { state.cluster.setReady(pod, !ready); });
    if (ready && !from.cluster.serves(pod))
      next(from, pod + " restarted", [&](State& state) { state.cluster.restartContainers(pod); });
    next(from, pod + " drained", [&](State& state) { state.cluster.drain(pod); });
    next(from, pod + " fails", [&](State& state) { state.cluster.end(pod, "Failed"); });
  }

  base::ManualClock clock_;
  const int depth_;
  const std::size_t limit_;
  std::deque<State> queue_;
  std::unordered_set<std::string> known_;
  std::vector<std::string> violations_;
  bool complete_ = true;
};

// STOWAGE_MODEL_DEPTH: how many more steps than in everyday tests (`make full`), or fewer (`make
// asan`).
int deeper() {
  const char* more = std::getenv("STOWAGE_MODEL_DEPTH");
  return more == nullptr ? 0 : std::atoi(more);
}

Json updated(int replicas, const char* policy) {
  return groupSpec(1, replicas, withImage("example.test/db:2", policy));
}

void report(const char* story, const Explorer& explorer) {
  ::testing::Test::RecordProperty(std::string(story) + "_states",
                                  static_cast<int>(explorer.states()));
  EXPECT_THAT(explorer.violations(), ::testing::IsEmpty());
  EXPECT_TRUE(explorer.complete()) << "not all states were looked at";
}

TEST(ReconcilerModel, AnUpdateOfThreeKeepsTheInvariantsInEveryInterleaving) {
  Explorer explorer(4 + deeper(), 400'000);
  explorer.start(groupSpec(1, 3),
                 [](SimulatedCluster& cluster) { cluster.putGroup("db", updated(3, "Recreate")); });
  explorer.explore();
  report("update3", explorer);
}

TEST(ReconcilerModel, AnUpdateOfThreeInPlaceKeepsTheInvariantsInEveryInterleaving) {
  Explorer explorer(4 + deeper(), 400'000);
  explorer.start(groupSpec(1, 3), [](SimulatedCluster& cluster) {
    cluster.putGroup("db", updated(3, "InPlaceIfPossible"));
  });
  explorer.explore();
  report("inplace3", explorer);
}

// Five bear the loss of two, and so does their budget: that only one goes at a time is the
// operator's own doing.
TEST(ReconcilerModel, AnUpdateOfFiveKeepsTheInvariantsInEveryInterleaving) {
  Explorer explorer(3 + deeper(), 400'000);
  explorer.start(groupSpec(1, 5),
                 [](SimulatedCluster& cluster) { cluster.putGroup("db", updated(5, "Recreate")); });
  explorer.explore();
  report("update5", explorer);
}

TEST(ReconcilerModel, AScaleInOfFiveKeepsTheInvariantsInEveryInterleaving) {
  Explorer explorer(3 + deeper(), 400'000);
  explorer.start(groupSpec(1, 5),
                 [](SimulatedCluster& cluster) { cluster.putGroup("db", groupSpec(1, 3)); });
  explorer.explore();
  report("scalein5", explorer);
}

}  // namespace
}  // namespace stowage::testing
