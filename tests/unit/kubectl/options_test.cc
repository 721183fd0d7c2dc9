#include "cmd/kubectl-stowage/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace stowage::kubectl {
namespace {

using ::testing::HasSubstr;

std::variant<Options, program::EarlyExit> parse(std::vector<const char*> words) {
  words.insert(words.begin(), "kubectl-stowage");
  return parseOptions(static_cast<int>(words.size()), words.data());
}

Options understood(const std::vector<const char*>& words) {
  const auto parsed = parse(words);
  if (const auto* early = std::get_if<program::EarlyExit>(&parsed)) {
    ADD_FAILURE() << early->text;
    return {};
  }
  return std::get<Options>(parsed);
}

program::EarlyExit refused(const std::vector<const char*>& words) {
  const auto parsed = parse(words);
  const auto* early = std::get_if<program::EarlyExit>(&parsed);
  return early != nullptr ? *early : program::EarlyExit{-1, "it was understood"};
}

TEST(OptionsTest, VerbsTakeFlagsBeforeAndAfter) {
  const Options options = understood({"rollback", "db", "-n", "ns", "--to-revision", "3"});
  EXPECT_EQ(options.verb, Verb::kRollback);
  EXPECT_EQ(options.name, "db");
  EXPECT_EQ(options.ns, "ns");
  EXPECT_EQ(options.to_revision, 3);
  const Options watch = understood({"--context", "c", "status", "db", "-w"});
  EXPECT_TRUE(watch.watch);
  EXPECT_EQ(watch.context, "c");
  const program::EarlyExit help = refused({"rollback", "--help"});
  EXPECT_EQ(help.code, 0);
  EXPECT_THAT(help.text, HasSubstr("--to-revision"));
  EXPECT_THAT(help.text, HasSubstr("--namespace"));
}

TEST(OptionsTest, NamesAreTakenAsKubectlPrintsThem) {
  EXPECT_EQ(understood({"status", "sfg/db"}).name, "db");
  EXPECT_EQ(understood({"status", "statefulgroup.stowage.dev/db"}).name, "db");
  EXPECT_EQ(understood({"pause", "statefulgroup/db"}).name, "db");
  EXPECT_EQ(understood({"replace", "pod/db-0-1"}).name, "db-0-1");
}

TEST(OptionsTest, AWrongCommandLineIsToldInALineThatSaysWhatToType) {
  const std::vector<std::pair<std::vector<const char*>, const char*>> table = {
      {{}, "a verb is missing; the verbs are status, history"},
      {{"status"}, "GROUP is missing; kubectl get statefulgroups lists them"},
      {{"replace"}, "POD is missing; kubectl get pods -l stowage.dev/group lists them"},
      {{"statu", "db"}, "there is no verb \"statu\"; did you mean status?"},
      {{"nonsense", "db"}, "there is no verb \"nonsense\"; the verbs are status"},
      {{"--wathc"}, "there is no flag \"--wathc\""},
      {{"status", "db", "--wathc"}, "did you mean --watch?"},
      {{"status", "db", "-A"}, "there is no flag \"-A\""},
      {{"status", "db", "-o", "yaml"}, "yaml"},
      {{"status", "D B"}, "GROUP: \"D B\": give lower-case letters"},
      {{"status", "deployment/db"}, "\"deployment/db\" is not the name of a StatefulGroup"},
      {{"status", "sfg/"}, "GROUP: \"\""},
      {{"rollback", "db", "--to-revision", "-1"}, "--to-revision: \"-1\": give a whole number"},
      {{"rollback", "db", "--to-revision", "99999999999999999999"}, "give a whole number"},
      {{"pause", "db", "extra"}, "\"extra\" is one word too many"},
      {{"status", "db", "-n", "X"}, "--namespace: \"X\": give lower-case letters"},
  };
  for (const auto& [words, says] : table) {
    const program::EarlyExit exit = refused(words);
    EXPECT_EQ(exit.code, 2) << says;
    EXPECT_THAT(exit.text, HasSubstr(says));
  }
}

}  // namespace
}  // namespace stowage::kubectl
