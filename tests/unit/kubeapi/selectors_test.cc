// Matching of selectors, node selectors and tolerations, and the text form of selectors, as tables.
#include "kubeapi/selectors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/builders/pod_builder.h"

namespace stowage::kubeapi {
namespace {

using testing::labels;
using testing::selector;
using Op = SelectorOperator;

struct RequirementRow {
  const char* what;
  SelectorRequirement requirement;
  bool on_absent;  // labels {}
  bool on_five;    // labels {k: "5"}
  bool on_text;    // labels {k: "x"}
};

TEST(Selectors, EachOperatorOnAbsentNumberAndText) {
  const RequirementRow rows[] = {
      {"In hit", {"k", Op::kIn, {"x", "y"}}, false, false, true},
      {"In number", {"k", Op::kIn, {"5"}}, false, true, false},
      {"In nothing is malformed", {"k", Op::kIn, {}}, false, false, false},
      {"NotIn", {"k", Op::kNotIn, {"x"}}, true, true, false},
      {"NotIn nothing is malformed", {"k", Op::kNotIn, {}}, false, false, false},
      {"Exists", {"k", Op::kExists, {}}, false, true, true},
      {"Exists with values is malformed", {"k", Op::kExists, {"x"}}, false, false, false},
      {"DoesNotExist", {"k", Op::kDoesNotExist, {}}, true, false, false},
      {"DoesNotExist with values is malformed",
       {"k", Op::kDoesNotExist, {"x"}},
       false,
       false,
       false},
      {"Gt below", {"k", Op::kGt, {"4"}}, false, true, false},
      {"Gt equal", {"k", Op::kGt, {"5"}}, false, false, false},
      {"Gt negative", {"k", Op::kGt, {"-9223372036854775808"}}, false, true, false},
      {"Gt out of range", {"k", Op::kGt, {"-9223372036854775809"}}, false, false, false},
      {"Gt with plus", {"k", Op::kGt, {"+4"}}, false, true, false},
      {"Gt with two signs", {"k", Op::kGt, {"+-4"}}, false, false, false},
      {"Gt fraction", {"k", Op::kGt, {"4.5"}}, false, false, false},
      {"Gt text", {"k", Op::kGt, {"a"}}, false, false, false},
      {"Gt empty", {"k", Op::kGt, {""}}, false, false, false},
      {"Gt two values", {"k", Op::kGt, {"1", "2"}}, false, false, false},
      {"Lt above", {"k", Op::kLt, {"6"}}, false, true, false},
      {"Lt equal", {"k", Op::kLt, {"5"}}, false, false, false},
      {"unknown operator", {"k", Op::kInvalid, {"5"}}, false, false, false},
  };
  for (const RequirementRow& row : rows) {
    EXPECT_EQ(matches(row.requirement, Labels()), row.on_absent) << row.what << " on absent";
    EXPECT_EQ(matches(row.requirement, labels({{"k", "5"}})), row.on_five) << row.what << " on 5";
    EXPECT_EQ(matches(row.requirement, labels({{"k", "x"}})), row.on_text) << row.what << " on x";
  }
}

TEST(Selectors, AbsentMatchesNothingAndEmptyMatchesEverything) {
  EXPECT_FALSE(matches(std::optional<LabelSelector>(), labels({{"a", "b"}})));
  EXPECT_TRUE(matches(std::optional<LabelSelector>(LabelSelector()), labels({{"a", "b"}})));
  EXPECT_TRUE(matches(LabelSelector(), Labels()));
}

TEST(Selectors, RequirementsAreAnded) {
  const LabelSelector both = selector("a=1,b in (2,3)");
  EXPECT_TRUE(matches(both, labels({{"a", "1"}, {"b", "3"}})));
  EXPECT_FALSE(matches(both, labels({{"a", "1"}, {"b", "4"}})));
  EXPECT_FALSE(matches(both, labels({{"b", "2"}})));
}

struct ParseRow {
  const char* text;
  std::vector<SelectorRequirement> requirements;
};

TEST(SelectorText, ReadsTheGrammarOfApimachinery) {
  const ParseRow rows[] = {
      {"", {}},
      {" \t\n", {}},
      {"a", {{"a", Op::kExists, {}}}},
      {"!a", {{"a", Op::kDoesNotExist, {}}}},
      {"a=b", {{"a", Op::kIn, {"b"}}}},
      {"a==b", {{"a", Op::kIn, {"b"}}}},
      {"a!=b", {{"a", Op::kNotIn, {"b"}}}},
      {" a  =  b ", {{"a", Op::kIn, {"b"}}}},
      {"a=", {{"a", Op::kIn, {""}}}},
      {"a=,b", {{"a", Op::kIn, {""}}, {"b", Op::kExists, {}}}},
      {"a in (x,y,x)", {{"a", Op::kIn, {"x", "y"}}}},
      {"a notin (y, x)", {{"a", Op::kNotIn, {"x", "y"}}}},
      {"a in ()", {{"a", Op::kIn, {""}}}},
      {"a in (,x,)", {{"a", Op::kIn, {"", "x"}}}},
      {"a in (in,notin)", {{"a", Op::kIn, {"in", "notin"}}}},
      {"in in (a)", {{"in", Op::kIn, {"a"}}}},
      {"a>5,a<9", {{"a", Op::kGt, {"5"}}, {"a", Op::kLt, {"9"}}}},
      {"b,a", {{"a", Op::kExists, {}}, {"b", Op::kExists, {}}}},
      {"example.com/key=v", {{"example.com/key", Op::kIn, {"v"}}}},
      {"spec.nodeName=n1", {{"spec.nodeName", Op::kIn, {"n1"}}}},
  };
  for (const ParseRow& row : rows) {
    auto parsed = parseLabelSelector(row.text);
    ASSERT_TRUE(parsed.has_value()) << row.text << ": " << parsed.error().toString();
    EXPECT_EQ(parsed->requirements, row.requirements) << row.text;
  }
}

TEST(SelectorText, RefusesWhatApimachineryRefuses) {
  for (const std::string& text :
       {std::string(","),           std::string("a,"),           std::string("a,,b"),
        std::string("!"),           std::string("!!a"),          std::string("!a=b"),
        std::string("a b"),         std::string("a in x"),       std::string("a in (x"),
        std::string("a in x)"),     std::string("a in (x y)"),   std::string("a=b c"),
        std::string("a=(b)"),       std::string("a=!b"),         std::string("=b"),
        std::string("a=in,"),       std::string("a>x"),          std::string("a>"),
        std::string("a==="),        std::string("-a=b"),         std::string("a=-b"),
        std::string("A/b/c=d"),     std::string("/a"),           std::string("a/"),
        std::string("UPPER.com/a"), std::string("a=\xff"),       std::string("a\0b", 3),
        std::string(64, 'k'),       "a=" + std::string(64, 'v'), std::string(300 * 1024, ' ')}) {
    EXPECT_FALSE(parseLabelSelector(text).has_value()) << text.substr(0, 80);
  }
}

TEST(NodeSelector, TermsAreOredAndEmptyTermsMatchNothing) {
  const Labels node = labels({{"zone", "a"}, {"disk", "ssd"}});
  const SelectorRequirement zone_a{"zone", Op::kIn, {"a"}};
  const SelectorRequirement zone_b{"zone", Op::kIn, {"b"}};
  const SelectorRequirement broken{"zone", Op::kInvalid, {"a"}};
  const SelectorRequirement name_n1{"metadata.name", Op::kIn, {"n1"}};
  const SelectorRequirement name_not_n1{"metadata.name", Op::kNotIn, {"n1"}};
  const SelectorRequirement name_two{"metadata.name", Op::kIn, {"n1", "n2"}};
  const SelectorRequirement name_exists{"metadata.name", Op::kExists, {}};
  const SelectorRequirement other_field{"spec.x", Op::kIn, {"y"}};
  const SelectorRequirement other_field_not{"spec.x", Op::kNotIn, {"y"}};
  struct Row {
    const char* what;
    NodeSelector selector;
    bool expected;
  };
  const Row rows[] = {
      {"no terms", {}, false},
      {"one empty term", {{{}}}, false},
      {"empty term beside a match", {{{}, {{zone_a}, {}}}}, true},
      {"expression", {{{{zone_a}, {}}}}, true},
      {"ANDed inside a term", {{{{zone_a, zone_b}, {}}}}, false},
      {"ORed over terms", {{{{zone_b}, {}}, {{zone_a}, {}}}}, true},
      {"broken expression kills its term", {{{{zone_a, broken}, {}}}}, false},
      {"broken term beside a match", {{{{broken}, {}}, {{zone_a}, {}}}}, true},
      {"field", {{{{}, {name_n1}}}}, true},
      {"field NotIn", {{{{}, {name_not_n1}}}}, false},
      {"field and expression", {{{{zone_b}, {name_n1}}}}, false},
      {"field with two values is malformed", {{{{}, {name_two}}}}, false},
      {"field Exists is malformed", {{{{}, {name_exists}}}}, false},
      {"unknown field reads as empty", {{{{}, {other_field}}}}, false},
      {"unknown field NotIn", {{{{}, {other_field_not}}}}, true},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(matches(row.selector, node, "n1"), row.expected) << row.what;
  }
}

TEST(Tolerations, EachCombinationOfKeyOperatorValueAndEffect) {
  using Effect = TaintEffect;
  using TOp = TolerationOperator;
  struct Row {
    const char* what;
    Toleration toleration;
    Taint taint;
    bool expected;
  };
  const Taint taint{"k", "v", Effect::kNoSchedule};
  const Row rows[] = {
      {"equal", {"k", TOp::kEqual, "v", Effect::kNoSchedule, {}}, taint, true},
      {"other value", {"k", TOp::kEqual, "w", Effect::kNoSchedule, {}}, taint, false},
      {"other key", {"j", TOp::kEqual, "v", Effect::kNoSchedule, {}}, taint, false},
      {"other effect", {"k", TOp::kEqual, "v", Effect::kNoExecute, {}}, taint, false},
      {"every effect", {"k", TOp::kEqual, "v", Effect::kNone, {}}, taint, true},
      {"exists", {"k", TOp::kExists, "", Effect::kNone, {}}, taint, true},
      {"exists ignores value", {"k", TOp::kExists, "w", Effect::kNone, {}}, taint, true},
      {"everything", {"", TOp::kExists, "", Effect::kNone, {}}, taint, true},
      {"every key, one effect", {"", TOp::kExists, "", Effect::kNoExecute, {}}, taint, false},
      {"no key, Equal compares values", {"", TOp::kEqual, "v", Effect::kNone, {}}, taint, true},
      {"no key, other value", {"", TOp::kEqual, "", Effect::kNone, {}}, taint, false},
      {"Gt is off", {"k", TOp::kGt, "1", Effect::kNone, {}}, {"k", "2", Effect::kNone}, false},
      {"Lt is off", {"k", TOp::kLt, "3", Effect::kNone, {}}, {"k", "2", Effect::kNone}, false},
      {"unknown operator", {"k", TOp::kUnknown, "v", Effect::kNone, {}}, taint, false},
      {"unknown effect", {"k", TOp::kExists, "", Effect::kUnknown, {}}, taint, false},
      {"unknown effect of both",
       {"k", TOp::kExists, "", Effect::kUnknown, {}},
       {"k", "v", Effect::kUnknown},
       false},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(tolerates(row.toleration, row.taint), row.expected) << row.what;
    const Toleration never{"zzz", TOp::kEqual, "zzz", Effect::kNone, {}};
    EXPECT_EQ(tolerates({never, row.toleration}, row.taint), row.expected) << row.what;
  }
  EXPECT_FALSE(tolerates(std::vector<Toleration>(), taint));
}

TEST(Labels, LastOfEqualKeysWinsAndOrderIsByText) {
  const Labels built({{"b", "1"}, {"a", "2"}, {"b", "3"}, {"a", "4"}, {"c", "5"}});
  EXPECT_THAT(built, ::testing::ElementsAre(Labels::Entry("a", "4"), Labels::Entry("b", "3"),
                                            Labels::Entry("c", "5")));
  Labels set = built;
  set.set("b", "6");
  set.set("aa", "7");
  EXPECT_EQ(*set.find("b"), Symbol("6"));
  EXPECT_EQ(set.find("zz"), nullptr);
  EXPECT_EQ(std::next(set.begin())->first, Symbol("aa"));
}

}  // namespace
}  // namespace stowage::kubeapi
