#include "cmd/etcd-agent/decisions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>

namespace stowage::etcd_agent {
namespace {

using kubeapi::hooks::Verdict;
using ::testing::HasSubstr;

constexpr std::uint64_t kLag = 100;

// Voters 1 to `count`, led by 1, all there.
ClusterSight sightOf(int count) {
  ClusterSight sight;
  for (int i = 1; i <= count; ++i) {
    const auto id = static_cast<std::uint64_t>(i);
    sight.list.members.push_back({id, "db-0-" + std::to_string(i), {}, {}, false});
    sight.statuses[id] = {id, 1, 5, 1000, 1000, false, {}};
  }
  return sight;
}

Verdict down(const ClusterSight& sight, std::uint64_t id) {
  return mayBeDown(sight, *sight.list.byId(id), kLag).verdict;
}
Verdict removed(const ClusterSight& sight, std::uint64_t id) {
  return mayBeRemoved(sight, *sight.list.byId(id), kLag).verdict;
}

TEST(EtcdDecisions, RolesComeWithTheTerm) {
  EXPECT_EQ(roleOf({1, 1, 5, 0, 0, false, {}}).role, "leader");
  EXPECT_EQ(roleOf({2, 1, 5, 0, 0, false, {}}).role, "follower");
  EXPECT_EQ(roleOf({2, 1, 5, 0, 0, true, {}}).role, "learner");
  EXPECT_EQ(roleOf({2, 0, 5, 0, 0, false, {}}).role, "");
  EXPECT_EQ(roleOf({2, 0, 5, 0, 0, false, {}}).term, 5);
  EXPECT_EQ(roleOf({1, 1, ~0ULL, 0, 0, false, {}}).term, std::numeric_limits<std::int64_t>::max());
}

TEST(EtcdDecisions, AMemberMayBeDownWhileTheOthersHoldTheQuorum) {
  EXPECT_EQ(down(sightOf(3), 1), Verdict::kDone);
  EXPECT_EQ(down(sightOf(5), 3), Verdict::kDone);
  EXPECT_EQ(down(sightOf(2), 1), Verdict::kRefused);
  EXPECT_EQ(down(sightOf(1), 1), Verdict::kDone) << "nothing to protect";
  ClusterSight sight = sightOf(3);
  sight.statuses.erase(3);
  EXPECT_EQ(down(sight, 2), Verdict::kRefused);
  EXPECT_EQ(down(sight, 3), Verdict::kDone) << "it is down already";
  EXPECT_THAT(mayBeDown(sight, *sight.list.byId(2), kLag).message, HasSubstr("1 of 3"));
}

TEST(EtcdDecisions, WhoHasNotCaughtUpHoldsNothing) {
  ClusterSight behind = sightOf(3);
  behind.statuses[3].applied = 1000 - kLag - 1;
  EXPECT_EQ(down(behind, 2), Verdict::kRefused);
  behind.statuses[3].applied = 1000 - kLag;
  EXPECT_EQ(down(behind, 2), Verdict::kDone);
  ClusterSight elsewhere = sightOf(3);
  elsewhere.statuses[3].leader = 2;  // of an earlier term
  elsewhere.statuses[3].term = 4;
  EXPECT_EQ(down(elsewhere, 2), Verdict::kRefused);
  ClusterSight alone = sightOf(3);
  alone.statuses[3].leader = 0;
  EXPECT_EQ(down(alone, 2), Verdict::kRefused);
}

TEST(EtcdDecisions, LearnersDoNotCount) {
  ClusterSight sight = sightOf(3);
  sight.list.members[2].learner = true;
  EXPECT_EQ(down(sight, 2), Verdict::kRefused) << "two voters";
  EXPECT_EQ(down(sight, 3), Verdict::kDone);
  EXPECT_EQ(removed(sight, 3), Verdict::kDone);
}

TEST(EtcdDecisions, AMemberIsRemovedWhenThoseThatStayHoldTheirQuorum) {
  EXPECT_EQ(removed(sightOf(3), 1), Verdict::kDone);
  EXPECT_EQ(removed(sightOf(2), 1), Verdict::kDone) << "one stays, and is its own quorum";
  EXPECT_EQ(removed(sightOf(1), 1), Verdict::kRefused);
  ClusterSight sight = sightOf(3);
  sight.statuses.erase(3);
  EXPECT_EQ(removed(sight, 3), Verdict::kDone);
  EXPECT_EQ(removed(sight, 2), Verdict::kRefused);
}

TEST(EtcdDecisions, TheSuccessorHasAppliedMost) {
  ClusterSight sight = sightOf(3);
  sight.statuses[2].applied = 950;
  ASSERT_NE(successorOf(sight, 1, kLag), nullptr);
  EXPECT_EQ(successorOf(sight, 1, kLag)->id, 3U);
  sight.statuses.erase(3);
  EXPECT_EQ(successorOf(sight, 1, kLag)->id, 2U);
  sight.statuses[2].applied = 1;
  EXPECT_EQ(successorOf(sight, 1, kLag), nullptr);
  ClusterSight learner = sightOf(2);
  learner.list.members[1].learner = true;
  EXPECT_EQ(successorOf(learner, 1, kLag), nullptr);
}

TEST(EtcdDecisions, CaughtUpIsWithoutLagAlarmOrLearner) {
  const MemberStatus leader{1, 1, 5, 1000, 1000, false, {}};
  MemberStatus own{2, 1, 5, 950, 950, false, {}};
  EXPECT_EQ(hasCaughtUp(own, leader, kLag).verdict, Verdict::kDone);
  EXPECT_EQ(hasCaughtUp(leader, leader, kLag).verdict, Verdict::kDone);
  own.applied = 899;
  EXPECT_EQ(hasCaughtUp(own, leader, kLag).verdict, Verdict::kWorking);
  own.applied = 1000;
  own.errors = {"memberID:3 alarm:NOSPACE"};
  EXPECT_EQ(hasCaughtUp(own, leader, kLag).verdict, Verdict::kRefused);
  own.errors = {};
  own.learner = true;
  EXPECT_EQ(hasCaughtUp(own, leader, kLag).verdict, Verdict::kWorking);
  own.learner = false;
  own.leader = 0;
  EXPECT_EQ(hasCaughtUp(own, leader, kLag).verdict, Verdict::kWorking);
  own.leader = 3;
  EXPECT_EQ(hasCaughtUp(own, leader, kLag).verdict, Verdict::kWorking);
}

TEST(EtcdDecisions, AMemberIsFoundByItsPodsName) {
  MemberList list;
  list.members = {{1, "db-0-1", {"http://db-0-1.db-0-peers.ns.svc:2380"}, {}, false},
                  {2, "", {"http://db-0-11.db-0-peers.ns.svc:2380"}, {}, true},
                  {3, "", {"http://[fd00::3]:2380"}, {}, true},
                  {4, "", {"nonsense", "http://db-0-4"}, {}, true}};
  EXPECT_EQ(memberOfPod(list, "db-0-1")->id, 1U);
  EXPECT_EQ(memberOfPod(list, "db-0-11")->id, 2U);
  EXPECT_EQ(memberOfPod(list, "db-0-3"), nullptr);
  EXPECT_EQ(memberOfPod(list, "db-0-3", "fd00::3")->id, 3U);
  EXPECT_EQ(memberOfPod(list, "db-0"), nullptr);
  EXPECT_EQ(memberOfPod(list, ""), nullptr);
  // A name that was published wins over an address.
  list.members[1].name = "db-0-5";
  EXPECT_EQ(memberOfPod(list, "db-0-11"), nullptr);
}

// Taking a member away that may be down never leaves fewer than a quorum of those that answered.
RC_GTEST_PROP(EtcdDecisions, ThoseWhoStayAreAQuorum, ()) {
  ClusterSight sight = sightOf(*rc::gen::inRange(2, 8));
  for (auto it = sight.statuses.begin(); it != sight.statuses.end();) {
    it->second.applied = *rc::gen::inRange<std::uint64_t>(0, 1001);
    it->second.leader = *rc::gen::element<std::uint64_t>(0, 1, 1, 1, 2);
    it = *rc::gen::inRange(0, 4) == 0 ? sight.statuses.erase(it) : std::next(it);
  }
  for (const Member& who : sight.list.members) {
    if (mayBeDown(sight, who, kLag).verdict != Verdict::kDone) continue;
    int with_one_leader = 0;
    for (std::uint64_t leader = 1; leader <= 2; ++leader) {
      int count = 0;
      for (const auto& [id, status] : sight.statuses)
        count += id != who.id && status.leader == leader && status.applied + kLag >= 1000 ? 1 : 0;
      with_one_leader = std::max(with_one_leader, count);
    }
    RC_ASSERT(with_one_leader * 2 > sight.list.voters());
  }
}

}  // namespace
}  // namespace stowage::etcd_agent
