// What scheduling decides becomes the right calls, and the API server's answers the right outcomes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <mutex>
#include <nlohmann/json.hpp>

#include "base/bounded_queue.h"
#include "cmd/scheduler/api_binder.h"
#include "cmd/scheduler/api_event_sink.h"
#include "cmd/scheduler/api_evictor.h"
#include "cmd/scheduler/api_pod_reader.h"
#include "cmd/scheduler/api_status_writer.h"
#include "cmd/scheduler/api_volume_writer.h"
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
  k8sclient::WriteDispatcher dispatcher{{1, 100},
                                        {k8sclient::kBindCall, k8sclient::kStatusPatchCall,
                                         k8sclient::kEvictionCall, kPodReadCall, kVolumeCall},
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

// ---- preemption ----

struct Ended {
  scheduling::WriteOutcome outcome = scheduling::WriteOutcome::kFailed;
  std::string message;
};

// Runs one write of an evictor to its end.
Ended through(Bench& bench, const std::function<bool(ApiEvictor&)>& submit) {
  base::BoundedQueue<Ended> answers(1);
  const auto done = [&](const auto&, scheduling::WriteOutcome outcome, const std::string& message) {
    answers.tryPush({outcome, message});
  };
  ApiEvictor evictor(bench.dispatcher, bench.api, done, done);
  bench.dispatcher.start();
  EXPECT_TRUE(submit(evictor));
  auto answer = answers.pop({}, bench.clock.now() + std::chrono::seconds(10));
  bench.dispatcher.stop(std::chrono::seconds(5));
  EXPECT_TRUE(answer.has_value());
  return answer.value_or(Ended{});
}

scheduling::Eviction eviction(bool marked = true) {
  scheduling::Eviction made{{"ns", "victim", "uid-1"}, kPod, std::nullopt};
  if (!marked) return made;
  made.mark.emplace();
  made.mark->pod = made.victim;
  made.mark->condition_type = "DisruptionTarget";
  made.mark->status = "True";
  return made;
}

std::string victim(const std::string& uid, bool leaving = false) {
  json body = json::parse(pod(uid, "n1"));
  if (leaving) body["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
  return body.dump();
}

constexpr const char* kMarkLine = "PATCH /api/v1/namespaces/ns/pods/victim/status";
constexpr const char* kDeleteLine = "DELETE /api/v1/namespaces/ns/pods/victim";
constexpr const char* kGetLine = "GET /api/v1/namespaces/ns/pods/victim";

TEST(ApiEvictor, MarksThenDeletesWithTheUidAsPrecondition) {
  Bench bench;
  bench.api.answer("{}").answer("{}");
  const Ended end = through(bench, [](ApiEvictor& e) { return e.evict(eviction()); });
  EXPECT_EQ(end.outcome, scheduling::WriteOutcome::kDone);
  ASSERT_THAT(bench.api.asked(), ::testing::ElementsAre(kMarkLine, kDeleteLine));
  const auto calls = bench.api.calls();
  EXPECT_EQ(json::parse(calls[0].body)["metadata"]["uid"], "uid-1");
  EXPECT_EQ(json::parse(calls[1].body), json({{"apiVersion", "v1"},
                                              {"kind", "DeleteOptions"},
                                              {"preconditions", {{"uid", "uid-1"}}}}));
}

TEST(ApiEvictor, AMarkThatStandsIsNotWrittenAgain) {
  Bench bench;
  bench.api.answer("{}");
  const Ended end = through(bench, [](ApiEvictor& e) { return e.evict(eviction(false)); });
  EXPECT_EQ(end.outcome, scheduling::WriteOutcome::kDone);
  EXPECT_THAT(bench.api.asked(), ::testing::ElementsAre(kDeleteLine));
}

TEST(ApiEvictor, EveryRefusalBecomesItsOutcome) {
  using scheduling::WriteOutcome;
  k8sclient::ApiError lost = testing::unreachable("reset");
  lost.outcome_unknown = true;
  const auto conflict = testing::apiError(409, "Conflict");
  struct Row {
    const char* name;
    std::function<void(testing::ScriptedApiClient&)> script;
    WriteOutcome want;
    std::vector<std::string> asked;
  };
  const std::vector<Row> table = {
      {"gone before the mark",
       [](auto& api) { api.fail(testing::apiError(404, "NotFound")); },
       WriteOutcome::kGone,
       {kMarkLine}},
      {"another pod by the mark",
       [&](auto& api) { api.fail(conflict).answer(victim("uid-2")); },
       WriteOutcome::kGone,
       {kMarkLine, kGetLine}},
      {"a conflict that passes",
       [&](auto& api) { api.fail(conflict).answer(victim("uid-1")).answer("{}").answer("{}"); },
       WriteOutcome::kDone,
       {kMarkLine, kGetLine, kMarkLine, kDeleteLine}},
      {"the mark is forbidden",
       [](auto& api) { api.fail(testing::apiError(403, "Forbidden")); },
       WriteOutcome::kFailed,
       {kMarkLine}},
      {"gone before the deletion",
       [](auto& api) { api.answer("{}").fail(testing::apiError(404, "NotFound")); },
       WriteOutcome::kGone,
       {kMarkLine, kDeleteLine}},
      {"another pod by the deletion",
       [&](auto& api) { api.answer("{}").fail(conflict).answer(victim("uid-2")); },
       WriteOutcome::kGone,
       {kMarkLine, kDeleteLine, kGetLine}},
      {"the deletion is forbidden",
       [](auto& api) { api.answer("{}").fail(testing::apiError(403, "Forbidden")); },
       WriteOutcome::kFailed,
       {kMarkLine, kDeleteLine}},
      {"cut after sending, and it worked",
       [&](auto& api) { api.answer("{}").fail(lost).answer(victim("uid-1", true)); },
       WriteOutcome::kDone,
       {kMarkLine, kDeleteLine, kGetLine}},
      {"cut after sending, and it did not",
       [&](auto& api) { api.answer("{}").fail(lost).answer(victim("uid-1")); },
       WriteOutcome::kFailed,
       {kMarkLine, kDeleteLine, kGetLine}},
      {"nobody there",
       [](auto& api) { api.fail(testing::unreachable()); },
       WriteOutcome::kFailed,
       {kMarkLine}},
  };
  for (const Row& row : table) {
    Bench bench;
    row.script(bench.api);
    const Ended end = through(bench, [](ApiEvictor& e) { return e.evict(eviction()); });
    EXPECT_EQ(end.outcome, row.want) << row.name;
    EXPECT_EQ(bench.api.asked(), row.asked) << row.name;
  }
}

TEST(ApiEvictor, ANominationIsAPatchOfThePreemptor) {
  using scheduling::WriteOutcome;
  scheduling::PodStatusPatch patch;
  patch.pod = kPod;
  patch.nominated_node = "n9";
  const auto nominate = [&](ApiEvictor& e) { return e.nominate(patch); };
  Bench bench;
  bench.api.answer("{}");
  EXPECT_EQ(through(bench, nominate).outcome, WriteOutcome::kDone);
  EXPECT_EQ(json::parse(bench.api.calls().at(0).body)["status"]["nominatedNodeName"], "n9");
  for (const auto& [status, want] :
       {std::pair(404, WriteOutcome::kGone), std::pair(409, WriteOutcome::kGone),
        std::pair(403, WriteOutcome::kFailed)}) {
    Bench refused;
    refused.api.fail(testing::apiError(status, "x"));
    EXPECT_EQ(through(refused, nominate).outcome, want) << status;
  }
}

TEST(ApiBinder, TakesBackOnlyWhatHasNotBeenSent) {
  Bench bench;
  ApiBinder binder(bench.dispatcher, bench.api, [](const auto&, auto, const auto&) {
    ADD_FAILURE() << "a request that was taken back has no outcome";
  });
  EXPECT_FALSE(binder.takeBack(kPod));
  EXPECT_TRUE(binder.bind({kPod, "n1"}));
  EXPECT_TRUE(binder.takeBack(kPod));
  EXPECT_FALSE(binder.takeBack(kPod));
  bench.dispatcher.start();
  EXPECT_TRUE(bench.dispatcher.stop(std::chrono::seconds(5)));
  EXPECT_TRUE(bench.api.asked().empty());
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

scheduling::VolumeWrite claimVolume() {
  scheduling::VolumeWrite write;
  write.pod = kPod;
  write.kind = scheduling::VolumeWrite::Kind::kClaimVolume;
  write.name = "pv-1";
  write.resource_version = "41";
  write.claim = {"ns", "data", "uid-data"};
  write.claim_version = "40";
  write.mark_by_controller = true;
  return write;
}

scheduling::VolumeWrite selectNode() {
  scheduling::VolumeWrite write;
  write.pod = kPod;
  write.kind = scheduling::VolumeWrite::Kind::kSelectNode;
  write.ns = "ns";
  write.name = "data";
  write.resource_version = "41";
  write.node = "n1";
  return write;
}

TEST(ApiVolumeWriter, PatchesNameTheVersionThatWasDecidedOn) {
  const json volume = json::parse(volumePatchBody(claimVolume()));
  EXPECT_EQ(volume["metadata"],
            json({{"resourceVersion", "41"},
                  {"annotations", {{"pv.kubernetes.io/bound-by-controller", "yes"}}}}));
  EXPECT_EQ(volume["spec"]["claimRef"], json({{"kind", "PersistentVolumeClaim"},
                                              {"apiVersion", "v1"},
                                              {"namespace", "ns"},
                                              {"name", "data"},
                                              {"uid", "uid-data"},
                                              {"resourceVersion", "40"}}));
  scheduling::VolumeWrite plain = claimVolume();
  plain.mark_by_controller = false;
  EXPECT_FALSE(json::parse(volumePatchBody(plain))["metadata"].contains("annotations"));
  EXPECT_EQ(json::parse(volumePatchBody(selectNode())),
            json({{"metadata",
                   {{"resourceVersion", "41"},
                    {"annotations", {{"volume.kubernetes.io/selected-node", "n1"}}}}}}));
}

TEST(ApiVolumeWriter, AnswersCarryTheNewVersionOrTheServersWords) {
  Bench bench;
  bench.api.answer(R"({"metadata":{"name":"pv-1","resourceVersion":"42"}})")
      .answer(R"({"metadata":{"namespace":"ns","name":"data","resourceVersion":"43"}})")
      .fail(testing::apiError(409, "Conflict", "the object has been modified"));
  base::BoundedQueue<scheduling::VolumeWriteAnswer> answers(1);
  ApiVolumeWriter writer(bench.dispatcher, bench.api, [&](const auto& a) { answers.tryPush(a); });
  bench.dispatcher.start();
  std::vector<scheduling::VolumeWriteAnswer> got;
  for (const auto& write : {claimVolume(), selectNode(), selectNode()}) {
    ASSERT_TRUE(writer.write(write));
    auto answer = answers.pop({}, bench.clock.now() + std::chrono::seconds(10));
    ASSERT_TRUE(answer.has_value());
    got.push_back(*answer);
  }
  bench.dispatcher.stop(std::chrono::seconds(5));
  EXPECT_EQ(got[0].resource_version, "42");
  EXPECT_EQ(got[0].error, "");
  EXPECT_EQ(got[1].resource_version, "43");
  EXPECT_EQ(got[2].error, "the object has been modified");
  EXPECT_THAT(bench.api.asked(),
              ::testing::ElementsAre("PATCH /api/v1/persistentvolumes/pv-1",
                                     "PATCH /api/v1/namespaces/ns/persistentvolumeclaims/data",
                                     "PATCH /api/v1/namespaces/ns/persistentvolumeclaims/data"));
}

}  // namespace
}  // namespace stowage::scheduler_cmd
