// Quantities against apimachinery: what is accepted, canonical text, rounding, sums and order, on
// generated texts. The intended differences are masked one by one and counted:
//  - amounts beyond int64: ours saturate, upstream's wrap around;
//  - negative amounts that upstream holds as big decimals: Value() and MilliValue() round towards
//    zero there and away from zero elsewhere; ours always away from zero;
//  - decimal amounts of 10^21 and more: upstream prints them without their suffix.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <limits>
#include <string>

#include "conformance/apimachinery_oracle.h"
#include "kubeapi/quantity.h"

namespace stowage::conformance {
namespace {

using kubeapi::Quantity;

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();

struct Masked {
  int saturated = 0;
  int negative_big = 0;
  int lost_suffix = 0;
  int compared = 0;
  int rejected = 0;
};

rc::Gen<std::string> digits(int longest) {
  return rc::gen::mapcat(rc::gen::inRange(0, longest + 1), [](int length) {
    return rc::gen::container<std::string>(
        static_cast<std::size_t>(length),
        rc::gen::weightedOneOf<char>({{6, rc::gen::inRange('0', static_cast<char>('9' + 1))},
                                      {3, rc::gen::just('0')},
                                      {1, rc::gen::just('9')}}));
  });
}

rc::Gen<std::string> suffix() {
  const auto exponent =
      rc::gen::map(rc::gen::tuple(rc::gen::element<std::string>("e", "E", "e+", "e-", "E-"),
                                  rc::gen::weightedOneOf<int>({{8, rc::gen::inRange(0, 25)},
                                                               {1, rc::gen::inRange(25, 400)}})),
                   [](const std::tuple<std::string, int>& parts) {
                     return std::get<0>(parts) + std::to_string(std::get<1>(parts));
                   });
  return rc::gen::weightedOneOf<std::string>(
      {{6, rc::gen::element<std::string>("", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki",
                                         "Mi", "Gi", "Ti", "Pi", "Ei")},
       {3, exponent},
       {1, rc::gen::element<std::string>("K", "ki", "mi", "i", "e", "E+", "Ee3", "Mi5", "mm", " ",
                                         "Ki ", "e3Mi", "e99999999999999999999", "N", "U")}});
}

rc::Gen<std::string> wellFormed(int longest) {
  const auto fraction = rc::gen::weightedOneOf<std::string>(
      {{2, rc::gen::just(std::string())},
       {2, rc::gen::map(digits(longest), [](const std::string& d) { return "." + d; })}});
  return rc::gen::map(rc::gen::tuple(rc::gen::element<std::string>("", "", "", "+", "-"),
                                     digits(longest), fraction, suffix()),
                      [](const std::tuple<std::string, std::string, std::string, std::string>& p) {
                        return std::get<0>(p) + std::get<1>(p) + std::get<2>(p) + std::get<3>(p);
                      });
}

// One character too many, too few or another one.
rc::Gen<std::string> damaged(int longest) {
  return rc::gen::map(
      rc::gen::tuple(wellFormed(longest), rc::gen::inRange(0, 40), rc::gen::inRange(0, 3),
                     rc::gen::element('0', '.', '-', '+', 'e', 'i', 'M', ' ', 'x', '\t')),
      [](const std::tuple<std::string, int, int, char>& parts) {
        std::string text = std::get<0>(parts);
        const std::size_t at = static_cast<std::size_t>(std::get<1>(parts)) % (text.size() + 1);
        if (std::get<2>(parts) == 0) return text.insert(at, 1, std::get<3>(parts));
        if (at < text.size() && std::get<2>(parts) == 1) return text.erase(at, 1);
        if (at < text.size()) text[at] = std::get<3>(parts);
        return text;
      });
}

rc::Gen<std::vector<std::string>> batch() {
  return rc::gen::container<std::vector<std::string>>(
      400, rc::gen::weightedOneOf<std::string>(
               {{5, wellFormed(12)}, {3, wellFormed(30)}, {1, wellFormed(90)}, {2, damaged(10)}}));
}

void expectRounded(const std::string& text, const std::vector<std::string>& answer,
                   std::size_t field, std::int64_t ours, Masked& masked) {
  const Quantity amount = *Quantity::parse(text);
  if (ours == kMax || ours == kMin) {
    // In thousandths the limit is a thousandth of that: nothing smaller may saturate.
    RC_ASSERT(amount >= Quantity::fromInteger(kMax / 1000) ||
              amount <= Quantity::fromInteger(kMin / 1000));
    ++masked.saturated;
    return;
  }
  if (amount.isNegative() && answer[4] == "big") {
    ++masked.negative_big;
    return;
  }
  if (answer[field] != std::to_string(ours)) {
    RC_FAIL("'" + text + "' rounds to " + std::to_string(ours) + ", upstream " + answer[field]);
  }
}

// Upstream's text, where it differs only by the suffix that it lost.
bool lostSuffix(const std::string& ours, const std::string& theirs) {
  if (ours.size() <= theirs.size() || ours.compare(0, theirs.size(), theirs) != 0) return false;
  return ours.back() == 'E' && ours.find_first_not_of('0', theirs.size()) == ours.size() - 1;
}

void compareOne(const std::string& text, const std::vector<std::string>& answer, Masked& masked) {
  const auto ours = Quantity::parse(text);
  const bool accepted = answer[0] == "ok";
  if (ours.has_value() != accepted) {
    RC_FAIL("'" + text + "' is " + (accepted ? "accepted" : "refused") + " by upstream only");
  }
  ++masked.compared;
  if (!accepted) {
    ++masked.rejected;
    return;
  }
  if (ours->toString() != answer[1]) {
    if (!lostSuffix(ours->toString(), answer[1])) {
      RC_FAIL("'" + text + "' prints as " + ours->toString() + ", upstream " + answer[1]);
    }
    ++masked.lost_suffix;
  }
  expectRounded(text, answer, 2, ours->value(), masked);
  expectRounded(text, answer, 3, ours->milliValue(), masked);
}

TEST(QuantityOracle, ParsesPrintsAndRoundsAsApimachinery) {
  Masked masked;
  EXPECT_TRUE(rc::check("quantities agree", [&] {
    const std::vector<std::string> texts = *batch();
    std::vector<std::string> questions;
    for (const std::string& text : texts) questions.push_back(question("Q", {text}));
    const auto answers = askApimachinery(questions);
    for (std::size_t i = 0; i < texts.size(); ++i) compareOne(texts[i], answers[i], masked);
  }));
  std::cout << masked.compared << " compared, " << masked.rejected
            << " refused by both; masked: " << masked.saturated << " saturated, "
            << masked.negative_big << " negative big, " << masked.lost_suffix << " lost suffix\n";
  // Masks must stay exceptions.
  EXPECT_LT(masked.saturated, masked.compared);
  EXPECT_LT(masked.negative_big, masked.compared / 4);
  EXPECT_LT(masked.lost_suffix, masked.compared / 10);
  EXPECT_LT(masked.rejected, masked.compared / 2);
}

TEST(QuantityOracle, AgreesAtTheEdgesOfItsNumberTypes) {
  std::vector<std::string> texts;
  for (const char* number :
       {"9223372036854775807", "9223372036854775808", "9223372036854775806", "999999999999999999",
        "1000000000000000000", "99999999999999999", "9007199254740993", "1023", "1024", "1025",
        "0.000000001", "0.0000000001", "0.0000000009", "000000000000000000000000001", "8",
        "7.999"}) {
    for (const char* sign : {"", "-"}) {
      for (const char* unit :
           {"",   "n",  "u",  "m",  "k",  "M",  "G",  "T",   "P",   "Ki",   "Mi",  "Gi",
            "Ti", "Pi", "Ei", "e0", "e1", "e2", "e3", "e-1", "e-9", "e-10", "e-18"}) {
        texts.push_back(std::string(sign) + number + unit);
      }
    }
  }
  std::vector<std::string> questions;
  for (const std::string& text : texts) questions.push_back(question("Q", {text}));
  const auto answers = askApimachinery(questions);
  Masked masked;
  EXPECT_TRUE(rc::check("the edges agree", [&] {
    for (std::size_t i = 0; i < texts.size(); ++i) compareOne(texts[i], answers[i], masked);
  }));
}

TEST(QuantityOracle, AddsSubtractsAndComparesAsApimachinery) {
  // Within 38 digits, where ours are exact.
  const auto operand = rc::gen::map(
      rc::gen::tuple(rc::gen::element<std::string>("", "", "-"), digits(12),
                     rc::gen::element<std::string>("", "n", "u", "m", "k", "M", "G", "T", "Ki",
                                                   "Mi", "Gi", "Ti", "e3", "e-3", "e6")),
      [](const std::tuple<std::string, std::string, std::string>& p) {
        return std::get<0>(p) + std::get<1>(p) + std::get<2>(p);
      });
  EXPECT_TRUE(rc::check("sums and order agree", [&] {
    const auto pairs = *rc::gen::container<std::vector<std::pair<std::string, std::string>>>(
        300, rc::gen::pair(operand, operand));
    std::vector<std::string> questions;
    for (const auto& [a, b] : pairs) questions.push_back(question("A", {a, b}));
    const auto answers = askApimachinery(questions);
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      const auto left = Quantity::parse(pairs[i].first);
      const auto right = Quantity::parse(pairs[i].second);
      const std::string what = pairs[i].first + " and " + pairs[i].second;
      if (left.has_value() != right.has_value() || !left) {
        RC_ASSERT(answers[i][0] == "err");
        continue;
      }
      Quantity sum = *left;
      sum += *right;
      Quantity difference = *left;
      difference -= *right;
      if (sum.toString() != answers[i][1])
        RC_FAIL(what + ": " + sum.toString() + " " + answers[i][1]);
      if (difference.toString() != answers[i][2]) {
        RC_FAIL(what + ": " + difference.toString() + " " + answers[i][2]);
      }
      const int order = *left < *right ? -1 : *left > *right ? 1 : 0;
      if (std::to_string(order) != answers[i][3]) RC_FAIL(what + ": order " + answers[i][3]);
    }
  }));
}

}  // namespace
}  // namespace stowage::conformance
