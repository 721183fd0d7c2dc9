// kubectl-stowage as a user runs it, on a real kube-apiserver beside the running operator.
#include <gmock/gmock.h>

#include "cmd/kubectl-stowage/group_reader.h"
#include "cmd/kubectl-stowage/view/rollback.h"
#include "integration/operator/operator_world.h"
#include "stowage_paths.h"

namespace stowage::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;
using namespace std::chrono_literals;

class KubectlStowageIt : public OperatorWorld {
 protected:
  CommandResult stowage(std::vector<std::string> words) {
    words.insert(words.begin(),
                 std::string(STOWAGE_BINARY_DIR) + "/cmd/kubectl-stowage/kubectl-stowage");
    words.insert(words.end(), {"-n", ns_, "--kubeconfig", cluster_.adminKubeconfig()});
    return runCommand(words);
  }
  // Of a verb that has to succeed.
  std::string done(std::vector<std::string> words) {
    const CommandResult result = stowage(std::move(words));
    EXPECT_EQ(result.exit_code, 0) << result.output;
    return result.output;
  }
  std::string refused(std::vector<std::string> words) {
    const CommandResult result = stowage(std::move(words));
    EXPECT_EQ(result.exit_code, 1) << result.output;
    EXPECT_EQ(std::count(result.output.begin(), result.output.end(), '\n'), 1) << result.output;
    return result.output;
  }
};

TEST_F(KubectlStowageIt, StatusTellsOfShardsMembersAndBudgets) {
  createGroup("db", {{"shards", 2}});
  await("db", "Ready", "True/AllReady");
  setLabel("db-0-1", "stowage.dev/role", "leader");
  EXPECT_TRUE(waitFor(
      [&] {
        const Json status = Json::parse(done({"status", "db", "-o", "json"}));
        const Json& shard = status["shards"][0];
        return shard["leader"] == "db-0-1" && shard.value("disruptionsAllowed", 0) == 1;
      },
      30s));
  const Json status = Json::parse(done({"status", "db", "-o", "json"}));
  ASSERT_THAT(status["shards"], SizeIs(2));
  EXPECT_EQ(status["shards"][1]["mustStay"], 2);
  EXPECT_EQ(status["shards"][0]["members"][1]["role"], "leader");
  EXPECT_THAT(status["shards"][0]["members"][0]["node"].get<std::string>(), StartsWith("node-"));
  const std::string text = done({"status", "db"});
  EXPECT_THAT(text, HasSubstr("/db: 2 shards of 3 replicas\n"));
  EXPECT_THAT(text, HasSubstr("Ready        True   AllReady"));
}

TEST_F(KubectlStowageIt, ARollbackHealsAStuckRolloutAndWritesNothingElse) {
  createGroup("db", Json::object());
  await("db", "Ready", "True/AllReady");
  const Json before = getGroup("db")["spec"];
  Json nowhere = imagePatch("example.test/db:2");
  nowhere["template"]["spec"]["nodeSelector"] = {{"no", "such-node"}};
  nowhere["topology"] = {{"failureDomains", Json::array()}};
  nowhere["shardOverrides"] = Json::array({{{"shards", "0"}, {"labels", {{"tier", "gold"}}}}});
  changeGroup("db", nowhere);
  EXPECT_TRUE(waitFor(
      [&] { return done({"status", "db"}).find("waits: db-0-2 is pending") != std::string::npos; },
      30s));
  const std::string status = done({"status", "db"});
  EXPECT_THAT(status, HasSubstr("1 -> 2"));
  // The scheduler's own words, by the pod that they are about.
  EXPECT_TRUE(waitFor(
      [&] { return done({"status", "db"}).find("nodes are available") != std::string::npos; },
      30s));
  EXPECT_THAT(done({"history", "db"}), HasSubstr("shardOverrides: "));
  const std::string said = done({"rollback", "db"});
  EXPECT_THAT(said, HasSubstr("revision 1 ("));
  EXPECT_THAT(said, HasSubstr("example.test/db:2 -> example.test/db:1"));
  EXPECT_THAT(said, Not(HasSubstr("Note:")));
  await("db", "Ready", "True/AllReady");
  // Back to the byte, defaults of the definition included; no third revision.
  Json after = getGroup("db")["spec"];
  EXPECT_EQ(after["topology"], before["topology"]);
  EXPECT_FALSE(after.contains("shardOverrides"));
  after["template"] = before["template"];
  EXPECT_EQ(after, before);
  EXPECT_THAT(namesOf("controllerrevisions", "db"), SizeIs(2));
  for (const auto& [name, pod] : pods("db"))
    EXPECT_EQ(pod["spec"]["containers"][0]["image"], "example.test/db:1") << name;
  EXPECT_THAT(done({"rollback", "db", "--to-revision", "3"}), HasSubstr("already"));
  EXPECT_THAT(refused({"rollback", "db", "--to-revision", "9"}), HasSubstr("no revision 9"));
}

// The patch carries what it was made from.
TEST_F(KubectlStowageIt, ARollbackOfAnOlderSpecIsRefused) {
  createGroup("db", Json::object());
  await("db", "Ready", "True/AllReady");
  changeGroup("db", imagePatch("example.test/db:2"));
  await("db", "Ready", "True/AllReady");
  auto seen = kubectl::GroupReader(*api_, ns_).everything("db");
  ASSERT_TRUE(seen.has_value()) << seen.error().message();
  const auto plan = kubectl::planRollback(seen->json, seen->observed, {});
  ASSERT_TRUE(plan.has_value()) << plan.error().message();
  changeGroup("db", {{"minReadySeconds", 1}});
  const auto late = api_->patch(pathOf(kGroups, "db"), k8sclient::PatchType::kJson, plan->patch,
                                k8sclient::CallOptions{}, {});
  ASSERT_FALSE(late.has_value());
  EXPECT_EQ(late.error().http_status, 422);
  EXPECT_EQ(getGroup("db")["spec"]["template"]["spec"]["containers"][0]["image"],
            "example.test/db:2");
}

TEST_F(KubectlStowageIt, ReplaceGivesOneMemberANewPodWhenItCanBeSpared) {
  createGroup("db", Json::object());
  await("db", "Ready", "True/AllReady");
  const auto before = uids("db");
  EXPECT_TRUE(waitFor([&] { return stowage({"replace", "db-0-1"}).exit_code == 0; }, 30s));
  EXPECT_TRUE(waitFor(
      [&] {
        const auto now = uids("db");
        return now.contains("db-0-1") && now.at("db-0-1") != before.at("db-0-1");
      },
      30s));
  await("db", "Ready", "True/AllReady");
  EXPECT_EQ(uids("db").at("db-0-0"), before.at("db-0-0"));
  setReady("db-0-0", false);
  await("db", "Degraded", "True/AtQuorumFloor");
  EXPECT_THAT(refused({"replace", "db-0-2"}),
              HasSubstr("shard 0 cannot spare it: 2 voters must stay available, and 1 would be"));
  ASSERT_EQ(cluster_.kubectl({"run", "plain", "--image=x", "-n", ns_}).exit_code, 0);
  EXPECT_THAT(refused({"replace", "plain"}), HasSubstr("no member of a StatefulGroup"));
  EXPECT_THAT(refused({"replace", "nobody"}), HasSubstr("there is no pod nobody"));
}

TEST_F(KubectlStowageIt, PauseHoldsARestartUntilItIsResumed) {
  createGroup("db", Json::object());
  await("db", "Ready", "True/AllReady");
  const auto before = uids("db");
  done({"pause", "db"});
  EXPECT_THAT(done({"pause", "db"}), HasSubstr("already"));
  EXPECT_THAT(done({"restart", "db"}), HasSubstr("Note: the group is paused"));
  await("db", "Progressing", "False/Paused");
  EXPECT_EQ(uids("db"), before);
  EXPECT_THAT(refused({"replace", "db-0-0"}), HasSubstr("paused"));
  done({"resume", "db"});
  EXPECT_TRUE(waitFor(
      [&] {
        const auto now = uids("db");
        return now.size() == 3 && std::none_of(now.begin(), now.end(), [&](const auto& pod) {
                 return pod.second == before.at(pod.first);
               });
      },
      60s));
  await("db", "Ready", "True/AllReady");
}

TEST_F(KubectlStowageIt, ErrorsHaveTheirExitCodes) {
  EXPECT_EQ(refused({"status", "nobody"}),
            "kubectl stowage: there is no StatefulGroup nobody in namespace " + ns_ + "\n");
  EXPECT_EQ(stowage({"status"}).exit_code, 2);
  EXPECT_EQ(stowage({"status", "db", "--context", "nowhere"}).exit_code, 2);
  // kubectl finds it by its name.
  const auto plugin = runCommand(
      {"env", "PATH=" + std::string(STOWAGE_BINARY_DIR) + "/cmd/kubectl-stowage:/usr/bin:/bin",
       cluster_.kubectlPath(), "stowage", "--help"});
  EXPECT_EQ(plugin.exit_code, 0) << plugin.output;
  EXPECT_THAT(plugin.output, HasSubstr("rollback"));
}

}  // namespace
}  // namespace stowage::testing
