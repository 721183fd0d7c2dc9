// The configuration file changes under a scheduler at work: on a real kube-apiserver, with pods
// coming all the time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdio>
#include <fstream>

#include "integration/scheduler/cluster_objects.h"
#include "integration/scheduler/scheduler_process.h"

namespace stowage::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

constexpr const char* kHead =
    "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n";
constexpr const char* kOurs = "profiles:\n- schedulerName: stowage-scheduler\n";
constexpr const char* kBoth =
    "profiles:\n- schedulerName: stowage-scheduler\n- schedulerName: second\n";

class ConfigReloadIt : public ::testing::Test {
 protected:
  void SetUp() override {
    ns_ = cluster_.namespaceForTest();
    audit_mark_ = auditMark(cluster_);
    write(kOurs);
    SchedulerFlags flags;
    flags.name = "";
    flags.extra = {"--config", file_};
    scheduler_ = std::make_unique<SchedulerProcess>(cluster_, flags);
    ASSERT_TRUE(scheduler_->waitReady()) << scheduler_->process().log();
    token_ = metricsToken(cluster_, ns_);
  }
  void TearDown() override {
    deleteNodes(cluster_);
    EXPECT_THAT(overcommittedNodes(cluster_), IsEmpty());
    EXPECT_THAT(refusedRequests(cluster_, "stowage-scheduler", audit_mark_), IsEmpty());
    std::remove(file_.c_str());
  }

  // As a mounted ConfigMap changes: at once.
  void write(const std::string& more) {
    const std::string fresh = file_ + ".new";
    std::ofstream(fresh) << kHead << more;
    ASSERT_EQ(std::rename(fresh.c_str(), file_.c_str()), 0);
  }
  double reloads(const std::string& result) {
    return scheduler_->metric("stowage_config_reloads_total{result=\"" + result + "\"}", token_)
        .value_or(-1);
  }
  void change(const std::string& more) {
    const double before = reloads("applied");
    write(more);
    scheduler_->process().signal(SIGHUP);
    ASSERT_TRUE(waitFor([&] { return reloads("applied") == before + 1; }, 20s, 2ms))
        << scheduler_->process().log();
  }
  void createPods(int count, const std::string& prefix, const std::string& scheduler,
                  const std::string& cpu = "50m") {
    std::vector<Json> pods;
    for (int i = 0; i < count; ++i)
      pods.push_back(podManifest(ns_, prefix + "-" + std::to_string(i), scheduler, cpu, "32Mi"));
    createAll(cluster_, pods);
  }

  ControlPlane& cluster_ = ControlPlane::instance();
  const std::string file_ = ::testing::TempDir() + "stowage-reload-it.yaml";
  std::string ns_;
  std::string token_;
  std::size_t audit_mark_ = 0;
  std::unique_ptr<SchedulerProcess> scheduler_;
};

TEST_F(ConfigReloadIt, AHundredFlipsUnderLoadLoseNoPodAndBindNoneTwice) {
  std::vector<Json> nodes;
  for (int i = 0; i < 8; ++i) nodes.push_back(nodeManifest("n" + std::to_string(i), "32", "64Gi"));
  createAll(cluster_, nodes);
  const std::string least =
      "podMaxBackoffSeconds: 3\nprofiles:\n- schedulerName: stowage-scheduler\n  plugins:\n"
      "    score:\n      disabled: [{name: \"*\"}]\n      enabled: [{name: NodeResourcesFit}]\n";
  const std::string spread =
      "profiles:\n- schedulerName: stowage-scheduler\n  plugins:\n    score:\n"
      "      enabled: [{name: PodTopologySpread, weight: 2}, {name: ImageLocality}]\n"
      "- schedulerName: second\n";
  const std::string choices[] = {kBoth, least, spread, kOurs};
  for (int flip = 0; flip < 100; ++flip) {
    if (flip % 5 == 0) {
      createPods(8, "a" + std::to_string(flip), "stowage-scheduler");
      createPods(4, "b" + std::to_string(flip), "second");
    }
    ASSERT_NO_FATAL_FAILURE(change(choices[flip % 4]));
  }
  ASSERT_NO_FATAL_FAILURE(change(kBoth));
  ASSERT_TRUE(waitFor([&] { return boundPods(cluster_, ns_) == 240; }, 60s))
      << scheduler_->process().log();
  for (const auto& [pod, record] : bindingRecords(cluster_)) {
    if (pod.starts_with(ns_ + "/")) {
      EXPECT_EQ(record.succeeded, 1) << pod;
    }
  }
  EXPECT_EQ(reloads("applied"), 101);
  EXPECT_EQ(reloads("refused"), 0);
}

TEST_F(ConfigReloadIt, AWrongFileChangesNothingAndIsTold) {
  createAll(cluster_, {nodeManifest("n1", "4", "8Gi")});
  write("profilez: []\n");
  ASSERT_TRUE(waitFor([&] { return reloads("refused") == 1; }, 20s)) << "without a signal, too";
  const auto shown = scheduler_->get("/configz", token_);
  ASSERT_EQ(shown.status, 200) << shown.body;
  EXPECT_THAT(shown.body, HasSubstr("profilez"));
  createPods(1, "p", "stowage-scheduler");
  EXPECT_TRUE(waitFor([&] { return boundPods(cluster_, ns_) == 1; }, 20s));
  std::string events;
  EXPECT_TRUE(waitFor(
      [&] {
        events = cluster_
                     .kubectl({"get", "events.events.k8s.io", "-A", "--field-selector",
                               "reason=ConfigurationRefused", "-o", "jsonpath={.items[*].note}"})
                     .output;
        return events.find("profilez") != std::string::npos;
      },
      20s))
      << events;
}

TEST_F(ConfigReloadIt, PodsThatWaitAreTriedByTheNewConfiguration) {
  createAll(cluster_, {nodeManifest("n1", "1", "8Gi")});
  createPods(1, "new", "second");
  createPods(1, "big", "stowage-scheduler", "2");
  ASSERT_TRUE(waitFor(
      [&] { return scheduledCondition(cluster_, ns_, "big-0")["reason"] == "Unschedulable"; },
      20s));
  change(kBoth);
  EXPECT_TRUE(waitFor([&] { return boundPods(cluster_, ns_) == 1; }, 20s))
      << "the pod of the new profile";
  createAll(cluster_, {nodeManifest("n2", "4", "8Gi")});
  EXPECT_TRUE(waitFor([&] { return boundPods(cluster_, ns_) == 2; }, 20s));
}

}  // namespace
}  // namespace stowage::testing
