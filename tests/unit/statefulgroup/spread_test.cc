#include "statefulgroup/plan/spread.h"

#include <gmock/gmock.h>

namespace stowage::statefulgroup {
namespace {

using kubeapi::group::FailureDomain;
using Kind = SpreadFinding::Kind;
using ::testing::HasSubstr;

// A shard whose voters lie in those zones; "" is a node without the label.
ShardView inZones(const std::vector<const char*>& zones) {
  ShardView shard;
  int ordinal = 0;
  for (const char* zone : zones) {
    Member& member = shard.members.emplace_back();
    member.replica = {0, ordinal++};
    member.wanted = true;
    auto pod = std::make_shared<kubeapi::MemberPod>();
    pod->node_name = "n";
    member.pod = pod;
    member.state = MemberState::kAvailable;
    if (*zone != 0) member.node.labels.set("zone", zone);
  }
  return shard;
}

kubeapi::group::Spec specOf(int replicas) {
  kubeapi::group::Spec spec;
  spec.replicas = replicas;
  FailureDomain domain;
  domain.topology_key = "zone";
  spec.topology.failure_domains = {domain};
  return spec;
}

TEST(Spread, ADomainMayHoldAsManyAsMayBeLost) {
  EXPECT_EQ(judgeSpread({inZones({"a", "b", "c"})}, specOf(3), {}).kind, Kind::kSatisfied);
  EXPECT_EQ(judgeSpread({inZones({"a", "a", "b", "b", "c"})}, specOf(5), {}).kind,
            Kind::kSatisfied);
  const SpreadFinding skewed = judgeSpread({inZones({"a", "b", "a"})}, specOf(3), {});
  EXPECT_EQ(skewed.kind, Kind::kSkewed);
  EXPECT_THAT(skewed.message, HasSubstr("shard 0: more than 1 in zone a"));
}

TEST(Spread, NumbersOfTheUserCountToo) {
  kubeapi::group::Spec spec = specOf(5);
  spec.topology.failure_domains[0].max_per_domain = 1;
  EXPECT_EQ(judgeSpread({inZones({"a", "a", "b", "c", "d"})}, spec, {}).kind, Kind::kSkewed);
  spec.topology.failure_domains[0].max_per_domain.reset();
  spec.topology.failure_domains[0].quorum_safe = kubeapi::group::QuorumSafe::kOff;
  EXPECT_EQ(judgeSpread({inZones({"a", "a", "a", "a", "a"})}, spec, {}).kind, Kind::kSatisfied);
}

TEST(Spread, NodesThatTellNothingAreUnknown) {
  EXPECT_EQ(judgeSpread({inZones({"a", "", "b"})}, specOf(3), {}).kind, Kind::kUnknown);
  EXPECT_EQ(judgeSpread({inZones({"a", "", "a"})}, specOf(3), {}).kind, Kind::kSkewed);
  EXPECT_EQ(judgeSpread({inZones({""})}, specOf(1), {}).kind, Kind::kSatisfied);
}

TEST(Spread, WhatNoPlaceCanGiveIsNotLookedForInPlaces) {
  const auto inDomains = [](int domains) {
    return judgeSpread({inZones({"a", "b", "a"})}, specOf(3), {{Symbol("zone"), domains}});
  };
  const SpreadFinding few = inDomains(2);
  EXPECT_EQ(few.kind, Kind::kTooFew);
  EXPECT_THAT(few.message, HasSubstr("need 3 of them, and the nodes have 2"));
  EXPECT_EQ(inDomains(3).kind, Kind::kSkewed);
  EXPECT_EQ(inDomains(0).kind, Kind::kSkewed);  // nodes do not tell
  // Five voters bear the loss of two: three domains are enough.
  EXPECT_EQ(
      judgeSpread({inZones({"a", "a", "b", "b", "c"})}, specOf(5), {{Symbol("zone"), 3}}).kind,
      Kind::kSatisfied);
}

}  // namespace
}  // namespace stowage::statefulgroup
