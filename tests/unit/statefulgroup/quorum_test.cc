#include "statefulgroup/quorum.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <vector>

namespace stowage::statefulgroup {
namespace {

using kubeapi::group::BudgetType;
using kubeapi::group::ConsensusType;
using kubeapi::group::SingleReplica;
using kubeapi::group::Spec;

Spec specOf(int replicas, ConsensusType type = ConsensusType::kQuorum) {
  Spec spec;
  spec.replicas = replicas;
  spec.consensus.type = type;
  return spec;
}

TEST(Quorum, IsAMajority) {
  const int want[] = {0, 1, 2, 2, 3, 3, 4, 4};
  const int tolerated[] = {0, 0, 0, 1, 1, 2, 2, 3};
  for (int voters = 0; voters < 8; ++voters) {
    EXPECT_EQ(quorumOf(voters), want[voters]) << voters;
    EXPECT_EQ(toleratedFailures(voters), tolerated[voters]) << voters;
  }
  EXPECT_EQ(quorumOf(-1), 0);
}

TEST(Floor, FollowsTheTypeOfConsensus) {
  EXPECT_EQ(floorOf(specOf(3), 3), 2);
  EXPECT_EQ(floorOf(specOf(5), 5), 3);
  EXPECT_EQ(floorOf(specOf(2, ConsensusType::kPrimaryReplica), 2), 1);
  EXPECT_EQ(floorOf(specOf(3, ConsensusType::kPrimaryReplica), 3), 2);
  EXPECT_EQ(floorOf(specOf(2, ConsensusType::kNone), 2), 1);
  EXPECT_EQ(floorOf(specOf(4, ConsensusType::kNone), 4), 3);
  EXPECT_EQ(floorOf(specOf(3), 0), 0);
}

TEST(Floor, IsRaisedAndNotLowered) {
  Spec spec = specOf(5);
  spec.consensus.min_healthy = 4;
  EXPECT_EQ(floorOf(spec, 5), 4);
  spec.consensus.min_healthy = 9;
  EXPECT_EQ(floorOf(spec, 5), 5);
  spec = specOf(5);
  spec.disruption.budget = BudgetType::kMinAvailable;
  spec.disruption.min_available = 1;
  EXPECT_EQ(floorOf(spec, 5), 3);
  spec.disruption.min_available = 4;
  EXPECT_EQ(floorOf(spec, 5), 4);
}

TEST(Floor, OfTwoVotersOneMayGoWithConsent) {
  Spec spec = specOf(2);
  EXPECT_EQ(floorOf(spec, 2), 2);
  spec.disruption.budget = BudgetType::kMinAvailable;
  spec.disruption.min_available = 1;
  EXPECT_EQ(floorOf(spec, 2), 1);
}

TEST(Floor, OfTheOnlyVoterIsItself) {
  Spec spec = specOf(1);
  EXPECT_EQ(floorOf(spec, 1), 1);
  EXPECT_EQ(minAvailable(spec, {}), 1);
  spec.disruption.single_replica = SingleReplica::kAllow;
  EXPECT_EQ(floorOf(spec, 1), 0);
  EXPECT_EQ(minAvailable(spec, {}), std::nullopt);
}

TEST(Budget, CountsLearnersAsPodsThatMayBeMissedOnlyIfAllMissingWereVoters) {
  Spec spec = specOf(5);
  spec.consensus.voters = 3;
  // Two of five pods are learners; one missing pod may be a voter, two may be too many.
  EXPECT_EQ(minAvailable(spec, {}), 4);
}

// The budget of three members while they become five and while they become three again never falls
// below what the members of the moment need (etcd-io/etcd-operator#399).
TEST(Budget, DoesNotShrinkWithWhatIsFound) {
  const Spec three = specOf(3);
  EXPECT_EQ(minAvailable(three, {3, 3, 3}), 2);
  EXPECT_EQ(minAvailable(three, {3, 3, 1}), 2);
  EXPECT_EQ(minAvailable(three, {3, 4, 4}), 3);  // a learner beside them
  const Spec five = specOf(5);
  EXPECT_EQ(minAvailable(five, {3, 3, 3}), 4);
  EXPECT_EQ(minAvailable(five, {4, 4, 4}), 4);
  EXPECT_EQ(minAvailable(five, {5, 5, 5}), 3);
  EXPECT_EQ(minAvailable(three, {5, 5, 5}), 4);
  EXPECT_EQ(minAvailable(three, {4, 4, 5}), 4);
}

TEST(Budget, NoneIsNone) {
  Spec spec = specOf(3);
  spec.disruption.budget = BudgetType::kNone;
  EXPECT_EQ(minAvailable(spec, {3, 3, 3}), std::nullopt);
  EXPECT_EQ(minAvailable(specOf(0, ConsensusType::kNone), {}), std::nullopt);
}

Spec anySpec() {
  Spec spec = specOf(*rc::gen::inRange(1, 12),
                     *rc::gen::element(ConsensusType::kQuorum, ConsensusType::kPrimaryReplica,
                                       ConsensusType::kNone));
  if (*rc::gen::arbitrary<bool>()) spec.consensus.voters = *rc::gen::inRange(1, 12);
  if (*rc::gen::arbitrary<bool>()) spec.consensus.min_healthy = *rc::gen::inRange(1, 12);
  if (*rc::gen::arbitrary<bool>()) {
    spec.disruption.budget = BudgetType::kMinAvailable;
    spec.disruption.min_available = *rc::gen::inRange(1, 12);
  }
  return spec;
}

RC_GTEST_PROP(Floor, KeepsAQuorumAndIsReachable, ()) {
  const Spec spec = anySpec();
  const int voters = *rc::gen::inRange(2, 12);
  const int floor = floorOf(spec, voters);
  RC_ASSERT(floor <= voters);
  if (spec.consensus.type == ConsensusType::kQuorum && voters > 2) {
    RC_ASSERT(floor >= quorumOf(voters));
  }
  RC_ASSERT(floor >= 1);
}

// Whatever pods are missing within the budget: the voters that are there and those that are wanted
// keep their floor.
RC_GTEST_PROP(Budget, WhatItAllowsLeavesTheFloor, ()) {
  const Spec spec = anySpec();
  const int voters = *rc::gen::inRange(2, 12);
  const ShardSize seen{voters, voters + *rc::gen::inRange(0, 4), *rc::gen::inRange(0, 16)};
  const auto budget = minAvailable(spec, seen);
  RC_PRE(budget.has_value());
  const int pods = std::max(seen.members, seen.pods);
  // As many unavailable pods as the budget lets happen, all of them voters.
  const int missing = std::max(0, pods - *budget);
  RC_ASSERT(voters - missing >= floorOf(spec, voters));
  if (wantedVoters(spec) > 1 && pods >= spec.replicas) {
    RC_ASSERT(wantedVoters(spec) - missing >= floorOf(spec, wantedVoters(spec)));
  }
}

// Scaling one member at a time: what is published before a step holds before, in and after it, and
// when the last step is done the budget is the steady one.
RC_GTEST_PROP(Budget, IsRaisedBeforeAStepAndLoweredAfterIt, ()) {
  const int from = *rc::gen::inRange(1, 5) * 2 + 1;
  const int to = *rc::gen::inRange(1, 5) * 2 + 1;
  const Spec spec = specOf(to);
  ShardSize now{from, from, from};
  // A member comes as a learner with its pod and is promoted, or leaves and then loses its pod.
  const auto step = [&](ShardSize next) {
    const int published = *minAvailableAcross(spec, now, next);
    for (const ShardSize& at : {now, next}) {
      const int missing = std::max(0, std::max(at.members, at.pods) - published);
      RC_ASSERT(at.voters - missing >= floorOf(spec, at.voters));
    }
    now = next;
  };
  while (now.voters < to) {
    step({now.voters, now.members + 1, now.pods});
    step({now.voters, now.members, now.pods + 1});
    step({now.voters + 1, now.members, now.pods});
  }
  while (now.voters > to) {
    step({now.voters - 1, now.members - 1, now.pods});
    step({now.voters, now.members, now.pods - 1});
  }
  RC_ASSERT(*minAvailable(spec, now) == quorumOf(to));
}

}  // namespace
}  // namespace stowage::statefulgroup
