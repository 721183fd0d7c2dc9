// Answers of extenders, as they are and as they should not be.
#include "kubeapi/extender.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stowage::kubeapi {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

TEST(ExtenderAnswers, FilterResultByNameInAnyCase) {
  const auto result = parseExtenderFilterResult(
      R"({"nodenames":["a","b"],"FailedNodes":{"c":"full"},"failedAndUnresolvableNodes":{"d":"no"},
          "Error":"","Extra":{"x":[1]}})");
  ASSERT_TRUE(result.has_value()) << result.error().message();
  EXPECT_THAT(*result->node_names, ElementsAre("a", "b"));
  EXPECT_FALSE(result->nodes.has_value());
  EXPECT_THAT(result->failed, ElementsAre(Pair("c", "full")));
  EXPECT_THAT(result->failed_unresolvable, ElementsAre(Pair("d", "no")));
}

TEST(ExtenderAnswers, FilterResultWithNodeObjects) {
  const auto result = parseExtenderFilterResult(
      R"({"Nodes":{"metadata":{},"items":[{"metadata":{"name":"a","labels":{"x":"y"}}}]},
          "NodeNames":null,"FailedNodes":null})");
  ASSERT_TRUE(result.has_value()) << result.error().message();
  EXPECT_THAT(*result->nodes, ElementsAre("a"));
  EXPECT_FALSE(result->node_names.has_value());
}

TEST(ExtenderAnswers, AbsentAndEmptyListsAreNotTheSame) {
  EXPECT_FALSE(parseExtenderFilterResult("{}")->node_names.has_value());
  EXPECT_THAT(*parseExtenderFilterResult(R"({"NodeNames":[]})")->node_names, IsEmpty());
}

TEST(ExtenderAnswers, Scores) {
  const auto scores =
      parseExtenderScores(R"([{"Host":"a","Score":10},{"host":"b","score":-3},{"Host":"c"}])");
  ASSERT_TRUE(scores.has_value());
  ASSERT_THAT(*scores, SizeIs(3));
  EXPECT_EQ((*scores)[0].host, "a");
  EXPECT_EQ((*scores)[0].score, 10);
  EXPECT_EQ((*scores)[1].score, -3);
  EXPECT_EQ((*scores)[2].score, 0);
  EXPECT_THAT(*parseExtenderScores("null"), IsEmpty());
}

TEST(ExtenderAnswers, Victims) {
  const auto nodes = parseExtenderVictims(
      R"({"NodeNameToMetaVictims":{"a":{"Pods":[{"UID":"u1"},{"uid":"u2"}],"NumPDBViolations":1},
          "b":null}})");
  ASSERT_TRUE(nodes.has_value()) << nodes.error().message();
  ASSERT_THAT(*nodes, SizeIs(2));
  EXPECT_EQ((*nodes)[0].node, "a");
  EXPECT_THAT((*nodes)[0].pods, ElementsAre("u1", "u2"));
  EXPECT_EQ((*nodes)[0].violations, 1);
  EXPECT_THAT((*nodes)[1].pods, IsEmpty());
}

TEST(ExtenderAnswers, BindingResult) {
  EXPECT_EQ(*parseExtenderBindingResult("{}"), "");
  EXPECT_EQ(*parseExtenderBindingResult(R"({"Error":"no device"})"), "no device");
}

TEST(ExtenderAnswers, HostileOnesAreErrors) {
  std::string deep(5000, '[');
  const std::string bad[] = {
      "",
      "{",
      "<html>502</html>",
      R"({"NodeNames":"a"})",
      R"({"NodeNames":[1]})",
      R"({"Nodes":[]})",
      R"({"Nodes":{"items":[5]}})",
      R"({"FailedNodes":["a"]})",
      R"({"Error":5})",
      "[]",
      "{} {}",
      "{\"Error\":\"\xff\"}",
      deep,
  };
  for (const std::string& text : bad) {
    EXPECT_FALSE(parseExtenderFilterResult(text).has_value()) << text.substr(0, 60);
  }
  EXPECT_FALSE(parseExtenderScores(R"({"Host":"a"})").has_value());
  EXPECT_FALSE(parseExtenderScores(R"([{"Host":"a","Score":1e99}])").has_value());
  EXPECT_FALSE(parseExtenderScores(R"([{"Score":9223372036854775808}])").has_value());
  EXPECT_FALSE(parseExtenderVictims(R"({"NodeNameToMetaVictims":{"a":{"Pods":[7]}}})").has_value());
  EXPECT_FALSE(parseExtenderBindingResult("5").has_value());
}

}  // namespace
}  // namespace stowage::kubeapi
