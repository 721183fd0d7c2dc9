// Many groups at once: how long until all are ready, what a change costs, and that at rest and
// after a restart nothing is written. STOWAGE_GROUPS (default 20) groups of 3 x 3; figures are
// printed, none is asserted.
#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "integration/operator/operator_world.h"

namespace stowage::testing {
namespace {

using ::testing::IsEmpty;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

class ManyGroupsIt : public OperatorWorld {
 protected:
  static int count() {
    const char* given = std::getenv("STOWAGE_GROUPS");
    return given == nullptr ? 20 : std::max(1, std::atoi(given));
  }
  // Groups that are ready, with budgets in force, at their present generation.
  std::size_t ready() {
    std::size_t ready = 0;
    for (const Json& group : listObjects(cluster_, {"sfg", "-n", ns_})) {
      const Json status = group.value("status", Json::object());
      if (status.value("observedGeneration", 0) != group["metadata"]["generation"]) continue;
      int good = 0;
      for (const Json& one : status.value("conditions", Json::array())) {
        const bool wanted = one["type"] == "Ready" || one["type"] == "BudgetsSynced";
        good += wanted && one["status"] == "True" ? 1 : 0;
      }
      ready += good == 2 ? 1 : 0;
    }
    return ready;
  }
  void awaitAll() {
    const auto all = static_cast<std::size_t>(count());
    EXPECT_TRUE(
        waitFor([&] { return ready() == all; }, std::chrono::seconds(60 + 4 * count()), 500ms))
        << ready() << " of " << all << " are ready";
  }
  long residentKilobytes() {
    std::ifstream file("/proc/" + std::to_string(operator_->process().pid()) + "/status");
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with("VmRSS:")) return std::stol(line.substr(6));
    }
    return 0;
  }
};

TEST_F(ManyGroupsIt, FormChangeAndRest) {
  std::vector<Json> groups;
  for (int i = 0; i < count(); ++i) {
    Json spec = imagePatch("example.test/db:1");
    spec["shards"] = 3;
    spec["template"]["spec"]["terminationGracePeriodSeconds"] = 0;
    spec["template"]["spec"]["automountServiceAccountToken"] = false;
    groups.push_back(group("g" + std::to_string(i), spec));
  }
  const auto start = Clock::now();
  createAll(cluster_, groups);
  awaitAll();
  std::printf("  %d groups of 3 x 3 ready after %.1f s\n", count(), secondsSince(start));

  const std::string token = metricsToken(cluster_, ns_);
  const auto one = Clock::now();
  changeGroup("g0", {{"replicas", 5}});
  await("g0", "Ready", "True/AllReady");
  std::printf(
      "  one of them scaled from 3 to 5 within %.2f s, as seen by a client that asks every "
      "50 ms\n",
      secondsSince(one));

  awaitRest("g0");
  operator_.reset();
  const std::size_t mark = auditMark(cluster_);
  operator_ = startOperator({"--leader-elect=false", "--resync-period-seconds=2"});
  ASSERT_TRUE(operator_->waitReady());
  const std::string passes =
      R"(controller_runtime_reconcile_total{controller="statefulgroup",result="success"})";
  EXPECT_TRUE(
      waitFor([&] { return operator_->metric(passes, token).value_or(0) >= 3.0 * count(); }, 120s));
  EXPECT_THAT(operatorWrites(mark), IsEmpty());
  std::printf("  a restart and %.0f passes wrote nothing; the operator has %ld kB\n",
              operator_->metric(passes, token).value_or(0), residentKilobytes());
}

}  // namespace
}  // namespace stowage::testing
