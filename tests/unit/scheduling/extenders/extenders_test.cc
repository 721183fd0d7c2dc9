// HTTP extenders through the whole scheduler: what they are asked, and what their answers do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "testing/scheduling/scheduler_harness.h"

namespace stowage::testing {
namespace {

using namespace std::chrono_literals;
using base::Symbol;
using scheduling::BindOutcome;
using scheduling::ExtenderAnswer;
using scheduling::ExtenderQuestion;
using scheduling::ExtenderSpec;
using scheduling::WriteOutcome;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

enum Verb : unsigned { kFilter = 1, kPrioritize = 2, kPreempt = 4, kBind = 8 };

ExtenderSpec extender(unsigned verbs, std::vector<Symbol> managed = {}) {
  return {"http://extender",       (verbs & kFilter) != 0, (verbs & kPrioritize) != 0,
          (verbs & kPreempt) != 0, (verbs & kBind) != 0,   std::move(managed)};
}

NodeBuilder node(std::string_view name) { return makeNode(name).cpu("4").memory("8Gi"); }

ExtenderAnswer answerTo(const ExtenderQuestion& question) {
  ExtenderAnswer answer;
  answer.pod = question.pod;
  answer.number = question.number;
  return answer;
}

class ExtendersTest : public ::testing::Test {
 protected:
  void start(std::vector<ExtenderSpec> extenders) {
    HarnessOptions options;
    options.preemption = true;
    options.extenders = std::move(extenders);
    harness_ = std::make_unique<SchedulerHarness>(options);
  }
  SchedulerHarness& h() { return *harness_; }
  const ExtenderQuestion& question() { return h().extenders.questions.back(); }
  std::vector<std::string> askedAbout() {
    std::vector<std::string> names;
    for (const Symbol& name : question().nodes) names.push_back(name.str());
    return names;
  }
  void give(const ExtenderAnswer& answer) {
    h().scheduler->extendersAnswered(answer);
    h().settle();
  }
  // The last question is answered: those nodes are allowed, the others rejected.
  void allow(const std::vector<std::pair<std::string, std::int64_t>>& scores,
             const std::string& reason = "no", bool unresolvable = false) {
    ExtenderAnswer answer = answerTo(question());
    for (const auto& [name, score] : scores) answer.allowed.push_back({Symbol(name), score});
    for (const Symbol& name : question().nodes) {
      const bool allowed = std::any_of(scores.begin(), scores.end(),
                                       [&](const auto& one) { return name == one.first; });
      if (!allowed) answer.rejected.push_back({name, reason, unresolvable});
    }
    give(answer);
  }
  void failWith(const std::string& error) {
    ExtenderAnswer answer = answerTo(question());
    answer.error = error;
    give(answer);
  }

 private:
  std::unique_ptr<SchedulerHarness> harness_;
};

TEST_F(ExtendersTest, AreAskedAboutFeasibleNodesAndDecideAmongThem) {
  start({extender(kFilter | kPrioritize)});
  for (const char* name : {"a", "b", "c"}) h().add(node(name));
  h().add(node("small").cpu("1"));
  h().add(makePod("p").cpu("2"));
  h().settle();
  EXPECT_THAT(h().binder.requests, IsEmpty());
  EXPECT_THAT(askedAbout(), UnorderedElementsAre("a", "b", "c"));
  EXPECT_TRUE(question().score);
  EXPECT_THAT(question().extenders, ElementsAre(0U));
  allow({{"a", 10}, {"c", 1000}});
  EXPECT_EQ(h().boundTo("p"), "c");
  EXPECT_FALSE(h().binder.requests.back().extender.has_value());
  EXPECT_THAT(h().extenders.questions, SizeIs(1));
}

TEST_F(ExtendersTest, ScoresAreAddedToOurOwn) {
  start({extender(kPrioritize)});
  h().add(node("a"));
  h().add(node("b"));
  h().add(makePod("x").cpu("1").node("a"));  // packing prefers it
  h().add(makePod("p").cpu("1"));
  h().settle();
  allow({{"a", 0}, {"b", 0}});
  EXPECT_EQ(h().boundTo("p"), "a");
  h().add(makePod("q").cpu("1"));
  h().settle();
  allow({{"a", 0}, {"b", 101}});
  EXPECT_EQ(h().boundTo("q"), "b") << "100 is all that packing can say against it";
}

TEST_F(ExtendersTest, AMonstrousScoreDecidesAndBreaksNothing) {
  start({extender(kPrioritize)});
  h().add(node("a"));
  h().add(node("b"));
  h().add(makePod("p").cpu("1"));
  h().settle();
  allow({{"a", INT64_MIN}, {"b", INT64_MAX}});
  EXPECT_EQ(h().boundTo("p"), "b");
}

TEST_F(ExtendersTest, APodThatConcernsNoneIsNotAsked) {
  start({extender(kFilter, {Symbol("example.com/gpu")})});
  h().add(node("a").allocatable("example.com/gpu", "4"));
  h().add(makePod("plain").cpu("1"));
  h().settle();
  EXPECT_EQ(h().boundTo("plain"), "a");
  EXPECT_THAT(h().extenders.questions, IsEmpty());
  h().add(makePod("by-request").request("example.com/gpu", "1"));
  h().settle();
  ASSERT_THAT(h().extenders.questions, SizeIs(1));
  allow({{"a", 0}});
  h().add(makePod("by-limit").limit("example.com/gpu", "1"));
  h().settle();
  EXPECT_THAT(h().extenders.questions, SizeIs(2));
}

TEST_F(ExtendersTest, ANodeAloneIsFilteredButNotScored) {
  start({extender(kPrioritize)});
  h().add(node("a"));
  h().add(makePod("p").cpu("1"));
  h().settle();
  EXPECT_THAT(h().extenders.questions, IsEmpty());
  EXPECT_EQ(h().boundTo("p"), "a");
}

TEST_F(ExtendersTest, NoFeasibleNodeNoQuestion) {
  start({extender(kFilter)});
  h().add(node("a"));
  h().add(makePod("p").cpu("9"));
  h().settle();
  EXPECT_THAT(h().extenders.questions, IsEmpty());
  EXPECT_THAT(h().notes("FailedScheduling"), SizeIs(1));
}

TEST_F(ExtendersTest, RejectionsAreWordedAndWaitForAnyEvent) {
  start({extender(kFilter)});
  h().add(node("a"));
  h().add(node("b"));
  h().add(node("small").cpu("1"));
  h().add(makePod("p").cpu("2"));
  h().settle();
  allow({}, "out of licences", true);
  EXPECT_THAT(h().notes("FailedScheduling"),
              ElementsAre("0/3 nodes are available: 1 Insufficient cpu, 2 out of licences. "
                          "no new claims to deallocate, preemption: 0/3 nodes are available: 3 "
                          "Preemption is not helpful for scheduling."));
  EXPECT_EQ(h().scheduler->queueSizes().unschedulable, 1U);
  h().advance(2s);
  h().settle();
  EXPECT_THAT(h().extenders.questions, SizeIs(1)) << "nothing has happened";
  // Of no use to a filter of ours.
  h().scheduler->nodeUpdated(nullptr, node("small").cpu("1").label("a", "b"));
  h().settle();
  EXPECT_THAT(h().extenders.questions, SizeIs(2));
}

TEST_F(ExtendersTest, NodesLeftOutWithoutAWordAreCountedOnly) {
  start({extender(kFilter)});
  h().add(node("a"));
  h().add(makePod("p").cpu("1"));
  h().settle();
  allow({}, "", true);
  ASSERT_THAT(h().notes("FailedScheduling"), SizeIs(1));
  EXPECT_THAT(h().notes("FailedScheduling").front(),
              ::testing::StartsWith("0/1 nodes are available: no new claims"));
}

TEST_F(ExtendersTest, AnEventDuringTheQuestionIsNotLost) {
  start({extender(kFilter)});
  h().add(node("a"));
  h().add(makePod("p").cpu("1"));
  h().settle();
  h().scheduler->nodeUpdated(nullptr, node("a").label("licences", "more"));
  allow({}, "out of licences");
  EXPECT_EQ(h().scheduler->queueSizes().unschedulable, 0U);
  h().advance(1s);
  h().settle();
  EXPECT_THAT(h().extenders.questions, SizeIs(2)) << "asked again after its backoff";
}

TEST_F(ExtendersTest, AnErrorFailsTheAttemptAndIsTriedAgain) {
  start({extender(kFilter)});
  h().add(node("a"));
  h().add(makePod("p").cpu("1"));
  h().settle();
  failWith("connection refused");
  EXPECT_THAT(h().notes("FailedScheduling"), ElementsAre("connection refused"));
  EXPECT_EQ(h().status.patches.back().reason, "SchedulerError");
  EXPECT_EQ(h().scheduler->queueSizes().backoff, 1U);
  h().advance(1s);
  h().settle();
  ASSERT_THAT(h().extenders.questions, SizeIs(2));
  allow({{"a", 0}});
  EXPECT_EQ(h().boundTo("p"), "a");
}

TEST_F(ExtendersTest, ExtendersThatTakeNoQuestionFailTheAttempt) {
  start({extender(kFilter)});
  h().extenders.full = true;
  h().add(node("a"));
  h().add(makePod("p").cpu("1"));
  EXPECT_EQ(h().settle(), 1);
  EXPECT_THAT(h().notes("FailedScheduling"), ElementsAre("the extenders cannot be asked now"));
}

TEST_F(ExtendersTest, OthersAreDecidedMeanwhileAndTurnsComeByPriority) {
  start({extender(kFilter, {Symbol("example.com/gpu")})});
  h().add(node("a").allocatable("example.com/gpu", "8"));
  h().add(makePod("first").request("example.com/gpu", "1"));
  h().settle();
  h().add(makePod("plain").cpu("1"));
  h().settle();
  h().add(makePod("low").request("example.com/gpu", "1"));
  h().settle();
  h().add(makePod("high").request("example.com/gpu", "1").priority(9));
  h().settle();
  EXPECT_EQ(h().boundTo("plain"), "a") << "it does not wait for other pods' extenders";
  ASSERT_THAT(h().extenders.questions, SizeIs(1)) << "one question at a time";
  allow({{"a", 0}});
  EXPECT_EQ(h().boundTo("first"), "a");
  EXPECT_EQ(question().pod.name, "high");
  allow({{"a", 0}});
  EXPECT_EQ(question().pod.name, "low");
  allow({{"a", 0}});
  EXPECT_EQ(h().boundTo("low"), "a");
}

TEST_F(ExtendersTest, ANodeThatFilledUpMeanwhileIsNotTaken) {
  start({extender(kFilter, {Symbol("example.com/gpu")})});
  h().add(node("a").allocatable("example.com/gpu", "8"));
  h().add(node("b").allocatable("example.com/gpu", "8"));
  h().add(makePod("p").cpu("3").request("example.com/gpu", "1"));
  h().settle();
  h().add(makePod("x").cpu("3").node("a"));
  allow({{"a", 0}, {"b", 0}});
  EXPECT_EQ(h().boundTo("p"), "b");
}

TEST_F(ExtendersTest, WhenOnlyNodesAreLeftThatTheyWereNotAskedAboutTheyAreAskedAgain) {
  start({extender(kFilter)});
  h().add(node("a"));
  h().add(makePod("p").cpu("3"));
  h().settle();
  h().add(makePod("x").cpu("3").node("a"));
  h().add(node("b"));
  allow({{"a", 0}});
  EXPECT_THAT(h().binder.requests, IsEmpty());
  ASSERT_THAT(h().extenders.questions, SizeIs(2));
  EXPECT_THAT(askedAbout(), ElementsAre("b"));
  allow({{"b", 0}});
  EXPECT_EQ(h().boundTo("p"), "b");
}

TEST_F(ExtendersTest, APodThatGoesWhileItsQuestionIsOutIsForgotten) {
  start({extender(kFilter)});
  h().add(node("a"));
  h().add(makePod("p").cpu("1"));
  h().add(makePod("q").cpu("1"));
  h().settle();
  const ExtenderQuestion asked = question();
  h().remove(h().seen(asked.pod.name.view()));
  allow({{"a", 0}});
  const std::string other = asked.pod.name == "p" ? "q" : "p";
  EXPECT_EQ(question().pod.name, other) << "the next one has its turn";
  allow({{"a", 0}});
  EXPECT_EQ(h().boundTo(other), "a");
  EXPECT_THAT(h().binder.requests, SizeIs(1));
}

TEST_F(ExtendersTest, AnswersToNothingAreIgnored) {
  start({extender(kFilter)});
  h().add(node("a"));
  h().add(makePod("p").cpu("1"));
  h().settle();
  ExtenderAnswer stray = answerTo(question());
  stray.number += 7;
  stray.allowed.push_back({Symbol("a"), 0});
  give(stray);
  EXPECT_THAT(h().binder.requests, IsEmpty());
  allow({{"a", 0}});
  const ExtenderAnswer again = answerTo(question());
  give(again);
  EXPECT_THAT(h().binder.requests, SizeIs(1));
}

TEST_F(ExtendersTest, NodesThatTheyMadeUpAreNotTaken) {
  start({extender(kFilter)});
  h().add(node("a"));
  h().add(makePod("p").cpu("1"));
  h().settle();
  ExtenderAnswer answer = answerTo(question());
  answer.allowed.push_back({Symbol("nowhere"), 5});
  answer.rejected.push_back({Symbol("elsewhere"), "why", false});
  answer.rejected.push_back({Symbol("a"), "because", true});
  give(answer);
  EXPECT_THAT(h().binder.requests, IsEmpty());
  ASSERT_THAT(h().notes("FailedScheduling"), SizeIs(1));
  EXPECT_THAT(h().notes("FailedScheduling").front(),
              ::testing::StartsWith("0/1 nodes are available: 1 because."));
}

TEST_F(ExtendersTest, APodWhoseLabelsChangeMeanwhileIsAskedAboutAnew) {
  start({extender(kFilter)});
  h().add(node("a"));
  h().add(makePod("p").cpu("1"));
  h().settle();
  h().update(makePod("p").cpu("1").label("team", "other"));
  allow({{"a", 0}});
  EXPECT_THAT(h().binder.requests, IsEmpty());
  EXPECT_THAT(h().extenders.questions, SizeIs(2));
  allow({{"a", 0}});
  EXPECT_EQ(h().boundTo("p"), "a");
}

TEST_F(ExtendersTest, TheBindingExtenderIsNamedAndItsFailureToldAsItIs) {
  start({extender(kFilter), extender(kBind)});
  h().add(node("a"));
  h().add(makePod("p").cpu("1"));
  h().settle();
  EXPECT_THAT(question().extenders, ElementsAre(0U));
  allow({{"a", 0}});
  ASSERT_THAT(h().binder.requests, SizeIs(1));
  EXPECT_EQ(h().binder.requests[0].extender, 1U);
  h().answerBind(0, BindOutcome::kRejected, "no device left");
  EXPECT_THAT(h().notes("FailedScheduling"), ElementsAre("no device left"));
}

TEST_F(ExtendersTest, AnExtenderThatSaysNothingToABindingIsToldWhenThePodIsNotBound) {
  start({extender(kBind)});
  h().add(node("a"));
  h().add(makePod("p").cpu("1"));
  h().settle();
  ASSERT_THAT(h().binder.requests, SizeIs(1));
  h().answerBind(0, BindOutcome::kUnknown, "no answer in time");
  EXPECT_THAT(h().notes("FailedScheduling"), IsEmpty()) << "the pod may be bound";
  const kubeapi::PodPtr unbound = makePod("p").cpu("1");
  h().scheduler->podRefetched(h().binder.requests[0].pod, unbound);
  EXPECT_THAT(h().notes("FailedScheduling"), ElementsAre("no answer in time"));
}

// A node full of a low priority pod, and a pod of higher priority that wants it.
class ExtendedPreemptionTest : public ExtendersTest {
 protected:
  void SetUp() override {
    start({extender(kPreempt)});
    for (const char* name : {"a", "b"}) {
      h().add(node(name));
      h().add(makePod(std::string("low-") + name).cpu("2").node(name));
      h().add(makePod(std::string("mid-") + name).cpu("2").node(name).priority(5));
    }
    h().add(makePod("high").cpu("2").priority(100));
    h().settle();
  }
  std::vector<std::string> victimsOf(std::size_t candidate) {
    std::vector<std::string> names;
    for (const auto& pod : question().candidates.at(candidate).pods) {
      names.push_back(pod->meta.name.str());
    }
    return names;
  }
  void leave(const std::string& node_name, const std::vector<std::string>& uids) {
    ExtenderAnswer answer = answerTo(question());
    ExtenderAnswer::Victims victims{Symbol(node_name), {}, 0};
    for (const std::string& uid : uids) victims.pods.emplace_back(uid);
    answer.candidates.push_back(std::move(victims));
    give(answer);
  }
};

TEST_F(ExtendedPreemptionTest, ExtendersNarrowTheCandidatesAndChooseTheVictims) {
  ASSERT_THAT(h().extenders.questions, SizeIs(1));
  EXPECT_THAT(question().nodes, IsEmpty());
  ASSERT_THAT(question().candidates, SizeIs(2));
  EXPECT_THAT(victimsOf(0), ElementsAre(::testing::StartsWith("low-")));
  EXPECT_THAT(h().evictor.nominations, IsEmpty());
  leave("b", {"uid-default-mid-b"});
  ASSERT_THAT(h().evictor.nominations, SizeIs(1));
  EXPECT_EQ(h().evictor.nominations[0].nominated_node, "b");
  EXPECT_EQ(h().metrics.value("scheduler_preemption_attempts_total"), 1);
  h().scheduler->nominationFinished(h().evictor.nominations[0].pod, WriteOutcome::kDone, "");
  ASSERT_THAT(h().evictor.evictions, SizeIs(1));
  EXPECT_EQ(h().evictor.evictions[0].victim.name, "mid-b");
}

TEST_F(ExtendedPreemptionTest, WithoutACandidateLeftNobodyIsEvicted) {
  give(answerTo(question()));
  EXPECT_THAT(h().evictor.nominations, IsEmpty());
  EXPECT_THAT(h().notes("FailedScheduling"),
              ElementsAre("0/2 nodes are available: 2 Insufficient cpu. no new claims to "
                          "deallocate, preemption: no candidate node for preemption"));
}

TEST_F(ExtendedPreemptionTest, VictimsThatAreNotThereOrMoreImportantAreRefused) {
  leave("b", {"uid-default-low-a"});
  EXPECT_THAT(h().evictor.nominations, IsEmpty());
  ASSERT_THAT(h().notes("FailedScheduling"), SizeIs(1));
  EXPECT_THAT(h().notes("FailedScheduling").back(),
              ::testing::EndsWith("but the pod is not found on that node"));
  h().add(makePod("boss").cpu("0").node("b").priority(100));
  h().remove(h().seen("low-a"));
  h().add(makePod("filler").cpu("2").node("a").priority(100));
  h().advance(20s);
  h().settle();
  leave("b", {"uid-default-boss"});
  EXPECT_THAT(h().evictor.nominations, IsEmpty());
  EXPECT_THAT(h().notes("FailedScheduling").back(),
              ::testing::EndsWith("whose priority is not lower"));
}

TEST_F(ExtendedPreemptionTest, RoomThatCameMeanwhileIsTakenInstead) {
  h().remove(h().seen("low-a"));
  leave("b", {"uid-default-low-b"});
  EXPECT_THAT(h().evictor.nominations, IsEmpty());
  EXPECT_EQ(h().boundTo("high"), "a");
}

TEST_F(ExtendersTest, ThePromisedNodeIsAskedAboutFirst) {
  start({extender(kFilter | kPrioritize)});
  h().add(node("a"));
  h().add(node("b"));
  h().add(makePod("p").cpu("1").nominated("b"));
  h().settle();
  EXPECT_THAT(askedAbout(), ElementsAre("b"));
  EXPECT_FALSE(question().score);
  allow({});
  EXPECT_THAT(askedAbout(), UnorderedElementsAre("a", "b"));
  allow({{"a", 0}});
  EXPECT_EQ(h().boundTo("p"), "a");

  h().add(makePod("q").cpu("1").nominated("b"));
  h().settle();
  allow({{"b", 0}});
  EXPECT_EQ(h().boundTo("q"), "b");
}

}  // namespace
}  // namespace stowage::testing
