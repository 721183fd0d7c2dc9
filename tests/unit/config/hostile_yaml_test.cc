// Files that mean harm, or were damaged: an error in bounded time and memory, never a crash.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "config/scheduler_config.h"
#include "unit/config/config_text.h"

namespace stowage::config {
namespace {

using ::testing::HasSubstr;

std::string problemOf(const std::string& text) {
  const auto config = loadSchedulerConfig(text, "s.yaml");
  return config ? std::string() : config.error().message();
}

std::string repeated(std::string_view piece, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += piece;
  return out;
}

// Nine levels of nine aliases each: a billion values when written out.
std::string aliasBomb() {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int level = 1; level < 10; ++level) {
    text += fmt::format("a{}: &a{} [{}]\n", level, level,
                        repeated(fmt::format("*a{}, ", level - 1), 9));
  }
  return text;
}

TEST(HostileYaml, AnAliasBombIsRefused) {
  EXPECT_THAT(problemOf(withHeader(aliasBomb())), HasSubstr("more than 20000 values"));
}

TEST(HostileYaml, AnAliasToItselfIsRefused) {
  EXPECT_THAT(problemOf(withHeader("profiles: &p [*p]\n")),
              HasSubstr("an alias refers to the value that contains it"));
}

TEST(HostileYaml, HonestAliasesAreFollowed) {
  EXPECT_EQ(problemOf(withHeader("leaderElection: {leaderElect: false, leaseDuration: &d 9s, "
                                 "renewDeadline: *d}\n")),
            "");
}

TEST(HostileYaml, DepthIsLimitedInEveryStyle) {
  EXPECT_THAT(problemOf(withHeader("a: " + repeated("[", 100'000))), HasSubstr("s.yaml:3:"));
  EXPECT_THAT(problemOf(withHeader("a: " + repeated("{a: ", 10'000))), HasSubstr("s.yaml:3:"));
  EXPECT_THAT(problemOf(withHeader("a: " + repeated("- ", 10'000) + "x")), HasSubstr("s.yaml:"));
  EXPECT_THAT(problemOf(withHeader("a: " + repeated("[", 40) + repeated("]", 40))),
              HasSubstr("nested deeper than 32 levels"));
}

TEST(HostileYaml, SizeIsLimited) {
  EXPECT_EQ(problemOf(withHeader("#" + std::string(std::size_t{1} << 20, 'x'))),
            "s.yaml: the file has 1048653 bytes; at most 1048576 are read");
  EXPECT_THAT(problemOf(withHeader("a: " + std::string(70'000, 'x'))),
              HasSubstr("a value of 70000 bytes is too long"));
  EXPECT_THAT(problemOf(withHeader("a: [" + repeated("x,", 30'000) + "]")),
              HasSubstr("more than 20000 values"));
}

TEST(HostileYaml, ManyMistakesAreCountedNotAllShown) {
  std::string body;
  for (int i = 0; i < 5'000; ++i) body += fmt::format("field{}: 1\n", i);
  const std::string problem = problemOf(withHeader(body));
  EXPECT_THAT(problem, HasSubstr("\ns.yaml: and 4950 more"));
  EXPECT_LT(problem.size(), 10'000U);
}

TEST(HostileYaml, WhatIsNotOneObjectIsRefused) {
  const std::pair<std::string, const char*> cases[] = {
      {"", "s.yaml: the file is empty"},
      {"# nothing\n", "s.yaml: the file is empty"},
      {"[]",
       "s.yaml:1:1: the file holds a list; it must hold one KubeSchedulerConfiguration object"},
      {"hello", "the file holds the text \"hello\""},
      {"~", "the file holds nothing"},
      {withHeader("---\na: 1\n"), "a second document"},
      {withHeader("a: !!binary aGk=\n"), "tag \"tag:yaml.org,2002:binary\" is not supported"},
      {withHeader("? [a]\n: b\n"), "a list or map is used as a key"},
      {withHeader("\ta: 1\n"), "not valid YAML"},
      {withHeader("a: [1\n"), "not valid YAML"},
      {withHeader("a: *nope\n"), "not valid YAML"},
      {withHeader("a: \"\\x0\"\n"), "not valid YAML"},
      {std::string("a\0b", 3), "NUL byte"},
  };
  for (const auto& [text, want] : cases) EXPECT_THAT(problemOf(text), HasSubstr(want)) << text;
}

TEST(HostileYaml, TextOfTheFileCannotForgeALine) {
  const std::string problem = problemOf(withHeader("\"a\\nroot: fine\": 1\n"));
  EXPECT_EQ(std::count(problem.begin(), problem.end(), '\n'), 0) << problem;
}

RC_GTEST_PROP(HostileYaml, DamagedFilesNeverCrash, ()) {
  std::string text = defaultSchedulerConfigYaml();
  const auto edits = *rc::gen::inRange(1, 6);
  for (int i = 0; i < edits; ++i) {
    const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
    const auto length = *rc::gen::inRange<std::size_t>(0, 40);
    if (*rc::gen::arbitrary<bool>()) {
      text.erase(at, length);
    } else {
      text.insert(at, *rc::gen::container<std::string>(rc::gen::elementOf(
                          std::string("{}[]:,&*!|>'\"%@`#- \n\t\r~0123abc\xff\xc3"))));
    }
    if (text.empty()) text = "a";
  }
  const auto config = loadSchedulerConfig(text, "s.yaml");
  if (!config) {
    RC_ASSERT(!config.error().message().empty());
  }
}

}  // namespace
}  // namespace stowage::config
