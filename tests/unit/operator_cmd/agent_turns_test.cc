// Agents that hang hold up each other, and nobody else.
#include "cmd/operator/agent_turns.h"

#include <gmock/gmock.h>

#include <vector>

#include "testing/api/stepping_clock.h"

namespace stowage::operator_cmd {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Turn = std::optional<AgentTurns::Turn>;

class AgentTurnsTest : public ::testing::Test {
 protected:
  void call(const std::string& ns, base::Duration time) {
    const Turn turn = turns_.take(ns);
    ASSERT_TRUE(turn.has_value());
    clock_.advance(time);
  }

  testing::SteppingClock clock_;
  AgentTurns turns_{{3, 2}, clock_};
};

TEST_F(AgentTurnsTest, AgentsThatAnswerAtOnceHaveNoLimit) {
  call("fast", milliseconds(5));
  std::vector<Turn> turns;
  for (int i = 0; i < 100; ++i) {
    turns.push_back(turns_.take("fast"));
    EXPECT_TRUE(turns.back().has_value());
  }
  turns.clear();
  EXPECT_EQ(turns_.size(), 0U);
}

TEST_F(AgentTurnsTest, ASlowNamespaceGetsItsShareAndOthersGoOn) {
  call("slow", seconds(2));
  const Turn first = turns_.take("slow");
  const Turn second = turns_.take("slow");
  EXPECT_TRUE(first && second);
  EXPECT_FALSE(turns_.take("slow").has_value());
  EXPECT_TRUE(turns_.take("fast").has_value());
}

TEST_F(AgentTurnsTest, AllSlowNamespacesTogetherLeaveTheRestToOthers) {
  std::vector<Turn> turns;
  for (const char* ns : {"one", "two", "three", "four"}) call(ns, seconds(2));
  for (const char* ns : {"one", "two", "three"}) {
    turns.push_back(turns_.take(ns));
    EXPECT_TRUE(turns.back().has_value()) << ns;
  }
  EXPECT_FALSE(turns_.take("four").has_value());
  EXPECT_TRUE(turns_.take("fast").has_value());
  turns.pop_back();
  EXPECT_TRUE(turns_.take("four").has_value());
}

TEST_F(AgentTurnsTest, SlownessIsForgottenAfterAMinute) {
  call("slow", seconds(2));
  clock_.advance(seconds(59));
  EXPECT_EQ(turns_.size(), 1U);
  clock_.advance(seconds(1));
  std::vector<Turn> turns;
  for (int i = 0; i < 10; ++i) {
    turns.push_back(turns_.take("slow"));
    EXPECT_TRUE(turns.back().has_value());
  }
  turns.clear();
  EXPECT_EQ(turns_.size(), 0U);
}

}  // namespace
}  // namespace stowage::operator_cmd
