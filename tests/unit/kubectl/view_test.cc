// What people are shown: tables, status, history.
#include "cmd/kubectl-stowage/view/history.h"
#include "cmd/kubectl-stowage/view/report.h"
#include "cmd/kubectl-stowage/view/revision_diff.h"
#include "cmd/kubectl-stowage/view/table.h"
#include "unit/kubectl/kubectl_harness.h"

namespace stowage::kubectl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

TEST(TableTest, ColumnsAreAsWideAsTheirWidestCell) {
  Table table({"A", "LONGER", "C"});
  table.add({"wide cell", "", ""});
  table.add({"é", "x", "end"});
  EXPECT_EQ(table.text(),
            "A          LONGER  C\n"
            "wide cell  -\n"
            "é          x       end\n");
}

TEST(TableTest, ColoursDoNotMoveColumns) {
  Table table({"A", "B"});
  table.add({{"x", Tint::kBad}, "y"});
  EXPECT_EQ(table.text("", true),
            "\033[1mA\033[0m  \033[1mB\033[0m\n"
            "\033[1;31mx\033[0m  y\n");
  EXPECT_EQ(table.text(),
            "A  B\n"
            "x  y\n");
  EXPECT_EQ(painted("", Tint::kGood, true), "");
  EXPECT_EQ(painted("a", Tint::kPlain, true), "a");
}

TEST(TableTest, WhatTheClusterSaysCannotMoveTheCursor) {
  EXPECT_EQ(oneLine("a\x1b[2J\nb\x7f", 100), "a [2J b ");
  EXPECT_EQ(oneLine("a\xC2\x9B"
                    "2Jb\xC2\xA0\xC3\x9F\xC2",
                    100),
            "a 2Jb\xC2\xA0\xC3\x9F\xC2");
  EXPECT_EQ(oneLine("abcdef", 3), "abc...");
}

TEST(TableTest, AgesAreRough) {
  EXPECT_EQ(roughly(-1s), "0s");
  EXPECT_EQ(roughly(119s), "119s");
  EXPECT_EQ(roughly(120s), "2m");
  EXPECT_EQ(roughly(119min), "119m");
  EXPECT_EQ(roughly(47h), "47h");
  EXPECT_EQ(roughly(49h), "2d");
}

TEST(RevisionDiffTest, NamesWhatChanged) {
  const char* before = R"({"template":{"metadata":{"labels":{"a.b/c":"1"}},"spec":{
    "containers":[{"name":"main","image":"db:1","args":["a"]},{"name":"old","image":"x"}]}}})";
  const char* after = R"({"template":{"metadata":{"labels":{"a.b/c":"2"}},"spec":{
    "containers":[{"name":"main","image":"db:2","args":["a","b"]}],"priorityClassName":"high"}},
    "restartTime":"2026-01-01T00:00:00Z"})";
  EXPECT_THAT(
      changesBetween(before, after),
      ElementsAre("restartTime: new, 2026-01-01T00:00:00Z",
                  "template.metadata.labels[a.b/c]: 1 -> 2",
                  R"(template.spec.containers[main].args: ["a"] -> ["a","b"])",
                  "template.spec.containers[main].image: db:1 -> db:2",
                  R"(template.spec.containers[old]: removed, was {"image":"x","name":"old"})",
                  "template.spec.priorityClassName: new, high"));
}

TEST(RevisionDiffTest, AnotherOrderIsAChange) {
  EXPECT_THAT(changesBetween(R"({"l":[{"name":"a"},{"name":"b"}]})",
                             R"({"l":[{"name":"b"},{"name":"a"}]})"),
              ElementsAre("l: another order"));
  EXPECT_THAT(changesBetween(R"({"l":[1]})", R"({"l":[1]})"), IsEmpty());
  EXPECT_THAT(changesBetween("{", "{}"), ElementsAre("data: cannot be read"));
}

TEST(RevisionDiffTest, ManyChangesAreCut) {
  EXPECT_EQ(inShort({"a", "b", "c"}, 2), "a; b; and 1 more");
  EXPECT_EQ(inShort({"a"}, 2), "a");
}

using StatusTest = KubectlTest;

TEST_F(StatusTest, AGroupInPeace) {
  harness_.put(2, 3);
  harness_.cluster.setRole("db-0-1", "leader");
  harness_.settle();
  harness_.clock.advance(5min);
  auto seen = observed();
  for (auto& budget : seen.budgets) {
    auto judged = std::make_shared<kubeapi::PodDisruptionBudget>(*budget);
    judged->disruptions_allowed = 1;
    budget = judged;
  }
  expectGolden("status_in_peace.txt", statusText(reportOf(seen, now())));
  expectGolden("status_in_peace.json", statusJson(reportOf(seen, now())));
}

TEST_F(StatusTest, AFailedRolloutThatWentBackGoesNowhereElse) {
  harness_.put(1, 3);
  harness_.bad_images = {"x:2"};
  Json more = testing::withImage("x:2");
  more["updateStrategy"]["rollingUpdate"]["onFailure"] = "Rollback";
  harness_.put(1, 3, more);
  harness_.clock.advance(601s);
  harness_.settle();
  const std::string text = statusText(reportOf(observed(), now()));
  EXPECT_THAT(text, HasSubstr("), back from 2 ("));
  EXPECT_THAT(text, HasSubstr("whose rollout failed"));
  EXPECT_THAT(text, ::testing::Not(HasSubstr("->")));
  EXPECT_THAT(text, ::testing::Not(HasSubstr("goes over")));
}

// Found by reading: the sum of two of them was more than an int holds.
TEST_F(StatusTest, RestartsAreCountedHoweverManyThePodSays) {
  harness_.put(1, 3);
  const auto textWith = [&](std::vector<std::int32_t> restarts) {
    auto seen = observed();
    auto pod = std::make_shared<kubeapi::MemberPod>(*seen.pods.front());
    pod->container_statuses.clear();
    for (const std::int32_t count : restarts)
      pod->container_statuses.emplace_back().restarts = count;
    seen.pods.front() = pod;
    return statusText(reportOf(seen, now()));
  };
  EXPECT_THAT(textWith({1}), HasSubstr("restarted once"));
  EXPECT_THAT(textWith({2147483647, 2147483647}), HasSubstr("4294967294 restarts"));
}

TEST_F(StatusTest, ARolloutThatWaits) {
  harness_.put(2, 3);
  harness_.unschedulable_images = {"x:2"};
  harness_.put(2, 3, testing::withImage("x:2"));
  harness_.clock.advance(90s);
  const std::string text = statusText(reportOf(observed(), now()));
  expectGolden("status_rollout_waits.txt", text);
  EXPECT_THAT(text, HasSubstr("1 -> 2"));
}

TEST_F(StatusTest, PausedAndNotSeenYet) {
  harness_.put(1, 3);
  auto seen = observed();
  auto group = std::make_shared<kubeapi::StatefulGroup>(*seen.group);
  group->meta.generation += 1;
  group->spec.management_policy = kubeapi::group::ManagementPolicy::kPaused;
  seen.group = group;
  const std::string text = statusText(reportOf(seen, now()));
  EXPECT_THAT(text, HasSubstr("paused: the operator looks on"));
  EXPECT_THAT(text, HasSubstr("does stowage-operator run?"));
}

TEST_F(StatusTest, ColoursAreForTerminalsOnly) {
  harness_.put(1, 3);
  const GroupReport report = reportOf(observed(), now());
  EXPECT_THAT(statusText(report), ::testing::Not(HasSubstr("\033")));
  EXPECT_THAT(statusText(report, true), HasSubstr("\033[32mavailable\033[0m"));
}

// With the operator away, its word and the members drift apart.
TEST_F(StatusTest, WhatTheOperatorHasNotSeenIsSaid) {
  harness_.put(1, 3);
  GroupReport report = reportOf(observed(), now());
  EXPECT_THAT(statusText(report), ::testing::Not(HasSubstr("does stowage-operator run?")));
  report.shards.at(0).available = 1;
  EXPECT_THAT(statusText(report), HasSubstr("Members have stopped serving since"));
}

// A group whose conditions say this and nothing else.
GroupReport saying(const char* type, const char* reason) {
  GroupReport report;
  report.ns = "ns";
  report.name = "db";
  report.conditions.push_back({type, "False", reason, "", {}, 1});
  return report;
}

TEST(AdviceTest, EveryTroubleHasItsNextStep) {
  EXPECT_EQ(adviceFor(saying("Progressing", "ProgressDeadlineExceeded")),
            "mend spec.template, or: kubectl stowage rollback db -n ns");
  EXPECT_EQ(adviceFor(saying("TemplateValid", "Rejected")),
            "mend spec.template, or: kubectl stowage rollback db -n ns");
  EXPECT_THAT(adviceFor(saying("Progressing", "RolledBack")), HasSubstr("spec.template"));
  EXPECT_EQ(adviceFor(saying("BudgetsSynced", "Conflict")), "delete the other budget");
  EXPECT_EQ(adviceFor(saying("Progressing", "Idle")), "");
  GroupReport paused = saying("Progressing", "Paused");
  paused.paused = true;
  EXPECT_EQ(adviceFor(paused), "kubectl stowage resume db -n ns");
}

TEST(AdviceTest, ALostQuorumNamesAPodToLookAt) {
  GroupReport report = saying("Available", "QuorumLost");
  EXPECT_THAT(adviceFor(report), HasSubstr("bring the missing members back;"));
  ShardReport& shard = report.shards.emplace_back();
  shard.members.resize(3);
  shard.members[0].state = "absent";
  shard.members[1].state = "available";
  shard.members[2].pod = "db-0-2";
  shard.members[2].state = "pending";
  shard.members[2].age = 5s;
  EXPECT_THAT(adviceFor(report), HasSubstr("kubectl describe pod db-0-2 -n ns"));
  report.hibernated = true;
  EXPECT_EQ(adviceFor(report), "");
}

TEST_F(StatusTest, AHibernatedGroupLacksNothing) {
  harness_.put(1, 3);
  harness_.put(1, 3, {{"runPolicy", "Hibernated"}});
  const GroupReport report = reportOf(observed(), now());
  EXPECT_EQ(report.shards.at(0).floor, 0);
  const std::string text = statusText(report);
  EXPECT_THAT(text, ::testing::Not(HasSubstr("QuorumLost")));
  EXPECT_THAT(text, ::testing::Not(HasSubstr("To do")));
}

using HistoryTest = KubectlTest;

TEST_F(HistoryTest, NewestFirstWithWhatChanged) {
  harness_.put(1, 3);
  harness_.put(1, 3, testing::withImage("x:2"));
  Json more = testing::withImage("x:2");
  more["restartTime"] = "2026-01-01T00:00:00Z";
  harness_.put(1, 3, more);
  harness_.clock.advance(1h);
  expectGolden("history.txt", historyText(observed(), now()));
  const Json json = Json::parse(historyJson(observed()));
  ASSERT_EQ(json.size(), 3U);
  EXPECT_EQ(json[0]["mark"], "current");
  EXPECT_EQ(json[0]["pods"], 3);
  EXPECT_EQ(json[1]["changes"][0],
            "template.spec.containers[main].image: example.test/db:1 -> x:2");
}

TEST_F(HistoryTest, NoneYet) {
  harness_.put(1, 3);
  auto seen = observed();
  seen.revisions.clear();
  EXPECT_EQ(historyText(seen, now()), "no revisions yet\n");
}

}  // namespace
}  // namespace stowage::kubectl
