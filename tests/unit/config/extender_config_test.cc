// `extenders` of the configuration: what is read, what is refused, and with which words.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/scheduler_config.h"
#include "unit/config/config_text.h"

namespace stowage::config {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

base::Result<SchedulerConfig> load(const std::string& text) {
  return loadSchedulerConfig(withHeader(text), "s.yaml");
}

constexpr const char* kFull = R"(extenders:
- urlPrefix: https://gpu.kube-system.svc:8443/v1/
  filterVerb: filter
  preemptVerb: preempt
  prioritizeVerb: prioritize
  bindVerb: bind
  weight: 5
  enableHTTPS: true
  tlsConfig: {serverName: gpu, caData: Y2E=, certFile: /c, keyFile: /k}
  httpTimeout: 1m30s
  nodeCacheCapable: true
  managedResources:
  - {name: example.com/gpu, ignoredByScheduler: true}
  - {name: example.com/fpga}
  ignorable: true
- urlPrefix: http://127.0.0.1:8888
)";

TEST(ExtenderConfig, ReadsEveryField) {
  const auto config = load(kFull);
  ASSERT_TRUE(config.has_value()) << config.error().message();
  ASSERT_THAT(config->extenders, SizeIs(2));
  const ExtenderConfig& full = config->extenders[0];
  EXPECT_EQ(full.url_prefix, "https://gpu.kube-system.svc:8443/v1/");
  EXPECT_EQ(full.filter_verb, "filter");
  EXPECT_EQ(full.preempt_verb, "preempt");
  EXPECT_EQ(full.prioritize_verb, "prioritize");
  EXPECT_EQ(full.bind_verb, "bind");
  EXPECT_EQ(full.weight, 5);
  EXPECT_TRUE(full.enable_https);
  EXPECT_EQ(full.tls.server_name, "gpu");
  EXPECT_EQ(full.tls.ca_data, "Y2E=");
  EXPECT_EQ(full.tls.cert_file, "/c");
  EXPECT_EQ(full.tls.key_file, "/k");
  EXPECT_EQ(full.http_timeout, std::chrono::seconds(90));
  EXPECT_TRUE(full.node_cache_capable);
  ASSERT_THAT(full.managed_resources, SizeIs(2));
  EXPECT_TRUE(full.managed_resources[0].ignored_by_scheduler);
  EXPECT_FALSE(full.managed_resources[1].ignored_by_scheduler);
  EXPECT_TRUE(full.ignorable);
  const ExtenderConfig& bare = config->extenders[1];
  EXPECT_EQ(bare.http_timeout, std::chrono::seconds(5));
  EXPECT_FALSE(bare.node_cache_capable);
  EXPECT_THAT(bare.managed_resources, IsEmpty());
}

TEST(ExtenderConfig, IsWrittenAsItWasRead) {
  const auto config = load(kFull);
  ASSERT_TRUE(config.has_value());
  const auto again = loadSchedulerConfig(schedulerConfigYaml(*config), "written");
  ASSERT_TRUE(again.has_value()) << again.error().message();
  EXPECT_EQ(again->extenders, config->extenders);
}

TEST(ExtenderConfig, AZeroTimeoutIsTheDefault) {
  const auto config = load("extenders:\n- {urlPrefix: http://a, httpTimeout: 0s}\n");
  ASSERT_TRUE(config.has_value());
  EXPECT_EQ(config->extenders[0].http_timeout, std::chrono::seconds(5));
}

TEST(ExtenderConfig, WhatCannotWorkIsRefusedWithWhatToDo) {
  struct Row {
    const char* text;
    const char* message;
  };
  const Row table[] = {
      {"extenders: 5\n", "extenders: is the number 5; give a list"},
      {"extenders:\n- {filterVerb: f}\n", "extenders[0].urlPrefix: is \"\"; give the extender's"},
      {"extenders:\n- {urlPrefix: \"ftp://a\"}\n", "extenders[0].urlPrefix: is \"ftp://a\""},
      {"extenders:\n- {urlPrefix: \"http://\"}\n", "extenders[0].urlPrefix: is \"http://\""},
      {"extenders:\n- {urlPrefix: http://a, prioritizeVerb: p}\n",
       "extenders[0].weight: is 0; an extender with a prioritizeVerb needs a positive weight"},
      {"extenders:\n- {urlPrefix: http://a, httpTimeout: -1s}\n",
       "extenders[0].httpTimeout: is negative"},
      {"extenders:\n- {urlPrefix: http://a, bindVerb: b}\n- {urlPrefix: http://b, bindVerb: b}\n",
       "extenders: has 2 extenders with a bindVerb; only one of them can bind"},
      {"extenders:\n- {urlPrefix: http://a, managedResources: [{name: cpu}]}\n",
       "extenders[0].managedResources[0].name: is \"cpu\", which is no extended resource"},
      {"extenders:\n- {urlPrefix: http://a, managedResources: [{name: kubernetes.io/x}]}\n",
       "which is no extended resource"},
      {"extenders:\n- {urlPrefix: http://a, managedResources: [{name: E.com/x}]}\n",
       "which is no extended resource"},
      {"extenders:\n- {urlPrefix: http://a, managedResources: [{name: \"e.com/x y\"}]}\n",
       "which is no extended resource"},
      {"extenders:\n- {urlPrefix: http://a, managedResources: [{name: e.com/g}]}\n"
       "- {urlPrefix: http://b, managedResources: [{name: e.com/g}]}\n",
       "extenders[1].managedResources[0].name: e.com/g is managed by an extender already"},
      {"extenders:\n- {urlPrefix: http://a, tlsConfig: {insecure: true, caFile: /ca}}\n",
       "extenders[0].tlsConfig.insecure: is true although a CA is given"},
      {"extenders:\n- {urlPrefix: http://a, tlsConfig: {keyFile: /k}}\n",
       "extenders[0].tlsConfig.keyFile: comes without its counterpart"},
      {"extenders:\n- {urlPrefix: http://a, filterverb: f}\n", "extenders[0].filterverb"},
  };
  for (const Row& row : table) {
    const auto config = load(row.text);
    ASSERT_FALSE(config.has_value()) << row.text;
    EXPECT_THAT(config.error().message(), HasSubstr(row.message)) << row.text;
  }
}

TEST(ExtenderConfig, SecretKeysAreNotShown) {
  const auto config = load(
      "extenders:\n- {urlPrefix: https://a, tlsConfig: {certData: Y2E=, keyData: c2VjcmV0}}\n");
  ASSERT_TRUE(config.has_value()) << config.error().message();
  EXPECT_EQ(config->extenders[0].tls.key_data, "c2VjcmV0");
  const std::string written = schedulerConfigYaml(*config);
  EXPECT_THAT(written, ::testing::Not(HasSubstr("c2VjcmV0")));
  const auto again = loadSchedulerConfig(written, "written.yaml");
  ASSERT_FALSE(again.has_value()) << "must not pass for the whole configuration";
  EXPECT_THAT(again.error().message(), HasSubstr("tlsConfig.certFile: comes without"));
}

TEST(ExtenderConfig, VerbsMustFitIntoAnAddress) {
  const auto config = load("extenders:\n- {urlPrefix: http://a, filterVerb: \"my filter\"}\n");
  ASSERT_FALSE(config.has_value());
  EXPECT_THAT(config.error().message(), HasSubstr("extenders[0].filterVerb: is \"my filter\""));
}

}  // namespace
}  // namespace stowage::config
