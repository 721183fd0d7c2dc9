// Stowage and the real kube-scheduler on one cluster, both placing, evicting and losing pods at the
// same time. Each decides on what it has seen, so two binds to one node can cross on their way;
// what must not happen is that ours fills a node with what it could have known. The API server's
// audit log is played back to see who filled which node, and when. STOWAGE_SOAK_SECONDS: how long
// (default 20).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <deque>
#include <iostream>
#include <limits>
#include <map>
#include <random>
#include <set>

#include "integration/scheduler/cluster_objects.h"
#include "integration/scheduler/scheduler_process.h"
#include "kubeapi/quantity.h"

namespace stowage::testing {
namespace {

using namespace std::chrono_literals;

constexpr const char* kOurs = "stowage-scheduler";
constexpr const char* kTheirs = "default-scheduler";
constexpr std::int64_t kNodeMilli = 4000;
constexpr int kNodes = 6;
// What was answered this long before our bind was asked for must have been seen: far more than a
// watch takes on two busy cores.
constexpr std::int64_t kMustHaveSeenUs = 1'000'000;

std::chrono::seconds soakTime() {
  const char* text = std::getenv("STOWAGE_SOAK_SECONDS");
  return std::chrono::seconds(text == nullptr || *text == 0 ? 20 : std::atoi(text));
}

// Plays the history back and judges every bind of ours that left its node over its room.
class Playback {
 public:
  explicit Playback(std::map<std::string, std::int64_t> milli) : milli_(std::move(milli)) {}

  void play(std::vector<Placement> history) {
    // A pod is gone from the moment that its deletion was asked for: never later than it was.
    std::stable_sort(history.begin(), history.end(),
                     [](const Placement& a, const Placement& b) { return timeOf(a) < timeOf(b); });
    for (const Placement& one : history) {
      if (!milli_.contains(one.pod)) continue;
      if (one.node.empty()) {
        leaving_.insert(one.pod);
        leave(one.pod);
      } else {
        arrive(one);
      }
    }
  }

  std::map<std::string, int> bound;        // by user
  std::map<std::string, int> times_bound;  // by pod
  int crossed = 0;                         // binds of ours that met one of theirs on the way
  std::int64_t oldest_unseen_us = 0;       // of theirs, when ours was asked for
  std::vector<std::string> ours_to_blame;
  int theirs_over = 0;  // binds of theirs onto a node that was full

 private:
  struct Held {
    std::int64_t milli = 0;
    std::string user;
    std::int64_t answered_us = 0;
  };
  static std::int64_t timeOf(const Placement& one) {
    return one.node.empty() ? one.asked_us : one.answered_us;
  }
  void leave(const std::string& pod) {
    for (auto& [node, pods] : nodes_) pods.erase(pod);
  }
  void arrive(const Placement& one) {
    ++bound[one.user];
    ++times_bound[one.pod];
    auto& pods = nodes_[one.node];
    std::int64_t sum = milli_[one.pod];
    std::vector<Held> foreign;
    for (const auto& [pod, held] : pods) {
      sum += held.milli;
      if (held.user != kOurs) foreign.push_back(held);
    }
    // A deletion that was asked for before the bind was answered: the pod is gone with it.
    if (!leaving_.contains(one.pod)) pods[one.pod] = {milli_[one.pod], one.user, one.answered_us};
    if (sum <= kNodeMilli) return;
    if (one.user != kOurs) {
      ++theirs_over;
      return;
    }
    // Had the newest of theirs not been seen, how old was the oldest of those that matter?
    std::sort(foreign.begin(), foreign.end(),
              [](const Held& a, const Held& b) { return a.answered_us > b.answered_us; });
    std::int64_t without = sum;
    std::int64_t age_us = std::numeric_limits<std::int64_t>::max();
    for (const Held& held : foreign) {
      without -= held.milli;
      if (without > kNodeMilli) continue;
      age_us = one.asked_us - held.answered_us;
      break;
    }
    if (age_us <= kMustHaveSeenUs) {
      ++crossed;
      oldest_unseen_us = std::max(oldest_unseen_us, age_us);
    } else {
      ours_to_blame.push_back(one.pod + " on " + one.node + ": " + std::to_string(sum) + "m of " +
                              std::to_string(kNodeMilli) + "m; theirs stood for " +
                              std::to_string(age_us / 1000) + " ms");
    }
  }

  std::map<std::string, std::int64_t> milli_;  // by pod
  std::map<std::string, std::map<std::string, Held>> nodes_;
  std::set<std::string> leaving_;
};

class TwoSchedulers : public ::testing::Test {
 protected:
  void SetUp() override {
    ns_ = cluster_.namespaceForTest();
    mark_ = auditMark(cluster_);
    std::vector<Json> nodes;
    for (int i = 0; i < kNodes; ++i) {
      nodes.push_back(
          nodeManifest("n" + std::to_string(i), std::to_string(kNodeMilli) + "m", "64Gi"));
    }
    createAll(cluster_, nodes);
    for (const auto& [name, value] : {std::pair{"soak-high", 1000}, {"soak-mid", 500}}) {
      const Json made = {{"apiVersion", "scheduling.k8s.io/v1"},
                         {"kind", "PriorityClass"},
                         {"metadata", {{"name", name}}},
                         {"value", value}};
      ASSERT_EQ(cluster_.kubectlWithInput({"apply", "-f", "-"}, made.dump()).exit_code, 0);
    }
    cluster_.startKubeScheduler();
  }
  void TearDown() override {
    cluster_.stopKubeScheduler();
    deleteNodes(cluster_);
  }

  Json randomPod() {
    const std::string name = "p-" + std::to_string(next_++);
    const std::int64_t milli = 100 * (1 + static_cast<std::int64_t>(random_() % 12));
    milli_[ns_ + "/" + name] = milli;
    Json pod = podManifest(ns_, name, random_() % 2 == 0 ? kOurs : kTheirs,
                           std::to_string(milli) + "m", "64Mi");
    pod["spec"]["terminationGracePeriodSeconds"] = 0;
    pod["metadata"]["labels"] = {{"app", "a" + std::to_string(random_() % 3)}};
    const auto kind = random_() % 10;
    if (kind == 0) pod["spec"]["priorityClassName"] = "soak-high";
    if (kind == 1 || kind == 2) pod["spec"]["priorityClassName"] = "soak-mid";
    if (kind == 3) {
      pod["spec"]["topologySpreadConstraints"] = {
          {{"maxSkew", 2},
           {"topologyKey", "kubernetes.io/hostname"},
           {"whenUnsatisfiable", "DoNotSchedule"},
           {"labelSelector", {{"matchLabels", pod["metadata"]["labels"]}}}}};
    }
    live_.push_back(name);
    return pod;
  }
  void churn() {
    std::vector<Json> pods;
    for (int i = 0; i < 12; ++i) pods.push_back(randomPod());
    createAll(cluster_, pods);
    std::vector<std::string> leaving = {
        "delete",           "pods",   "-n", ns_, "--ignore-not-found", "--wait=false",
        "--grace-period=0", "--force"};
    while (live_.size() > 50) {
      // Mostly the old ones, some that have hardly come.
      const std::size_t at = random_() % 4 == 0 ? random_() % live_.size() : 0;
      leaving.push_back(live_[at]);
      live_.erase(live_.begin() + static_cast<std::ptrdiff_t>(at));
    }
    if (leaving.size() == 8) return;
    const CommandResult done = cluster_.kubectl(leaving);
    ASSERT_EQ(done.exit_code, 0) << done.output;
  }
  // The scheduler's own count of pods on nodes, by its metric, against the API server's.
  bool viewIsRepaired(SchedulerProcess& scheduler, const std::string& token) {
    const auto counted = scheduler.metric("scheduler_cache_size{type=\"pods\"}", token);
    const auto assumed = scheduler.metric("scheduler_cache_size{type=\"assumed_pods\"}", token);
    std::size_t placed = 0;
    for (const Json& pod : listObjects(cluster_, {"pods", "-A"})) {
      placed += pod["spec"].contains("nodeName") ? 1 : 0;
    }
    return counted && assumed && *assumed == 0 && *counted == static_cast<double>(placed);
  }

  ControlPlane& cluster_ = ControlPlane::instance();
  std::string ns_;
  std::size_t mark_ = 0;
  std::mt19937 random_{20261126};
  int next_ = 0;
  std::deque<std::string> live_;
  std::map<std::string, std::int64_t> milli_;  // by "ns/pod"
};

TEST_F(TwoSchedulers, NoNodeIsFilledBeyondItsRoomByOursKnowingly) {
  SchedulerProcess scheduler(cluster_, {});
  ASSERT_TRUE(scheduler.waitReady()) << scheduler.process().log();
  const std::string token = metricsToken(cluster_, ns_);
  const auto end = std::chrono::steady_clock::now() + soakTime();
  int rounds = 0;
  while (std::chrono::steady_clock::now() < end) {
    churn();
    ASSERT_TRUE(scheduler.process().running()) << scheduler.process().log();
    ++rounds;
  }
  EXPECT_TRUE(waitFor([&] { return viewIsRepaired(scheduler, token); }, 20s, 500ms))
      << "what ours counts is not what stands on nodes\n"
      << scheduler.process().log();

  Playback playback(milli_);
  playback.play(placements(cluster_, mark_));
  const int theirs = playback.bound["system:kube-scheduler"];
  std::cout << rounds << " rounds, " << milli_.size() << " pods; bound by ours "
            << playback.bound[kOurs] << ", by kube-scheduler " << theirs
            << "; ours that crossed one of theirs " << playback.crossed << " (bound at most "
            << playback.oldest_unseen_us / 1000 << " ms before)" << "; theirs onto a full node "
            << playback.theirs_over << "\n";
  EXPECT_GE(playback.bound[kOurs], 5 * rounds / 2) << "ours hardly placed anything";
  EXPECT_GE(theirs, 5 * rounds / 2) << "kube-scheduler hardly placed anything";
  EXPECT_THAT(playback.ours_to_blame, ::testing::IsEmpty());
  for (const auto& [pod, times] : playback.times_bound) EXPECT_EQ(times, 1) << pod;
}

}  // namespace
}  // namespace stowage::testing
