// What scheduling decides becomes the right calls, and the API server's answers the right outcomes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <nlohmann/json.hpp>

#include "base/bounded_queue.h"
#include "cmd/scheduler/api_binder.h"
#include "cmd/scheduler/api_pod_reader.h"
#include "cmd/scheduler/api_status_writer.h"
#include "testing/api/scripted_api_client.h"

namespace stowage::scheduler_cmd {
namespace {

using nlohmann::json;
using scheduling::BindOutcome;
using scheduling::BindRequest;
using scheduling::PodRef;

const PodRef kPod{"ns", "web \"0\"", "uid-1"};

struct Bench {
  base::SystemClock clock;
  testing::ScriptedApiClient api;
  k8sclient::WriteDispatcher dispatcher{
      {1, 100},
      {k8sclient::kBindCall, k8sclient::kStatusPatchCall, kPodReadCall},
      clock,
      base::nullMetricSink()};

  struct Answer {
    BindOutcome outcome;
    std::string message;
  };
  Answer bind() {
    base::BoundedQueue<Answer> answers(1);
    ApiBinder binder(dispatcher, api,
                     [&](const BindRequest&, BindOutcome outcome, const std::string& message) {
                       answers.tryPush({outcome, message});
                     });
    dispatcher.start();
    EXPECT_TRUE(binder.bind({kPod, "n1"}));
    auto answer = answers.pop({}, clock.now() + std::chrono::seconds(10));
    dispatcher.stop(std::chrono::seconds(5));
    EXPECT_TRUE(answer.has_value());
    return answer.value_or(Answer{BindOutcome::kUnknown, "no answer"});
  }
};

std::string pod(const std::string& uid, const std::string& node) {
  return json{{"kind", "Pod"},
              {"apiVersion", "v1"},
              {"metadata", {{"namespace", "ns"}, {"name", "web"}, {"uid", uid}}},
              {"spec", {{"nodeName", node}, {"containers", json::array()}}},
              {"status", json::object()}}
      .dump();
}

TEST(ApiBinder, PostsABindingWithTheUidOnTheFastLane) {
  Bench bench;
  bench.api.answer("{}");
  EXPECT_EQ(bench.bind().outcome, BindOutcome::kBound);
  const auto call = bench.api.calls().at(0);
  EXPECT_EQ(call.line(), "POST /api/v1/namespaces/ns/pods/web%20%220%22/binding");
  EXPECT_TRUE(call.fast_lane);
  const json body = json::parse(call.body);
  EXPECT_EQ(body["metadata"]["uid"], "uid-1");
  EXPECT_EQ(body["metadata"]["name"], "web \"0\"");
  EXPECT_EQ(body["target"], json({{"apiVersion", "v1"}, {"kind", "Node"}, {"name", "n1"}}));
}

TEST(ApiBinder, ConflictIsSuccessWhenThePodAlreadyStandsOnOurNode) {
  Bench bench;
  bench.api.fail(testing::apiError(409, "Conflict")).answer(pod("uid-1", "n1"));
  EXPECT_EQ(bench.bind().outcome, BindOutcome::kBound);
}

TEST(ApiBinder, EveryRefusalBecomesItsOutcome) {
  struct Row {
    const char* name;
    k8sclient::ApiError error;
    std::string found;  // what a GET after a conflict answers
    BindOutcome want;
  };
  k8sclient::ApiError lost = testing::unreachable("reset");
  lost.outcome_unknown = true;
  const std::vector<Row> table = {
      {"bound elsewhere", testing::apiError(409, "Conflict"), pod("uid-1", "n2"),
       BindOutcome::kConflict},
      {"another pod of that name", testing::apiError(409, "Conflict"), pod("uid-2", "n1"),
       BindOutcome::kGone},
      {"gone", testing::apiError(404, "NotFound"), "", BindOutcome::kGone},
      {"forbidden", testing::apiError(403, "Forbidden"), "", BindOutcome::kRejected},
      {"nobody there", testing::unreachable(), "", BindOutcome::kRejected},
      {"cut after sending", lost, "", BindOutcome::kUnknown},
  };
  for (const Row& row : table) {
    Bench bench;
    bench.api.fail(row.error);
    if (!row.found.empty()) bench.api.answer(row.found);
    EXPECT_EQ(bench.bind().outcome, row.want) << row.name;
  }
}

TEST(ApiStatusWriter, PatchCarriesTheUidAndTheWholeCondition) {
  scheduling::PodStatusPatch patch;
  patch.pod = kPod;
  patch.condition_type = "PodScheduled";
  patch.status = "False";
  patch.reason = "Unschedulable";
  patch.message = "0/1 nodes are available: 1 Insufficient cpu.";
  patch.observed_generation = 3;
  patch.last_transition_time = base::WallTime(std::chrono::seconds(1'700'000'000));
  const json body = json::parse(statusPatchBody(patch));
  EXPECT_EQ(body["metadata"]["uid"], "uid-1");
  const json& condition = body["status"]["conditions"][0];
  EXPECT_EQ(condition["type"], "PodScheduled");
  EXPECT_EQ(condition["status"], "False");
  EXPECT_EQ(condition["reason"], "Unschedulable");
  EXPECT_EQ(condition["message"], patch.message);
  EXPECT_EQ(condition["observedGeneration"], 3);
  EXPECT_EQ(condition["lastTransitionTime"], "2023-11-14T22:13:20Z");
  EXPECT_FALSE(body["status"].contains("nominatedNodeName"));

  patch.nominated_node = "";
  EXPECT_TRUE(json::parse(statusPatchBody(patch))["status"]["nominatedNodeName"].is_null());
  patch.nominated_node = "n9";
  EXPECT_EQ(json::parse(statusPatchBody(patch))["status"]["nominatedNodeName"], "n9");
}

TEST(ApiPodReader, TellsAPodANoPodAndAFailureApart) {
  Bench bench;
  bench.api.answer(pod("uid-1", "n1"))
      .fail(testing::apiError(404, "NotFound"))
      .fail(testing::unreachable());
  base::BoundedQueue<std::optional<kubeapi::PodPtr>> answers(3);
  ApiPodReader reader(
      bench.dispatcher, bench.api,
      [&](const PodRef&, const std::optional<kubeapi::PodPtr>& found) { answers.tryPush(found); });
  bench.dispatcher.start();
  std::vector<std::optional<kubeapi::PodPtr>> got;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(reader.refetch(kPod));
    auto answer = answers.pop({}, bench.clock.now() + std::chrono::seconds(10));
    ASSERT_TRUE(answer.has_value());
    got.push_back(*answer);
  }
  bench.dispatcher.stop(std::chrono::seconds(5));
  ASSERT_TRUE(got[0].has_value());
  EXPECT_EQ((*got[0])->spec.node_name, "n1");
  ASSERT_TRUE(got[1].has_value());
  EXPECT_EQ(*got[1], nullptr);
  EXPECT_FALSE(got[2].has_value());
}

}  // namespace
}  // namespace stowage::scheduler_cmd
