// The choice among nodes. Cases of kube-scheduler's default_preemption_test.go
// (TestSelectBestCandidate), v1.36.3, expressed anew.
#include "scheduling/preemption/choose_candidate.h"

#include <gtest/gtest.h>

#include "testing/builders/pod_builder.h"

namespace stowage::testing {
namespace {

using scheduling::Candidate;
using scheduling::candidatesWanted;
using scheduling::chooseCandidate;

struct Victim {
  int priority;
  int started = 1000;  // below 0: has not started
};
struct Node {
  std::size_t violations;
  std::vector<Victim> victims;  // most important first
};
struct Case {
  const char* what;
  std::vector<Node> nodes;
  std::size_t best;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.what; }

std::vector<Candidate> candidatesOf(const std::vector<Node>& nodes) {
  std::vector<Candidate> candidates;
  for (const Node& node : nodes) {
    Candidate candidate;
    candidate.node = static_cast<placement::NodeIndex>(candidates.size());
    candidate.victims.outcome = scheduling::Victims::Outcome::kFound;
    candidate.victims.violations = node.violations;
    for (const Victim& victim : node.victims) {
      auto pod = makePod("v").priority(victim.priority);
      if (victim.started >= 0) {
        pod.started(base::WallTime(std::chrono::seconds(victim.started)));
      }
      candidate.victims.pods.push_back(pod);
    }
    candidates.push_back(std::move(candidate));
  }
  return candidates;
}

std::vector<Case> cases() {
  return {
      {"one candidate", {{3, {{100}}}}, 0},
      {"equal ones: the first", {{0, {{100}}}, {0, {{100}}}}, 0},
      {"fewest overdrawn budgets, whatever the rest says",
       {{1, {{0}}}, {0, {{200}, {200}, {200}}}},
       1},
      {"lowest highest priority", {{0, {{100}, {100}}}, {0, {{100}, {0}}}, {0, {{0}, {0}}}}, 2},
      {"then the lowest sum", {{0, {{100}, {100}}}, {0, {{100}, {0}}}, {0, {{100}, {100}}}}, 1},
      {"then the fewest pods: each adds to the sum",
       {{0, {{100}, {100}, {-100}, {-100}}}, {0, {{100}, {-100}}}, {0, {{100}, {0}, {-100}}}},
       1},
      {"negative priorities do not make more pods cheaper",
       {{0, {{100}, {-100}, {-100}}}, {0, {{100}, {-100}}}, {0, {{100}, {0}, {-100}}}},
       1},
      {"then the latest start",
       {{0, {{100, 3000}}}, {0, {{100, 1000}}}, {0, {{100, 4000}}}, {0, {{100, 2000}}}},
       2},
      {"of several the earliest start counts",
       {{0, {{100, 1000}, {100, 9000}}}, {0, {{100, 2000}, {100, 2500}}}},
       1},
      {"only starts of the highest priority count",
       {{0, {{100, 5000}, {0, 1000}}}, {0, {{100, 4000}, {0, 9000}}}},
       0},
      {"a pod that has not started is the latest", {{0, {{100, 9000}}}, {0, {{100, -1}}}}, 1},
      {"extreme priorities do not overflow",
       {{0, {{2147483647}, {2147483647}}}, {0, {{2147483647}, {-2147483647}}}},
       1},
  };
}

class ChooseCandidate : public ::testing::TestWithParam<Case> {};

TEST_P(ChooseCandidate, LosesLeast) {
  EXPECT_EQ(chooseCandidate(candidatesOf(GetParam().nodes)), GetParam().best);
}

INSTANTIATE_TEST_SUITE_P(Cases, ChooseCandidate, ::testing::ValuesIn(cases()));

TEST(CandidatesWanted, IsAShareButAtLeastSoManyAndAtMostAll) {
  EXPECT_EQ(candidatesWanted(0, 10, 100), 0U);
  EXPECT_EQ(candidatesWanted(5, 10, 100), 5U);
  EXPECT_EQ(candidatesWanted(100, 10, 100), 100U);
  EXPECT_EQ(candidatesWanted(999, 10, 100), 100U);
  EXPECT_EQ(candidatesWanted(5000, 10, 100), 500U);
  EXPECT_EQ(candidatesWanted(5, 40, 2), 2U);
  EXPECT_EQ(candidatesWanted(5, 100, 0), 5U);
}

}  // namespace
}  // namespace stowage::testing
