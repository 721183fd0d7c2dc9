// From the decision to the binding for pods whose volumes have to be bound first.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/builders/storage_builder.h"
#include "testing/scheduling/scheduler_harness.h"

namespace stowage::testing {
namespace {

using scheduling::VolumeWrite;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

struct Bench : SchedulerHarness {
  explicit Bench(const HarnessOptions& options = HarnessOptions()) : SchedulerHarness(options) {
    add(makeNode("n1").cpu("4").memory("8Gi"));
    see(makeClass("local").waits().noProvisioner());
    see(makeClass("made").waits());
  }
  void answer(std::size_t index, const std::string& version) {
    scheduler->volumeWritten({volumes.writes.at(index), "", version});
  }
  void refuse(std::size_t index, const std::string& error) {
    scheduler->volumeWritten({volumes.writes.at(index), error, ""});
  }
  [[nodiscard]] std::vector<std::string> written() const {
    std::vector<std::string> names;
    for (const VolumeWrite& write : volumes.writes) names.push_back(write.name.str());
    return names;
  }
  // A pod that waits for static volume pv.
  void podWithStaticVolume() {
    see(makeVolume("pv").cls("local"));
    see(makeClaim("data").cls("local"));
    add(makePod("p").claim("data"));
    settle();
  }
  void podWithVolumeToMake() {
    see(makeClaim("data").cls("made"));
    add(makePod("p").claim("data"));
    settle();
  }
};

VolumeBuilder boundVolume(std::string_view version) {
  return makeVolume("pv").cls("local").version(version).claimedBy("default", "data", "uid-data");
}

TEST(VolumeSteps, AVolumeIsClaimedThenAwaitedThenThePodIsBound) {
  Bench h;
  h.podWithStaticVolume();
  ASSERT_EQ(h.volumes.writes.size(), 1U);
  const VolumeWrite& write = h.volumes.writes[0];
  EXPECT_EQ(write.kind, VolumeWrite::Kind::kClaimVolume);
  EXPECT_EQ(write.name, base::Symbol("pv"));
  EXPECT_EQ(write.resource_version, "1");
  EXPECT_EQ(write.claim, (kubeapi::ClaimReference{"default", "data", "uid-data"}));
  EXPECT_TRUE(write.mark_by_controller);
  EXPECT_THAT(h.binder.requests, IsEmpty());
  EXPECT_EQ(h.status.patches.at(0).nominated_node, "n1") << "others may see where it will run";

  h.answer(0, "2");
  h.see(boundVolume("2"));
  EXPECT_EQ(h.boundTo("p"), "") << "the claim is not bound yet";
  h.see(makeClaim("data").cls("local").version("3").boundTo("pv"));
  EXPECT_EQ(h.boundTo("p"), "n1");
  h.confirmAll();
  EXPECT_THAT(h.notes("Scheduled"), ElementsAre("Successfully assigned default/p to n1"));
  EXPECT_EQ(h.scheduler->assumedPods(), 0U);
}

TEST(VolumeSteps, EventsThatOvertakeTheAnswerCountAfterIt) {
  Bench h;
  h.podWithStaticVolume();
  h.see(boundVolume("2"));
  h.see(makeClaim("data").cls("local").version("3").boundTo("pv"));
  EXPECT_EQ(h.boundTo("p"), "");
  h.answer(0, "2");
  EXPECT_EQ(h.boundTo("p"), "n1");
}

TEST(VolumeSteps, AClaimToProvisionGetsItsNode) {
  Bench h;
  h.podWithVolumeToMake();
  ASSERT_EQ(h.volumes.writes.size(), 1U);
  EXPECT_EQ(h.volumes.writes[0].kind, VolumeWrite::Kind::kSelectNode);
  EXPECT_EQ(h.volumes.writes[0].node, base::Symbol("n1"));
  h.answer(0, "2");
  h.see(makeClaim("data").cls("made").version("2").selectedNode("n1"));
  h.see(makeClaim("data").cls("made").version("4").selectedNode("n1").boundTo("pv"));
  EXPECT_EQ(h.boundTo("p"), "") << "its volume has not been seen";
  h.see(boundVolume("3"));
  EXPECT_EQ(h.boundTo("p"), "n1");
}

TEST(VolumeSteps, WritesGoOutOneAfterTheOtherVolumesFirst) {
  Bench h;
  h.see(makeVolume("pv").cls("local"));
  h.see(makeClaim("data").cls("local"));
  h.see(makeClaim("new").cls("made"));
  h.add(makePod("p").claim("new").claim("data"));
  h.settle();
  EXPECT_THAT(h.written(), ElementsAre("pv"));
  h.answer(0, "2");
  EXPECT_THAT(h.written(), ElementsAre("pv", "new"));
  h.answer(1, "3");
  h.see(boundVolume("2"));
  h.see(makeClaim("data").cls("local").version("4").boundTo("pv"));
  EXPECT_EQ(h.boundTo("p"), "");
  h.see(makeVolume("made-1"));
  h.see(makeClaim("new").cls("made").version("5").selectedNode("n1").boundTo("made-1"));
  EXPECT_EQ(h.boundTo("p"), "n1");
}

TEST(VolumeSteps, APodThatWaitsBlocksNoOther) {
  Bench h;
  h.podWithVolumeToMake();
  h.add(makePod("other").cpu("1"));
  h.settle();
  EXPECT_EQ(h.boundTo("other"), "n1");
  EXPECT_EQ(h.scheduler->assumedPods(), 2U) << "it holds its room meanwhile";
  EXPECT_EQ(h.scheduler->outstandingBinds(), 1U) << "a stop does not wait for volumes";
}

TEST(VolumeSteps, NoVolumeIsGivenToTwoClaims) {
  Bench h;
  h.podWithStaticVolume();
  h.see(makeClaim("second").cls("local"));
  h.add(makePod("q").claim("second"));
  h.settle();
  EXPECT_THAT(h.written(), ElementsAre("pv"));
  EXPECT_EQ(h.lastCondition(),
            "0/1 nodes are available: 1 node(s) didn't find available persistent volumes to bind.");
}

TEST(VolumeSteps, AConflictFreesTheVolumeAndThePodTriesAgain) {
  Bench h;
  h.podWithStaticVolume();
  h.refuse(0, "the object has been modified");
  EXPECT_EQ(h.lastCondition(),
            "running PreBind plugin \"VolumeBinding\": the object has been modified");
  EXPECT_EQ(h.status.patches.back().reason, "SchedulerError");
  EXPECT_EQ(h.status.patches.back().nominated_node, "") << "taken back";
  EXPECT_EQ(h.scheduler->assumedPods(), 0U);
  h.see(makeVolume("pv").cls("local").version("7").label("x", "y"));
  h.advance(2s);
  h.settle();
  ASSERT_EQ(h.volumes.writes.size(), 2U);
  EXPECT_EQ(h.volumes.writes[1].resource_version, "7");
}

TEST(VolumeSteps, WhatWasWrittenStandsWhenALaterWriteFails) {
  Bench h;
  h.see(makeVolume("pv").cls("local"));
  h.see(makeClaim("data").cls("local"));
  h.see(makeClaim("new").cls("made"));
  h.see(makeClaim("rival").cls("local"));
  h.add(makePod("p").claim("data").claim("new"));
  h.settle();
  h.answer(0, "2");
  h.refuse(1, "no");
  h.add(makePod("q").claim("rival"));
  h.settle();
  EXPECT_EQ(h.boundTo("q"), "");
  EXPECT_THAT(h.written(), ElementsAre("pv", "new")) << "pv is not offered to another claim";
  h.see(boundVolume("2"));
  h.advance(2s);
  h.settle();
  EXPECT_THAT(h.written(), ElementsAre("pv", "new", "new")) << "it goes on from there";
}

TEST(VolumeSteps, FailuresOfProvisioningAreTold) {
  struct Row {
    const char* name;
    std::function<void(Bench&)> event;
    std::string want;
  };
  const std::string prefix = "running PreBind plugin \"VolumeBinding\": binding volumes: ";
  for (const Row& row : std::vector<Row>{
           {"annotation taken away",
            [](Bench& h) { h.see(makeClaim("data").cls("made").version("5")); },
            "provisioning failed for PVC \"data\""},
           {"claim deleted", [](Bench& h) { h.lose(makeClaim("data")); },
            "failed to check provisioning pvc: persistentvolumeclaims \"default/data\" not found"},
           {"node gone", [](Bench& h) { h.scheduler->nodeDeleted(makeNode("n1")); },
            "failed to get node \"n1\": node \"n1\" not found"},
           {"volume elsewhere",
            [](Bench& h) {
              h.see(makeVolume("pv").usableFrom("zone", {"b"}));
              h.see(makeClaim("data").cls("made").version("5").selectedNode("n1").boundTo("pv"));
            },
            "pv \"pv\" node affinity doesn't match node \"n1\": no matching NodeSelectorTerms"},
           {"time out", [](Bench& h) { h.advance(601s); }, "context deadline exceeded"},
       }) {
    Bench h;
    h.podWithVolumeToMake();
    h.answer(0, "2");
    h.see(makeClaim("data").cls("made").version("2").selectedNode("n1"));
    row.event(h);
    EXPECT_EQ(h.lastCondition(), prefix + row.want) << row.name;
    EXPECT_THAT(h.binder.requests, IsEmpty()) << row.name;
    EXPECT_EQ(h.scheduler->assumedPods(), 0U) << row.name;
  }
}

TEST(VolumeSteps, TheTimeoutIsTheProfiles) {
  HarnessOptions options;
  options.profile.volume_bind_timeout = 5s;
  Bench h(options);
  h.podWithVolumeToMake();
  h.answer(0, "2");
  h.advance(4s);
  EXPECT_THAT(h.notes("FailedScheduling"), IsEmpty());
  EXPECT_LE(h.scheduler->nextTimer(), h.clock.now() + 1s);
  h.advance(1s);
  EXPECT_THAT(h.notes("FailedScheduling"), ElementsAre(HasSubstr("deadline exceeded")));
}

TEST(VolumeSteps, APodThatGoesIsForgottenWithItsAssumptions) {
  Bench h;
  h.podWithStaticVolume();
  h.remove(makePod("p").claim("data"));
  EXPECT_EQ(h.scheduler->assumedPods(), 0U);
  h.see(makeClaim("rival").cls("local"));
  h.add(makePod("q").claim("rival"));
  h.settle();
  EXPECT_THAT(h.written(), ElementsAre("pv", "pv")) << "nobody has heard of the first write yet";
  h.answer(0, "2");  // for a pod that is gone
  h.refuse(1, "conflict");
  EXPECT_EQ(h.scheduler->assumedPods(), 0U);
}

TEST(VolumeSteps, AnotherSchedulersBindEndsTheWait) {
  Bench h;
  h.podWithVolumeToMake();
  h.answer(0, "2");
  h.update(makePod("p").claim("data").node("n1"));
  EXPECT_EQ(h.scheduler->assumedPods(), 0U);
  h.see(makeVolume("pv"));
  h.see(makeClaim("data").cls("made").version("3").selectedNode("n1").boundTo("pv"));
  EXPECT_THAT(h.binder.requests, IsEmpty());
  EXPECT_EQ(h.scheduler->nextTimer() > h.clock.now() + 20s, true);
}

TEST(VolumeSteps, ANewProcessGoesOnWhereTheLastOneWasKilled) {
  Bench h;  // sees what its predecessor wrote
  h.see(boundVolume("2"));
  h.see(makeClaim("data").cls("local"));
  h.see(makeClaim("new").cls("made").version("2").selectedNode("n1"));
  h.add(makeNode("n2").cpu("4").memory("8Gi"));
  h.add(makePod("p").claim("data").claim("new"));
  h.settle();
  EXPECT_THAT(h.volumes.writes, IsEmpty()) << "nothing is left to write";
  h.see(makeClaim("data").cls("local").version("4").boundTo("pv"));
  h.see(makeVolume("made-1"));
  h.see(makeClaim("new").cls("made").version("5").selectedNode("n1").boundTo("made-1"));
  EXPECT_EQ(h.boundTo("p"), "n1") << "the node that was selected then";
}

TEST(VolumeSteps, AnAdminsReferenceIsCompletedAndNotMarked) {
  Bench h;
  h.see(makeVolume("pv").cls("local").claimedBy("default", "data"));
  h.see(makeClaim("data").cls("local"));
  h.add(makePod("p").claim("data"));
  h.settle();
  ASSERT_EQ(h.volumes.writes.size(), 1U);
  EXPECT_FALSE(h.volumes.writes[0].mark_by_controller);
}

TEST(VolumeSteps, FullWritersAreAskedAgain) {
  Bench h;
  h.volumes.full = true;
  h.podWithStaticVolume();
  EXPECT_THAT(h.volumes.writes, IsEmpty());
  h.volumes.full = false;
  h.advance(20ms);
  EXPECT_THAT(h.written(), ElementsAre("pv"));

  h.binder.full = true;
  h.answer(0, "2");
  h.see(boundVolume("2"));
  h.see(makeClaim("data").cls("local").version("3").boundTo("pv"));
  EXPECT_EQ(h.boundTo("p"), "");
  h.binder.full = false;
  h.advance(20ms);
  EXPECT_EQ(h.boundTo("p"), "n1");
}

TEST(VolumeSteps, AFailedBindAfterwardsKeepsTheVolumes) {
  Bench h;
  h.podWithStaticVolume();
  h.answer(0, "2");
  h.see(boundVolume("2"));
  h.see(makeClaim("data").cls("local").version("3").boundTo("pv"));
  h.answerBind(0, scheduling::BindOutcome::kRejected, "quota");
  EXPECT_THAT(h.lastCondition(), HasSubstr("running Bind plugin \"DefaultBinder\": quota"));
  h.advance(2s);
  h.settle();
  EXPECT_EQ(h.binder.requests.size(), 2U) << "bound volumes need nothing more";
  EXPECT_EQ(h.volumes.writes.size(), 1U);
}

TEST(VolumeSteps, AProfileWithoutThePluginBindsNothing) {
  HarnessOptions options;
  std::erase(options.profile.filters, "VolumeBinding");
  std::erase(options.profile.filters, "VolumeZone");
  Bench h(options);
  h.podWithStaticVolume();
  EXPECT_THAT(h.volumes.writes, IsEmpty());
  EXPECT_EQ(h.boundTo("p"), "n1");
}

}  // namespace
}  // namespace stowage::testing
