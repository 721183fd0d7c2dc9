#include "cmd/operator/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <variant>
#include <vector>

namespace stowage::operator_cmd {
namespace {

using ::testing::HasSubstr;

std::variant<Options, program::EarlyExit> parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "stowage-operator");
  return parseOptions(static_cast<int>(arguments.size()), arguments.data());
}

TEST(OperatorOptions, TheLeasesTimesAreThoseOfKubeScheduler) {
  const auto options = std::get<Options>(parse({}));
  EXPECT_EQ(options.lease_seconds, 15);
  EXPECT_EQ(options.renew_seconds, 10);
  EXPECT_EQ(options.retry_seconds, 2);
}

TEST(OperatorOptions, TheLeasesTimesAreGivenAndShown) {
  const auto options = std::get<Options>(
      parse({"--leader-elect-lease-duration-seconds=6", "--leader-elect-renew-deadline-seconds=4",
             "--leader-elect-retry-period-seconds=1"}));
  EXPECT_EQ(options.lease_seconds, 6);
  EXPECT_THAT(optionsYaml(options), HasSubstr("leaderElectLeaseDurationSeconds: 6\n"
                                              "leaderElectRenewDeadlineSeconds: 4\n"
                                              "leaderElectRetryPeriodSeconds: 1\n"));
}

TEST(OperatorOptions, TimesThatWouldHaveTwoLeadersEndWithTwo) {
  for (const std::vector<const char*>& times :
       std::vector<std::vector<const char*>>{{"--leader-elect-lease-duration-seconds=10"},
                                             {"--leader-elect-retry-period-seconds=9"},
                                             {"--leader-elect-renew-deadline-seconds=0"},
                                             {"--leader-elect-lease-duration-seconds=4000"}}) {
    const auto parsed = parse(times);
    const auto* exit = std::get_if<program::EarlyExit>(&parsed);
    ASSERT_NE(exit, nullptr) << times[0];
    EXPECT_EQ(exit->code, 2);
    EXPECT_THAT(exit->text, HasSubstr("--leader-elect-"));
  }
}

}  // namespace
}  // namespace stowage::operator_cmd
