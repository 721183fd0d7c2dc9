// PreemptionTest: a whole scheduler with an evictor whose answers the test gives. Not thread safe.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "testing/scheduling/scheduler_harness.h"

namespace stowage::testing {

using kubeapi::PodPtr;
using scheduling::WriteOutcome;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

inline HarnessOptions options() {
  HarnessOptions made;
  made.preemption = true;
  return made;
}

inline NodeBuilder node(std::string_view name) { return makeNode(name).cpu("4").memory("8Gi"); }

// A pod that runs on a node.
inline PodBuilder running(std::string_view name, std::string_view on, std::string_view cpu,
                          int priority = 0) {
  auto pod = makePod(name);
  pod.node(on).cpu(cpu).priority(priority).started(base::WallTime(1000s));
  return pod;
}

inline PodBuilder wanting(std::string_view name, std::string_view cpu, int priority) {
  auto pod = makePod(name);
  pod.cpu(cpu).priority(priority);
  return pod;
}

class PreemptionTest : public ::testing::Test {
 protected:
  void expectVictims(const std::vector<std::string>& names) {
    std::vector<std::string> got;
    for (const auto& eviction : h.evictor.evictions) got.push_back(eviction.victim.name.str());
    EXPECT_EQ(got, names);
  }
  void nominationDone(WriteOutcome outcome = WriteOutcome::kDone, const char* message = "") {
    h.scheduler->nominationFinished(h.evictor.nominations.back().pod, outcome, message);
  }
  void evictionDone(std::size_t index, WriteOutcome outcome = WriteOutcome::kDone,
                    const char* message = "") {
    h.scheduler->evictionFinished(h.evictor.evictions.at(index), outcome, message);
  }
  // The watch shows the nomination that was written last.
  void echoNomination(const std::string& pod) {
    kubeapi::Pod copy = *h.seen(pod);
    copy.status.nominated_node = *h.evictor.nominations.back().nominated_node;
    h.update(std::make_shared<const kubeapi::Pod>(std::move(copy)));
  }
  // The watch shows the victim leaving, marked by us.
  void leaving(const std::string& pod) {
    kubeapi::Pod copy = *h.seen(pod);
    copy.meta.deletion_time = base::WallTime(5000s);
    kubeapi::Condition mark;
    mark.type = "DisruptionTarget";
    mark.status = "True";
    mark.reason = "PreemptionByScheduler";
    mark.message = "stowage-scheduler: preempting to accommodate a higher priority pod";
    copy.status.conditions.push_back(mark);
    h.update(std::make_shared<const kubeapi::Pod>(std::move(copy)));
  }
  // The pod itself changes in a way that makes it try again.
  void touch(const std::string& pod) {
    kubeapi::Pod copy = *h.seen(pod);
    copy.meta.labels = labels({{"touched", std::to_string(++touched_)}});
    h.update(std::make_shared<const kubeapi::Pod>(std::move(copy)));
  }
  [[nodiscard]] double metric(const char* name) const { return h.metrics.value(name); }

  SchedulerHarness h{options()};

 private:
  int touched_ = 0;
};

}  // namespace stowage::testing
