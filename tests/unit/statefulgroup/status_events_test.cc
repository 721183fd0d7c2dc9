#include "statefulgroup/status/status_events.h"

#include <gmock/gmock.h>

namespace stowage::statefulgroup {
namespace {

using kubeapi::group::Status;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Status with(const char* type, const char* status, const char* reason, const char* message = "") {
  Status one;
  one.conditions.push_back({type, status, reason, message, {}, 1});
  return one;
}

std::vector<std::string> told(const Status& before, const Status& after) {
  std::vector<std::string> lines;
  for (const GroupEvent& event : statusEvents(before, after))
    lines.push_back((event.warning ? "Warning " : "Normal ") + event.reason + ": " + event.note);
  return lines;
}

TEST(StatusEvents, TellATurnOnceAndWithTheWordsOfItsCondition) {
  const Status fine = with("BudgetsSynced", "True", "Synced");
  const Status conflict = with("BudgetsSynced", "False", "Conflict", "budget mine selects pods");
  EXPECT_THAT(told(fine, conflict),
              ElementsAre("Warning BudgetConflict: budget mine selects pods"));
  EXPECT_THAT(told({}, conflict), ElementsAre("Warning BudgetConflict: budget mine selects pods"));
  EXPECT_THAT(told(conflict, conflict), IsEmpty());
  EXPECT_THAT(told(conflict, fine), IsEmpty());
}

TEST(StatusEvents, OfEveryTurnThatPeopleHaveToKnowOf) {
  const auto event = [](const char* type, const char* reason) {
    const auto events = statusEvents({}, with(type, "False", reason, "m"));
    return events.size() == 1 ? events[0].reason : std::to_string(events.size()) + " events";
  };
  EXPECT_EQ(event("Available", "QuorumLost"), "QuorumLost");
  EXPECT_EQ(event("TemplateValid", "Rejected"), "TemplateRejected");
  EXPECT_EQ(event("Progressing", "ProgressDeadlineExceeded"), "RolloutStuck");
  EXPECT_EQ(event("Progressing", "RolledBack"), "RolloutRolledBack");
  EXPECT_EQ(event("Degraded", "NodeLost"), "ReplicaLost");
  EXPECT_EQ(event("Degraded", "VolumeLost"), "ReplicaLost");
  EXPECT_EQ(event("Spread", "TooFewDomains"), "TooFewDomains");
  EXPECT_EQ(event("StorageResizing", "Infeasible"), "ExpansionFailed");
  EXPECT_EQ(event("Degraded", "MemberUnready"), "0 events");
  EXPECT_EQ(event("Ready", "Progressing"), "0 events");
}

TEST(StatusEvents, AHaltedRolloutSaysWhoStaysBehind) {
  Status stuck = with("Progressing", "False", "ProgressDeadlineExceeded", "shard 0 has not");
  stuck.total_replicas = 6;
  stuck.updated_replicas = 1;
  EXPECT_THAT(told({}, stuck), ElementsAre("Warning RolloutStuck: shard 0 has not",
                                           HasSubstr("RolloutHalted: 5 of 6 replicas stay")));
  EXPECT_THAT(told(stuck, stuck), IsEmpty());
}

TEST(StatusEvents, AQuorumThatIsBackIsGoodNews) {
  const Status lost = with("Available", "False", "QuorumLost");
  const Status held = with("Available", "True", "QuorumHeld");
  EXPECT_THAT(told(lost, held), ElementsAre(HasSubstr("Normal QuorumRegained")));
  EXPECT_THAT(told(with("Available", "False", "Forming"), held), IsEmpty());
}

}  // namespace
}  // namespace stowage::statefulgroup
