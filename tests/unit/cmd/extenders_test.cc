// Extenders over real HTTP: what they are sent, and what their answers come to.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/bounded_queue.h"
#include "cmd/scheduler/extender_binder.h"
#include "cmd/scheduler/http_extenders.h"
#include "k8sclient/config/base64.h"
#include "testing/api/scripted_api_client.h"
#include "testing/builders/pod_builder.h"
#include "testing/http/certificates.h"
#include "testing/http/scripted_server.h"

namespace stowage::scheduler_cmd {
namespace {

using base::Symbol;
using nlohmann::json;
using scheduling::BindOutcome;
using scheduling::BindRequest;
using scheduling::ExtenderAnswer;
using scheduling::ExtenderQuestion;
using scheduling::PodRef;
using testing::answerJson;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::ScriptedServer;
using ::testing::SizeIs;

const PodRef kPod{"ns", "web", "uid-1"};

std::string podJson(const std::string& uid = "uid-1") {
  return json{{"kind", "Pod"},
              {"apiVersion", "v1"},
              {"metadata",
               {{"namespace", "ns"}, {"name", "web"}, {"uid", uid}, {"annotations", {{"a", "b"}}}}},
              {"spec", {{"containers", json::array()}, {"hostname", "kept"}}},
              {"status", json::object()}}
      .dump();
}

std::string nodeList() {
  json items = json::array();
  for (const char* name : {"n2", "n1", "other"}) {
    items.push_back({{"metadata", {{"name", name}}}, {"spec", {{"podCIDR", name}}}});
  }
  return json{{"kind", "NodeList"}, {"metadata", {{"resourceVersion", "7"}}}, {"items", items}}
      .dump();
}

class ExtenderCallsTest : public ::testing::Test {
 protected:
  config::ExtenderConfig& add() {
    config::ExtenderConfig& config = configs_.emplace_back();
    config.url_prefix = server_.url() + "/ext/";
    config.http_timeout = std::chrono::seconds(10);
    config.node_cache_capable = true;
    config.weight = 1;
    return config;
  }
  void open() {
    for (const auto& config : configs_) {
      auto client = ExtenderClient::open(config, "extenders[0]");
      ASSERT_TRUE(client.has_value()) << client.error().message();
      clients_.push_back(std::move(*client));
    }
  }
  ExtenderQuestion question(const std::vector<std::string>& nodes) {
    ExtenderQuestion question;
    question.pod = kPod;
    question.number = 7;
    for (std::size_t i = 0; i < configs_.size(); ++i) question.extenders.push_back(i);
    for (const std::string& node : nodes) question.nodes.emplace_back(node);
    return question;
  }
  // Through the adapter and its thread.
  ExtenderAnswer ask(const ExtenderQuestion& question) {
    if (clients_.empty()) open();
    base::BoundedQueue<ExtenderAnswer> answers(1);
    HttpExtenders extenders(clients_, api_,
                            [&](const ExtenderAnswer& answer) { answers.tryPush(answer); });
    extenders.start();
    EXPECT_TRUE(extenders.ask(question));
    auto answer = answers.pop({}, clock_.now() + std::chrono::seconds(20));
    EXPECT_TRUE(answer.has_value());
    EXPECT_EQ(answer->number, question.number);
    return answer.value_or(ExtenderAnswer{});
  }
  json sent(std::size_t request) { return json::parse(server_.requests().at(request).body); }
  static std::vector<std::string> names(const ExtenderAnswer& answer) {
    std::vector<std::string> names;
    for (const auto& one : answer.allowed) names.push_back(one.node.str());
    return names;
  }

  base::SystemClock clock_;
  ScriptedServer server_;
  testing::ScriptedApiClient api_;
  std::vector<config::ExtenderConfig> configs_;
  ExtenderClients clients_;
};

TEST_F(ExtenderCallsTest, FilterSendsTheCompletePodAndNodeNames) {
  add().filter_verb = "filter";
  api_.answer(podJson());
  server_.enqueue(answerJson(200, R"({"NodeNames":["n2"],"FailedNodes":{"n1":"busy"}})"));
  const auto answer = ask(question({"n1", "n2", "n3"}));
  EXPECT_EQ(answer.error, "");
  EXPECT_THAT(names(answer), ElementsAre("n2"));
  ASSERT_THAT(answer.rejected, SizeIs(2));
  EXPECT_EQ(answer.rejected[0].reason, "busy");
  EXPECT_FALSE(answer.rejected[0].unresolvable);
  EXPECT_EQ(answer.rejected[1].reason, "");
  EXPECT_TRUE(answer.rejected[1].unresolvable) << "left out without a word";
  const auto request = server_.requests().at(0);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/ext/filter");
  EXPECT_EQ(request.header("content-type"), "application/json");
  EXPECT_EQ(request.header("authorization"), "") << "the cluster's credentials stay here";
  EXPECT_EQ(sent(0)["Pod"]["spec"]["hostname"], "kept");
  EXPECT_EQ(sent(0)["NodeNames"], json::array({"n1", "n2", "n3"}));
  EXPECT_TRUE(sent(0)["Nodes"].is_null());
  EXPECT_THAT(api_.asked(), ElementsAre("GET /api/v1/namespaces/ns/pods/web"));
}

TEST_F(ExtenderCallsTest, AnExtenderWithoutACacheGetsCompleteNodes) {
  auto& config = add();
  config.filter_verb = "filter";
  config.prioritize_verb = "prioritize";
  config.node_cache_capable = false;
  api_.answer(podJson()).answer(nodeList());
  server_.enqueue(answerJson(
      200, R"({"Nodes":{"items":[{"metadata":{"name":"n1"}},{"metadata":{"name":"n2"}}]}})"));
  server_.enqueue(answerJson(200, R"([{"Host":"n2","Score":4},{"Host":"n9","Score":9}])"));
  const auto answer = ask(question({"n1", "n2", "gone"}));
  EXPECT_EQ(answer.error, "");
  ASSERT_THAT(answer.allowed, SizeIs(2));
  EXPECT_EQ(answer.allowed[0].score, 0);
  EXPECT_EQ(answer.allowed[1].score, 40);
  ASSERT_THAT(sent(0)["Nodes"]["items"], SizeIs(2));
  EXPECT_EQ(sent(0)["Nodes"]["items"][0]["spec"]["podCIDR"], "n1");
  EXPECT_TRUE(sent(0)["NodeNames"].is_null());
  EXPECT_THAT(api_.asked(), ElementsAre("GET /api/v1/namespaces/ns/pods/web",
                                        "GET /api/v1/nodes?resourceVersion=0"));
}

TEST_F(ExtenderCallsTest, FiltersGoOneAfterTheOtherAndScoresAreWeightedAndSummed) {
  for (const int weight : {1, 3}) {
    auto& config = add();
    config.filter_verb = "filter";
    config.prioritize_verb = "prioritize";
    config.weight = weight;
  }
  api_.answer(podJson());
  server_.onRequest([](const testing::ReceivedRequest& request, testing::Reply& reply) {
    const bool first = json::parse(request.body)["NodeNames"].size() == 3;
    if (request.target == "/ext/filter") {
      reply.json(200, first ? R"({"NodeNames":["n1","n2"]})" : R"({"NodeNames":["n2","n1"]})");
    } else {
      reply.json(200, R"([{"Host":"n1","Score":2},{"Host":"n2","Score":1}])");
    }
  });
  const auto answer = ask(question({"n1", "n2", "n3"}));
  ASSERT_THAT(answer.allowed, SizeIs(2));
  EXPECT_EQ(answer.allowed[0].score, 2 * 10 + 2 * 10 * 3);
  EXPECT_EQ(answer.allowed[1].score, 1 * 10 + 1 * 10 * 3);
  EXPECT_EQ(sent(1)["NodeNames"], json::array({"n1", "n2"})) << "only what the first one left";
}

TEST_F(ExtenderCallsTest, OneNodeLeftIsNotScored) {
  auto& config = add();
  config.filter_verb = "filter";
  config.prioritize_verb = "prioritize";
  api_.answer(podJson());
  server_.enqueue(answerJson(200, R"({"NodeNames":["n1"]})"));
  EXPECT_THAT(names(ask(question({"n1", "n2"}))), ElementsAre("n1"));
  EXPECT_EQ(server_.requestCount(), 1U);
}

TEST_F(ExtenderCallsTest, ScoresThatFailOrOverflowCostNothingElse) {
  for (int i = 0; i < 3; ++i) {
    add().prioritize_verb = "p" + std::to_string(i);
    configs_.back().weight = INT64_MAX;
  }
  api_.answer(podJson());
  server_.onRequest([](const testing::ReceivedRequest& request, testing::Reply& reply) {
    if (request.target == "/ext/p0") return reply.json(500, "{}");
    if (request.target == "/ext/p1") return reply.json(200, "5");
    reply.json(200, R"([{"Host":"n1","Score":10},{"Host":"n2","Score":-10}])");
  });
  const auto answer = ask(question({"n1", "n2"}));
  EXPECT_EQ(answer.error, "");
  ASSERT_THAT(answer.allowed, SizeIs(2));
  EXPECT_EQ(answer.allowed[0].score, INT64_MAX);
  EXPECT_EQ(answer.allowed[1].score, -INT64_MAX);
}

TEST_F(ExtenderCallsTest, EveryFailureOfAFilterIsTheAnswerUnlessItIsIgnorable) {
  struct Row {
    const char* what;
    testing::Handler handler;
    std::string error;
  };
  const Row table[] = {
      {"its own error", answerJson(200, R"({"Error":"database is down"})"), "database is down"},
      {"a status", answerJson(503, "{}"), "failed filter with extender at URL "},
      {"no JSON", answerJson(200, "<html>"), "the answer is no JSON"},
      {"a wrong type", answerJson(200, R"({"NodeNames":{}})"), "expected an array"},
      {"a node it was not asked about", answerJson(200, R"({"NodeNames":["evil"]})"),
       "claims a filtered node \"evil\" which is not found in the input node list"},
      {"no answer", testing::closeWithoutAnswer(), "Post \"http://"},
  };
  for (const Row& row : table) {
    for (const bool ignorable : {false, true}) {
      configs_.clear();
      clients_.clear();
      add().filter_verb = "filter";
      configs_.back().ignorable = ignorable;
      api_.answer(podJson());
      server_.enqueue(row.handler);
      const auto answer = ask(question({"n1", "n2"}));
      if (ignorable) {
        EXPECT_EQ(answer.error, "") << row.what;
        EXPECT_THAT(names(answer), ElementsAre("n1", "n2")) << row.what;
      } else {
        EXPECT_THAT(answer.error, HasSubstr(row.error)) << row.what;
        EXPECT_THAT(answer.allowed, IsEmpty()) << row.what;
      }
    }
  }
}

TEST_F(ExtenderCallsTest, AnExtenderThatDoesNotAnswerIsGivenUp) {
  add().filter_verb = "filter";
  configs_.back().http_timeout = std::chrono::milliseconds(50);
  api_.answer(podJson());
  server_.enqueue(testing::stall());
  EXPECT_THAT(ask(question({"n1"})).error, HasSubstr("no complete answer in time"));
}

TEST_F(ExtenderCallsTest, StoppingEndsACallThatHangs) {
  add().filter_verb = "filter";
  configs_.back().http_timeout = std::chrono::hours(1);
  api_.answer(podJson());
  server_.enqueue(testing::stall());
  open();
  HttpExtenders extenders(clients_, api_, [](const ExtenderAnswer&) { FAIL() << "stopped"; });
  extenders.start();
  EXPECT_TRUE(extenders.ask(question({"n1"})));
  EXPECT_FALSE(extenders.ask(question({"n1"}))) << "one at a time";
  EXPECT_TRUE(server_.waitForRequests(1));
  extenders.stop();
}

TEST_F(ExtenderCallsTest, APodThatIsGoneOrAnotherIsAnError) {
  add().filter_verb = "filter";
  api_.answer(podJson("uid-2")).fail(testing::apiError(404, "NotFound", "pods not found"));
  EXPECT_THAT(ask(question({"n1"})).error, HasSubstr("another one has its name"));
  EXPECT_THAT(ask(question({"n1"})).error, HasSubstr("pods not found"));
  EXPECT_EQ(server_.requestCount(), 0U);
}

ExtenderQuestion aboutVictims(ExtenderQuestion question) {
  for (const char* node : {"n1", "n2"}) {
    const kubeapi::PodPtr pod = testing::makePod("low").ns("ns").uid(std::string("v-") + node);
    question.candidates.push_back({Symbol(node), {pod}, 1});
  }
  return question;
}

TEST_F(ExtenderCallsTest, PreemptSendsUidsAndTakesWhatIsLeft) {
  add().preempt_verb = "preempt";
  api_.answer(podJson());
  server_.enqueue(
      answerJson(200, R"({"NodeNameToMetaVictims":{"n2":{"Pods":[{"UID":"v-n2"},{"UID":"x"}],
               "NumPDBViolations":2}}})"));
  const auto answer = ask(aboutVictims(question({})));
  EXPECT_EQ(answer.error, "");
  ASSERT_THAT(answer.candidates, SizeIs(1));
  EXPECT_EQ(answer.candidates[0].node, "n2");
  EXPECT_THAT(answer.candidates[0].pods, ElementsAre("v-n2", "x"));
  EXPECT_EQ(answer.candidates[0].violations, 2);
  EXPECT_EQ(sent(0)["NodeNameToMetaVictims"]["n1"],
            json({{"Pods", {{{"UID", "v-n1"}}}}, {"NumPDBViolations", 1}}));
  EXPECT_TRUE(sent(0)["NodeNameToVictims"].is_null());
}

TEST_F(ExtenderCallsTest, PreemptSendsCompleteVictimsToAnExtenderWithoutACache) {
  add().preempt_verb = "preempt";
  configs_.back().node_cache_capable = false;
  api_.answer(podJson()).answer(podJson("v-n1")).answer(podJson("v-n2"));
  server_.enqueue(answerJson(200, R"({"NodeNameToMetaVictims":{}})"));
  const auto answer = ask(aboutVictims(question({})));
  EXPECT_EQ(answer.error, "");
  EXPECT_THAT(answer.candidates, IsEmpty());
  EXPECT_EQ(sent(0)["NodeNameToVictims"]["n2"]["Pods"][0]["metadata"]["annotations"]["a"], "b");
}

TEST_F(ExtenderCallsTest, VictimsThatCannotBeAreErrorsUnlessIgnorable) {
  for (const bool ignorable : {false, true}) {
    configs_.clear();
    clients_.clear();
    add().preempt_verb = "preempt";
    configs_.back().ignorable = ignorable;
    api_.answer(podJson()).answer(podJson());
    server_.enqueue(answerJson(200, R"({"NodeNameToMetaVictims":{"n1":{"Pods":[]}}})"));
    const auto none = ask(aboutVictims(question({})));
    EXPECT_EQ(none.error, ignorable ? "" : "expected at least one victim pod on node \"n1\"");
    EXPECT_THAT(none.candidates, IsEmpty());
    server_.enqueue(answerJson(200, R"({"NodeNameToMetaVictims":{"n9":{"Pods":[{"UID":"u"}]}}})"));
    const auto unknown = ask(aboutVictims(question({})));
    EXPECT_EQ(unknown.error, ignorable ? "" : "nodeinfo not found for node name \"n9\"");
    EXPECT_THAT(unknown.candidates, SizeIs(ignorable ? 2 : 0));
  }
}

class ExtenderBindTest : public ExtenderCallsTest {
 protected:
  std::pair<BindOutcome, std::string> bind(bool by_extender = true) {
    open();
    k8sclient::WriteDispatcher dispatcher({1, 100}, {k8sclient::kBindCall}, clock_,
                                          base::nullMetricSink());
    base::BoundedQueue<std::pair<BindOutcome, std::string>> answers(1);
    const ApiBinder::Done done = [&](const BindRequest&, BindOutcome outcome,
                                     const std::string& message) {
      answers.tryPush({outcome, message});
    };
    ApiBinder own(dispatcher, api_, done);
    ExtenderBinder binder(own, dispatcher, clients_, done);
    dispatcher.start();
    BindRequest request{kPod, "n1"};
    if (by_extender) request.extender = 0;
    EXPECT_TRUE(binder.bind(request));
    auto answer = answers.pop({}, clock_.now() + std::chrono::seconds(20));
    dispatcher.stop(std::chrono::seconds(5));
    return answer.value_or(std::pair{BindOutcome::kUnknown, std::string("no answer")});
  }
};

TEST_F(ExtenderBindTest, HandsTheBindingToTheExtender) {
  add().bind_verb = "bind";
  server_.enqueue(answerJson(200, "{}"));
  EXPECT_EQ(bind().first, BindOutcome::kBound);
  EXPECT_EQ(server_.requests().at(0).target, "/ext/bind");
  EXPECT_EQ(
      sent(0),
      json({{"PodName", "web"}, {"PodNamespace", "ns"}, {"PodUID", "uid-1"}, {"Node", "n1"}}));
  EXPECT_THAT(api_.calls(), IsEmpty());
}

TEST_F(ExtenderBindTest, OtherPodsAreBoundAsEver) {
  add().bind_verb = "bind";
  api_.answer("{}");
  EXPECT_EQ(bind(false).first, BindOutcome::kBound);
  EXPECT_EQ(server_.requestCount(), 0U);
}

TEST_F(ExtenderBindTest, ItsRefusalIsToldAndItsSilenceIsLookedInto) {
  add().bind_verb = "bind";
  server_.enqueue(answerJson(200, R"({"Error":"no device left"})"));
  EXPECT_EQ(bind(), std::pair(BindOutcome::kRejected, std::string("no device left")));
  clients_.clear();
  server_.enqueue(testing::closeWithoutAnswer());
  EXPECT_EQ(bind().first, BindOutcome::kUnknown) << "it may have bound the pod";
}

TEST_F(ExtenderBindTest, AnIgnorableOneThatFailsIsReplaced) {
  add().bind_verb = "bind";
  configs_.back().ignorable = true;
  server_.enqueue(answerJson(500, "{}"));
  api_.answer("{}");
  EXPECT_EQ(bind().first, BindOutcome::kBound);
  EXPECT_THAT(api_.asked(), ElementsAre("POST /api/v1/namespaces/ns/pods/web/binding"));
}

class ExtenderTlsTest : public ::testing::Test {
 protected:
  ExtenderTlsTest() {
    testing::ServerOptions options;
    options.tls = ca_.server({"gpu.test"});
    options.client_ca_pem = client_ca_.pem();
    server_ = std::make_unique<ScriptedServer>(options);
    server_->onRequest(answerJson(200, "{}"));
    config_.url_prefix = server_->url();
    config_.enable_https = true;
    const auto identity = client_ca_.client("stowage");
    config_.tls.cert_data = k8sclient::encodeBase64(identity.cert_pem);
    config_.tls.key_data = k8sclient::encodeBase64(identity.key_pem);
  }
  tl::expected<std::string, ExtenderClient::Failure> post() {
    auto client = ExtenderClient::open(config_, "extenders[0]");
    EXPECT_TRUE(client.has_value()) << client.error().message();
    return (*client)->post("filter", "{}", {});
  }
  const testing::TestAuthority ca_;
  const testing::TestAuthority client_ca_{"client-ca"};
  std::unique_ptr<ScriptedServer> server_;
  config::ExtenderConfig config_;
};

TEST_F(ExtenderTlsTest, TheCaTheNameAndTheClientsCertificateAreUsed) {
  config_.tls.ca_data = k8sclient::encodeBase64(ca_.pem());
  config_.tls.server_name = "gpu.test";
  EXPECT_TRUE(post().has_value());
  const auto request = server_->requests().at(0);
  EXPECT_EQ(request.client, "stowage");
  EXPECT_EQ(request.sni, "gpu.test");
}

TEST_F(ExtenderTlsTest, AnotherCaOrAnotherNameIsRefused) {
  const testing::TestAuthority other("other");
  config_.tls.server_name = "gpu.test";
  config_.tls.ca_data = k8sclient::encodeBase64(other.pem());
  ASSERT_FALSE(post().has_value());
  config_.tls.ca_data = k8sclient::encodeBase64(ca_.pem());
  config_.tls.server_name = "evil.test";
  ASSERT_FALSE(post().has_value());
  EXPECT_FALSE(post().error().may_have_acted);
  EXPECT_EQ(server_->requestCount(), 0U);
}

TEST_F(ExtenderTlsTest, EnableHttpsWithoutACaTrustsAnybodyAsUpstream) {
  EXPECT_TRUE(post().has_value());
  config_.enable_https = false;  // then the system's authorities decide
  EXPECT_FALSE(post().has_value());
}

TEST(ExtenderClientTest, WhatTheConfigurationNamesIsOpenedAtTheStart) {
  config::ExtenderConfig config;
  config.url_prefix = "https://gpu";
  config.tls.ca_file = "/nowhere/ca.pem";
  const auto missing = ExtenderClient::open(config, "extenders[3]");
  ASSERT_FALSE(missing.has_value());
  EXPECT_THAT(missing.error().message(), HasSubstr("extenders[3].tlsConfig.caFile: "));
  config.tls = {};
  config.tls.cert_data = "!";
  const auto garbled = ExtenderClient::open(config, "extenders[3]");
  ASSERT_FALSE(garbled.has_value());
  EXPECT_THAT(garbled.error().message(), HasSubstr("extenders[3].tlsConfig.certData: "));
  config.tls = {};
  config.url_prefix = "http://user:secret@gpu";
  const auto url = ExtenderClient::open(config, "extenders[3]");
  ASSERT_FALSE(url.has_value());
  EXPECT_THAT(url.error().message(), HasSubstr("extenders[3].urlPrefix: "));
}

}  // namespace
}  // namespace stowage::scheduler_cmd
