// Preemption and volumes: who holds an exclusive claim or the node's last attachment can be evicted
// for it; a pod whose volumes are still being bound goes back to the queue in memory.
#include "testing/builders/storage_builder.h"
#include "unit/scheduling/preemption/preemption_fixture.h"

namespace stowage::testing {
namespace {

TEST_F(PreemptionTest, TheHolderOfAnExclusiveClaimIsEvictedWhereverItIs) {
  h.add(node("a"));
  h.add(node("b"));
  h.see(makeVolume("pv"));
  h.see(makeClaim("data").boundTo("pv").modes({"ReadWriteOncePod"}));
  h.add(makePod("holder").claim("data").node("b"));
  h.add(running("bystander", "a", "1"));
  h.add(makePod("high").claim("data").priority(100));
  h.settle();
  nominationDone();
  expectVictims({"holder"});
  EXPECT_EQ(h.evictor.nominations.at(0).nominated_node, "b");
  evictionDone(0);
  h.remove(h.seen("holder"));
  h.settle();
  EXPECT_EQ(h.boundTo("high"), "b");
}

// kube-scheduler takes the claim for free once one of its users has left.
TEST_F(PreemptionTest, AnExclusiveClaimOfTwoUsersIsNotFreedByEvictingOne) {
  h.add(node("a"));
  h.add(node("b"));
  h.see(makeVolume("pv"));
  h.see(makeClaim("data").boundTo("pv").modes({"ReadWriteOncePod"}));
  h.add(makePod("one").claim("data").node("a"));
  h.add(makePod("two").claim("data").node("b"));
  h.add(makePod("high").claim("data").priority(100));
  h.settle();
  EXPECT_THAT(h.evictor.nominations, IsEmpty());
}

// kube-scheduler compares names of claims without their namespaces here.
TEST_F(PreemptionTest, AClaimOfThatNameInAnotherNamespaceIsNotTheClaim) {
  h.add(node("a").label("disk", "ssd"));
  h.add(node("b"));
  h.see(makeVolume("pv"));
  h.see(makeClaim("data").boundTo("pv").modes({"ReadWriteOncePod"}));
  h.add(makePod("holder").claim("data").node("b").priority(100));
  h.add(makePod("stranger").ns("elsewhere").claim("data").node("a"));
  h.add(makePod("high").claim("data").priority(100));
  h.settle();
  EXPECT_THAT(h.evictor.nominations, IsEmpty());
}

TEST_F(PreemptionTest, TheLastAttachmentOfANodeIsFreed) {
  h.add(node("n"));
  h.see(makeCsiNode("n").driver("csi.example.test", 1));
  for (const char* name : {"one", "two"}) {
    h.see(makeVolume(name).csi("csi.example.test", name));
    h.see(makeClaim(name).boundTo(name));
  }
  h.add(makePod("low").claim("one").node("n"));
  h.add(running("bystander", "n", "1"));
  h.add(makePod("high").claim("two").priority(100));
  h.settle();
  nominationDone();
  expectVictims({"low"});
}

TEST_F(PreemptionTest, AVolumeThatIsElsewhereEvictsNobody) {
  h.add(node("n"));
  h.see(makeVolume("pv").usableFrom("zone", {"far"}));
  h.see(makeClaim("data").boundTo("pv"));
  h.add(running("low", "n", "3"));
  h.add(makePod("high").claim("data").priority(100));
  h.settle();
  EXPECT_THAT(h.evictor.nominations, IsEmpty());
}

TEST_F(PreemptionTest, APodWhoseVolumesAreBeingBoundIsTakenBackInMemory) {
  h.add(node("n"));
  h.see(makeClass("made").waits());
  h.see(makeClaim("data").cls("made"));
  h.add(wanting("low", "3", 0));
  auto waiting = makePod("waits").claim("data").cpu("1");
  h.add(waiting);
  h.settle();
  ASSERT_EQ(h.volumes.writes.size(), 1U);
  h.confirmAll();
  h.add(makePod("high").cpu("1").priority(100));
  h.settle();
  nominationDone();
  h.settle();
  EXPECT_THAT(h.evictor.evictions, IsEmpty()) << "it was not bound yet";
  EXPECT_EQ(h.boundTo("high"), "n");
  EXPECT_EQ(h.boundTo("waits"), "");
}

}  // namespace
}  // namespace stowage::testing
