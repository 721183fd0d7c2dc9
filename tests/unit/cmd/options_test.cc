#include "cmd/scheduler/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stowage::scheduler_cmd {
namespace {

using ::testing::HasSubstr;

std::variant<Options, EarlyExit> parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "stowage-scheduler");
  return parseOptions(static_cast<int>(arguments.size()), arguments.data());
}

TEST(Options, WithoutFlagsAreTheDefaultsOfKubeScheduler) {
  const auto options = std::get<Options>(parse({}));
  EXPECT_EQ(options.secure_port, 10259);
  EXPECT_EQ(options.bind_address, "0.0.0.0");
  EXPECT_FALSE(options.leader_elect.has_value());
  EXPECT_FALSE(options.scheduler_name.has_value());
  EXPECT_EQ(options.logging_format, "text");
}

TEST(Options, EveryFlagOfTheDesignIsUnderstood) {
  const auto options = std::get<Options>(
      parse({"--config", "/c", "--kubeconfig", "/k", "--scheduler-name", "s",
             "--leader-elect=false", "--leader-elect-resource-name", "l",
             "--leader-elect-resource-namespace", "n", "--bind-address", "127.0.0.1",
             "--secure-port", "0", "--logging-format", "json", "-v", "2"}));
  EXPECT_EQ(options.config_file, "/c");
  EXPECT_EQ(options.kubeconfig, "/k");
  EXPECT_EQ(options.scheduler_name, "s");
  EXPECT_EQ(options.leader_elect, false);
  EXPECT_EQ(options.lease_name, "l");
  EXPECT_EQ(options.lease_namespace, "n");
  EXPECT_EQ(options.bind_address, "127.0.0.1");
  EXPECT_EQ(options.secure_port, 0);
  EXPECT_EQ(options.logging_format, "json");
  EXPECT_EQ(options.verbosity, 2);
}

TEST(Options, LeaderElectNeedsNoValue) {
  EXPECT_EQ(std::get<Options>(parse({"--leader-elect"})).leader_elect, true);
  EXPECT_EQ(std::get<Options>(parse({"--leader-elect=true"})).leader_elect, true);
}

TEST(Options, HelpTeachesAndEndsWithZero) {
  const auto exit = std::get<EarlyExit>(parse({"--help"}));
  EXPECT_EQ(exit.code, 0);
  for (const char* word :
       {"--kubeconfig", "--leader-elect", "schedulerName", "Examples:", "Exit codes"}) {
    EXPECT_THAT(exit.text, HasSubstr(word));
  }
}

TEST(Options, VersionNamesVersionAndCommit) {
  const auto exit = std::get<EarlyExit>(parse({"--version"}));
  EXPECT_EQ(exit.code, 0);
  EXPECT_THAT(exit.text, HasSubstr("stowage-scheduler 0."));
  EXPECT_THAT(exit.text, HasSubstr("commit "));
}

TEST(Options, WrongCommandLinesEndWithTwoAndSayWhatToDo) {
  const std::vector<std::pair<std::vector<const char*>, const char*>> table = {
      {{"--colour"}, "--colour"},
      {{"--secure-port", "70000"}, "--secure-port"},
      {{"--secure-port", "web"}, "--secure-port"},
      {{"--logging-format", "xml"}, "--logging-format"},
      {{"--tls-cert-file", "/a"}, "--tls-private-key-file"},
      {{"--tls-min-version", "VersionTLS11"}, "--tls-min-version"},
      {{"surplus"}, "\"surplus\" is one word too many"},
      {{"--leader-elect=maybe"}, "--leader-elect: \"maybe\": give true or false"},
      {{"--leader-elect", "false"}, "--leader-elect=false"},
      {{"--verify-caches=x"}, "give true or false"},
      {{"--kubecnfig", "/k"}, "there is no flag \"--kubecnfig\"; did you mean --kubeconfig?"},
      {{"--scheduler-nam=x"}, "did you mean --scheduler-name?"},
      {{"-v", "abc"}, "give a whole number from 0 to 10"},
      {{"--leader-elect-resource-name", "A_b"},
       "--leader-elect-resource-name: \"A_b\": give lower"},
      {{"--leader-elect-resource-name=kube-scheduler"}, "is the Lease of kube-scheduler"},
      {{"--leader-elect-resource-namespace", "a.b"}, "--leader-elect-resource-namespace: \"a.b\""},
  };
  for (const auto& [arguments, says] : table) {
    const auto parsed = parse(arguments);
    const auto* exit = std::get_if<EarlyExit>(&parsed);
    ASSERT_NE(exit, nullptr) << arguments[0];
    EXPECT_EQ(exit->code, 2) << arguments[0];
    EXPECT_THAT(exit->text, HasSubstr(says));
  }
}

}  // namespace
}  // namespace stowage::scheduler_cmd
