// What of a Pod's JSON reaches the value, field by field.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kubeapi/decode.h"
#include "kubeapi/pod.h"
#include "testing/builders/print.h"

namespace stowage::kubeapi {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

PodPtr decodePod(std::string_view json) {
  Decoder<Pod> decoder;
  auto pod = decoder.object(json);
  EXPECT_TRUE(pod.has_value()) << (pod ? "" : pod.error().toString());
  return pod ? *pod : std::make_shared<Pod>();
}

TEST(DecodePod, MetadataKeepsWhatIsReadAndDropsTheRest) {
  const PodPtr pod = decodePod(R"({"metadata":{
    "name":"web-1","namespace":"shop","uid":"u-1","resourceVersion":"42","generation":3,
    "creationTimestamp":"2026-11-21T03:04:05Z","deletionTimestamp":"2026-11-21T03:05:05Z",
    "labels":{"b":"2","a":"1"},
    "annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{...}",
                   "stowage.dev/ring-key":"k","scheduling.k8s.io/group-name":"g"},
    "ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"web","uid":"r-1",
                        "controller":true,"blockOwnerDeletion":true}],
    "finalizers":["a/b"],
    "managedFields":[{"manager":"kubectl","fieldsV1":{"f:metadata":{"f:labels":{}}}}]}})");
  const ObjectMeta& meta = pod->meta;
  EXPECT_EQ(objectKey(meta), "shop/web-1");
  EXPECT_EQ(meta.uid, Symbol("u-1"));
  EXPECT_EQ(meta.resource_version, "42");
  EXPECT_EQ(meta.generation, 3);
  EXPECT_EQ(meta.creation_time, WallTime(std::chrono::seconds(1795230245)));
  EXPECT_EQ(meta.deletion_time, WallTime(std::chrono::seconds(1795230305)));
  EXPECT_THAT(meta.labels, ElementsAre(Labels::Entry("a", "1"), Labels::Entry("b", "2")));
  EXPECT_THAT(meta.annotations, ElementsAre(Labels::Entry("scheduling.k8s.io/group-name", "g"),
                                            Labels::Entry("stowage.dev/ring-key", "k")));
  EXPECT_THAT(meta.owners,
              ElementsAre(OwnerReference{"apps/v1", "ReplicaSet", "web", "r-1", true}));
  EXPECT_THAT(meta.finalizers, ElementsAre(Symbol("a/b")));
}

TEST(DecodePod, ScalarsOfTheSpec) {
  const PodPtr pod = decodePod(R"({"metadata":{"name":"a"},"spec":{
    "nodeName":"n1","schedulerName":"stowage-scheduler","priority":-7,
    "preemptionPolicy":"Never","hostNetwork":true,"nodeSelector":{"disk":"ssd"},
    "schedulingGates":[{"name":"wait"}],"schedulingGroup":{"podGroupName":"gang"},
    "resourceClaims":[{"name":"gpu"}],"overhead":{"cpu":"250m"},
    "resources":{"requests":{"memory":"1Gi"},"limits":{"memory":"2Gi"}}}})");
  const PodSpec& spec = pod->spec;
  EXPECT_EQ(spec.node_name, Symbol("n1"));
  EXPECT_EQ(spec.scheduler_name, Symbol("stowage-scheduler"));
  EXPECT_EQ(spec.priority, -7);
  EXPECT_TRUE(spec.preempt_never);
  EXPECT_TRUE(spec.host_network);
  EXPECT_THAT(spec.node_selector, ElementsAre(Labels::Entry("disk", "ssd")));
  EXPECT_THAT(spec.scheduling_gates, ElementsAre(Symbol("wait")));
  EXPECT_EQ(spec.scheduling_group, Symbol("gang"));
  EXPECT_TRUE(spec.has_resource_claims);
  ASSERT_THAT(spec.overhead, SizeIs(1));
  EXPECT_EQ(spec.overhead[0].second.milliValue(), 250);
  ASSERT_TRUE(spec.pod_requests.has_value());
  ASSERT_THAT(*spec.pod_requests, SizeIs(1));
  EXPECT_EQ(spec.pod_requests->front().second.value(), std::int64_t{1} << 30);
}

TEST(DecodePod, ContainersWithRequestsPortsAndSidecars) {
  const PodPtr pod = decodePod(R"({"metadata":{"name":"a"},"spec":{
    "containers":[{"name":"main","image":"nginx:1","env":[{"name":"X","value":"Y"}],
      "resources":{"requests":{"memory":"64Mi","cpu":"100m"},"limits":{"cpu":"1"},
                   "claims":[{"name":"gpu"}]},
      "ports":[{"containerPort":80,"hostPort":8080,"hostIP":"10.0.0.1","protocol":"UDP"}]}],
    "initContainers":[{"name":"once"},{"name":"proxy","restartPolicy":"Always"}]}})");
  ASSERT_THAT(pod->spec.containers, SizeIs(1));
  const Container& main = pod->spec.containers[0];
  EXPECT_EQ(main.name, Symbol("main"));
  EXPECT_EQ(main.image, "nginx:1");
  ASSERT_THAT(main.requests, SizeIs(2));
  EXPECT_EQ(main.requests[0].first, Symbol("cpu"));
  EXPECT_EQ(main.requests[1].first, Symbol("memory"));
  EXPECT_EQ(main.requests[1].second.value(), 64 << 20);
  EXPECT_EQ(findResource(main.limits, "cpu")->value(), 1);
  EXPECT_TRUE(main.has_resource_claims);
  ASSERT_THAT(main.ports, SizeIs(1));
  EXPECT_EQ(main.ports[0].host_port, 8080);
  EXPECT_EQ(main.ports[0].container_port, 80);
  EXPECT_EQ(main.ports[0].host_ip, Symbol("10.0.0.1"));
  EXPECT_EQ(main.ports[0].protocol, Symbol("UDP"));
  ASSERT_THAT(pod->spec.init_containers, SizeIs(2));
  EXPECT_FALSE(pod->spec.init_containers[0].restart_always);
  EXPECT_TRUE(pod->spec.init_containers[1].restart_always);
}

TEST(DecodePod, StatusKeepsTheConditionsThatAreRead) {
  const PodPtr pod = decodePod(R"({"metadata":{"name":"a"},"status":{"phase":"Running",
    "nominatedNodeName":"n2","startTime":"2026-11-21T03:04:05Z",
    "conditions":[{"type":"Initialized","status":"True"},
      {"type":"PodScheduled","status":"False","reason":"Unschedulable","message":"m",
       "lastTransitionTime":"2026-11-21T03:04:05Z","observedGeneration":2}],
    "containerStatuses":[{"name":"plain","ready":true},
      {"name":"main","resources":{"requests":{"cpu":"2"}},"allocatedResources":{"cpu":"3"}}],
    "resources":{"requests":{"cpu":"4"}},"allocatedResources":{"cpu":"5"}}})");
  const PodStatus& status = pod->status;
  EXPECT_EQ(status.phase, Symbol("Running"));
  EXPECT_EQ(status.nominated_node, Symbol("n2"));
  EXPECT_TRUE(status.start_time.has_value());
  ASSERT_THAT(status.conditions, SizeIs(1));
  EXPECT_EQ(status.conditions[0].reason, "Unschedulable");
  EXPECT_EQ(status.conditions[0].observed_generation, 2);
  EXPECT_EQ(findCondition(status.conditions, "PodScheduled")->message, "m");
  EXPECT_EQ(findCondition(status.conditions, "Initialized"), nullptr);
  ASSERT_THAT(status.container_statuses, SizeIs(1));
  EXPECT_EQ(status.container_statuses[0].resource_requests[0].second.value(), 2);
  EXPECT_EQ(status.container_statuses[0].allocated_resources[0].second.value(), 3);
  EXPECT_EQ(status.pod_requests->front().second.value(), 4);
  EXPECT_EQ(status.pod_allocated_resources->front().second.value(), 5);
}

TEST(DecodePod, AffinityOfAllKinds) {
  const PodPtr pod = decodePod(R"({"metadata":{"name":"a"},"spec":{"affinity":{
    "nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[
        {"matchExpressions":[{"key":"zone","operator":"In","values":["a","b"]}],
         "matchFields":[{"key":"metadata.name","operator":"In","values":["n1"]}]}]},
      "preferredDuringSchedulingIgnoredDuringExecution":[
        {"weight":5,"preference":{"matchExpressions":[{"key":"gpu","operator":"Exists"}]}}]},
    "podAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[
        {"topologyKey":"zone","namespaces":["x"],"namespaceSelector":{},
         "labelSelector":{"matchLabels":{"app":"db"},
                          "matchExpressions":[{"key":"v","operator":"NotIn","values":["1"]}]},
         "matchLabelKeys":["k"],"mismatchLabelKeys":["m"]}]},
    "podAntiAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[
        {"weight":9,"podAffinityTerm":{"topologyKey":"host"}}]}}}})");
  const Affinity& affinity = pod->spec.affinity;
  ASSERT_TRUE(affinity.node_required.has_value());
  EXPECT_EQ(affinity.node_required->terms[0].match_expressions[0],
            (SelectorRequirement{"zone", SelectorOperator::kIn, {"a", "b"}}));
  EXPECT_EQ(affinity.node_required->terms[0].match_fields[0].key, Symbol("metadata.name"));
  EXPECT_EQ(affinity.node_preferred[0].weight, 5);
  const PodAffinityTerm& term = affinity.pod_affinity.required[0];
  EXPECT_EQ(term.topology_key, Symbol("zone"));
  EXPECT_THAT(term.namespaces, ElementsAre(Symbol("x")));
  EXPECT_TRUE(term.namespace_selector->requirements.empty());
  EXPECT_THAT(term.label_selector->requirements,
              ElementsAre(SelectorRequirement{"app", SelectorOperator::kIn, {"db"}},
                          SelectorRequirement{"v", SelectorOperator::kNotIn, {"1"}}));
  EXPECT_THAT(term.match_label_keys, ElementsAre(Symbol("k")));
  EXPECT_THAT(term.mismatch_label_keys, ElementsAre(Symbol("m")));
  EXPECT_EQ(affinity.pod_anti_affinity.preferred[0].weight, 9);
  EXPECT_FALSE(affinity.pod_anti_affinity.preferred[0].term.label_selector.has_value());
}

TEST(DecodePod, TolerationsAndSpreading) {
  const PodPtr pod = decodePod(R"({"metadata":{"name":"a"},"spec":{
    "tolerations":[{"operator":"Exists"},{"key":"k","value":"v","effect":"NoExecute",
      "tolerationSeconds":30},{"key":"n","operator":"Gt","value":"5"}],
    "topologySpreadConstraints":[{"maxSkew":2,"topologyKey":"zone","minDomains":3,
      "whenUnsatisfiable":"ScheduleAnyway","labelSelector":{"matchLabels":{"a":"b"}},
      "nodeAffinityPolicy":"Ignore","nodeTaintsPolicy":"Honor","matchLabelKeys":["h"]},
      {"topologyKey":"host","whenUnsatisfiable":"DoNotSchedule"}]}})");
  EXPECT_THAT(
      pod->spec.tolerations,
      ElementsAre(Toleration{"", TolerationOperator::kExists, "", TaintEffect::kNone, {}},
                  Toleration{"k", TolerationOperator::kEqual, "v", TaintEffect::kNoExecute, 30},
                  Toleration{"n", TolerationOperator::kGt, "5", TaintEffect::kNone, {}}));
  ASSERT_THAT(pod->spec.spread, SizeIs(2));
  const TopologySpreadConstraint& soft = pod->spec.spread[0];
  EXPECT_EQ(soft.max_skew, 2);
  EXPECT_EQ(soft.min_domains, 3);
  EXPECT_FALSE(soft.do_not_schedule);
  EXPECT_EQ(soft.node_affinity_policy, Symbol("Ignore"));
  EXPECT_EQ(soft.node_taints_policy, Symbol("Honor"));
  EXPECT_THAT(soft.match_label_keys, ElementsAre(Symbol("h")));
  EXPECT_TRUE(pod->spec.spread[1].do_not_schedule);
  EXPECT_FALSE(pod->spec.spread[1].label_selector.has_value());
}

TEST(DecodePod, VolumesThatMatterToPlacement) {
  const PodPtr pod = decodePod(R"({"metadata":{"name":"a"},"spec":{"volumes":[
    {"name":"cfg","configMap":{"name":"x"}},{"name":"tmp","emptyDir":{}},
    {"name":"data","persistentVolumeClaim":{"claimName":"c1","readOnly":true}},
    {"name":"scratch","ephemeral":{"volumeClaimTemplate":{}}},
    {"name":"disk","gcePersistentDisk":{"pdName":"d1"}},
    {"name":"ceph","rbd":{"monitors":["m1","m2"],"pool":"p","image":"i","readOnly":true}},
    {"name":"ceph2","rbd":{"monitors":["m1"],"image":"i"}},
    {"name":"oci","image":{"reference":"reg/img:1"}},
    {"name":"vs","vsphereVolume":{"volumePath":"[ds] v"}},
    {"name":"az","azureDisk":{"diskName":"n","diskURI":"/d","kind":"managed"}},
    {"name":"old","azureDisk":{"diskName":"n","diskURI":"http://d","kind":"Shared"}},
    {"name":"ci","cinder":{"volumeID":"c"}},
    {"name":"px","portworxVolume":{"volumeID":"p"}}]}})");
  using Kind = PodVolume::Kind;
  const std::vector<PodVolume>& volumes = pod->spec.volumes;
  ASSERT_THAT(volumes, SizeIs(11));
  EXPECT_EQ(volumes[0].kind, Kind::kClaim);
  EXPECT_EQ(volumes[0].claim_name, Symbol("c1"));
  EXPECT_TRUE(volumes[0].read_only);
  EXPECT_EQ(volumes[1].kind, Kind::kEphemeral);
  EXPECT_EQ(volumes[1].name, Symbol("scratch"));
  EXPECT_EQ(volumes[2].handle, Symbol("d1"));
  EXPECT_EQ(volumes[3].handle, Symbol("p/i"));
  EXPECT_THAT(volumes[3].monitors, ElementsAre(Symbol("m1"), Symbol("m2")));
  EXPECT_EQ(volumes[4].handle, Symbol("rbd/i"));
  EXPECT_EQ(volumes[5].handle, Symbol("reg/img:1"));
  EXPECT_EQ(volumes[6].kind, Kind::kOtherAttachable);
  EXPECT_EQ(volumes[7].handle, Symbol("/d"));
  EXPECT_FALSE(volumes[7].unmanaged);
  EXPECT_TRUE(volumes[8].unmanaged);
  EXPECT_EQ(volumes[9].kind, Kind::kCinder);
  EXPECT_EQ(volumes[9].handle, Symbol("c"));
  EXPECT_EQ(volumes[10].kind, Kind::kPortworx);
}

TEST(DecodePod, NullsAreAbsentFields) {
  const PodPtr pod = decodePod(R"({"metadata":{"name":"a","labels":null,"creationTimestamp":null,
    "ownerReferences":null},"spec":{"containers":[{"name":"c","resources":null,"ports":null}],
    "affinity":null,"nodeSelector":null,"priority":null,"tolerations":null,"overhead":null},
    "status":null})");
  EXPECT_FALSE(pod->meta.creation_time.has_value());
  EXPECT_TRUE(pod->meta.labels.empty());
  ASSERT_THAT(pod->spec.containers, SizeIs(1));
  EXPECT_EQ(pod->spec.priority, 0);
}

TEST(DecodePod, OfDuplicateKeysTheLastOneWins) {
  const PodPtr pod = decodePod(
      R"({"metadata":{"name":"a","name":"b","labels":{"x":"1","x":"2"}},
          "spec":{"priority":1,"priority":2,"overhead":{"cpu":"1","cpu":"2"}}})");
  EXPECT_EQ(pod->meta.name, Symbol("b"));
  EXPECT_THAT(pod->meta.labels, ElementsAre(Labels::Entry("x", "2")));
  EXPECT_EQ(pod->spec.priority, 2);
  ASSERT_THAT(pod->spec.overhead, SizeIs(1));
  EXPECT_EQ(pod->spec.overhead[0].second.value(), 2);
}

}  // namespace
}  // namespace stowage::kubeapi
