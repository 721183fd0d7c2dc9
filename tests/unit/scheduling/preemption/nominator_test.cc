#include "scheduling/queue/nominator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/builders/pod_builder.h"

namespace stowage::testing {
namespace {

using scheduling::Nominator;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> on(const Nominator& nominator, const char* node) {
  std::vector<std::string> names;
  for (const auto& pod : nominator.on(node)) names.push_back(pod->meta.name.str());
  std::sort(names.begin(), names.end());
  return names;
}

kubeapi::PodPtr pod(const char* name, const char* nominated = "") {
  return makePod(name).nominated(nominated);
}

TEST(NominatorTest, TakesPromisesFromPodsAsTheyAreSeen) {
  Nominator nominator;
  EXPECT_EQ(nominator.observe(pod("a")), "");
  EXPECT_TRUE(nominator.empty());
  nominator.observe(pod("a", "n1"));
  nominator.observe(pod("b", "n1"));
  EXPECT_THAT(on(nominator, "n1"), ElementsAre("a", "b"));
  EXPECT_EQ(nominator.observe(pod("a", "n2")), "n1") << "room on n1 is free again";
  EXPECT_THAT(on(nominator, "n1"), ElementsAre("b"));
  EXPECT_THAT(on(nominator, "n2"), ElementsAre("a"));
  EXPECT_EQ(nominator.observe(pod("b")), "n1");
  EXPECT_EQ(nominator.forget("uid-default-a"), "n2");
  EXPECT_EQ(nominator.forget("uid-default-a"), "");
  EXPECT_TRUE(nominator.empty());
}

TEST(NominatorTest, OurDecisionOutlivesWhatTheWatchShowsFromBefore) {
  Nominator nominator;
  nominator.decide(pod("a"), "n1");
  EXPECT_EQ(nominator.observe(pod("a")), "");
  EXPECT_EQ(nominator.nodeOf("uid-default-a"), "n1");
  nominator.observe(pod("a", "n0"));
  EXPECT_EQ(nominator.nodeOf("uid-default-a"), "n1") << "an older value";
  nominator.observe(pod("a", "n1"));
  EXPECT_EQ(nominator.observe(pod("a")), "n1") << "from its echo on the server's word counts";
  EXPECT_EQ(nominator.nodeOf("uid-default-a"), "");
}

TEST(NominatorTest, TakingAPromiseBackOutlivesItsEchoToo) {
  Nominator nominator;
  nominator.observe(pod("a", "n1"));
  EXPECT_EQ(nominator.decide(pod("a", "n1"), ""), "n1");
  nominator.observe(pod("a", "n1"));
  EXPECT_THAT(on(nominator, "n1"), IsEmpty());
  nominator.observe(pod("a"));
  nominator.observe(pod("a", "n1"));
  EXPECT_THAT(on(nominator, "n1"), ElementsAre("a")) << "somebody promised it anew";
}

TEST(NominatorTest, AnUpdateReplacesThePodAndReleasesNothing) {
  Nominator nominator;
  nominator.observe(pod("a", "n1"));
  const kubeapi::PodPtr newer = makePod("a").nominated("n1").priority(7);
  EXPECT_EQ(nominator.observe(newer), "");
  ASSERT_EQ(nominator.on("n1").size(), 1U);
  EXPECT_EQ(nominator.on("n1").front(), newer);
}

}  // namespace
}  // namespace stowage::testing
