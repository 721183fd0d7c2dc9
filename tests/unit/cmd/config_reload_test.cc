// The file of --config while the scheduler runs: what is taken over, what is refused, what is told.
#include "cmd/scheduler/config_reload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

#include "testing/scheduling/recording_metric_sink.h"
#include "unit/cmd/recorded_self_events.h"

namespace stowage::scheduler_cmd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

std::string configOf(const std::string& more) {
  return "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n" + more;
}

class ConfigReloadTest : public ::testing::Test {
 protected:
  ConfigReloadTest() { write(configOf("podMaxBackoffSeconds: 10\n")); }
  ~ConfigReloadTest() override { std::remove(file_.c_str()); }

  void write(const std::string& text) {
    std::ofstream(file_ + ".new") << text;
    std::rename((file_ + ".new").c_str(), file_.c_str());
  }
  ConfigReload make() {
    auto config = config::loadSchedulerConfig(configOf("podMaxBackoffSeconds: 10\n"), file_);
    return {{file_, {}},
            *config,
            [this](const config::SchedulerConfig& next) {
              if (!fails_.empty()) return base::Status(base::Code::kUnavailable, fails_);
              applied_.push_back(next);
              return base::Status();
            },
            events_.sink(),
            clock_,
            metrics_};
  }
  std::vector<std::string> reasons() {
    std::vector<std::string> out;
    for (const auto& event : events_.written()) out.push_back(event["reason"]);
    return out;
  }
  double reloads(const std::string& result) {
    return metrics_.value("stowage_config_reloads_total", "result=" + result);
  }

  const std::string file_ = ::testing::TempDir() + "stowage-reload.yaml";
  base::SystemClock clock_;
  testing::RecordingMetricSink metrics_;
  RecordedSelfEvents events_;
  std::vector<config::SchedulerConfig> applied_;
  std::string fails_;
};

TEST_F(ConfigReloadTest, AFileThatStaysTheSameIsNotTakenAgain) {
  ConfigReload reload = make();
  EXPECT_FALSE(reload.look());
  write(configOf("podMaxBackoffSeconds: 10\n"));
  EXPECT_FALSE(reload.look());
  EXPECT_THAT(applied_, IsEmpty());
  EXPECT_EQ(metrics_.value("stowage_config_last_reload_successful"), 1);
  EXPECT_THAT(reload.configz(), StartsWith("apiVersion"));
}

TEST_F(ConfigReloadTest, AChangeHoldsAndIsTold) {
  ConfigReload reload = make();
  write(configOf("podMaxBackoffSeconds: 30\n"));
  EXPECT_TRUE(reload.look());
  ASSERT_THAT(applied_, SizeIs(1));
  EXPECT_EQ(applied_[0].pod_max_backoff, std::chrono::seconds(30));
  EXPECT_EQ(reloads("applied"), 1);
  EXPECT_EQ(metrics_.value("stowage_config_restart_needed"), 0);
  EXPECT_THAT(reload.configz(), StartsWith("# reloaded at 20"));
  EXPECT_THAT(reload.configz(), HasSubstr("podMaxBackoffSeconds: 30"));
  EXPECT_TRUE(config::loadSchedulerConfig(reload.configz(), "configz").has_value())
      << "comments and all, it can be fed back";
  EXPECT_FALSE(reload.look());
  EXPECT_THAT(reasons(), ElementsAre("ConfigurationReloaded"));
}

TEST_F(ConfigReloadTest, AWrongFileChangesNothingAndSaysWhereItIsWrong) {
  ConfigReload reload = make();
  write(configOf("podMaxBackofSeconds: 30\n"));
  EXPECT_TRUE(reload.look());
  EXPECT_THAT(applied_, IsEmpty());
  EXPECT_EQ(reloads("refused"), 1);
  EXPECT_EQ(metrics_.value("stowage_config_last_reload_successful"), 0);
  EXPECT_THAT(reload.configz(), HasSubstr("stowage-reload.yaml:3:1"));
  EXPECT_THAT(reload.configz(), HasSubstr("podMaxBackoffSeconds: 10"));
  EXPECT_TRUE(config::loadSchedulerConfig(reload.configz(), "configz").has_value());
  EXPECT_FALSE(reload.look()) << "said once";
  write(configOf("podMaxBackoffSeconds: 30\n"));
  EXPECT_TRUE(reload.look());
  EXPECT_EQ(metrics_.value("stowage_config_last_reload_successful"), 1);
  EXPECT_THAT(reasons(), ElementsAre("ConfigurationRefused", "ConfigurationReloaded"));
}

TEST_F(ConfigReloadTest, AFileThatIsGoneOrTooLongIsRefused) {
  ConfigReload reload = make();
  std::remove(file_.c_str());
  EXPECT_TRUE(reload.look());
  EXPECT_FALSE(reload.look());
  write(std::string(5'000'000, '#'));
  EXPECT_TRUE(reload.look());
  EXPECT_EQ(reloads("refused"), 2);
  EXPECT_THAT(applied_, IsEmpty());
}

TEST_F(ConfigReloadTest, WhatNeedsARestartIsNamedAndTheRestHolds) {
  ConfigReload reload = make();
  write(
      configOf("podMaxBackoffSeconds: 30\nleaderElection: {retryPeriod: 1s}\n"
               "clientConnection: {qps: 7}\n"));
  EXPECT_TRUE(reload.look());
  ASSERT_THAT(applied_, SizeIs(1));
  EXPECT_EQ(applied_[0].leader_election.retry_period, std::chrono::seconds(2));
  EXPECT_EQ(applied_[0].client_connection.qps, 0);
  EXPECT_EQ(metrics_.value("stowage_config_restart_needed"), 1);
  EXPECT_THAT(reload.configz(), HasSubstr("# needs a restart: leaderElection, clientConnection"));
  write(configOf("podMaxBackoffSeconds: 30\n"));
  EXPECT_TRUE(reload.look());
  EXPECT_EQ(metrics_.value("stowage_config_restart_needed"), 0);
}

TEST_F(ConfigReloadTest, WhatCannotBeAppliedIsRefused) {
  ConfigReload reload = make();
  fails_ = "extenders[0]: no such CA file";
  write(configOf("podMaxBackoffSeconds: 30\n"));
  EXPECT_TRUE(reload.look());
  EXPECT_EQ(reloads("refused"), 1);
  EXPECT_THAT(reload.configz(), HasSubstr("# extenders[0]: no such CA file"));
}

TEST_F(ConfigReloadTest, ItsThreadSeesAChange) {
  ConfigReload reload = make();
  reload.start();
  write(configOf("podMaxBackoffSeconds: 30\n"));
  // The event is the last that happens.
  EXPECT_TRUE(events_.waitFor(1));
  reload.stop();
  EXPECT_EQ(reloads("applied"), 1);
}

}  // namespace
}  // namespace stowage::scheduler_cmd
