// Extenders over real HTTP: what they are sent, and what their answers come to.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/bounded_queue.h"
#include "cmd/scheduler/extender_binder.h"
#include "cmd/scheduler/http_extenders.h"
#include "testing/api/scripted_api_client.h"
#include "testing/builders/pod_builder.h"
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
      auto client = ExtenderClient::open(config, "extenders[0]", clock_, base::nullMetricSink());
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

TEST_F(ExtenderCallsTest, NodesItWasNotAskedAboutAreNotTaken) {
  add().filter_verb = "filter";
  configs_.back().node_cache_capable = false;
  api_.answer(podJson()).answer(nodeList());
  server_.enqueue(answerJson(
      200, R"({"Nodes":{"items":[{"metadata":{"name":"other"}},{"metadata":{"name":"n2"}}]}})"));
  const auto answer = ask(question({"n1", "n2"}));
  EXPECT_EQ(answer.error, "");
  EXPECT_THAT(names(answer), ElementsAre("n2"));
}

TEST_F(ExtenderCallsTest, OneNodeIsReadAlone) {
  add().filter_verb = "filter";
  configs_.back().node_cache_capable = false;
  api_.answer(podJson()).answer(R"({"items":[{"metadata":{"name":"n1"}}]})");
  server_.enqueue(answerJson(200, R"({"Nodes":{"items":[{"metadata":{"name":"n1"}}]}})"));
  EXPECT_THAT(names(ask(question({"n1"}))), ElementsAre("n1"));
  EXPECT_THAT(api_.asked(), ElementsAre("GET /api/v1/namespaces/ns/pods/web",
                                        "GET /api/v1/nodes?resourceVersion=0&fieldSelector="
                                        "metadata.name%3Dn1"));
  api_.answer(podJson()).answer(R"({"items":[]})");
  server_.enqueue(answerJson(200, R"({"Nodes":{"items":[]}})"));
  const auto gone = ask(question({"n1"}));
  EXPECT_EQ(gone.error, "");
  EXPECT_THAT(gone.allowed, IsEmpty());
  EXPECT_THAT(sent(1)["Nodes"]["items"], IsEmpty());
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
      {"a redirect", answerJson(307, "{}", {{"Location", "http://elsewhere/"}}), "code 307"},
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
  api_.answer(podJson()).answer(R"({"items":[{"metadata":{"uid":"y"}},{"metadata":{"uid":"x"}}]})");
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

TEST_F(ExtenderCallsTest, VictimsThatAnExtenderChoseAreSentToTheNextOneWhole) {
  add().preempt_verb = "first";
  add().preempt_verb = "second";
  configs_.back().node_cache_capable = false;
  api_.answer(podJson()).answer(
      R"({"items":[{"metadata":{"uid":"x"},"spec":{"hostname":"chosen"}}]})");
  const char* const chosen = R"({"NodeNameToMetaVictims":{"n1":{"Pods":[{"UID":"x"}]}}})";
  server_.enqueue(answerJson(200, chosen));
  server_.enqueue(answerJson(200, R"({"nodeNameToMetaVictims":null})"));
  const auto answer = ask(aboutVictims(question({})));
  EXPECT_EQ(answer.error, "");
  EXPECT_EQ(sent(1)["NodeNameToVictims"]["n1"]["Pods"][0]["spec"]["hostname"], "chosen");
  EXPECT_THAT(api_.asked(), ElementsAre("GET /api/v1/namespaces/ns/pods/web",
                                        "GET /api/v1/pods?fieldSelector=spec.nodeName%3Dn1"));
}

TEST_F(ExtenderCallsTest, VictimsThatAreNotOnTheNodeAreAnErrorUnlessIgnorable) {
  for (const bool ignorable : {false, true}) {
    configs_.clear();
    clients_.clear();
    add().preempt_verb = "preempt";
    configs_.back().ignorable = ignorable;
    api_.answer(podJson()).answer(R"({"items":[]})");
    server_.enqueue(answerJson(200, R"({"NodeNameToMetaVictims":{"n1":{"Pods":[{"UID":"u"}]}}})"));
    const auto answer = ask(aboutVictims(question({})));
    const std::string error = "extender: " + configs_[0].url_prefix +
                              " claims to preempt pod (UID: &{u}) on node: n1, but the pod is not "
                              "found on that node";
    EXPECT_EQ(answer.error, ignorable ? "" : error);
    EXPECT_THAT(answer.candidates, SizeIs(ignorable ? 2 : 0));
  }
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
    k8sclient::WriteDispatcher to_extenders({1, 100}, {kExtenderBindCall}, clock_,
                                            base::nullMetricSink());
    base::BoundedQueue<std::pair<BindOutcome, std::string>> answers(1);
    const ApiBinder::Done done = [&](const BindRequest&, BindOutcome outcome,
                                     const std::string& message) {
      answers.tryPush({outcome, message});
    };
    ApiBinder own(dispatcher, api_, done);
    ExtenderBinder binder(own, dispatcher, to_extenders, clients_, done);
    dispatcher.start();
    to_extenders.start();
    BindRequest request{kPod, "n1"};
    if (by_extender) request.extender = 0;
    EXPECT_TRUE(binder.bind(request));
    auto answer = answers.pop({}, clock_.now() + std::chrono::seconds(20));
    to_extenders.stop(std::chrono::seconds(5));
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

TEST_F(ExtenderBindTest, AStatusIsARefusalThatIsTold) {
  add().bind_verb = "bind";
  server_.enqueue(answerJson(500, "{}"));
  const auto [outcome, message] = bind();
  EXPECT_EQ(outcome, BindOutcome::kRejected);
  EXPECT_EQ(message, "failed bind with extender at URL " + server_.url() + "/ext/bind, code 500");
}

TEST_F(ExtenderBindTest, ASlowExtenderDelaysNoOtherBind) {
  add().bind_verb = "bind";
  server_.enqueue(testing::stall());
  api_.answer("{}");
  open();
  k8sclient::WriteDispatcher writes({1, 100}, {k8sclient::kBindCall, k8sclient::kStatusPatchCall},
                                    clock_, base::nullMetricSink());
  k8sclient::WriteDispatcher to_extenders({1, 100}, {kExtenderBindCall}, clock_,
                                          base::nullMetricSink());
  base::BoundedQueue<std::string> bound(2);
  const ApiBinder::Done done = [&](const BindRequest& request, BindOutcome outcome,
                                   const std::string&) {
    if (outcome == BindOutcome::kBound) bound.tryPush(request.pod.uid.str());
  };
  ApiBinder own(writes, api_, done);
  ExtenderBinder binder(own, writes, to_extenders, clients_, done);
  const auto patch = [](const char* uid) {
    return k8sclient::makeWrite(
        {Symbol(uid), k8sclient::kStatusPatchCall, k8sclient::kStatusPatchRelevance, {}, {}});
  };
  using Submitted = k8sclient::WriteDispatcher::Submitted;
  ASSERT_EQ(writes.submit(patch("uid-1")), Submitted::kQueued);
  EXPECT_TRUE(binder.bind({kPod, "n1", 0}));
  EXPECT_EQ(writes.pending(), 0U) << "what was to be said about the unscheduled pod is not said";
  EXPECT_TRUE(binder.bind({{"ns", "other", "uid-2"}, "n1"}));
  EXPECT_TRUE(binder.bind({{"ns", "late", "uid-3"}, "n1", 0}));
  to_extenders.start();
  ASSERT_TRUE(server_.waitForRequests(1));
  EXPECT_TRUE(binder.takeBack({"ns", "late", "uid-3"})) << "it waits behind the first one";
  writes.start();
  EXPECT_EQ(bound.pop({}, clock_.now() + std::chrono::seconds(20)), "uid-2");
  to_extenders.stop({});
  writes.stop({});
}

TEST_F(ExtenderBindTest, AnIgnorableOneThatFailsIsReplaced) {
  add().bind_verb = "bind";
  configs_.back().ignorable = true;
  server_.enqueue(answerJson(500, "{}"));
  api_.answer("{}");
  EXPECT_EQ(bind().first, BindOutcome::kBound);
  EXPECT_THAT(api_.asked(), ElementsAre("POST /api/v1/namespaces/ns/pods/web/binding"));
}

}  // namespace
}  // namespace stowage::scheduler_cmd
