// The fields of a StatefulGroup, said once for decoding and encoding: describe(visitor, value)
// names every field of `value` with its bounds to a visitor with these members:
//   field(name, member)              text, enums, maps, times, numbers without bounds, objects
//   number(name, member, low, high)  integers with bounds
//   list(name, member, most)         at most that many items
//   raw(name, member, kind)          JSON that is passed on
//   claimSpec(name, template)        the spec of a claim template
//   inner(name, function)            an object of the wire that is none of ours
// Private to the codec of StatefulGroup; tests compare it with the CustomResourceDefinition.
#pragma once

#include "kubeapi/stateful_group.h"

namespace stowage::kubeapi {

template <typename V>
void describe(V& v, Condition& c) {
  v.field("type", c.type);
  v.field("status", c.status);
  v.field("reason", c.reason);
  v.always("message", c.message);  // required, and may be empty
  v.field("lastTransitionTime", c.last_transition_time);
  v.field("observedGeneration", c.observed_generation);
}

}  // namespace stowage::kubeapi

namespace stowage::kubeapi::group {

enum class RawKind { kObject, kArray };

inline constexpr std::int32_t kMaxPort = 65535;
inline constexpr std::int32_t kDaySeconds = 86'400;

template <typename V>
void describe(V& v, Ordinals& o) {
  v.number("start", o.start, 0, 9999);
}

template <typename V>
void describe(V& v, ShardOverride& o) {
  v.field("shards", o.shards);
  v.field("labels", o.labels);
  v.field("annotations", o.annotations);
  v.field("nodeSelector", o.node_selector);
  v.raw("tolerations", o.tolerations, RawKind::kArray);
  v.field("priorityClassName", o.priority_class);
}

template <typename V>
void describe(V& v, Consensus& c) {
  v.field("type", c.type);
  v.field("memberParity", c.member_parity);
  v.number("minHealthy", c.min_healthy, 1, 99);
  v.number("voters", c.voters, 1, 99);
}

template <typename V>
void describe(V& v, Role& r) {
  v.field("name", r.name);
  v.number("updatePriority", r.update_priority, 0, 100);
  v.field("quorum", r.quorum);
  v.field("cardinality", r.cardinality);
}

template <typename V>
void describe(V& v, Hook& h) {
  v.number("port", h.port, 1, kMaxPort);
  v.field("scheme", h.scheme);
  v.number("timeoutSeconds", h.timeout_seconds, 1, 60);
}

template <typename V>
void describe(V& v, RoleProbe& p) {
  v.field("source", p.source);
  v.field("http", p.http);
  v.number("periodSeconds", p.period_seconds, 1, 3600);
  v.number("failureThreshold", p.failure_threshold, 1, 100);
}

template <typename V>
void describe(V& v, Startup& s) {
  v.field("policy", s.policy);
}

template <typename V>
void describe(V& v, RollingUpdate& u) {
  v.number("partition", u.partition, 0, 20'000);
  v.number("shardPartition", u.shard_partition, 0, 256);
  v.field("maxUnavailableShards", u.max_unavailable_shards);
  v.field("order", u.order);
  v.field("podUpdatePolicy", u.pod_update_policy);
  v.number("progressDeadlineSeconds", u.progress_deadline_seconds, 1, kDaySeconds);
  v.field("onFailure", u.on_failure);
}

template <typename V>
void describe(V& v, UpdateStrategy& s) {
  v.field("type", s.type);
  v.field("rollingUpdate", s.rolling_update);
}

template <typename V>
void describe(V& v, Switchover& s) {
  v.field("mode", s.mode);
  v.field("http", s.http);
  v.number("timeoutSeconds", s.timeout_seconds, 1, 3600);
  v.field("failurePolicy", s.failure_policy);
}

template <typename V>
void describe(V& v, Membership& m) {
  v.field("mode", m.mode);
  v.field("http", m.http);
  v.number("timeoutSeconds", m.timeout_seconds, 1, kDaySeconds);
}

template <typename V>
void describe(V& v, HealthGates& g) {
  v.field("mode", g.mode);
  v.field("http", g.http);
  v.number("timeoutSeconds", g.timeout_seconds, 1, kDaySeconds);
  v.field("failurePolicy", g.failure_policy);
}

template <typename V>
void describe(V& v, ClaimTemplate& t) {
  v.field("name", t.name);
  v.inner("metadata", [&](auto& meta) {
    meta.field("labels", t.labels);
    meta.field("annotations", t.annotations);
  });
  v.claimSpec("spec", t);
}

template <typename V>
void describe(V& v, ClaimRetention& r) {
  v.field("whenDeleted", r.when_deleted);
  v.field("whenScaled", r.when_scaled);
  v.field("whenReplaced", r.when_replaced);
}

template <typename V>
void describe(V& v, Disruption& d) {
  v.field("budget", d.budget);
  v.number("minAvailable", d.min_available, 1, 98);
  v.field("unhealthyPodEvictionPolicy", d.unhealthy_eviction);
  v.field("singleReplica", d.single_replica);
}

template <typename V>
void describe(V& v, FailureDomain& d) {
  v.field("topologyKey", d.topology_key);
  v.number("maxPerDomain", d.max_per_domain, 1, 99);
  v.field("whenUnsatisfiable", d.when_unsatisfiable);
  v.field("quorumSafe", d.quorum_safe);
}

template <typename V>
void describe(V& v, ExclusiveTopology& e) {
  v.field("topologyKey", e.topology_key);
  v.field("scope", e.scope);
}

template <typename V>
void describe(V& v, Topology& t) {
  v.list("failureDomains", t.failure_domains, 4);
  v.field("exclusive", t.exclusive);
  v.field("leaderSpread", t.leader_spread);
}

template <typename V>
void describe(V& v, HeadlessService& s) {
  v.field("policy", s.policy);
  v.field("publishNotReadyAddresses", s.publish_not_ready);
  v.field("name", s.name);
}

template <typename V>
void describe(V& v, ReplicaServices& s) {
  v.field("policy", s.policy);
  v.field("type", s.type);
}

template <typename V>
void describe(V& v, ClientService& s) {
  v.field("policy", s.policy);
  v.list("roles", s.roles, 8);
}

template <typename V>
void describe(V& v, ServicePort& p) {
  v.field("name", p.name);
  v.number("port", p.port, 1, kMaxPort);
  v.field("targetPort", p.target_port);
  v.field("protocol", p.protocol);
  v.field("appProtocol", p.app_protocol);
}

template <typename V>
void describe(V& v, Services& s) {
  v.field("headless", s.headless);
  v.field("perReplica", s.per_replica);
  v.field("client", s.client);
  v.list("ports", s.ports, 16);
}

template <typename V>
void describe(V& v, Recovery& r) {
  v.field("nodeLoss", r.node_loss);
  v.number("nodeLossGraceSeconds", r.node_loss_grace_seconds, 0, kDaySeconds);
  v.field("volumeLoss", r.volume_loss);
  v.number("maxReplacementsPerShard", r.max_replacements_per_shard, 1, 99);
  v.number("memberReadyTimeoutSeconds", r.member_ready_timeout_seconds, 0, kDaySeconds);
}

// What there is and what runs in it.
template <typename V>
void describeMembers(V& v, Spec& s) {
  v.field("naming", s.naming);
  v.number("shards", s.shards, 1, 256);
  v.field("shardScaleInPolicy", s.shard_scale_in);
  v.number("replicas", s.replicas, 0, 99);
  v.field("ordinals", s.ordinals);
  v.list("offlineReplicas", s.offline_replicas, 64);
  v.raw("template", s.pod_template, RawKind::kObject);
  v.list("shardOverrides", s.shard_overrides, 32);
  v.field("consensus", s.consensus);
  v.list("roles", s.roles, 8);
  v.field("roleProbe", s.role_probe);
  v.list("volumeClaimTemplates", s.claim_templates, 8);
  v.field("topology", s.topology);
  v.field("services", s.services);
}

template <typename V>
void describe(V& v, Spec& s) {
  describeMembers(v, s);
  v.field("startup", s.startup);
  v.number("minReadySeconds", s.min_ready_seconds, 0, 3600);
  v.field("updateStrategy", s.update_strategy);
  v.field("switchover", s.switchover);
  v.field("membership", s.membership);
  v.field("healthGates", s.health_gates);
  v.field("volumeExpansionPolicy", s.expansion_policy);
  v.field("persistentVolumeClaimRetentionPolicy", s.claim_retention);
  v.field("retainedClaimPolicy", s.retained_claims);
  v.field("disruption", s.disruption);
  v.field("recovery", s.recovery);
  v.field("runPolicy", s.run_policy);
  v.field("managementPolicy", s.management_policy);
  v.field("restartTime", s.restart_time);
  v.number("revisionHistoryLimit", s.revision_history_limit, 0, 1000);
  v.field("terminationOrder", s.termination_order);
}

template <typename V>
void describe(V& v, InFlight& f) {
  v.field("ordinal", f.ordinal);
  v.field("operation", f.operation);
  v.field("podUID", f.pod_uid);
  v.field("revision", f.revision);
  v.field("startTime", f.start_time);
}

template <typename V>
void describe(V& v, ShardStatus& s) {
  v.field("index", s.index);
  v.field("members", s.members);
  v.field("ready", s.ready);
  v.field("available", s.available);
  v.field("updated", s.updated);
  v.field("minHealthy", s.min_healthy);
  v.field("leader", s.leader);
  v.field("leaderTerm", s.leader_term);
  v.field("reason", s.reason);
  v.field("inFlight", s.in_flight);
}

template <typename V>
void describe(V& v, UnhealthyReplica& u) {
  v.field("pod", u.pod);
  v.field("shard", u.shard);
  v.field("reason", u.reason);
  v.field("since", u.since);
}

template <typename V>
void describe(V& v, ClaimStatus& c) {
  v.field("name", c.name);
  v.field("updated", c.updated);
  v.field("resizing", c.resizing);
  v.field("failed", c.failed);
}

template <typename V>
void describe(V& v, Status& s) {
  v.field("observedGeneration", s.observed_generation);
  v.field("selector", s.selector);
  v.field("replicas", s.replicas);
  v.field("totalReplicas", s.total_replicas);
  v.field("readyReplicas", s.ready_replicas);
  v.field("availableReplicas", s.available_replicas);
  v.field("updatedReplicas", s.updated_replicas);
  v.field("quorateShards", s.quorate_shards);
  v.field("availableShards", s.available_shards);
  v.field("updatedShards", s.updated_shards);
  v.field("currentRevision", s.current_revision);
  v.field("updateRevision", s.update_revision);
  v.field("collisionCount", s.collision_count);
  v.list("shards", s.shards, 256);
  v.list("unhealthyReplicas", s.unhealthy_replicas, 64);
  v.field("unhealthyReplicasOmitted", s.unhealthy_replicas_omitted);
  v.list("volumeClaims", s.volume_claims, 8);
  v.list("conditions", s.conditions, 16);
}

}  // namespace stowage::kubeapi::group
