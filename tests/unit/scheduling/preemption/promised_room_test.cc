// Room that was promised is kept, and loops with a scheduler that does not keep it are broken.
#include "unit/scheduling/preemption/preemption_fixture.h"

namespace stowage::testing {
namespace {

TEST_F(PreemptionTest, RoomThatIsPromisedIsKeptFromLowerAndEqualPriorities) {
  h.add(node("n"));
  h.add(running("low", "n", "4"));
  h.add(wanting("high", "3", 100));
  h.settle();
  nominationDone();
  evictionDone(0);
  h.remove(h.seen("low"));
  h.add(wanting("equal", "2", 100));
  h.add(wanting("lower", "2", 50));
  h.add(wanting("fits-beside", "1", 50));
  h.settle();
  EXPECT_EQ(h.boundTo("high"), "n");
  EXPECT_EQ(h.boundTo("equal"), "");
  EXPECT_EQ(h.boundTo("lower"), "");
  EXPECT_EQ(h.boundTo("fits-beside"), "n");
}

// kube-scheduler does not look at rules between pods when neither the pod nor a placed one has any.
TEST_F(PreemptionTest, APodThatWasPromisedRoomKeepsOthersAway) {
  h.add(node("n").label("kubernetes.io/hostname", "n"));
  h.add(makePod("theirs").scheduler("other").priority(10).nominated("n").antiAffinity(
      "app=web", "kubernetes.io/hostname"));
  h.add(wanting("rival", "1", 10).label("app", "web"));
  h.add(wanting("bystander", "1", 10));
  h.settle();
  EXPECT_EQ(h.boundTo("rival"), "");
  EXPECT_EQ(h.boundTo("bystander"), "n");
}

TEST_F(PreemptionTest, AHigherPriorityTakesPromisedRoom) {
  h.add(node("n"));
  h.add(makePod("theirs").scheduler("other").cpu("3").priority(10).nominated("n"));
  h.add(wanting("low", "2", 5));
  h.settle();
  EXPECT_EQ(h.boundTo("low"), "");
  EXPECT_THAT(h.lastCondition(),
              ::testing::StartsWith("0/1 nodes are available: 1 Insufficient cpu."));
  h.add(wanting("high", "2", 20));
  h.settle();
  EXPECT_EQ(h.boundTo("high"), "n");
}

TEST_F(PreemptionTest, PromisesOfOtherSchedulersEnd) {
  for (const char* how : {"cleared", "deleted", "bound elsewhere", "moved"}) {
    SchedulerHarness each(options());
    each.add(node("n"));
    each.add(node("m").unschedulable());
    const auto foreign = [&](const char* on) {
      auto pod = makePod("theirs");
      pod.scheduler("other").cpu("3").priority(10).nominated(on);
      return pod;
    };
    each.add(foreign("n"));
    each.add(wanting("low", "2", 5));
    each.settle();
    EXPECT_EQ(each.boundTo("low"), "") << how;
    const std::string way = how;
    if (way == "cleared") each.update(foreign(""));
    if (way == "deleted") each.remove(each.seen("theirs"));
    if (way == "bound elsewhere") each.update(foreign("").node("m"));
    if (way == "moved") each.update(foreign("m"));
    each.settle();
    EXPECT_EQ(each.boundTo("low"), "n") << how;
  }
}

TEST_F(PreemptionTest, ItsOwnPromisedNodeGoesFirst) {
  h.add(node("a"));
  h.add(node("b"));
  h.add(wanting("p", "1", 0).nominated("b"));
  h.settle();
  EXPECT_EQ(h.boundTo("p"), "b");
}

TEST_F(PreemptionTest, APromiseOnANodeThatIsGoneOrFullHindersNothing) {
  h.add(node("a"));
  h.add(node("b"));
  h.add(running("x", "b", "4", 1000));
  h.add(wanting("p", "1", 0).nominated("gone"));
  h.add(wanting("q", "1", 0).nominated("b"));
  h.settle();
  EXPECT_EQ(h.boundTo("p"), "a");
  EXPECT_EQ(h.boundTo("q"), "a");
}

TEST_F(PreemptionTest, ANominationIsClearedWhenThereIsNoHope) {
  h.add(node("n"));
  h.add(running("x", "n", "4", 1000));
  h.add(wanting("p", "1", 0).nominated("n"));
  h.settle();
  ASSERT_FALSE(h.status.patches.empty());
  EXPECT_EQ(h.status.patches.back().nominated_node, "");
}

TEST_F(PreemptionTest, LesserPromisesOfOursAreGivenBack) {
  h.add(node("n"));
  h.add(running("a", "n", "4"));
  h.add(wanting("mid", "3", 50));
  h.settle();
  nominationDone();
  evictionDone(0);
  echoNomination("mid");
  leaving("a");
  h.add(wanting("top", "3", 100));
  h.settle();
  ASSERT_EQ(h.evictor.nominations.back().pod.name, "top");
  ASSERT_FALSE(h.status.patches.empty());
  EXPECT_EQ(h.status.patches.front().pod.name, "mid");
  EXPECT_EQ(h.status.patches.front().nominated_node, "");
}

TEST_F(PreemptionTest, TwoPreemptorsDoNotShareOneRoom) {
  h.add(node("n1"));
  h.add(node("n2"));
  h.add(running("low1", "n1", "4"));
  h.add(running("low2", "n2", "4"));
  h.add(wanting("p1", "3", 100));
  h.add(wanting("p2", "3", 100));
  h.settle();
  ASSERT_EQ(h.evictor.nominations.size(), 2U);
  EXPECT_NE(h.evictor.nominations[0].nominated_node, h.evictor.nominations[1].nominated_node);
}

// ---- loops with another scheduler ----

TEST_F(PreemptionTest, ALoopWithASchedulerThatRefillsTheRoomIsBroken) {
  const auto theirs = [](int round) {
    auto pod = running("theirs" + std::to_string(round), "n", "3");
    pod.scheduler("other").owner("ReplicaSet", "rs");
    return pod;
  };
  h.add(node("n"));
  h.add(theirs(0));
  h.add(wanting("p", "3", 100));
  int round = 0;
  for (; round < 20; ++round) {
    h.settle();
    if (h.evictor.nominations.size() == h.evictor.evictions.size()) break;  // no more preemptions
    nominationDone();
    evictionDone(h.evictor.evictions.size() - 1);
    // The other scheduler is faster than we are.
    h.add(theirs(round + 1));
    h.remove(h.seen("theirs" + std::to_string(round)));
    h.advance(20s);
    touch("p");
  }
  EXPECT_EQ(round, 4) << "three repetitions are a loop";
  ASSERT_EQ(h.notes("PreemptionLoop").size(), 1U);
  const auto loop = std::find_if(h.events.events.begin(), h.events.events.end(),
                                 [](const auto& e) { return e.reason == "PreemptionLoop"; });
  EXPECT_TRUE(loop->warning);
  EXPECT_EQ(loop->pod.name, "p");
  ASSERT_TRUE(loop->related.has_value());
  EXPECT_EQ(loop->related->name, "theirs3");
  EXPECT_THAT(loop->note, ::testing::HasSubstr("scheduler other"));
  EXPECT_EQ(metric("stowage_preemption_loops_total"), 1);

  h.advance(61s);
  touch("p");
  h.settle();
  EXPECT_EQ(h.evictor.nominations.size(), 5U) << "once more after the pause";
}

// The other scheduler evicts ours in turn, and our owner makes a new pod each time.
TEST_F(PreemptionTest, AMutualLoopIsBroken) {
  h.add(node("n"));
  int round = 0;
  for (; round < 20; ++round) {
    const std::string name = std::to_string(round);
    h.add(running("theirs" + name, "n", "3").scheduler("other").owner("ReplicaSet", "theirs"));
    h.add(wanting("ours" + name, "3", 100).owner("ReplicaSet", "ours"));
    h.settle();
    if (h.evictor.nominations.size() == h.evictor.evictions.size()) break;
    nominationDone();
    evictionDone(h.evictor.evictions.size() - 1);
    h.remove(h.seen("theirs" + name));
    h.settle();
    ASSERT_EQ(h.boundTo("ours" + name), "n");
    h.confirmAll();
    kubeapi::Pod evicted = *h.seen("ours" + name);
    kubeapi::Condition mark;
    mark.type = "DisruptionTarget";
    mark.status = "True";
    mark.reason = "PreemptionByScheduler";
    mark.message = "other: preempting to accommodate a higher priority pod";
    evicted.status.conditions.push_back(mark);
    h.update(std::make_shared<const kubeapi::Pod>(std::move(evicted)));
    h.remove(h.seen("ours" + name));
    h.advance(20s);
  }
  EXPECT_EQ(round, 4);
  EXPECT_EQ(h.notes("PreemptionLoop").size(), 1U);
}

}  // namespace
}  // namespace stowage::testing
