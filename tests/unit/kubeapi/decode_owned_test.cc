// What an operator reads of the objects that it owns: pods, revisions, Services.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "kubeapi/controller_revision.h"
#include "kubeapi/decode.h"
#include "kubeapi/member_pod.h"
#include "kubeapi/owned_service.h"
#include "testing/builders/print.h"

namespace stowage::kubeapi {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;

template <typename T>
std::shared_ptr<const T> decode(std::string_view json) {
  Decoder<T> decoder;
  auto object = decoder.object(json);
  EXPECT_TRUE(object.has_value()) << (object ? "" : object.error().toString());
  return object ? *object : std::make_shared<const T>();
}

template <typename T>
std::string errorOf(std::string_view json) {
  Decoder<T> decoder;
  const auto object = decoder.object(json);
  EXPECT_FALSE(object.has_value()) << json;
  return object ? "" : object.error().message();
}

TEST(DecodeMemberPod, EachField) {
  const auto pod = decode<MemberPod>(R"({"metadata":{"name":"db-0-1","namespace":"a","uid":"u",
    "annotations":{"stowage.dev/operation":"{}","other":"x"}},
    "spec":{"nodeName":"n","containers":[{"name":"c","image":"i:1",
      "resources":{"requests":{"cpu":"100m"},"limits":{"memory":"1Gi"}}},{"name":"d"}],
      "volumes":[{"name":"scratch","emptyDir":{}},{"name":"gone","persistentVolumeClaim":null},
        {"name":"data","persistentVolumeClaim":{"claimName":"data-db-0-1"}}]},
    "status":{"phase":"Running","reason":"Evicted","podIP":"10.0.0.1",
      "startTime":"2026-01-02T03:04:05Z","conditions":[{"type":"Ready","status":"True"}],
      "containerStatuses":[{"name":"c","ready":true,"restartCount":3,"image":"i:0",
        "state":{"waiting":{"reason":"CrashLoopBackOff","message":"back-off"}}},
        {"name":"d","imageID":"sha:1","containerID":"c://1",
         "resources":{"requests":{"cpu":"200m"}},
         "state":{"running":{"startedAt":"2026-01-02T03:04:06Z"}}}],
      "initContainerStatuses":[{"name":"s","containerID":"c://2"}],"observedGeneration":7}})");
  EXPECT_EQ(pod->node_name, "n");
  ASSERT_EQ(pod->containers.size(), 2U);
  EXPECT_EQ(pod->containers[0].name, "c");
  EXPECT_EQ(pod->containers[0].image, "i:1");
  EXPECT_EQ(findResource(pod->containers[0].requests, Symbol("cpu"))->milliValue(), 100);
  EXPECT_EQ(findResource(pod->containers[0].limits, Symbol("memory"))->value(), 1 << 30);
  EXPECT_THAT(pod->claims, ElementsAre(MemberVolume{"data", "data-db-0-1"}));
  EXPECT_EQ(pod->phase, "Running");
  EXPECT_EQ(pod->reason, "Evicted");
  EXPECT_EQ(pod->ip, "10.0.0.1");
  EXPECT_TRUE(pod->start_time.has_value());
  ASSERT_EQ(pod->container_statuses.size(), 2U);
  const MemberContainerStatus& status = pod->container_statuses[0];
  EXPECT_EQ(status.name, "c");
  EXPECT_TRUE(status.ready);
  EXPECT_EQ(status.restarts, 3);
  EXPECT_EQ(status.image, "i:0");
  EXPECT_EQ(status.waiting_reason, "CrashLoopBackOff");
  EXPECT_EQ(status.waiting_message, "back-off");
  EXPECT_FALSE(status.has || status.running_since);
  const MemberContainerStatus& runs = pod->container_statuses[1];
  EXPECT_TRUE(runs.waiting_reason.empty());
  EXPECT_EQ(runs.image_id, "sha:1");
  EXPECT_EQ(runs.id, "c://1");
  ASSERT_TRUE(runs.has && runs.running_since);
  EXPECT_EQ(findResource(runs.has->requests, Symbol("cpu"))->milliValue(), 200);
  EXPECT_EQ(*runs.running_since - *pod->start_time, std::chrono::seconds(1));
  ASSERT_EQ(pod->init_container_statuses.size(), 1U);
  EXPECT_EQ(pod->init_container_statuses[0].id, "c://2");
  EXPECT_EQ(pod->observed_generation, 7);
  EXPECT_EQ(*pod->meta.annotations.find("stowage.dev/operation"), "{}");
}

TEST(DecodeMemberPod, ErrorsNameTheField) {
  EXPECT_EQ(
      errorOf<MemberPod>(
          R"({"metadata":{"name":"p"},"status":{"containerStatuses":[{"restartCount":"x"}]}})"),
      "status.containerStatuses[0].restartCount: expected an integer");
  EXPECT_EQ(errorOf<MemberPod>(R"({"metadata":{"name":"p"},"spec":{"volumes":{}}})"),
            "spec.volumes: expected an array");
}

MemberPod running(const char* ready, std::optional<WallTime> since) {
  MemberPod pod;
  pod.phase = "Running";
  Condition condition;
  condition.type = "Ready";
  condition.status = ready;
  condition.last_transition_time = since;
  pod.conditions.push_back(condition);
  return pod;
}

TEST(MemberPod, ReadyIsRunningWithTheCondition) {
  EXPECT_TRUE(isReady(running("True", {})));
  EXPECT_FALSE(isReady(running("False", {})));
  EXPECT_FALSE(isReady(running("Unknown", {})));
  MemberPod pod = running("True", {});
  pod.conditions.clear();
  EXPECT_FALSE(isReady(pod));
  // The condition stays as it was when a pod fails.
  pod = running("True", {});
  pod.phase = "Failed";
  EXPECT_FALSE(isReady(pod));
  EXPECT_TRUE(isTerminal(pod));
  pod.phase = "Succeeded";
  EXPECT_TRUE(isTerminal(pod));
  pod.phase = "Unknown";
  EXPECT_FALSE(isTerminal(pod));
}

TEST(MemberPod, AvailableIsReadyForLongEnough) {
  const WallTime now{seconds(1'000'000)};
  EXPECT_TRUE(isAvailable(running("True", now - seconds(30)), 30, now));
  EXPECT_FALSE(isAvailable(running("True", now - seconds(29)), 30, now));
  EXPECT_FALSE(isAvailable(running("False", now - seconds(90)), 30, now));
  EXPECT_TRUE(isAvailable(running("True", now), 0, now));
  EXPECT_FALSE(isAvailable(running("True", {}), 1, now)) << "since when is not known";
  EXPECT_TRUE(isAvailable(running("True", {}), 0, now));
  EXPECT_TRUE(isAvailable(running("True", now + seconds(5)), 0, now)) << "clocks differ";
  EXPECT_FALSE(isAvailable(running("True", now + seconds(5)), 1, now));
  EXPECT_FALSE(isAvailable(running("True", WallTime::max()), 1, now));
  EXPECT_TRUE(isAvailable(running("True", WallTime::min()), 1, now));
}

TEST(DecodeControllerRevision, DataIsKeptAsItIs) {
  const auto revision = decode<ControllerRevision>(
      R"({"metadata":{"name":"r"},"revision":7,"data":{ "spec": {"x":[1,null,"ä"]}}})");
  EXPECT_EQ(revision->revision, 7);
  EXPECT_EQ(revision->data.text, R"({"spec":{"x":[1,null,"ä"]}})");
  EXPECT_TRUE(decode<ControllerRevision>(R"({"metadata":{"name":"r"},"data":null})")->data.empty());
  EXPECT_EQ(errorOf<ControllerRevision>(R"({"metadata":{"name":"r"},"revision":"7"})"),
            "revision: expected an integer");
}

TEST(DecodeControllerRevision, DataHasALimit) {
  const std::string big(group::RawJson::kMaxBytes, 'x');
  EXPECT_EQ(errorOf<ControllerRevision>(R"({"metadata":{"name":"r"},"data":{"a":")" + big + "\"}}"),
            "data: larger than 512 KiB");
}

TEST(DecodeOwnedService, SpecIsKeptAsItIs) {
  const auto service = decode<OwnedService>(
      R"({"metadata":{"name":"s"},"spec":{ "clusterIP":"None"},"status":{"loadBalancer":{}}})");
  EXPECT_EQ(service->spec.text, R"({"clusterIP":"None"})");
  EXPECT_EQ(errorOf<OwnedService>(R"({"metadata":{"name":"s"},"spec":[]})"),
            "spec: expected an object");
}

}  // namespace
}  // namespace stowage::kubeapi
