// What agents are shown, judged by the real API server's TokenReview. The agents are played by a
// server of the test, to whose address the pods' are changed.
#include <gmock/gmock.h>

#include <mutex>

#include "integration/operator/operator_world.h"
#include "testing/http/scripted_server.h"

namespace stowage::testing {
namespace {

using ::testing::StartsWith;
using namespace std::chrono_literals;

class HookTokensIt : public OperatorWorld {
 protected:
  HookTokensIt() {
    agent_.onRequest([this](const ReceivedRequest& request, Reply& reply) {
      const std::scoped_lock lock(mutex_);
      shown_ = request.header("authorization");
      reply.json(200, R"({"role":"leader","term":3})");
    });
  }

  std::string shown() {
    const std::scoped_lock lock(mutex_);
    return shown_;
  }
  void moveToTheAgent(const std::string& pod) {
    const CommandResult done = cluster_.kubectl(
        {"patch", "pod", pod, "-n", ns_, "--subresource=status", "--type=strategic", "-p",
         R"({"status":{"podIP":"127.0.0.1","podIPs":[{"$patch":"replace"},{"ip":"127.0.0.1"}]}})"});
    EXPECT_EQ(done.exit_code, 0) << done.output;
  }
  Json review(const std::string& token, const std::string& audience) {
    Json spec = {{"token", token}};
    if (!audience.empty()) spec["audiences"] = {audience};
    const Json request = {
        {"apiVersion", "authentication.k8s.io/v1"}, {"kind", "TokenReview"}, {"spec", spec}};
    const auto answer =
        api_->create("/apis/authentication.k8s.io/v1/tokenreviews", request.dump(), {}, {});
    return answer ? Json::parse(*answer)["status"] : Json::object();
  }

  ScriptedServer agent_;
  std::mutex mutex_;
  std::string shown_;
};

TEST_F(HookTokensIt, AreOfTheOperatorForAgentsOfOneNamespaceAndNobodyElse) {
  operator_.reset();
  operator_ = startOperator({"--hook-service-account=stowage-system:stowage-operator"});
  ASSERT_TRUE(operator_->waitReady());
  createGroup("db", {{"roleProbe", {{"source", "HTTP"}, {"http", {{"port", agent_.port()}}}}}});
  await("db", "Available", "True/QuorumHeld");
  moveToTheAgent("db-0-0");
  ASSERT_TRUE(waitFor([this] { return !shown().empty(); }, kPatience));
  ASSERT_THAT(shown(), StartsWith("Bearer "));
  const std::string token = shown().substr(7);

  const Json here = review(token, "stowage-hooks." + ns_);
  EXPECT_EQ(here.value("authenticated", false), true) << here;
  EXPECT_EQ(here["user"]["username"], "system:serviceaccount:stowage-system:stowage-operator");
  EXPECT_FALSE(review(token, "stowage-hooks.other").value("authenticated", false));
  // The API server itself does not take it: who catches it is nobody there.
  EXPECT_FALSE(review(token, "").value("authenticated", false));
  EXPECT_TRUE(waitFor(
      [this] { return getGroup("db")["status"]["shards"][0].value("leader", "") == "db-0-0"; },
      kPatience))
      << getGroup("db")["status"];
}

// The operator of these tests has a client certificate: it says what to do, and asks nobody.
TEST_F(HookTokensIt, WithoutAServiceAccountNobodyIsAsked) {
  createGroup("db", {{"roleProbe", {{"source", "HTTP"}, {"http", {{"port", agent_.port()}}}}}});
  await("db", "Available", "True/QuorumHeld");
  moveToTheAgent("db-0-0");
  ASSERT_TRUE(waitFor(
      [this] {
        return operator_->process().log().find("--hook-service-account") != std::string::npos;
      },
      kPatience))
      << operator_->process().log();
  EXPECT_EQ(shown(), "");
}

// Found by reading: nothing ended calls that were under way.
TEST_F(HookTokensIt, AnAgentThatNeverAnswersDoesNotHoldUpTheEnd) {
  operator_.reset();
  operator_ = startOperator({"--hook-service-account=stowage-system:stowage-operator"});
  ASSERT_TRUE(operator_->waitReady());
  agent_.onRequest(stall());
  createGroup(
      "db", {{"roleProbe",
              {{"source", "HTTP"}, {"http", {{"port", agent_.port()}, {"timeoutSeconds", 12}}}}}});
  await("db", "Available", "True/QuorumHeld");
  moveToTheAgent("db-0-0");
  ASSERT_TRUE(agent_.waitForRequests(1, kPatience));
  operator_->process().signal(SIGTERM);
  EXPECT_EQ(operator_->process().waitExit(8s), 0);
  operator_ = startOperator();  // to let the group go
}

}  // namespace
}  // namespace stowage::testing
