#include "scheduling/preemption/preemption_loops.h"

#include <gtest/gtest.h>

#include "testing/builders/pod_builder.h"

namespace stowage::testing {
namespace {

using base::SteadyTime;
using scheduling::LoopLimits;
using scheduling::PreemptionLoops;
using namespace std::chrono_literals;

kubeapi::PodPtr ownedBy(const char* owner, const std::string& name) {
  return makePod(name).owner("ReplicaSet", owner);
}

class PreemptionLoopsTest : public ::testing::Test {
 protected:
  // `uid` of ours evicts a fresh pod of their owner; the number of loops found.
  std::size_t preempt(const char* name, const char* ours = "ours", const char* theirs = "theirs") {
    const kubeapi::PodPtr preemptor = ownedBy(ours, name);
    const std::vector<kubeapi::PodPtr> victims = {ownedBy(theirs, "v" + std::to_string(++made_))};
    return loops_.preempting(*preemptor, victims, now_).size();
  }
  bool barred(const char* ours = "ours", const char* theirs = "theirs") {
    return loops_.barred(*ownedBy(ours, "any"), *ownedBy(theirs, "other"), now_);
  }

  LoopLimits limits_;
  PreemptionLoops loops_{limits_};
  SteadyTime now_{std::chrono::hours(1)};
  int made_ = 0;
};

TEST_F(PreemptionLoopsTest, ManyFirstPreemptionsAmongTwoOwnersAreNoLoop) {
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(preempt(("p" + std::to_string(i)).c_str()), 0U);
  }
  EXPECT_FALSE(barred());
}

TEST_F(PreemptionLoopsTest, OnePodThatPreemptsAgainAndAgainIsALoop) {
  EXPECT_EQ(preempt("p"), 0U);
  EXPECT_EQ(preempt("p"), 0U);
  EXPECT_EQ(preempt("p"), 0U);
  EXPECT_FALSE(barred());
  EXPECT_EQ(preempt("p"), 1U);
  EXPECT_TRUE(barred());
  EXPECT_FALSE(barred("ours", "a third")) << "others may still be preempted";
  EXPECT_FALSE(barred("a third", "theirs"));
}

TEST_F(PreemptionLoopsTest, AnOwnerThatLosesItsPodsEachTimeIsInALoop) {
  std::size_t loops = 0;
  for (int i = 0; i < 4; ++i) {
    const std::string name = "p" + std::to_string(i);
    loops += preempt(name.c_str());
    loops_.lost(*ownedBy("ours", name));
  }
  EXPECT_EQ(loops, 1U);
  EXPECT_TRUE(barred());
}

TEST_F(PreemptionLoopsTest, ThePauseGrowsAndEnds) {
  for (int i = 0; i < 4; ++i) preempt("p");
  now_ += 59s;
  EXPECT_TRUE(barred());
  now_ += 2s;
  EXPECT_FALSE(barred());
  EXPECT_EQ(preempt("p"), 1U) << "once more is the same loop";
  now_ += 119s;
  EXPECT_TRUE(barred()) << "twice as long";
  now_ += 2s;
  EXPECT_FALSE(barred());
  int minutes = 0;
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(preempt("p"), 1U);
    for (minutes = 0; barred(); ++minutes) now_ += 1min;
  }
  EXPECT_EQ(minutes, 60) << "an hour is the longest";
}

TEST_F(PreemptionLoopsTest, QuietTimeForgivesAll) {
  for (int i = 0; i < 4; ++i) preempt("p");
  now_ += 1min + 10min + 1s;
  EXPECT_EQ(preempt("p"), 0U);
  EXPECT_FALSE(barred());
}

TEST_F(PreemptionLoopsTest, SlowRepetitionIsNoLoop) {
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(preempt("p"), 0U);
    now_ += 11min;
  }
}

TEST_F(PreemptionLoopsTest, SeveralVictimsOfOneOwnerAreOnePreemption) {
  const kubeapi::PodPtr preemptor = ownedBy("ours", "p");
  std::vector<kubeapi::PodPtr> victims;
  for (int i = 0; i < 10; ++i) victims.push_back(ownedBy("theirs", "v" + std::to_string(i)));
  EXPECT_TRUE(loops_.preempting(*preemptor, victims, now_).empty());
  EXPECT_EQ(loops_.pairs(), 1U);
}

TEST_F(PreemptionLoopsTest, BarePodsAreKnownByTheirName) {
  const kubeapi::PodPtr first = makePod("web").uid("1");
  const kubeapi::PodPtr again = makePod("web").uid("2");
  EXPECT_EQ(PreemptionLoops::ownerOf(*first), PreemptionLoops::ownerOf(*again));
}

TEST_F(PreemptionLoopsTest, MemoryIsBounded) {
  for (int i = 0; i < 4; ++i) preempt("p");
  for (int i = 0; i < 3000; ++i)
    preempt(("p" + std::to_string(i)).c_str(), "ours", ("o" + std::to_string(i)).c_str());
  EXPECT_EQ(loops_.pairs(), limits_.max_pairs);
  EXPECT_TRUE(barred()) << "a bar outlives pairs that only rest";
}

}  // namespace
}  // namespace stowage::testing
