#include "config/scheduler_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/config/config_text.h"

namespace stowage::config {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

SchedulerConfig load(const std::string& text, const ConfigOverrides& overrides = {}) {
  auto config = loadSchedulerConfig(text, "s.yaml", overrides);
  EXPECT_TRUE(config.has_value()) << config.error().message();
  return config ? *config : SchedulerConfig{};
}

std::string problemOf(const std::string& text, const ConfigOverrides& overrides = {}) {
  auto config = loadSchedulerConfig(text, "s.yaml", overrides);
  return config ? std::string() : config.error().message();
}

TEST(SchedulerConfig, AFileWithNothingInItMeansTheDefaults) {
  const SchedulerConfig config = load(withHeader(""));
  EXPECT_EQ(config.parallelism, 16);
  EXPECT_EQ(config.pod_initial_backoff, 1s);
  EXPECT_EQ(config.pod_max_backoff, 10s);
  EXPECT_EQ(config.client_connection.qps, 0);
  EXPECT_TRUE(config.leader_election.leader_elect);
  EXPECT_EQ(config.leader_election.lease_duration, 15s);
  EXPECT_EQ(config.leader_election.renew_deadline, 10s);
  EXPECT_EQ(config.leader_election.retry_period, 2s);
  EXPECT_EQ(config.leader_election.resource_name, "stowage-scheduler");
  EXPECT_EQ(config.leader_election.resource_namespace, "");
  ASSERT_EQ(config.profiles.size(), 1U);
  EXPECT_EQ(config.profiles[0].scheduler_name, "stowage-scheduler");
  EXPECT_EQ(schedulerConfigYaml(config), defaultSchedulerConfigYaml());
}

TEST(SchedulerConfig, EveryScalarOfTheFileIsTaken) {
  const SchedulerConfig config = load(withHeader(R"(
parallelism: 4
percentageOfNodesToScore: 50
podInitialBackoffSeconds: 2
podMaxBackoffSeconds: 20
enableProfiling: true
enableContentionProfiling: false
delayCacheUntilActive: true
clientConnection:
  kubeconfig: /etc/kubeconfig
  qps: 12.5
  burst: 30
  contentType: application/vnd.kubernetes.protobuf
  acceptContentTypes: application/json
leaderElection:
  leaderElect: yes
  leaseDuration: 1m
  renewDeadline: 40s
  retryPeriod: 5s
  resourceLock: leases
  resourceName: my-lease
  resourceNamespace: my-space
)"));
  EXPECT_EQ(config.parallelism, 4);
  EXPECT_EQ(config.percentage_of_nodes_to_score, 50);
  EXPECT_EQ(config.pod_initial_backoff, 2s);
  EXPECT_EQ(config.pod_max_backoff, 20s);
  EXPECT_TRUE(config.enable_profiling);
  EXPECT_TRUE(config.delay_cache_until_active);
  EXPECT_EQ(config.client_connection.kubeconfig, "/etc/kubeconfig");
  EXPECT_EQ(config.client_connection.qps, 12.5);
  EXPECT_EQ(config.client_connection.burst, 30);
  EXPECT_EQ(config.client_connection.accept_content_types, "application/json");
  EXPECT_EQ(config.leader_election.lease_duration, 1min);
  EXPECT_EQ(config.leader_election.renew_deadline, 40s);
  EXPECT_EQ(config.leader_election.retry_period, 5s);
  EXPECT_EQ(config.leader_election.resource_name, "my-lease");
  EXPECT_EQ(config.leader_election.resource_namespace, "my-space");
}

TEST(SchedulerConfig, JsonIsReadAsWell) {
  const SchedulerConfig config = load(
      R"({"apiVersion":"kubescheduler.config.k8s.io/v1","kind":"KubeSchedulerConfiguration",
          "parallelism":3,"profiles":[{"schedulerName":"a"}]})");
  EXPECT_EQ(config.parallelism, 3);
  EXPECT_EQ(config.profiles[0].scheduler_name, "a");
}

TEST(SchedulerConfig, NullMeansNotGiven) {
  const SchedulerConfig config =
      load(withHeader("parallelism: null\nleaderElection: ~\nprofiles:\nextenders: []\n"));
  EXPECT_EQ(config.parallelism, 16);
  EXPECT_EQ(config.profiles.size(), 1U);
}

struct BadCase {
  const char* name;
  std::string body;
  const char* want;  // one whole line of the message
};

std::vector<BadCase> badFields() {
  return {
      {"an unknown field", "paralellism: 3\n",
       "s.yaml:3:1: paralellism: is not a known field; did you mean parallelism?"},
      {"a field twice", "parallelism: 3\nparallelism: 4\n",
       "s.yaml:4:1: parallelism: is given twice; remove one of them"},
      {"a text for a number", "parallelism: \"3\"\n",
       "s.yaml:3:14: parallelism: is the text \"3\"; give a whole number, without quotes"},
      {"a fraction for a whole number", "parallelism: 3.5\n",
       "s.yaml:3:14: parallelism: is the number 3.5; give a whole number, without quotes"},
      {"a number out of range", "percentageOfNodesToScore: 101\n",
       "s.yaml:3:27: percentageOfNodesToScore: is 101; give 0 to 100"},
      {"parallelism 0", "parallelism: 0\n", "s.yaml:3:14: parallelism: is 0; give 1 to 2147483647"},
      {"a text for a boolean", "enableProfiling: maybe\n",
       "s.yaml:3:18: enableProfiling: is the text \"maybe\"; give true or false, without quotes"},
      {"a number for a text", "leaderElection:\n  resourceName: 12\n",
       "s.yaml:4:17: leaderElection.resourceName: is the number 12; give a text: put it in quotes"},
      {"a number for a duration", "leaderElection:\n  leaseDuration: 15\n",
       "s.yaml:4:18: leaderElection.leaseDuration: is the number 15; give a duration such as 15s "
       "or "
       "1m30s"},
      {"a list for a map", "leaderElection: []\n",
       "s.yaml:3:17: leaderElection: is a list; give a map"},
      {"a map for a list", "profiles: {}\n", "s.yaml:3:11: profiles: is a map; give a list"},
      {"a text in a list of maps", "profiles: [a]\n",
       "s.yaml:3:12: profiles[0]: is the text \"a\"; give a map"},
      {"backoffs in the wrong order", "podInitialBackoffSeconds: 20\n",
       "s.yaml:1:1: podMaxBackoffSeconds: is 10, less than podInitialBackoffSeconds (20); make it "
       "at least as long"},
      {"kube-scheduler's lease", "leaderElection: {resourceName: kube-scheduler}\n",
       "s.yaml:3:17: leaderElection.resourceName: kube-scheduler is the Lease of the default "
       "scheduler; leave it out or name your own: holding it would keep one of the two from "
       "running"},
      {"a lock that is not a Lease", "leaderElection: {resourceLock: endpoints}\n",
       "s.yaml:3:17: leaderElection.resourceLock: is \"endpoints\"; give leases"},
      {"a lease shorter than its renewal", "leaderElection: {leaseDuration: 10s}\n",
       "s.yaml:3:17: leaderElection.leaseDuration: is not longer than renewDeadline; make it "
       "longer"},
      {"a renewal shorter than its retries",
       "leaderElection: {renewDeadline: 12s, retryPeriod: 10s}\n",
       "s.yaml:3:17: leaderElection.renewDeadline: is not longer than 1.2 times retryPeriod; make "
       "it longer"},
      {"a negative duration", "leaderElection: {retryPeriod: -2s}\n",
       "s.yaml:3:17: leaderElection.retryPeriod: is -2s; give more than 0s"},
      {"a bad lease namespace", "leaderElection: {resourceNamespace: A_b}\n",
       "s.yaml:3:17: leaderElection.resourceNamespace: is \"A_b\"; give lower-case letters, digits "
       "and '-', at most 63"},
      {"a profile's bad name", "profiles:\n- schedulerName: \"a b\"\n",
       "s.yaml:4:3: profiles[0].schedulerName: is \"a b\"; give lower-case letters, digits, '-' "
       "and "
       "'.', at most 253"},
      {"two profiles of one name", "profiles:\n- schedulerName: a\n- schedulerName: a\n",
       "s.yaml:5:3: profiles[1].schedulerName: \"a\" is used twice; give every profile its own "
       "name"},
      {"one of two profiles without a name", "profiles:\n- schedulerName: a\n- {}\n",
       "s.yaml:5:3: profiles[1].schedulerName: is missing; name every profile when there are "
       "several"},
  };
}

TEST(SchedulerConfig, EveryMistakeIsNamedWithItsPlaceAndWhatToDo) {
  for (const BadCase& c : badFields()) {
    EXPECT_EQ(problemOf(withHeader(c.body)), c.want) << c.name;
  }
}

TEST(SchedulerConfig, AllMistakesAreShownInTheOrderOfTheFile) {
  EXPECT_EQ(
      problemOf("apiVersion: v1\nkind: KubeSchedulerConfiguration\nnope: 1\nparallelism: -1\n"),
      "s.yaml:1:13: apiVersion: is \"v1\"; give kubescheduler.config.k8s.io/v1\n"
      "s.yaml:3:1: nope: is not a known field; remove it\n"
      "s.yaml:4:14: parallelism: is -1; give 1 to 2147483647");
}

TEST(SchedulerConfig, AFileWithoutVersionAndKindSaysWhatToWrite) {
  EXPECT_EQ(problemOf("parallelism: 1\n"),
            "s.yaml:1:1: apiVersion: is missing; give kubescheduler.config.k8s.io/v1\n"
            "s.yaml:1:1: kind: is missing; give KubeSchedulerConfiguration");
}

TEST(SchedulerConfig, TheNameOfTheDefaultSchedulerNeedsConsent) {
  const std::string file = withHeader("profiles:\n- schedulerName: default-scheduler\n");
  EXPECT_THAT(problemOf(file), HasSubstr("default-scheduler belongs to kube-scheduler"));
  EXPECT_EQ(problemOf(file, {.scheduler_name = "default-scheduler"}), "");
  EXPECT_EQ(problemOf(file + "leaderElection: {leaderElect: false}\n"), "");
  EXPECT_EQ(problemOf(file, {.leader_elect = false}), "");
  EXPECT_THAT(problemOf(file + "- schedulerName: b\nleaderElection: {leaderElect: false}\n"),
              HasSubstr("default-scheduler belongs to kube-scheduler"));
}

TEST(SchedulerConfig, FlagsWinOverTheFile) {
  const SchedulerConfig config = load(
      withHeader("profiles: [{schedulerName: a}]\nleaderElection: {resourceName: kube-scheduler, "
                 "resourceNamespace: x}\n"),
      {.scheduler_name = "b", .leader_elect = true, .lease_name = "l", .lease_namespace = "n"});
  EXPECT_EQ(config.profiles[0].scheduler_name, "b");
  EXPECT_EQ(config.leader_election.resource_name, "l");
  EXPECT_EQ(config.leader_election.resource_namespace, "n");
}

TEST(SchedulerConfig, TheNameFlagCannotNameSeveralProfilesAtOnce) {
  const std::string file = withHeader("profiles: [{schedulerName: a}, {schedulerName: b}]\n");
  EXPECT_EQ(problemOf(file, {.scheduler_name = "b"}), "");
  EXPECT_THAT(problemOf(file, {.scheduler_name = "c"}),
              HasSubstr("\"c\" names none of the 2 profiles"));
}

TEST(SchedulerConfig, AWrongNameFlagIsNamedAsTheFlag) {
  const auto wrong = defaultSchedulerConfig({.scheduler_name = "Bad Name"});
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().message(),
              StartsWith("command line: --scheduler-name: is \"Bad Name\""));
  const auto empty = defaultSchedulerConfig({.scheduler_name = ""});
  ASSERT_FALSE(empty);
  EXPECT_EQ(empty.error().message(),
            "command line: --scheduler-name: is empty; leave the flag out, or give a name");
  EXPECT_THAT(problemOf(withHeader("profiles: [{schedulerName: a}]\n"), {.scheduler_name = "B"}),
              HasSubstr(": --scheduler-name: is \"B\""));
}

TEST(SchedulerConfig, WithoutElectionTheLeaseIsNotChecked) {
  EXPECT_EQ(problemOf(withHeader("leaderElection: {leaderElect: false, resourceName: "
                                 "kube-scheduler}\n")),
            "");
}

TEST(SchedulerConfig, DifferencesFromUpstreamAreListed) {
  const auto fields = [](const std::string& body) {
    std::vector<std::string> names;
    for (const Notice& notice : load(withHeader(body)).notices) names.push_back(notice.field);
    return names;
  };
  EXPECT_THAT(fields(""), Contains("clientConnection.qps"));
  EXPECT_THAT(fields("clientConnection: {qps: 5}\n"), Not(Contains("clientConnection.qps")));
  EXPECT_THAT(fields(""), Contains("leaderElection.resourceName"));
  EXPECT_THAT(fields("leaderElection: {leaderElect: false}\n"),
              Not(Contains("leaderElection.resourceName")));
  EXPECT_THAT(fields(""), Contains("profiles[0].plugins"));
  EXPECT_THAT(fields(""), Contains("percentageOfNodesToScore"));
  EXPECT_THAT(fields("parallelism: 2\n"), Contains("parallelism"));
  EXPECT_THAT(fields("delayCacheUntilActive: true\n"), Contains("delayCacheUntilActive"));
  EXPECT_THAT(fields("clientConnection: {contentType: application/vnd.kubernetes.protobuf}\n"),
              Contains("clientConnection.contentType"));
}

TEST(SchedulerConfig, WhatIsWrittenReadsBackToTheSame) {
  const SchedulerConfig config = load(withHeader(R"(
clientConnection: {qps: 7.25, burst: 3, kubeconfig: "a \"b\"\n\u00e9"}
leaderElection: {leaseDuration: 1m1.5s, resourceNamespace: x}
profiles:
- schedulerName: a
  percentageOfNodesToScore: 7
  plugins:
    score:
      enabled: [{name: ImageLocality, weight: 9}, {name: Packing}]
      disabled: [{name: NodeAffinity}]
  pluginConfig:
  - name: Packing
    args: {quantum: 5, imbalanceWeight: 0.1, window: 7}
  - name: NodeResourcesFit
    args:
      ignoredResources: [example.com/a, "12"]
      scoringStrategy: {type: MostAllocated, resources: [{name: nvidia.com/gpu, weight: 3}]}
  - name: PodTopologySpread
    args:
      defaultingType: List
      defaultConstraints: [{maxSkew: 2, topologyKey: zone, whenUnsatisfiable: DoNotSchedule}]
- schedulerName: b
)"));
  const std::string written = schedulerConfigYaml(config);
  const auto again = loadSchedulerConfig(written, "written.yaml");
  ASSERT_TRUE(again.has_value()) << again.error().message() << "\n" << written;
  EXPECT_EQ(schedulerConfigYaml(*again), written);
  EXPECT_EQ(again->client_connection.kubeconfig, config.client_connection.kubeconfig);
  EXPECT_EQ(again->profiles[0].plugins, config.profiles[0].plugins);
  EXPECT_EQ(again->profiles[1].plugins, config.profiles[1].plugins);
  EXPECT_EQ(again->profiles[0].args.fit.ignored_resources,
            (std::vector<std::string>{"example.com/a", "12"}));
}

}  // namespace
}  // namespace stowage::config
