// A new configuration between two decisions: what holds from then on, and what is kept.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "base/rng.h"
#include "testing/scheduling/scheduler_harness.h"

namespace stowage::testing {
namespace {

using namespace std::chrono_literals;
using base::Symbol;
using scheduling::BindOutcome;
using scheduling::Profile;
using scheduling::SchedulerOptions;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Profile profile(std::string name = "stowage-scheduler") {
  return scheduling::defaultProfile(std::move(name));
}
Profile without(std::string_view filter) {
  Profile out = profile();
  std::erase(out.filters, filter);
  return out;
}
Profile scoredBy(const std::string& score) {
  Profile out = profile();
  out.scores = {{score, 1}};
  return out;
}
SchedulerOptions with(std::vector<Profile> profiles) {
  SchedulerOptions options;
  options.profiles = std::move(profiles);
  return options;
}

TEST(Reconfigure, WaitingPodsAreTriedByTheNewRulesAndKeepTheirHistory) {
  SchedulerHarness h;
  h.add(makeNode("n1").cpu("1").memory("8Gi"));
  h.add(makePod("a").cpu("2"));
  h.settle();
  EXPECT_EQ(h.metrics.value("scheduler_unschedulable_pods",
                            "plugin=NodeResourcesFit,profile=stowage-scheduler"),
            1);
  h.scheduler->reconfigure(with({without("NodeResourcesFit")}));
  EXPECT_EQ(h.settle(), 1) << "an idle scheduler does not wait for the backoff";
  EXPECT_EQ(h.boundTo("a"), "n1");
  EXPECT_EQ(h.metrics.value("scheduler_unschedulable_pods",
                            "plugin=NodeResourcesFit,profile=stowage-scheduler"),
            0);
  EXPECT_EQ(h.metrics.value("scheduler_queue_incoming_pods_total",
                            "queue=backoff,event=ConfigurationReload"),
            1);
  h.confirmAll();
  EXPECT_EQ(h.metrics.value("scheduler_pod_scheduling_sli_duration_seconds", "attempts=2"), 1);
}

TEST(Reconfigure, NewScoresDecideFromThenOn) {
  SchedulerHarness h;
  h.add(makeNode("n1").cpu("8").memory("8Gi"));
  h.add(makeNode("n2").cpu("8").memory("8Gi"));
  h.add(makePod("a").cpu("1").memory("1Gi"));
  h.settle();
  const std::string first = h.boundTo("a");
  h.add(makePod("b").cpu("1").memory("1Gi"));
  h.settle();
  EXPECT_EQ(h.boundTo("b"), first) << "packed";
  h.scheduler->reconfigure(with({scoredBy("NodeResourcesFit")}));  // LeastAllocated
  h.add(makePod("c").cpu("1").memory("1Gi"));
  h.settle();
  EXPECT_NE(h.boundTo("c"), first) << "spread";
}

TEST(Reconfigure, ImagesOfNodesThatAreThereCount) {
  SchedulerHarness h;
  h.add(makeNode("n1").cpu("8").memory("8Gi"));
  h.add(makeNode("n2").cpu("8").memory("8Gi").image("big:1", 900'000'000));
  h.add(makeNode("n3").cpu("8").memory("8Gi"));
  h.settle();
  h.scheduler->reconfigure(with({scoredBy("ImageLocality")}));
  h.add(makePod("a").image("big:1"));
  h.settle();
  EXPECT_EQ(h.boundTo("a"), "n2");
}

TEST(Reconfigure, PodsOfAProfileThatIsGoneAreLeftAloneUntilItComesBack) {
  SchedulerHarness h;
  h.add(makeNode("n1").cpu("2").memory("8Gi"));
  h.add(makePod("bound").cpu("1"));
  h.settle();  // its bind is under way
  h.add(makePod("big").cpu("4"));
  h.settle();
  h.scheduler->reconfigure(with({profile("other")}));
  EXPECT_EQ(h.scheduler->queueSizes().unschedulable, 0U);
  EXPECT_EQ(h.metrics.value("scheduler_unschedulable_pods",
                            "plugin=NodeResourcesFit,profile=stowage-scheduler"),
            0);
  h.add(makePod("late").cpu("1"));
  EXPECT_EQ(h.settle(), 0);
  h.answerBind(0, BindOutcome::kRejected, "no");
  h.advance(20s);
  h.settle();
  EXPECT_THAT(h.binder.requests, SizeIs(1)) << "not tried again";
  EXPECT_EQ(h.scheduler->podCount(), 0U) << "its room is free";

  h.scheduler->reconfigure(with({profile("other"), without("NodeResourcesFit")}));
  h.settle();
  for (const char* name : {"bound", "big", "late"}) EXPECT_EQ(h.boundTo(name), "n1") << name;
}

TEST(Reconfigure, ABindThatIsUnderWayIsConfirmedWithoutItsProfile) {
  SchedulerHarness h;
  h.add(makeNode("n1").cpu("2").memory("8Gi"));
  h.add(makePod("a").cpu("1"));
  h.settle();
  h.scheduler->reconfigure(with({profile("other")}));
  h.confirmAll();
  EXPECT_THAT(h.notes("Scheduled"), ElementsAre("Successfully assigned default/a to n1"));
  EXPECT_EQ(h.scheduler->podCount(), 1U);
}

TEST(Reconfigure, PodsThatWaitedForANewProfileComeIn) {
  SchedulerHarness h;
  h.add(makeNode("n1").cpu("8").memory("8Gi"));
  h.add(makePod("a").scheduler("new"));
  h.add(makePod("gone").scheduler("new"));
  h.add(makePod("placed").scheduler("new"));
  h.add(makePod("deleting").scheduler("new"));
  h.add(makePod("else").scheduler("foreign"));
  h.remove(h.seen("gone"));
  h.update(boundCopy(h.seen("placed"), "n1"));
  h.update(makePod("deleting").scheduler("new").terminating());
  EXPECT_EQ(h.settle(), 0);
  h.scheduler->reconfigure(with({profile(), profile("new")}));
  h.settle();
  ASSERT_THAT(h.binder.requests, SizeIs(1));
  EXPECT_EQ(h.boundTo("a"), "n1");
  EXPECT_EQ(h.events.events.size(), 0U);
  h.confirmAll();
  EXPECT_EQ(h.events.events.at(0).reporting_controller, "new");
}

TEST(Reconfigure, NewBackoffsHold) {
  SchedulerHarness h;
  h.add(makeNode("n1").cpu("1").memory("8Gi"));
  SchedulerOptions options = with({profile()});
  options.pod_initial_backoff = 100s;
  options.pod_max_backoff = 100s;
  h.scheduler->reconfigure(options);
  h.binder.fault = [](const auto&) { return true; };
  h.add(makePod("a").cpu("1"));
  h.settle();
  h.binder.fault = {};
  h.advance(99s);
  EXPECT_EQ(h.settle(), 0);
  h.advance(1s);
  EXPECT_EQ(h.settle(), 1);
  EXPECT_EQ(h.boundTo("a"), "n1");
}

TEST(Reconfigure, WhatOldExtendersSayCountsNoMore) {
  HarnessOptions harness_options;
  scheduling::ExtenderSpec old;
  old.name = "http://old";
  old.filters = true;
  harness_options.extenders = {old};
  SchedulerHarness h(harness_options);
  h.add(makeNode("n1").cpu("8").memory("8Gi"));
  h.add(makePod("asked").cpu("1"));
  h.add(makePod("parked").cpu("1"));
  h.settle();
  ASSERT_THAT(h.extenders.questions, SizeIs(1));
  const scheduling::ExtenderQuestion question = h.extenders.questions[0];
  SchedulerOptions options = with({profile()});
  options.extenders = {};
  h.scheduler->reconfigure(options);
  EXPECT_EQ(h.settle(), 0) << "the port is busy until it has answered";
  scheduling::ExtenderAnswer answer;
  answer.pod = question.pod;
  answer.number = question.number;
  answer.rejected.push_back({Symbol("n1"), "no", true});
  h.scheduler->extendersAnswered(answer);
  h.settle();
  EXPECT_EQ(h.boundTo("asked"), "n1");
  EXPECT_EQ(h.boundTo("parked"), "n1");
  EXPECT_THAT(h.notes("FailedScheduling"), IsEmpty());
}

TEST(Reconfigure, WhoBindsIsFoundAnewForBindsThatHaveNotBeenSent) {
  HarnessOptions harness_options;
  scheduling::ExtenderSpec binds;
  binds.name = "http://binder";
  binds.binds = true;
  harness_options.extenders = {binds};
  SchedulerHarness h(harness_options);
  h.add(makeNode("n1").cpu("8").memory("8Gi"));
  h.binder.full = true;
  h.add(makePod("a").cpu("1"));
  h.settle();
  h.scheduler->reconfigure(with({profile()}));
  h.binder.full = false;
  h.advance(1s);
  h.settle();
  ASSERT_THAT(h.binder.requests, SizeIs(1));
  EXPECT_FALSE(h.binder.requests[0].extender.has_value());
}

// Every decision of the harness recomputes its caches. A hundred configurations in a hundred
// places of a stream of pods: each pod is bound once, whatever came between.
TEST(Reconfigure, AHundredFlipsUnderLoadLoseNoPod) {
  HarnessOptions harness_options;
  harness_options.preemption = true;
  SchedulerHarness h(harness_options);
  base::Rng rng(7);
  for (int i = 0; i < 12; ++i)
    h.add(makeNode("n" + std::to_string(i)).cpu("64").memory("256Gi").image("img:1", 900'000'000));
  const std::vector<SchedulerOptions> choices = {
      with({profile(), profile("second")}),
      with({scoredBy("ImageLocality"), profile("second")}),
      with({scoredBy("NodeResourcesFit")}),
      with({without("TaintToleration"), profile("third")}),
      with({profile("second")}),
      with({profile("third"), profile()})};
  const char* const names[] = {"stowage-scheduler", "second", "third"};
  int pods = 0;
  for (int flip = 0; flip < 100; ++flip) {
    for (std::uint64_t i = rng.below(6); i-- > 0; ++pods) {
      PodBuilder pod = makePod("p" + std::to_string(pods));
      pod.scheduler(names[rng.below(3)]).cpu("500m").memory("1Gi").image("img:1");
      pod.label("app", std::to_string(rng.below(4)));
      if (rng.below(4) == 0) pod.antiAffinity("app=9", "kubernetes.io/hostname");
      h.add(pod);
    }
    for (std::uint64_t i = rng.below(8); i-- > 0;) h.scheduler->scheduleOne();
    if (rng.below(3) == 0) h.confirmAll();
    h.scheduler->reconfigure(choices[rng.below(choices.size())]);
    h.advance(std::chrono::milliseconds(rng.below(3000)));
  }
  h.scheduler->reconfigure(with({profile(), profile("second"), profile("third")}));
  for (int i = 0; i < 20; ++i) {
    h.settle();
    h.confirmAll();
    h.advance(20s);
  }
  std::map<std::string, int> bound;
  for (const auto& request : h.binder.requests) ++bound[request.pod.name.str()];
  ASSERT_GT(pods, 200);
  EXPECT_EQ(bound.size(), static_cast<std::size_t>(pods));
  for (const auto& [name, times] : bound) EXPECT_EQ(times, 1) << name;
  const scheduling::QueueSizes left = h.scheduler->queueSizes();
  EXPECT_EQ(left.active + left.backoff + left.unschedulable + left.gated, 0U);
}

}  // namespace
}  // namespace stowage::testing
