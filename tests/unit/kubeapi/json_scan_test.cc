// Borders of JSON values, with the traps of working on 64 bytes at a time.
#include "kubeapi/json_scan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/rng.h"

namespace stowage::kubeapi {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> elementsOf(std::string_view text) {
  std::vector<std::string> found;
  JsonScan scan(text);
  while (scan.next()) found.emplace_back(scan.value());
  EXPECT_TRUE(scan.ok()) << text;
  return found;
}

TEST(JsonScan, WalksObjectsAndArrays) {
  EXPECT_THAT(elementsOf(R"( [ 1 , "a,b" , {"x":[1,2]} , [] , null , -1.5e3 ] )"),
              ElementsAre("1", R"("a,b")", R"({"x":[1,2]})", "[]", "null", "-1.5e3"));
  JsonScan scan(R"({"a":1,"b\n":{"c":"}"},"":[]})");
  EXPECT_TRUE(scan.isObject());
  ASSERT_TRUE(scan.next());
  EXPECT_EQ(scan.key(), "a");
  EXPECT_EQ(scan.value(), "1");
  ASSERT_TRUE(scan.next());
  EXPECT_EQ(scan.key(), "b\n");
  EXPECT_EQ(scan.value(), R"({"c":"}"})");
  EXPECT_EQ(scan.value(), R"({"c":"}"})");
  ASSERT_TRUE(scan.next());
  EXPECT_EQ(scan.key(), "");
  EXPECT_FALSE(scan.next());
  EXPECT_TRUE(scan.ok());
  EXPECT_FALSE(scan.next());
}

TEST(JsonScan, EntersAValueAndGoesOnBehindIt) {
  JsonScan scan(R"({"skipped":[1],"items":[{"a":1},{"b":2}],"after":3})");
  ASSERT_TRUE(scan.next());
  ASSERT_TRUE(scan.next());
  EXPECT_EQ(scan.key(), "items");
  EXPECT_EQ(scan.peek(), '[');
  JsonScan inner = scan.enter();
  std::vector<std::string> items;
  while (inner.next()) items.emplace_back(inner.value());
  scan.leave(inner);
  EXPECT_THAT(items, ElementsAre(R"({"a":1})", R"({"b":2})"));
  ASSERT_TRUE(scan.next());
  EXPECT_EQ(scan.key(), "after");
  EXPECT_EQ(scan.value(), "3");
  EXPECT_FALSE(scan.next());
  EXPECT_TRUE(scan.ok());
}

TEST(JsonScan, ABreakInsideFailsOutside) {
  JsonScan scan(R"({"items":[{"a":1},)");
  ASSERT_TRUE(scan.next());
  JsonScan inner = scan.enter();
  while (inner.next()) (void)inner.value();
  EXPECT_FALSE(inner.ok());
  scan.leave(inner);
  EXPECT_FALSE(scan.next());
  EXPECT_FALSE(scan.ok());
}

TEST(JsonScan, RefusesWhatHasNoBorders) {
  for (const char* text :
       {"",     "1",     "\"a\"", "{",       "[",         "[1",      "[1,",      "[1,]",
        "[,1]", "[1 2]", "[\"a]", "{\"a\"}", "{\"a\" 1}", "{a:1}",   "{\"a\":}", "{\"a\":1,}",
        "[]]",  "[] x",  "[[]",   "[{]",     "{\"a\\",    "[\"\\\"]"}) {
    JsonScan scan(text);
    while (scan.next()) (void)scan.value();
    EXPECT_FALSE(scan.ok()) << text;
  }
}

// Random values full of what could mislead: quotes, backslashes, brackets, at every offset to the
// borders of the 64-byte blocks.
nlohmann::json randomValue(base::Rng& rng, int depth) {
  const std::uint64_t kind = rng.below(depth > 0 ? 6 : 4);
  if (kind == 0) return rng.below(1000);
  if (kind == 1) return nullptr;
  if (kind <= 3) {
    static constexpr std::string_view kTraps = "\\\"{}[],:x\n";
    std::string text;
    const std::uint64_t length = rng.below(rng.below(8) == 0 ? 200 : 12);
    for (std::uint64_t i = 0; i < length; ++i) text += kTraps[rng.below(kTraps.size())];
    return text;
  }
  nlohmann::json value = kind == 4 ? nlohmann::json::array() : nlohmann::json::object();
  const std::uint64_t count = rng.below(5);
  for (std::uint64_t i = 0; i < count; ++i) {
    nlohmann::json child = randomValue(rng, depth - 1);
    if (kind == 4) {
      value.push_back(std::move(child));
    } else {
      value["k\\\"}" + std::to_string(i)] = std::move(child);
    }
  }
  return value;
}

TEST(JsonScan, FindsTheBordersOfRandomValues) {
  base::Rng rng(7);
  for (int round = 0; round < 3000; ++round) {
    std::string text(rng.below(70), ' ');
    text += "[";
    std::vector<std::string> expected;
    const std::uint64_t count = 1 + rng.below(5);
    for (std::uint64_t i = 0; i < count; ++i) {
      expected.push_back(randomValue(rng, 5).dump(rng.below(2) == 0 ? -1 : 1));
      text += (i == 0 ? "" : ",") + expected.back();
    }
    text += "]";
    ASSERT_EQ(elementsOf(text), expected) << text;
    // Cut off anywhere it must fail, and never read beyond.
    const std::string cut = text.substr(0, rng.below(text.size()));
    JsonScan scan(cut);
    while (scan.next()) (void)scan.value();
    ASSERT_FALSE(scan.ok()) << cut;
  }
}

}  // namespace
}  // namespace stowage::kubeapi
