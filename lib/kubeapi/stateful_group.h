// StatefulGroup (stowage.dev/v1alpha1): what a user wants of a replicated stateful service, and
// what the operator saw. Plain values, decoded once, shared as shared_ptr<const StatefulGroup>,
// never changed. Defaults here are those of the CustomResourceDefinition, which is the source of
// fields, bounds and their meaning (statefulgroup/crd); a test compares both. What is out of those
// bounds is an error of the object even where an API server let it pass.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kubeapi/meta.h"
#include "kubeapi/quantity.h"
#include "kubeapi/stateful_group_enums.h"
#include "kubeapi/stateful_group_status.h"

namespace stowage::kubeapi::group {

// JSON that is passed on and not looked into, as the API server sent it. At most kMaxBytes.
struct RawJson {
  static constexpr std::size_t kMaxBytes = 512 * 1024;
  std::string text;
  [[nodiscard]] bool empty() const { return text.empty(); }
  friend bool operator==(const RawJson&, const RawJson&) = default;
};

// A number or a text such as "25%" or "http".
struct IntOrString {
  std::int32_t number = 0;
  std::string text;  // empty: it is the number
  friend bool operator==(const IntOrString&, const IntOrString&) = default;
};

struct Ordinals {
  std::int32_t start = 0;
};

// The entry of spec.shardOverrides for some shards.
struct ShardOverride {
  std::string shards;  // "0-3,7"
  Labels labels;
  Labels annotations;
  Labels node_selector;
  RawJson tolerations;  // an array
  Symbol priority_class;
};

struct Consensus {
  ConsensusType type = ConsensusType::kQuorum;
  MemberParity member_parity = MemberParity::kOdd;
  std::optional<std::int32_t> min_healthy;
  std::optional<std::int32_t> voters;  // absent: all replicas
};

struct Role {
  Symbol name;
  std::int32_t update_priority = 1;
  RoleQuorum quorum = RoleQuorum::kParticipates;
  RoleCardinality cardinality = RoleCardinality::kMany;
};
std::vector<Role> defaultRoles();

// Where the agent in a pod answers.
struct Hook {
  std::int32_t port = 0;
  HookScheme scheme = HookScheme::kHttp;
  std::int32_t timeout_seconds = 2;
};

struct RoleProbe {
  RoleSource source = RoleSource::kPodLabel;
  std::optional<Hook> http;
  std::int32_t period_seconds = 10;
  std::int32_t failure_threshold = 3;
};

struct Startup {
  StartupPolicy policy = StartupPolicy::kParallel;
};

struct RollingUpdate {
  std::int32_t partition = 0;
  std::int32_t shard_partition = 0;
  IntOrString max_unavailable_shards{1, {}};
  UpdateOrder order = UpdateOrder::kRoleThenOrdinal;
  PodUpdatePolicy pod_update_policy = PodUpdatePolicy::kInPlaceIfPossible;
  std::int32_t progress_deadline_seconds = 600;
  RolloutFailure on_failure = RolloutFailure::kHalt;
};

struct UpdateStrategy {
  UpdateType type = UpdateType::kRollingUpdate;
  std::optional<RollingUpdate> rolling_update;  // absent: RollingUpdate{}
};

struct Switchover {
  HookMode mode = HookMode::kNone;
  std::optional<Hook> http;
  std::int32_t timeout_seconds = 60;
  HookFailure failure_policy = HookFailure::kBlock;
};

struct Membership {
  HookMode mode = HookMode::kNone;
  std::optional<Hook> http;
  std::int32_t timeout_seconds = 300;
};

struct HealthGates {
  GateMode mode = GateMode::kNone;
  std::optional<Hook> http;
  std::int32_t timeout_seconds = 1800;
  HookFailure failure_policy = HookFailure::kBlock;
};

struct ClaimTemplate {
  Symbol name;
  Labels labels;
  Labels annotations;
  RawJson spec;  // a PersistentVolumeClaimSpec
  // Read out of spec.
  Quantity storage;
  Symbol attributes_class;
};

struct ClaimRetention {
  Retention when_deleted = Retention::kRetain;
  Retention when_scaled = Retention::kRetain;
  Retention when_replaced = Retention::kRetain;
};

struct Disruption {
  BudgetType budget = BudgetType::kQuorum;
  std::optional<std::int32_t> min_available;
  UnhealthyEviction unhealthy_eviction = UnhealthyEviction::kIfHealthyBudget;
  SingleReplica single_replica = SingleReplica::kBlock;
};

struct FailureDomain {
  Symbol topology_key;
  std::optional<std::int32_t> max_per_domain;
  Unsatisfiable when_unsatisfiable = Unsatisfiable::kScheduleAnyway;
  QuorumSafe quorum_safe = QuorumSafe::kPreferred;
};
std::vector<FailureDomain> defaultFailureDomains();

struct ExclusiveTopology {
  Symbol topology_key;
  ExclusiveScope scope = ExclusiveScope::kShard;
};

struct Topology {
  std::vector<FailureDomain> failure_domains = defaultFailureDomains();
  std::optional<ExclusiveTopology> exclusive;
  LeaderSpread leader_spread = LeaderSpread::kOff;
};

struct HeadlessService {
  HeadlessPolicy policy = HeadlessPolicy::kCreate;
  PublishAddresses publish_not_ready = PublishAddresses::kAlways;
  Symbol name;  // naming StatefulSet only; empty: the group's
};

struct ReplicaServices {
  ServicePolicy policy = ServicePolicy::kNone;
  ServiceType type = ServiceType::kClusterIp;
};

struct ClientService {
  ServicePolicy policy = ServicePolicy::kNone;
  std::vector<Symbol> roles;
};

struct ServicePort {
  Symbol name;
  std::int32_t port = 0;
  std::optional<IntOrString> target_port;
  PortProtocol protocol = PortProtocol::kTcp;
  Symbol app_protocol;
};

struct Services {
  HeadlessService headless;
  ReplicaServices per_replica;
  ClientService client;
  std::vector<ServicePort> ports;
};

struct Recovery {
  NodeLoss node_loss = NodeLoss::kReplaceWhenNodeDeleted;
  std::int32_t node_loss_grace_seconds = 600;
  VolumeLoss volume_loss = VolumeLoss::kWait;
  std::int32_t max_replacements_per_shard = 1;
  std::int32_t member_ready_timeout_seconds = 0;  // 0: never
};

struct Spec {
  Naming naming = Naming::kSharded;
  std::int32_t shards = 1;
  Permission shard_scale_in = Permission::kForbid;
  std::int32_t replicas = 3;  // of each shard
  Ordinals ordinals;
  std::vector<std::string> offline_replicas;  // "0/1", "*/2"
  RawJson pod_template;                       // a PodTemplateSpec
  std::vector<ShardOverride> shard_overrides;
  Consensus consensus;
  std::vector<Role> roles = defaultRoles();
  RoleProbe role_probe;
  Startup startup;
  std::int32_t min_ready_seconds = 0;
  UpdateStrategy update_strategy;
  Switchover switchover;
  Membership membership;
  HealthGates health_gates;
  std::vector<ClaimTemplate> claim_templates;
  ExpansionPolicy expansion_policy = ExpansionPolicy::kOnline;
  ClaimRetention claim_retention;
  std::optional<RetainedClaim> retained_claims;  // absent: derived from membership
  Disruption disruption;
  Topology topology;
  Services services;
  Recovery recovery;
  RunPolicy run_policy = RunPolicy::kRunning;
  ManagementPolicy management_policy = ManagementPolicy::kManaged;
  std::optional<WallTime> restart_time;
  std::int32_t revision_history_limit = 10;
  TerminationOrder termination_order = TerminationOrder::kRoleAware;
};

}  // namespace stowage::kubeapi::group

namespace stowage::kubeapi {

struct StatefulGroup {
  ObjectMeta meta;
  group::Spec spec;
  group::Status status;
};
using StatefulGroupPtr = std::shared_ptr<const StatefulGroup>;

// All fields of a spec as JSON, also those that have their default value.
std::string encodeSpec(const group::Spec& spec);
// Body for PUT .../status: `status` on the version of `seen`, so that a newer one refuses it.
// Counters are always there, also as zeros.
std::string encodeStatusUpdate(const StatefulGroup& seen, const group::Status& status);

}  // namespace stowage::kubeapi
