// RFC 3339 times against Go's time.Parse, as metav1.Time uses it. Ours may refuse more, but only
// the forms that Go itself never writes; what both accept is the same moment.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <chrono>
#include <string>

#include "base/text.h"
#include "conformance/apimachinery_oracle.h"

namespace stowage::conformance {
namespace {

rc::Gen<std::string> number(int low, int high, int width) {
  return rc::gen::map(rc::gen::inRange(low, high), [width](int value) {
    std::string text = std::to_string(value);
    while (static_cast<int>(text.size()) < width) text.insert(0, "0");
    return text;
  });
}

rc::Gen<std::string> timeText() {
  const auto fraction = rc::gen::oneOf(
      rc::gen::just(std::string()),
      rc::gen::map(
          rc::gen::container<std::string>(rc::gen::inRange('0', static_cast<char>('9' + 1))),
          [](const std::string& d) { return "." + d.substr(0, 14); }));
  const auto offset = rc::gen::map(
      rc::gen::tuple(rc::gen::element<std::string>("+", "-"), number(0, 26, 2), number(0, 62, 2)),
      [](const auto& p) { return std::get<0>(p) + std::get<1>(p) + ":" + std::get<2>(p); });
  const auto zone = rc::gen::oneOf(rc::gen::just(std::string("Z")), offset);
  return rc::gen::map(
      rc::gen::tuple(number(1680, 2261, 4), number(0, 14, 2), number(0, 33, 2), number(0, 26, 2),
                     number(0, 62, 2), number(0, 62, 2), fraction, zone),
      [](const auto& p) {
        return std::get<0>(p) + "-" + std::get<1>(p) + "-" + std::get<2>(p) + "T" + std::get<3>(p) +
               ":" + std::get<4>(p) + ":" + std::get<5>(p) + std::get<6>(p) + std::get<7>(p);
      });
}

rc::Gen<std::string> damagedTime() {
  return rc::gen::map(rc::gen::tuple(timeText(), rc::gen::inRange(0, 30),
                                     rc::gen::element('0', '9', ':', '-', 'T', 'Z', ' ', '.')),
                      [](const std::tuple<std::string, int, char>& parts) {
                        std::string text = std::get<0>(parts);
                        const auto at = static_cast<std::size_t>(std::get<1>(parts)) % text.size();
                        text[at] = std::get<2>(parts);
                        return text;
                      });
}

// Go reads these and never writes them: hours without leading zero, zone offsets of a day and more
// or with 60 minutes.
bool onlyGoReads(const std::string& text) {
  if (text.size() > 12 && text[12] == ':') return true;
  const std::size_t sign = text.find_last_of("+-");
  if (sign == std::string::npos || sign < 19) return false;
  const std::string offset = text.substr(sign + 1);
  return offset.substr(0, 2) == "24" || offset.substr(3) == "60";
}

// Ours stop at the ends of the clock's range.
bool beyondTheClock(const std::string& unix_seconds) {
  const std::int64_t seconds = std::stoll(unix_seconds);
  return seconds < -9'214'560'000 || seconds >= 9'214'646'400;
}

TEST(TimeOracle, ReadsTheSameMomentAsGo) {
  int accepted = 0;
  int refused_more = 0;
  EXPECT_TRUE(rc::check("times agree", [&] {
    const auto texts = *rc::gen::container<std::vector<std::string>>(
        400, rc::gen::weightedOneOf<std::string>({{3, timeText()}, {1, damagedTime()}}));
    std::vector<std::string> questions;
    for (const std::string& text : texts) questions.push_back(question("T", {text}));
    const auto answers = askApimachinery(questions);
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const auto ours = base::parseTime(texts[i]);
      const bool theirs = answers[i][0] == "ok";
      if (theirs && !ours && onlyGoReads(texts[i])) {
        ++refused_more;
        continue;
      }
      if (ours.has_value() != theirs) RC_FAIL("'" + texts[i] + "': Go says " + answers[i][0]);
      if (!ours || beyondTheClock(answers[i][1])) continue;
      ++accepted;
      const auto whole = std::chrono::floor<std::chrono::seconds>(*ours);
      const auto rest = std::chrono::nanoseconds(*ours - whole).count();
      const std::string moment =
          std::to_string(whole.time_since_epoch().count()) + " " + std::to_string(rest);
      if (moment != answers[i][1] + " " + answers[i][2]) {
        RC_FAIL("'" + texts[i] + "' is " + moment + ", Go " + answers[i][1] + " " + answers[i][2]);
      }
    }
  }));
  std::cout << accepted << " times agree, " << refused_more << " refused by ours only\n";
  EXPECT_GT(accepted, 1000);
}

}  // namespace
}  // namespace stowage::conformance
