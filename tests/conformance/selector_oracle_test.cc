// The text form of label selectors, and what they match, against apimachinery.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <string>

#include "conformance/apimachinery_oracle.h"
#include "kubeapi/selectors.h"

namespace stowage::conformance {
namespace {

using kubeapi::Labels;
using kubeapi::LabelSelector;

// Words that selectors are made of, in any order: most texts are nearly right.
rc::Gen<std::string> anyText() {
  const auto word = rc::gen::weightedOneOf<std::string>(
      {{4, rc::gen::element<std::string>("a", "b", "x.io/c", "in", "notin", "5", "7")},
       {4, rc::gen::element<std::string>("=", "==", "!=", ">", "<", "!", "(", ")", ",", " ")},
       {1, rc::gen::element<std::string>("-a", "a-", "A/", "/b", "a/b/c", "\t", "===", "X.io/c",
                                         "a_.b", "0", "+1", "\xc3\xa4")}});
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(word),
                      [](const std::vector<std::string>& words) {
                        std::string text;
                        for (const std::string& w : words) text += w;
                        return text;
                      });
}

rc::Gen<std::string> goodText() {
  const auto key = rc::gen::element<std::string>("a", "b", "x.io/c");
  const auto value = rc::gen::element<std::string>("", "1", "5", "7", "v", "in");
  const auto exact = rc::gen::map(
      rc::gen::tuple(key, rc::gen::element<std::string>("=", "==", "!=", " = "), value),
      [](const auto& p) { return std::get<0>(p) + std::get<1>(p) + std::get<2>(p); });
  const auto numeric =
      rc::gen::map(rc::gen::tuple(key, rc::gen::element<std::string>(">", "<"),
                                  rc::gen::element<std::string>("0", "5", "007")),
                   [](const auto& p) { return std::get<0>(p) + std::get<1>(p) + std::get<2>(p); });
  const auto set = rc::gen::map(
      rc::gen::tuple(key, rc::gen::element<std::string>(" in ", " notin ", " in"), value, value),
      [](const auto& p) {
        return std::get<0>(p) + std::get<1>(p) + "(" + std::get<2>(p) + "," + std::get<3>(p) + ")";
      });
  const auto presence = rc::gen::map(rc::gen::pair(rc::gen::element<std::string>("", "!"), key),
                                     [](const auto& p) { return p.first + p.second; });
  return rc::gen::map(
      rc::gen::container<std::vector<std::string>>(rc::gen::oneOf(exact, numeric, set, presence)),
      [](const std::vector<std::string>& requirements) {
        std::string text;
        for (const std::string& one : requirements) {
          text += (text.empty() ? "" : ",") + one;
        }
        return text;
      });
}

rc::Gen<std::vector<std::pair<std::string, std::string>>> labelSet() {
  return rc::gen::container<std::vector<std::pair<std::string, std::string>>>(
      rc::gen::pair(rc::gen::element<std::string>("a", "b", "x.io/c"),
                    rc::gen::element<std::string>("", "1", "5", "7", "v", "in", "-5", "9x")));
}

TEST(SelectorOracle, AcceptsTheSameTextsWithTheSameMeaning) {
  int accepted = 0;
  int matched = 0;
  EXPECT_TRUE(rc::check("selectors agree", [&] {
    const auto cases = *rc::gen::container<
        std::vector<std::pair<std::string, std::vector<std::pair<std::string, std::string>>>>>(
        300, rc::gen::pair(rc::gen::oneOf(anyText(), goodText()), labelSet()));
    std::vector<std::string> questions;
    for (const auto& [text, set] : cases) {
      std::string joined;
      for (const auto& [key, value] : set) joined += key + "=" + value + ",";
      questions.push_back(question("M", {text, joined}));
    }
    const auto answers = askApimachinery(questions);
    for (std::size_t i = 0; i < cases.size(); ++i) {
      const auto ours = kubeapi::parseLabelSelector(cases[i].first);
      if (ours.has_value() != (answers[i][0] == "ok")) {
        RC_FAIL("'" + cases[i].first + "': upstream says " + answers[i][0]);
      }
      if (!ours) continue;
      ++accepted;
      Labels labels;
      for (const auto& [key, value] : cases[i].second) labels.set(key, value);
      const bool hit = kubeapi::matches(*ours, labels);
      matched += hit ? 1 : 0;
      if (hit != (answers[i][1] == "true")) {
        RC_FAIL("'" + cases[i].first + "' on these labels: upstream says " + answers[i][1]);
      }
    }
  }));
  std::cout << accepted << " selectors accepted by both, " << matched << " matched\n";
  EXPECT_GT(accepted, 1000);
  EXPECT_GT(matched, 100);
}

}  // namespace
}  // namespace stowage::conformance
