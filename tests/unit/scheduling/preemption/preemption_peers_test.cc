// Preemption for the sake of rules between pods: the dry run counts them on the real cache.
#include "unit/scheduling/preemption/preemption_fixture.h"

namespace stowage::testing {
namespace {

constexpr std::string_view kHost = "kubernetes.io/hostname";

NodeBuilder host(std::string_view name) { return node(name).label(kHost, name); }

TEST_F(PreemptionTest, APodThatMustStayAwayIsEvicted) {
  h.add(host("n"));
  h.add(running("foe", "n", "1").label("app", "db"));
  h.add(running("bystander", "n", "1"));
  h.add(wanting("high", "1", 100).antiAffinity("app=db", kHost));
  h.settle();
  nominationDone();
  expectVictims({"foe"});
  evictionDone(0);
  h.remove(h.seen("foe"));
  h.settle();
  EXPECT_EQ(h.boundTo("high"), "n");
}

TEST_F(PreemptionTest, APodThatKeepsOthersAwayIsEvicted) {
  h.add(host("n"));
  h.add(running("keeper", "n", "1").antiAffinity("app=web", kHost));
  h.add(wanting("high", "1", 100).label("app", "web"));
  h.settle();
  nominationDone();
  expectVictims({"keeper"});
}

TEST_F(PreemptionTest, NobodyIsEvictedForAFriendThatIsNotThere) {
  h.add(host("n"));
  h.add(running("low", "n", "1"));
  h.add(wanting("high", "1", 100).affinity("app=db", kHost));
  h.settle();
  EXPECT_THAT(h.evictor.nominations, IsEmpty());
}

TEST_F(PreemptionTest, ThePodThatExceedsTheSkewIsEvictedAndNoOther) {
  h.add(host("a"));
  h.add(host("b").unschedulable());
  h.add(running("other", "a", "1"));
  h.add(running("mate", "a", "1").label("app", "web"));
  h.add(wanting("high", "1", 100).label("app", "web").spread(1, kHost, "app=web"));
  h.settle();
  nominationDone();
  expectVictims({"mate"});
}

// kube-scheduler waits until it is gone. Seen by its deletion's answer or not at all: no event
// follows.
TEST_F(PreemptionTest, ForSpreadingThereIsRoomOnceTheVictimHasBegunToLeave) {
  h.add(host("a"));
  h.add(host("b").unschedulable());
  h.add(running("mate", "a", "1").label("app", "web"));
  h.add(wanting("high", "1", 100).label("app", "web").spread(1, kHost, "app=web"));
  h.settle();
  nominationDone();
  expectVictims({"mate"});
  h.update(running("mate", "a", "1").label("app", "web").terminating());
  evictionDone(0);
  h.settle();
  EXPECT_EQ(h.boundTo("high"), "a");
}

// kube-scheduler forgets the port with the first of its holders, and would evict in vain.
TEST_F(PreemptionTest, AHostPortThatTwoPodsHoldIsFreeWhenBothHaveLeft) {
  h.add(node("n"));
  h.add(running("low", "n", "1").hostPort(80));
  h.add(running("equal", "n", "1", 100).hostPort(80));
  h.add(wanting("high", "1", 100).hostPort(80));
  h.settle();
  EXPECT_THAT(h.evictor.nominations, IsEmpty());
  h.add(wanting("higher", "1", 200).hostPort(80));
  h.settle();
  nominationDone();
  expectVictims({"equal", "low"});
}

TEST_F(PreemptionTest, ATerminatingPodIsNotEvictedForSpreadingAsItDoesNotCount) {
  h.add(host("a"));
  h.add(host("b").unschedulable());
  h.add(running("going", "a", "1", 50).label("app", "web").terminating());
  h.add(running("big", "a", "3"));
  h.add(wanting("high", "1", 100).label("app", "web").spread(1, kHost, "app=web"));
  h.settle();
  nominationDone();
  expectVictims({"big"});
}

}  // namespace
}  // namespace stowage::testing
