// What is asked of agents, and what is made of their answers.
#include "cmd/operator/agent_client.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "cmd/operator/role_prober.h"
#include "testing/api/scripted_api_client.h"
#include "testing/api/stepping_clock.h"
#include "testing/http/scripted_server.h"

namespace stowage::operator_cmd {
namespace {

using statefulgroup::HookAnswer;
using statefulgroup::HookRequest;
using statefulgroup::HookVerb;
using ::testing::AllOf;
using testing::answerJson;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::ReceivedRequest;
using testing::Reply;
using testing::ScriptedServer;
using ::testing::SizeIs;

class AgentClientTest : public ::testing::Test {
 protected:
  AgentClientTest() {
    hook_.port = server_.port();
    hook_.timeout_seconds = 5;
    pod_.ip = "127.0.0.1";
    pod_.phase = "Running";
    pod_.meta.ns = "ns";
    pod_.meta.name = "db-0-1";
    pod_.meta.uid = "u1";
    api_.otherwise([this](const auto&, const auto&) -> testing::ScriptedApiClient::Answer {
      return R"({"status":{"token":"token-)" + std::to_string(++given_) +
             R"(","expirationTimestamp":"2200-01-01T00:00:00Z"}})";
    });
  }
  HookAnswer ask(HookVerb verb = HookVerb::kSwitchover) {
    return client_.ask({pod_, pod_, hook_, verb, "u1/Update/r2"});
  }

  ScriptedServer server_;
  base::SystemClock clock_;
  kubeapi::MemberPod pod_;
  kubeapi::group::Hook hook_;
  testing::ScriptedApiClient api_;
  testing::SteppingClock token_clock_;
  HookTokens tokens_{api_, ServiceAccount{"stowage-system", "stowage-operator"}, token_clock_, {}};
  testing::SteppingClock client_clock_;
  AgentClient client_{tokens_, {1, 1}, {1, 0}, base::nullMetricSink(), client_clock_, {}};
  int given_ = 0;
};

TEST_F(AgentClientTest, AsksAtThePodsAddressAndPort) {
  std::string seen;
  server_.onRequest([&](const ReceivedRequest& request, Reply& reply) {
    seen = request.method + " " + request.target + " " + request.body;
    reply.json(200, "{}");
  });
  EXPECT_EQ(ask().kind, HookAnswer::Kind::kDone);
  EXPECT_EQ(seen,
            R"(POST /v1/switchover {"operationId":"u1/Update/r2","pod":"db-0-1","podUID":"u1"})");
}

TEST_F(AgentClientTest, StatusesAreVerdicts) {
  server_.enqueue(answerJson(202, R"({"message":"electing"})"));
  server_.enqueue(answerJson(409, R"({"message":"no quorum"})"));
  server_.enqueue(answerJson(500, "<html>"));
  EXPECT_EQ(ask().kind, HookAnswer::Kind::kWorking);
  const HookAnswer refused = ask();
  EXPECT_EQ(refused.kind, HookAnswer::Kind::kRefused);
  EXPECT_EQ(refused.message, "no quorum");
  const HookAnswer failed = ask();
  EXPECT_EQ(failed.kind, HookAnswer::Kind::kFailed);
  EXPECT_EQ(failed.message, "HTTP 500");
}

TEST_F(AgentClientTest, APodWithoutAnAddressOrAnAgentIsAFailure) {
  hook_.port = 1;
  EXPECT_EQ(ask().kind, HookAnswer::Kind::kFailed);
  pod_.ip = "";
  EXPECT_THAT(ask().message, HasSubstr("no address yet"));
}

TEST_F(AgentClientTest, CallsCarryATokenOfThePodsNamespaceAndATokenThatWasRefusedGoes) {
  std::vector<std::string> seen;
  server_.onRequest([&](const ReceivedRequest& request, Reply& reply) {
    seen.push_back(request.header("authorization"));
    reply.json(seen.size() == 1 ? 401 : 200, R"({"role":"leader","term":3})");
  });
  EXPECT_TRUE(tokens_.tokenFor("ns").has_value());
  token_clock_.advance(std::chrono::seconds(5));
  EXPECT_FALSE(client_.role(pod_, hook_).has_value());
  EXPECT_TRUE(client_.role(pod_, hook_).has_value());
  EXPECT_TRUE(client_.role(pod_, hook_).has_value());
  EXPECT_THAT(seen, ElementsAre("Bearer token-1", "Bearer token-2", "Bearer token-2"));
  ASSERT_THAT(api_.calls(), SizeIs(2));
  EXPECT_THAT(api_.calls()[0].body, HasSubstr(R"("audiences":["stowage-hooks.ns"])"));
}

TEST_F(AgentClientTest, NobodyIsAskedWithoutAToken) {
  api_.otherwise([](const auto&, const auto&) -> testing::ScriptedApiClient::Answer {
    return tl::make_unexpected(testing::apiError(403, "Forbidden", "no serviceaccounts/token"));
  });
  EXPECT_THAT(ask().message, AllOf(HasSubstr("token for hooks"), HasSubstr("no serviceaccounts")));
  EXPECT_EQ(server_.requests().size(), 0);
}

TEST_F(AgentClientTest, WhileASlowAgentIsWaitedForItsNeighboursAreNot) {
  const HookRequest request{pod_, pod_, hook_, HookVerb::kJoin, "u1/join"};
  int calls = 0;
  HookAnswer meanwhile;
  server_.onRequest([&](const ReceivedRequest&, Reply& reply) {
    if (++calls == 1) client_clock_.advance(std::chrono::seconds(2));
    if (calls == 2) meanwhile = client_.ask(request);
    reply.json(200, "{}");
  });
  EXPECT_EQ(client_.ask(request).kind, HookAnswer::Kind::kDone);
  EXPECT_EQ(client_.ask(request).kind, HookAnswer::Kind::kDone);
  EXPECT_EQ(meanwhile.kind, HookAnswer::Kind::kFailed);
  EXPECT_THAT(meanwhile.message, HasSubstr("agents are slow here"));
  EXPECT_EQ(client_.ask(request).kind, HookAnswer::Kind::kDone);
  EXPECT_EQ(calls, 3);
  EXPECT_TRUE(client_.role(pod_, hook_).has_value());
  EXPECT_EQ(calls, 4);
}

TEST_F(AgentClientTest, AnswersWithoutEndAreCut) {
  server_.onRequest(answerJson(200, std::string(100'000, ' ')));
  EXPECT_FALSE(client_.role(pod_, hook_).has_value());
}

class RoleProberTest : public AgentClientTest {
 protected:
  RoleProberTest() {
    group_.meta.ns = "ns";
    group_.meta.name = "db";
    group_.spec.role_probe.source = kubeapi::group::RoleSource::kHttp;
    group_.spec.role_probe.http = hook_;
    group_.spec.role_probe.failure_threshold = 2;
    prober_.start();
  }
  ~RoleProberTest() override { prober_.stop(); }

  // Asks the pod once, and waits until it has been asked.
  void probe() {
    const int before = asked_;
    prober_.look("ns/db-0-1");
    std::unique_lock lock(mutex_);
    ASSERT_TRUE(
        was_asked_.wait_for(lock, std::chrono::seconds(10), [&] { return looked_ > before; }));
    asked_ = looked_;
    lock.unlock();
    // Looked up is not asked yet: the next look comes after this one is done.
    while (prober_.busy()) std::this_thread::yield();
  }

  std::mutex mutex_;
  std::condition_variable was_asked_;
  int looked_ = 0;
  int asked_ = 0;
  int changes_ = 0;
  kubeapi::StatefulGroup group_;
  RoleProber prober_{client_,
                     [this](const std::string&) {
                       const std::scoped_lock lock(mutex_);
                       ++looked_;
                       was_asked_.notify_all();
                       return RoleProber::Subject{
                           std::make_shared<const kubeapi::MemberPod>(pod_),
                           std::make_shared<const kubeapi::StatefulGroup>(group_)};
                     },
                     [this](const std::string& key) {
                       EXPECT_EQ(key, "ns/db");
                       ++changes_;
                     },
                     clock_,
                     1,
                     base::nullMetricSink()};
};

TEST_F(RoleProberTest, RemembersRolesAndNeverGoesBackInTerms) {
  server_.enqueue(answerJson(200, R"({"role":"leader","term":5})"));
  server_.enqueue(answerJson(200, R"({"role":"follower","term":4})"));
  server_.enqueue(answerJson(200, R"({"role":"follower","term":6})"));
  probe();
  EXPECT_EQ(prober_.roleOf("u1")->role, "leader");
  probe();
  EXPECT_EQ(prober_.roleOf("u1")->role, "leader");
  probe();
  EXPECT_EQ(prober_.roleOf("u1")->role, "follower");
  EXPECT_EQ(prober_.roleOf("u1")->term, 6);
  EXPECT_EQ(changes_, 2);
  EXPECT_FALSE(prober_.roleOf("u2").has_value());
}

TEST_F(RoleProberTest, AMemberThatDoesNotAnswerLosesItsRoleAfterTheThreshold) {
  server_.enqueue(answerJson(200, R"({"role":"leader","term":5})"));
  server_.onRequest(answerJson(503, "{}"));
  probe();
  probe();
  EXPECT_EQ(prober_.roleOf("u1")->role, "leader");
  probe();
  EXPECT_EQ(prober_.roleOf("u1")->role, "");
  EXPECT_EQ(prober_.roleOf("u1")->term, 5);
}

TEST_F(RoleProberTest, WhoseTurnItIsNotKeepsItsRole) {
  group_.spec.role_probe.failure_threshold = 1;
  server_.onRequest([&](const ReceivedRequest&, Reply& reply) {
    client_clock_.advance(std::chrono::seconds(2));  // slow; and none of such a namespace is asked
    reply.json(200, R"({"role":"leader","term":5})");
  });
  probe();
  probe();
  probe();
  EXPECT_EQ(server_.requests().size(), 1U);
  EXPECT_EQ(prober_.roleOf("u1")->role, "leader");
  client_clock_.advance(std::chrono::seconds(60));
  ASSERT_TRUE(server_.waitForRequests(2, std::chrono::seconds(10)));
}

}  // namespace
}  // namespace stowage::operator_cmd
