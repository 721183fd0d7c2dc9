#include "scheduling/cycle/attempt_trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/scheduling/scheduler_harness.h"

namespace stowage::testing {
namespace {

using namespace std::chrono_literals;
using namespace scheduling;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Pair;

std::vector<std::string> namesOf(const base::Trace& trace) {
  std::vector<std::string> names;
  for (const base::TraceSpan& part : trace.parts) names.push_back(part.name);
  return names;
}

std::string attribute(const base::Trace& trace, const std::string& key) {
  for (const auto& [name, value] : trace.attributes)
    if (name == key) return value;
  return "";
}

TEST(AttemptTrace, ShowsWaitAndBindOfAPodThatIsBound) {
  SchedulerHarness harness;
  harness.add(makeNode("n").cpu("4"));
  harness.add(makePod("a").cpu("1"));
  harness.clock.advance(2s);
  EXPECT_EQ(harness.settle(), 1);
  EXPECT_TRUE(harness.traces.traces.empty()) << "the attempt ends with the answer";
  harness.clock.advance(3s);
  harness.confirmAll();
  ASSERT_EQ(harness.traces.traces.size(), 1U);
  const base::Trace& trace = harness.traces.traces[0];
  // The phases take no time on a clock that stands.
  EXPECT_THAT(namesOf(trace), ElementsAre("queue", "Bind"));
  EXPECT_EQ(trace.whole.ended - trace.whole.began, 5s);
  EXPECT_EQ(trace.parts[0].ended - trace.parts[0].began, 2s);
  EXPECT_EQ(trace.parts[1].ended - trace.parts[1].began, 3s);
  EXPECT_FALSE(trace.failed);
  EXPECT_THAT(trace.attributes,
              IsSupersetOf({Pair("k8s.pod.name", "a"), Pair("k8s.node.name", "n"),
                            Pair("stowage.profile", "stowage-scheduler"),
                            Pair("stowage.attempt", "1"), Pair("stowage.result", "scheduled")}));
}

TEST(AttemptTrace, SaysWhyAPodWasNotScheduled) {
  SchedulerHarness harness;
  harness.add(makeNode("n").cpu("1"));
  harness.add(makePod("a").cpu("2"));
  harness.settle();
  ASSERT_EQ(harness.traces.traces.size(), 1U);
  const base::Trace& trace = harness.traces.traces[0];
  EXPECT_EQ(attribute(trace, "stowage.result"), "unschedulable");
  EXPECT_THAT(attribute(trace, "stowage.message"), HasSubstr("Insufficient cpu"));
  EXPECT_FALSE(trace.failed) << "a full cluster is no error";
}

TEST(AttemptTrace, AFailedBindIsAnError) {
  SchedulerHarness harness;
  harness.add(makeNode("n").cpu("4"));
  harness.add(makePod("a").cpu("1"));
  harness.settle();
  harness.answerBind(0, BindOutcome::kRejected, "no such right");
  ASSERT_FALSE(harness.traces.traces.empty());
  const base::Trace& trace = harness.traces.traces[0];
  EXPECT_TRUE(trace.failed);
  EXPECT_THAT(trace.error, HasSubstr("no such right"));
  EXPECT_EQ(attribute(trace, "stowage.result"), "error");
}

TEST(AttemptTrace, NothingIsPutTogetherForNobody) {
  SchedulerHarness harness;
  harness.traces.wanted = false;
  harness.add(makeNode("n").cpu("4"));
  harness.add(makePod("a").cpu("1"));
  harness.settle();
  harness.confirmAll();
  EXPECT_TRUE(harness.traces.traces.empty());
}

TEST(AttemptTrace, PhasesEndWithTheDecision) {
  RecordingTraceSink sink;
  const base::SteadyTime start{};
  DecisionTimes times;
  times.queued_at = start + 1s;
  times.decided_at = start + 10s;
  times.filter = 2s;
  times.score = 1s;
  AttemptFacts facts;
  facts.started = start + 5s;
  facts.bind_started = start + 10s;
  traceAttempt(&sink, facts, times, start + 12s);
  ASSERT_EQ(sink.traces.size(), 1U);
  const auto& parts = sink.traces[0].parts;
  EXPECT_THAT(namesOf(sink.traces[0]), ElementsAre("queue", "Filter", "Score", "Bind"));
  EXPECT_EQ(parts[1].began, start + 7s);
  EXPECT_EQ(parts[2].began, start + 9s);
  EXPECT_EQ(parts[2].ended, start + 10s);
}

// What a tenant may have written into a message stays bounded.
TEST(AttemptTrace, MessagesAreCut) {
  RecordingTraceSink sink;
  const std::string message(100'000, 'x');
  AttemptFacts facts;
  facts.result = AttemptResult::kError;
  facts.message = message;
  traceAttempt(&sink, facts, {}, base::SteadyTime(1s));
  EXPECT_EQ(sink.traces[0].error.size(), 1024U);
  traceAttempt(nullptr, facts, {}, base::SteadyTime(1s));
}

}  // namespace
}  // namespace stowage::testing
