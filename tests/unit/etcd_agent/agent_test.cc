// The verbs, before a cluster in memory. tests/integration/etcd_agent asks the same of a real one.
#include "cmd/etcd-agent/agent.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/etcd_agent/fake_etcd.h"

namespace stowage::etcd_agent {
namespace {

using kubeapi::hooks::Verdict;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class EtcdAgentTest : public ::testing::Test {
 protected:
  // The agent of db-0-<ordinal>.
  std::unique_ptr<Agent> agentOf(int ordinal) {
    PeerOptions options;
    options.name = "db-0-" + std::to_string(ordinal);
    for (int i = 0; i < 5; ++i)
      options.hosts["db-0-" + std::to_string(i)] = "h" + std::to_string(i);
    peers_.push_back(std::make_unique<Peers>(options, clock_));
    return std::make_unique<Agent>(AgentOptions{FakeEtcd::urlOf(ordinal), 100}, etcd_,
                                   *peers_.back(), clock_, std::stop_token());
  }
  static Agent::Request about(const std::string& pod) { return {"op", pod, "uid"}; }

  FakeEtcd etcd_{3};
  base::SystemClock clock_;
  std::vector<std::unique_ptr<Peers>> peers_;
};

TEST_F(EtcdAgentTest, TellsItsRole) {
  EXPECT_EQ(agentOf(0)->role()->role, "leader");
  EXPECT_EQ(agentOf(1)->role()->role, "follower");
  EXPECT_EQ(agentOf(1)->role()->term, 7);
  etcd_.at(1).up = false;
  EXPECT_FALSE(agentOf(1)->role());
}

TEST_F(EtcdAgentTest, HandsTheLeadershipToWhoHasCaughtUp) {
  etcd_.at(1).status.applied = 10;
  EXPECT_EQ(agentOf(0)->switchover(about("db-0-0")).verdict, Verdict::kDone);
  EXPECT_THAT(etcd_.asked, ElementsAre("transfer 3"));
  // Asked again, it has been done.
  EXPECT_EQ(agentOf(0)->switchover(about("db-0-0")).verdict, Verdict::kDone);
  EXPECT_THAT(etcd_.asked, ElementsAre("transfer 3"));
}

TEST_F(EtcdAgentTest, AHandOverThatIsNotSeenIsAskedAbout) {
  etcd_.transfers = false;
  EXPECT_EQ(agentOf(0)->switchover(about("db-0-0")).verdict, Verdict::kWorking);
  etcd_.refuse_next = base::Status(base::Code::kConflict, "etcdserver: bad leader transferee");
  const Answer answer = agentOf(0)->switchover(about("db-0-0"));
  EXPECT_EQ(answer.verdict, Verdict::kWorking);
  EXPECT_THAT(answer.message, HasSubstr("bad leader transferee"));
}

TEST_F(EtcdAgentTest, NobodyLeadsInPlaceOfTheLastOne) {
  etcd_.at(1).status.applied = 10;
  etcd_.at(2).status.applied = 10;
  EXPECT_EQ(agentOf(0)->switchover(about("db-0-0")).verdict, Verdict::kRefused);
  EXPECT_THAT(etcd_.asked, IsEmpty());
}

TEST_F(EtcdAgentTest, ALearnerJoinsByPromotion) {
  etcd_.add(3, /*learner=*/true);
  etcd_.refuse_next = base::Status(base::Code::kConflict, "in sync with leader");
  EXPECT_EQ(agentOf(3)->join(about("db-0-3")).verdict, Verdict::kWorking);
  EXPECT_EQ(agentOf(3)->join(about("db-0-3")).verdict, Verdict::kDone);
  EXPECT_THAT(etcd_.asked, ElementsAre("promote 4", "promote 4"));
  etcd_.at(3).status.learner = false;
  EXPECT_EQ(agentOf(3)->join(about("db-0-3")).verdict, Verdict::kDone);
  EXPECT_EQ(etcd_.asked.size(), 2U);
  EXPECT_EQ(agentOf(1)->join(about("db-0-1")).verdict, Verdict::kDone) << "a founder is in";
  EXPECT_EQ(agentOf(1)->join(about("db-0-3")).verdict, Verdict::kRefused);
  etcd_.at(1).up = false;
  EXPECT_EQ(agentOf(1)->join(about("db-0-1")).verdict, Verdict::kWorking);
}

TEST_F(EtcdAgentTest, LeavesByNameAndOnce) {
  EXPECT_EQ(agentOf(1)->leave(about("db-0-2")).verdict, Verdict::kDone);
  EXPECT_THAT(etcd_.asked, ElementsAre("remove 3"));
  EXPECT_EQ(agentOf(1)->leave(about("db-0-2")).verdict, Verdict::kDone);
  EXPECT_EQ(agentOf(0)->leave(about("db-0-2")).verdict, Verdict::kDone);
  EXPECT_THAT(etcd_.asked, ElementsAre("remove 3"));
}

TEST_F(EtcdAgentTest, ARemovedMembersAgentStillKnows) {
  etcd_.cluster.erase(FakeEtcd::idOf(2));
  EXPECT_EQ(agentOf(2)->leave(about("db-0-2")).verdict, Verdict::kDone);
}

TEST_F(EtcdAgentTest, ALossOfQuorumIsNotMade) {
  etcd_.at(2).up = false;
  EXPECT_EQ(agentOf(0)->leave(about("db-0-1")).verdict, Verdict::kRefused);
  EXPECT_EQ(agentOf(0)->preDisruption(about("db-0-0")).verdict, Verdict::kRefused);
  EXPECT_EQ(agentOf(0)->preDisruption(about("db-0-2")).verdict, Verdict::kDone);
  EXPECT_EQ(agentOf(0)->leave(about("db-0-2")).verdict, Verdict::kDone);
  etcd_.at(1).up = false;
  EXPECT_EQ(agentOf(0)->leave(about("db-0-2")).verdict, Verdict::kRefused)
      << "who is a member cannot be known without a quorum";
}

TEST_F(EtcdAgentTest, OtherShardsAreNotSpokenFor) {
  for (const char* pod : {"db-1-2", "other", "db-0-x", "db-0-02"}) {
    EXPECT_EQ(agentOf(0)->leave(about(pod)).verdict, Verdict::kRefused) << pod;
    EXPECT_EQ(agentOf(0)->preDisruption(about(pod)).verdict, Verdict::kRefused) << pod;
  }
  EXPECT_THAT(etcd_.asked, IsEmpty());
}

// An address that moved on to another member tells nothing about the first.
TEST_F(EtcdAgentTest, WhoAnswersHasToBeTheMemberItself) {
  etcd_.at(2).member.client_urls = {FakeEtcd::urlOf(1)};
  EXPECT_EQ(agentOf(0)->preDisruption(about("db-0-0")).verdict, Verdict::kRefused);
}

TEST_F(EtcdAgentTest, CaughtUpIsMeasuredAgainstTheLeader) {
  EXPECT_EQ(agentOf(0)->postRestart(about("db-0-0")).verdict, Verdict::kDone);
  EXPECT_EQ(agentOf(1)->postRestart(about("db-0-1")).verdict, Verdict::kDone);
  etcd_.at(0).status.index = 5101;
  EXPECT_EQ(agentOf(1)->postRestart(about("db-0-1")).verdict, Verdict::kWorking);
  etcd_.at(0).status.index = 5100;
  EXPECT_EQ(agentOf(1)->postRestart(about("db-0-1")).verdict, Verdict::kDone);
  etcd_.at(1).status.errors = {"alarm:CORRUPT"};
  EXPECT_EQ(agentOf(1)->postRestart(about("db-0-1")).verdict, Verdict::kRefused);
  etcd_.at(2).up = false;
  EXPECT_EQ(agentOf(2)->postRestart(about("db-0-2")).verdict, Verdict::kWorking);
}

}  // namespace
}  // namespace stowage::etcd_agent
