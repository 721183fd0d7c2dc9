// Node, Namespace, Lease, Event, PodDisruptionBudget, PodGroup and Status, field by field.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "kubeapi/decode.h"
#include "kubeapi/event.h"
#include "kubeapi/lease.h"
#include "kubeapi/node.h"
#include "kubeapi/pod_group.h"
#include "kubeapi/policy.h"
#include "kubeapi/workloads.h"
#include "testing/builders/print.h"

namespace stowage::kubeapi {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

template <typename T>
std::shared_ptr<const T> decode(std::string_view json) {
  Decoder<T> decoder;
  auto object = decoder.object(json);
  EXPECT_TRUE(object.has_value()) << (object ? "" : object.error().toString());
  return object ? *object : std::make_shared<T>();
}

TEST(DecodeNode, KeepsWhatSchedulingReads) {
  const NodePtr node = decode<Node>(R"({"metadata":{"name":"n1"},
    "spec":{"unschedulable":true,"taints":[{"key":"k","value":"v","effect":"NoExecute",
            "timeAdded":"2026-11-21T03:04:05Z"},{"key":"x","effect":"Future"}]},
    "status":{"capacity":{"cpu":"99"},"allocatable":{"cpu":"3920m","memory":"1Gi"},
      "conditions":[{"type":"Ready","status":"True"}],
      "images":[{"names":["a@sha256:1","a:1"],"sizeBytes":1234567890123}],
      "declaredFeatures":["F1","F2"],"nodeInfo":{"kernelVersion":"6"}}})");
  EXPECT_TRUE(node->unschedulable);
  EXPECT_THAT(node->taints, ElementsAre(Taint{"k", "v", TaintEffect::kNoExecute},
                                        Taint{"x", "", TaintEffect::kUnknown}));
  ASSERT_THAT(node->allocatable, SizeIs(2));
  EXPECT_EQ(node->allocatable[0].second.milliValue(), 3920);
  ASSERT_THAT(node->images, SizeIs(1));
  EXPECT_THAT(node->images[0].names, ElementsAre(Symbol("a@sha256:1"), Symbol("a:1")));
  EXPECT_EQ(node->images[0].size_bytes, 1234567890123);
  EXPECT_THAT(node->declared_features, ElementsAre(Symbol("F1"), Symbol("F2")));
  EXPECT_EQ(findCondition(node->conditions, "Ready")->status, Symbol("True"));
}

TEST(DecodeNamespace, KeepsLabelsAndPhase) {
  const NamespacePtr ns = decode<Namespace>(
      R"({"metadata":{"name":"a","labels":{"t":"x"}},"status":{"phase":"Terminating"}})");
  EXPECT_EQ(ns->phase, Symbol("Terminating"));
  EXPECT_EQ(*ns->meta.labels.find("t"), Symbol("x"));
}

TEST(Lease, ReadsBackWhatItWrites) {
  Lease lease;
  lease.meta.name = "stowage-scheduler";
  lease.meta.ns = "kube-system";
  lease.meta.uid = "u";
  lease.meta.resource_version = "7";
  lease.meta.labels.set("a", "b\"c");
  lease.holder = "host_\"uuid\n";
  lease.duration_seconds = 15;
  lease.acquire_time = WallTime(std::chrono::microseconds(1795230245'000'007));
  lease.renew_time = WallTime(std::chrono::seconds(1795230300));
  lease.transitions = 3;
  const std::string json = encodeLease(lease);
  const LeasePtr back = decode<Lease>(json);
  EXPECT_EQ(back->meta.name, lease.meta.name);
  EXPECT_EQ(back->meta.ns, lease.meta.ns);
  EXPECT_EQ(back->meta.uid, lease.meta.uid);
  EXPECT_EQ(back->meta.resource_version, "7");
  EXPECT_EQ(back->meta.labels, lease.meta.labels);
  EXPECT_EQ(back->holder, lease.holder);
  EXPECT_EQ(back->duration_seconds, 15);
  EXPECT_EQ(back->acquire_time, lease.acquire_time);
  EXPECT_EQ(back->renew_time, lease.renew_time);
  EXPECT_EQ(back->transitions, 3);
  const auto parsed = nlohmann::json::parse(json);
  EXPECT_EQ(parsed["apiVersion"], "coordination.k8s.io/v1");
  EXPECT_EQ(parsed["kind"], "Lease");
  EXPECT_EQ(parsed["spec"]["acquireTime"], "2026-11-21T03:04:05.000007Z");
  EXPECT_EQ(parsed["spec"]["renewTime"], "2026-11-21T03:05:00.000000Z");
}

TEST(Lease, AReleasedLeaseStillNamesItsEmptyHolder) {
  Lease lease;
  lease.meta.name = "l";
  const auto parsed = nlohmann::json::parse(encodeLease(lease));
  EXPECT_EQ(parsed["spec"]["holderIdentity"], "");
  EXPECT_FALSE(parsed["spec"].contains("renewTime"));
  EXPECT_FALSE(parsed["metadata"].contains("resourceVersion"));
}

TEST(DecodeEventObject, OfTheNewKindWithASeries) {
  const EventPtr event = decode<Event>(R"({"metadata":{"name":"a.1","namespace":"ns"},
    "eventTime":"2026-11-21T03:04:05.000007Z","type":"Warning","reason":"FailedScheduling",
    "action":"Scheduling","note":"0/1 nodes are available","reportingController":"c",
    "reportingInstance":"c-host","regarding":{"apiVersion":"v1","kind":"Pod","namespace":"ns",
    "name":"a","uid":"u"},"related":{"kind":"Node","name":"n"},
    "series":{"count":4,"lastObservedTime":"2026-11-21T03:05:00.000000Z"}})");
  EXPECT_EQ(event->regarding, (ObjectReference{"v1", "Pod", "ns", "a", "u"}));
  EXPECT_EQ(event->related->name, Symbol("n"));
  EXPECT_EQ(event->reason, Symbol("FailedScheduling"));
  EXPECT_EQ(event->note, "0/1 nodes are available");
  EXPECT_EQ(event->count, 4);
  EXPECT_EQ(event->last_time, WallTime(std::chrono::seconds(1795230300)));
  EXPECT_EQ(event->reporting_instance, "c-host");
}

TEST(DecodeEventObject, OfTheOldKind) {
  const EventPtr event = decode<Event>(R"({"metadata":{"name":"a"},"eventTime":null,
    "deprecatedCount":9,"deprecatedFirstTimestamp":"2026-11-21T03:04:05Z",
    "deprecatedLastTimestamp":"2026-11-21T03:05:00Z"})");
  EXPECT_FALSE(event->event_time.has_value());
  EXPECT_TRUE(event->first_time.has_value());
  EXPECT_EQ(event->count, 9);
  EXPECT_EQ(event->last_time, WallTime(std::chrono::seconds(1795230300)));
  EXPECT_EQ(decode<Event>(R"({"metadata":{"name":"a"}})")->count, 1);
}

TEST(DecodeWorkloads, Selectors) {
  const auto service = decode<Service>(
      R"({"metadata":{"namespace":"ns","name":"s"},"spec":{"selector":{"b":"2","a":"1"},"ports":[]}})");
  ASSERT_TRUE(service->selector.has_value());
  EXPECT_EQ(*service->selector, Labels({{Symbol("a"), Symbol("1")}, {Symbol("b"), Symbol("2")}}));
  EXPECT_FALSE(decode<Service>(R"({"metadata":{"name":"s"},"spec":{}})")->selector.has_value());
  EXPECT_FALSE(decode<Service>(R"({"metadata":{"name":"x"},"spec":{"selector":null}})")
                   ->selector.has_value());
  EXPECT_EQ(
      decode<ReplicationController>(R"({"metadata":{"name":"x"},"spec":{"selector":{"a":"1"}}})")
          ->selector.size(),
      1U);
  const auto set = decode<ReplicaSet>(R"({"metadata":{"name":"r"},"spec":{"selector":{
    "matchLabels":{"a":"1"},"matchExpressions":[{"key":"b","operator":"Exists"}]}}})");
  ASSERT_TRUE(set->selector.has_value());
  EXPECT_EQ(set->selector->requirements.size(), 2U);
  EXPECT_FALSE(decode<StatefulSet>(R"({"metadata":{"name":"x"},"spec":{"replicas":3}})")
                   ->selector.has_value());
}

TEST(DecodeBudget, SelectorAndStatus) {
  const PodDisruptionBudgetPtr budget = decode<PodDisruptionBudget>(R"({"metadata":{"name":"b"},
    "spec":{"minAvailable":"50%","selector":{"matchLabels":{"a":"b"}}},
    "status":{"disruptionsAllowed":2,"currentHealthy":5,"desiredHealthy":3,"expectedPods":5,
      "observedGeneration":8,"disruptedPods":{"z":"2026-11-21T03:04:05Z","p":null}}})");
  ASSERT_TRUE(budget->selector.has_value());
  EXPECT_EQ(budget->disruptions_allowed, 2);
  EXPECT_EQ(budget->current_healthy, 5);
  EXPECT_EQ(budget->desired_healthy, 3);
  EXPECT_EQ(budget->expected_pods, 5);
  EXPECT_EQ(budget->observed_generation, 8);
  ASSERT_EQ(budget->disrupted_pods.size(), 2U);
  EXPECT_EQ(budget->disrupted_pods[0].pod, "p");
  EXPECT_EQ(findDisrupted(*budget, Symbol("p"))->since, std::nullopt);
  EXPECT_EQ(findDisrupted(*budget, Symbol("z"))->since,
            base::WallTime(std::chrono::seconds(1795230245)));
  EXPECT_EQ(findDisrupted(*budget, Symbol("q")), nullptr);
}

TEST(DecodeDisruptionBudget, OnlyAnIntegerIsKnownOfMinAvailable) {
  const auto with = [](const std::string& spec) {
    return decode<PodDisruptionBudget>(R"({"metadata":{"name":"b"},"spec":{)" + spec + "}}");
  };
  const auto integer = with(R"("minAvailable":2,"unhealthyPodEvictionPolicy":"AlwaysAllow")");
  EXPECT_EQ(integer->min_available, 2);
  EXPECT_EQ(integer->unhealthy_pod_eviction_policy, "AlwaysAllow");
  EXPECT_EQ(with(R"("minAvailable":"50%")")->min_available, std::nullopt);
  EXPECT_EQ(with(R"("maxUnavailable":1)")->min_available, std::nullopt);
  EXPECT_EQ(with(R"("minAvailable":null)")->min_available, std::nullopt);
}

TEST(DecodePodGroup, EachPolicy) {
  const PodGroupPtr gang = decode<PodGroup>(R"({"metadata":{"name":"g"},"spec":{
    "podGroupTemplateRef":{"workload":{"workloadName":"w","podGroupTemplateName":"t"}},
    "schedulingPolicy":{"gang":{"minCount":4}},"disruptionMode":"PodGroup",
    "schedulingConstraints":{"topology":[{"key":"rack"}]},"priorityClassName":"high",
    "priority":100,"resourceClaims":[{"name":"c"}]},
    "status":{"conditions":[{"type":"PodGroupScheduled","status":"True"}]}})");
  EXPECT_EQ(gang->policy, PodGroup::Policy::kGang);
  EXPECT_EQ(gang->min_count, 4);
  EXPECT_EQ(gang->workload, Symbol("w"));
  EXPECT_EQ(gang->workload_template, Symbol("t"));
  EXPECT_TRUE(gang->disrupted_as_a_whole);
  EXPECT_THAT(gang->topology_keys, ElementsAre(Symbol("rack")));
  EXPECT_EQ(gang->priority_class, Symbol("high"));
  EXPECT_EQ(gang->priority, 100);
  EXPECT_TRUE(gang->has_resource_claims);
  EXPECT_THAT(gang->conditions, SizeIs(1));
  EXPECT_EQ(
      decode<PodGroup>(R"({"metadata":{"name":"g"},"spec":{"schedulingPolicy":{"basic":{}}}})")
          ->policy,
      PodGroup::Policy::kBasic);
  EXPECT_EQ(
      decode<PodGroup>(R"({"metadata":{"name":"g"},"spec":{"schedulingPolicy":{"future":{}}}})")
          ->policy,
      PodGroup::Policy::kUnknown);
}

TEST(DecodeStatus, ReadsWhatAnErrorAnswerCarries) {
  const ApiStatus status = decodeStatus(R"({"kind":"Status","status":"Failure","message":"no",
    "reason":"Conflict","code":409,"details":{"retryAfterSeconds":3,
    "causes":[{"reason":"FieldValueInvalid","field":"x"},{"message":"m"}]}})",
                                        500);
  EXPECT_EQ(status.code, 409);
  EXPECT_EQ(status.reason, "Conflict");
  EXPECT_EQ(status.message, "no");
  EXPECT_EQ(status.retry_after_seconds, 3);
  EXPECT_THAT(status.causes, ElementsAre("FieldValueInvalid"));
}

TEST(DecodeStatus, TextThatIsNoStatusBecomesTheMessage) {
  for (const std::string& body :
       {std::string("404 page not found"), std::string(R"({"kind":"Pod","code":7})"),
        std::string(R"({"kind":"Status","code":"x"})"), std::string("[1,2]"), std::string("{")}) {
    const ApiStatus status = decodeStatus(body, 404);
    EXPECT_EQ(status.code, 404) << body;
    EXPECT_EQ(status.message, body);
    EXPECT_EQ(status.reason, "") << body;
  }
  EXPECT_EQ(decodeStatus("", 503).message, "");
  EXPECT_EQ(decodeStatus("404 page not found\n", 404).message, "404 page not found");
  EXPECT_EQ(decodeStatus(" \r\n", 404).message, "");
  const ApiStatus huge = decodeStatus(std::string(3 << 20, 'x'), 500);
  EXPECT_EQ(huge.message.size(), 2048U);
  const std::string long_message(1 << 18, 'y');
  EXPECT_EQ(
      decodeStatus(R"({"kind":"Status","message":")" + long_message + "\"}", 500).message.size(),
      2048U);
  EXPECT_EQ(decodeStatus(R"({"kind":"Status","details":{"retryAfterSeconds":-5}})", 429)
                .retry_after_seconds,
            0);
}

}  // namespace
}  // namespace stowage::kubeapi
