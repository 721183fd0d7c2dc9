// The agent beside real etcd members, and before the real API server's TokenReview.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "integration/etcd_agent/etcd_shard.h"
#include "testing/controlplane/control_plane.h"

namespace stowage::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::UnorderedElementsAre;
using namespace std::chrono_literals;

constexpr auto kPatience = 120s;
using Names = std::vector<std::string>;

class EtcdAgentIt : public ::testing::Test {
 protected:
  static std::string nameOf(int ordinal) { return EtcdShard::nameOf(ordinal); }
  // All founders at once, as a group starts its pods.
  void found() {
    for (int i = 0; i < 3; ++i) shard_.startAgent(i);
    for (int i = 0; i < 3; ++i) shard_.startInit(i);
    for (int i = 0; i < 3; ++i) {
      ASSERT_EQ(shard_.awaitInit(i), 0) << shard_.initLog(i);
      ASSERT_THAT(shard_.config(i), HasSubstr("initial-cluster-state: \"new\""));
      shard_.startEtcd(i);
    }
    for (int i = 0; i < 3; ++i) {
      ASSERT_EQ(shard_.askUntilDone(i, "join", nameOf(i)).status, 200);
      ASSERT_EQ(shard_.askUntilDone(i, "post-restart", nameOf(i)).status, 200);
    }
  }
  EtcdShard::Json roleOf(int ordinal) {
    return EtcdShard::Json::parse(shard_.role(ordinal).body, nullptr, false);
  }

  EtcdShard shard_{"ns", {"--insecure-any-token"}};
};

TEST_F(EtcdAgentIt, FoundsHandsOverGrowsAndShrinks) {
  found();
  if (HasFatalFailure()) return;
  const int first = shard_.awaitLeader();
  ASSERT_GE(first, 0);
  const auto term = roleOf(first).value("term", 0);
  ASSERT_TRUE(shard_.put(0, "a", "1"));

  // The hand-over, confirmed as the operator does: somebody else leads in a later term.
  EXPECT_EQ(shard_.ask(first, "pre-disruption", nameOf(first)).status, 200);
  EXPECT_EQ(shard_.askUntilDone(first, "switchover", nameOf(first)).status, 200);
  ASSERT_TRUE(waitFor([&] { return shard_.leader() >= 0 && shard_.leader() != first; }, kPatience));
  EXPECT_GT(roleOf(shard_.awaitLeader()).value("term", 0), term);
  EXPECT_EQ(shard_.ask(first, "switchover", nameOf(first)).status, 200) << "it is done";

  // A fourth one comes: a learner first. Its init step is run twice, as after a crash of its node.
  shard_.startAgent(3);
  for (int i = 0; i < 2; ++i) {
    shard_.startInit(3);
    ASSERT_EQ(shard_.awaitInit(3), 0) << shard_.initLog(3);
    EXPECT_THAT(shard_.config(3), HasSubstr("initial-cluster-state: \"existing\""));
  }
  shard_.startEtcd(3);
  EXPECT_EQ(shard_.memberNames(0).size(), 4U);
  ASSERT_EQ(shard_.askUntilDone(3, "join", nameOf(3)).status, 200);
  EXPECT_THAT(shard_.memberNames(0), UnorderedElementsAre("db-0-0", "db-0-1", "db-0-2", "db-0-3"));
  EXPECT_TRUE(waitFor([&] { return shard_.getLocal(3, "a") == "1"; }, kPatience));
  shard_.startAgent(3);  // a new process, the same answers
  EXPECT_EQ(shard_.askUntilDone(3, "join", nameOf(3)).status, 200);
  EXPECT_TRUE(waitFor([&] { return roleOf(3).value("role", "") == "follower"; }, kPatience));

  // It dies, and a peer speaks for it.
  shard_.killEtcd(3);
  shard_.killAgent(3);
  EXPECT_EQ(shard_.askUntilDone(0, "leave", nameOf(3)).status, 200);
  EXPECT_THAT(shard_.memberNames(0), UnorderedElementsAre("db-0-0", "db-0-1", "db-0-2"));
  EXPECT_EQ(shard_.ask(1, "leave", nameOf(3)).status, 200) << "it is done";
  EXPECT_EQ(shard_.ask(1, "leave", "db-1-0").status, 409) << "another shard's";
  EXPECT_TRUE(shard_.put(1, "a", "2"));
}

TEST_F(EtcdAgentIt, ALostVolumeComesBackAsAnotherMember) {
  found();
  if (HasFatalFailure()) return;
  ASSERT_TRUE(shard_.put(0, "a", "1"));
  ASSERT_TRUE(waitFor([&] { return shard_.getLocal(2, "a") == "1"; }, kPatience));
  shard_.killEtcd(0);
  // One is down: nobody else may go, and nobody may leave but it.
  EXPECT_EQ(shard_.ask(1, "pre-disruption", nameOf(1)).status, 409);
  EXPECT_EQ(shard_.ask(1, "pre-disruption", nameOf(0)).status, 200);
  EXPECT_EQ(shard_.ask(1, "leave", nameOf(2)).status, 409);

  // It comes back with its volume, and with nobody else up.
  shard_.killEtcd(1);
  shard_.killEtcd(2);
  shard_.startInit(0);
  ASSERT_EQ(shard_.awaitInit(0), 0) << shard_.initLog(0);
  // Without its volume it founds nothing while others have theirs, even though they are down.
  shard_.loseVolume(0);
  shard_.startInit(0, {"--patience-seconds=2"});
  EXPECT_EQ(shard_.awaitInit(0), 1);
  EXPECT_THAT(shard_.initLog(0), HasSubstr("for the quorum of the cluster that db-0-1, db-0-2"));
  EXPECT_EQ(shard_.config(0), "");
  shard_.killAgent(2);
  shard_.startInit(0, {"--patience-seconds=2"});
  EXPECT_EQ(shard_.awaitInit(0), 1);
  EXPECT_EQ(shard_.config(0), "");

  shard_.startInit(0);  // it waits for the others
  shard_.startAgent(2);
  shard_.startEtcd(1);
  shard_.startEtcd(2);
  ASSERT_EQ(shard_.awaitInit(0), 0) << shard_.initLog(0);
  EXPECT_THAT(shard_.initLog(0), HasSubstr("removing the member that lost its data"));
  shard_.startEtcd(0);
  EXPECT_EQ(shard_.askUntilDone(0, "join", nameOf(0)).status, 200);
  EXPECT_EQ(shard_.askUntilDone(0, "post-restart", nameOf(0)).status, 200);
  EXPECT_EQ(shard_.getLocal(0, "a"), "1");
  EXPECT_THAT(shard_.memberNames(1), UnorderedElementsAre("db-0-0", "db-0-1", "db-0-2"));
}

TEST_F(EtcdAgentIt, NoFounderBeginsBeforeAllAreThere) {
  shard_.startAgent(0);
  shard_.startAgent(1);
  shard_.startInit(0, {"--patience-seconds=2"});
  EXPECT_EQ(shard_.awaitInit(0), 1);
  EXPECT_THAT(shard_.initLog(0), HasSubstr("to hear from db-0-2"));
  // A third one, of another group at the same addresses, is not it.
  EXPECT_EQ(shard_.config(0), "");
}

class EtcdAgentAccessIt : public ::testing::Test {
 protected:
  static constexpr const char* kReviewer = R"({"apiVersion": "v1", "kind": "List", "items": [
    {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
     "metadata": {"name": "etcd-agent"}, "rules": [{"apiGroups": ["authentication.k8s.io"],
     "resources": ["tokenreviews"], "verbs": ["create"]}]},
    {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
     "metadata": {"name": "etcd-agent"}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io",
     "kind": "ClusterRole", "name": "etcd-agent"},
     "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "etcd-agent"}]}]})";

  std::string token(const std::string& account, const std::string& audience) {
    std::vector<std::string> argv = {"create", "token", account, "-n", ns_};
    if (!audience.empty()) argv.push_back("--audience=" + audience);
    const CommandResult made = cluster_.kubectl(argv);
    EXPECT_EQ(made.exit_code, 0) << made.output;
    return made.output.substr(0, made.output.find_last_not_of('\n') + 1);
  }

  ControlPlane& cluster_ = ControlPlane::instance();
  const std::string ns_ = cluster_.namespaceForTest();
};

TEST_F(EtcdAgentAccessIt, OnlyTheOperatorIsLetIn) {
  ASSERT_EQ(cluster_.kubectlWithInput({"apply", "-f", "-"}, kReviewer).exit_code, 0);
  for (const char* account : {"operator", "other"})
    ASSERT_EQ(cluster_.kubectl({"create", "serviceaccount", account, "-n", ns_}).exit_code, 0);
  EtcdShard shard(ns_, {"--operator-account=" + ns_ + ":operator",
                        "--kubeconfig=" + cluster_.identity("etcd-agent")});
  shard.startAgent(0);
  const std::string right = token("operator", "stowage-hooks." + ns_);
  // No etcd runs: who is let in hears about that.
  ASSERT_TRUE(waitFor([&] { return shard.role(0, right).status == 503; }, kPatience))
      << shard.role(0, right);
  EXPECT_THAT(shard.role(0, right).body, HasSubstr("cannot connect"));
  EXPECT_EQ(shard.ask(0, "leave", "db-0-1", right).status, 409);
  EXPECT_EQ(shard.role(0, token("operator", "stowage-hooks.elsewhere")).status, 401);
  EXPECT_EQ(shard.role(0, token("operator", "")).status, 401) << "a token for the API server";
  EXPECT_EQ(shard.role(0, token("other", "stowage-hooks." + ns_)).status, 403);
  EXPECT_EQ(shard.ask(0, "leave", "db-0-1", token("other", "stowage-hooks." + ns_)).status, 403);
  EXPECT_EQ(shard.role(0, "").status, 401);
  EXPECT_EQ(shard.role(0, "nonsense").status, 401);
  EXPECT_EQ(shard.role(0, right + "x").status, 401);
}

}  // namespace
}  // namespace stowage::testing
