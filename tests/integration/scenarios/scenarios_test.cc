// Scenarios of scheduling (cases/*.yaml), each played on a real kube-apiserver by the real
// kube-scheduler and, on another one, by the real stowage-scheduler with the same configuration.
// Each side must come to what the scenario expects, and both to the same: nodes, conditions with
// their messages, nominations, events, victims, claims and volumes. What differs on purpose is
// named in the scenario with its line of docs/deviations.md; it must be found, and it is counted.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <future>
#include <memory>
#include <sstream>

#include "integration/scenarios/side.h"
#include "integration/scheduler/scheduler_process.h"
#include "stowage_paths.h"

namespace stowage::testing {
namespace {

using namespace std::chrono_literals;

constexpr const char* kControllers =
    "persistentvolume-binder-controller,ephemeral-volume-controller,disruption-controller";
constexpr const char* kLostPreemptor =
    "The event `Preempted` names the preemptor";  // deviations.md
// The first profile is upstream's default; the others are for scenarios that ask for them. Waits
// between attempts are as short as they can be.
constexpr const char* kConfig = R"(apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
leaderElection: {leaderElect: false}
podInitialBackoffSeconds: 1
podMaxBackoffSeconds: 1
clientConnection: {kubeconfig: "KUBECONFIG", qps: 5000, burst: 10000}
profiles:
- schedulerName: stowage-scheduler
  plugins: {}
- schedulerName: fills-nodes
  plugins: {score: {disabled: [{name: NodeResourcesBalancedAllocation}]}}
  pluginConfig:
  - name: NodeResourcesFit
    args: {scoringStrategy: {type: MostAllocated, resources: [{name: cpu, weight: 1}, {name: memory, weight: 1}]}}
- schedulerName: half-full
  plugins: {score: {disabled: [{name: NodeResourcesBalancedAllocation}]}}
  pluginConfig:
  - name: NodeResourcesFit
    args:
      scoringStrategy:
        type: RequestedToCapacityRatio
        resources: [{name: cpu, weight: 1}]
        requestedToCapacityRatio: {shape: [{utilization: 0, score: 0}, {utilization: 50, score: 10}, {utilization: 100, score: 0}]}
- schedulerName: pool-a-only
  plugins: {}
  pluginConfig:
  - name: NodeAffinity
    args:
      addedAffinity:
        requiredDuringSchedulingIgnoredDuringExecution:
          nodeSelectorTerms: [{matchExpressions: [{key: pool, operator: In, values: [a]}]}]
)";

std::string configWith(const std::string& kubeconfig) {
  std::string config = kConfig;
  const std::string place = "KUBECONFIG";
  return config.replace(config.find(place), place.size(), kubeconfig);
}

const std::vector<Scenario>& scenarios() {
  static const std::vector<Scenario> all =
      loadScenarios(std::string(STOWAGE_SOURCE_DIR) + "/tests/integration/scenarios/cases");
  return all;
}

std::string deviationsDocument() {
  std::ifstream file(std::string(STOWAGE_SOURCE_DIR) + "/docs/deviations.md");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

class Scenarios : public ::testing::TestWithParam<Scenario> {
 protected:
  static void SetUpTestSuite() {
    // The texts are those of one version, whatever version the other tests run on.
    unsetenv("K8S");
    ControlPlane& upstream = ControlPlane::beside();
    ControlPlane& ours = ControlPlane::instance();
    upstream.startControllers(kControllers);
    ours.startControllers(kControllers);
    kube_ = std::make_unique<Side>(upstream, true);
    stowage_ = std::make_unique<Side>(ours, false);
    const ControlPlane::TempFile kube_config(configWith(upstream.kubeSchedulerKubeconfig()));
    upstream.startKubeScheduler(kube_config.path());
    const ControlPlane::TempFile config(configWith(ours.identity("stowage-scheduler")));
    SchedulerFlags flags;
    flags.name.clear();
    flags.extra = {"--config", config.path()};
    process_ = std::make_unique<SchedulerProcess>(ours, flags);
    ASSERT_TRUE(process_->waitReady()) << process_->process().log();
  }
  static void TearDownTestSuite() {
    process_.reset();
    stowage_.reset();
    kube_.reset();
    std::printf("Known deviations that were seen: %d\n", deviations_seen_);
  }

  template <typename Act>
  static std::pair<std::string, std::string> onBoth(Act act) {
    auto upstream = std::async(std::launch::async, [&] { return act(*kube_); });
    std::string ours = act(*stowage_);
    return {upstream.get(), ours};
  }

  void TearDown() override {
    const auto [upstream, ours] = onBoth([](Side& side) { return side.cleanUp(); });
    EXPECT_EQ(upstream, "") << "kube-scheduler's side cannot be cleaned up";
    EXPECT_EQ(ours, "") << "Stowage's side cannot be cleaned up";
  }

  static std::unique_ptr<Side> kube_, stowage_;
  static std::unique_ptr<SchedulerProcess> process_;

 public:
  static int deviations_seen_;
};

std::unique_ptr<Side> Scenarios::kube_, Scenarios::stowage_;
std::unique_ptr<SchedulerProcess> Scenarios::process_;
int Scenarios::deviations_seen_ = 0;

// RFC 6902 is how the two states are told apart when they differ.
std::string differences(const Json& upstream, const Json& ours) {
  std::string text;
  for (const Json& each : Json::diff(upstream, ours)) {
    const std::string path = each["path"];
    const Json::json_pointer at(path);
    const bool appended = path.back() == '-';
    text += "\n  " + each["path"].get<std::string>() + ": kube-scheduler " +
            (!appended && upstream.contains(at) ? upstream.at(at).dump() : "nothing") +
            ", Stowage " + (each.contains("value") ? each["value"].dump() : "nothing");
  }
  return text;
}

// Each known deviation is documented, and there: one that has gone must go from the documents, too.
void checkDeviations(const Scenario& scenario, const Side::Seen& upstream) {
  const std::string document = deviationsDocument();
  int& seen = Scenarios::deviations_seen_;
  for (std::size_t i = 0; i < scenario.deviations.size(); ++i) {
    const Deviation& known = scenario.deviations[i];
    EXPECT_NE(document.find(known.line), std::string::npos)
        << "docs/deviations.md does not say: " << known.line;
    EXPECT_TRUE(upstream.deviations[i] > 0 || known.kube.empty())
        << "kube-scheduler no longer says: " << known.kube;
    seen += upstream.deviations[i] > 0 ? 1 : 0;
  }
  int preemptions = 0;
  for (const Json& event : upstream.snapshot["events"]) {
    preemptions += event["reason"] == "Preempted" ? 1 : 0;
  }
  EXPECT_EQ(upstream.lost_preemptors, preemptions) << "kube-scheduler names the preemptor again";
  if (preemptions > 0) {
    EXPECT_NE(document.find(kLostPreemptor), std::string::npos) << kLostPreemptor;
    ++seen;
  }
}

TEST_P(Scenarios, BothSchedulersComeToIt) {
  const Scenario& scenario = GetParam();
  SCOPED_TRACE(scenario.shows);
  const auto [upstream, ours] = onBoth([&](Side& side) { return side.play(scenario); });
  EXPECT_EQ(upstream, "") << "kube-scheduler does other than the scenario expects";
  EXPECT_EQ(ours, "") << "Stowage does other than the scenario expects";
  Side::Seen theirs_seen, ours_seen;
  const bool equal = waitFor(
      [&] {
        theirs_seen = kube_->look(scenario);
        ours_seen = stowage_->look(scenario);
        return theirs_seen.snapshot == ours_seen.snapshot;
      },
      10s);
  EXPECT_TRUE(equal) << differences(theirs_seen.snapshot, ours_seen.snapshot);
  checkDeviations(scenario, theirs_seen);
}

INSTANTIATE_TEST_SUITE_P(All, Scenarios, ::testing::ValuesIn(scenarios()), [](const auto& info) {
  std::string name;
  for (const char c : info.param.name) name += c == '-' ? '_' : c;
  return name;
});

// The promise of the set: at least sixty, each named once.
TEST(ScenarioSet, HoldsSixtyOfDifferentNames) {
  std::set<std::string> names;
  for (const Scenario& each : scenarios()) EXPECT_TRUE(names.insert(each.name).second) << each.name;
  EXPECT_GE(names.size(), 60U);
}

}  // namespace
}  // namespace stowage::testing
