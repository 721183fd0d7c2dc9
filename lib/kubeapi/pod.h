// Pod: the part of core/v1 Pod that scheduling reads. Decoded once, shared as
// shared_ptr<const Pod>, never changed. Source: core/v1 types.go, v0.36.3.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kubeapi/meta.h"
#include "kubeapi/quantity.h"
#include "kubeapi/selectors.h"

namespace stowage::kubeapi {

// Resource name -> amount, sorted by name, unique.
using ResourceList = std::vector<std::pair<Symbol, Quantity>>;
const Quantity* findResource(const ResourceList& list, const Symbol& name);

struct ContainerPort {
  Symbol host_ip;   // empty means 0.0.0.0
  Symbol protocol;  // empty means TCP
  std::int32_t host_port = 0;
  std::int32_t container_port = 0;
};

struct Container {
  Symbol name;
  std::string image;
  ResourceList requests;
  ResourceList limits;
  std::vector<ContainerPort> ports;
  bool restart_always = false;  // init container with restartPolicy Always: a sidecar
  bool restarts_all = false;    // a restart rule has the action RestartAllContainers
  bool has_resource_claims = false;
};

struct ContainerStatus {
  Symbol name;
  bool has_resources = false;  // status.resources was present: actuated requests below are valid
  ResourceList resource_requests;
  ResourceList allocated_resources;
};

struct PodAffinityTerm {
  std::optional<LabelSelector> label_selector;
  std::vector<Symbol> namespaces;
  std::optional<LabelSelector> namespace_selector;
  Symbol topology_key;
  std::vector<Symbol> match_label_keys;
  std::vector<Symbol> mismatch_label_keys;
};

struct WeightedPodAffinityTerm {
  std::int32_t weight = 0;
  PodAffinityTerm term;
};

struct PodAffinityRules {
  std::vector<PodAffinityTerm> required;
  std::vector<WeightedPodAffinityTerm> preferred;
  [[nodiscard]] bool empty() const { return required.empty() && preferred.empty(); }
};

struct Affinity {
  std::optional<NodeSelector> node_required;
  std::vector<PreferredNodeTerm> node_preferred;
  PodAffinityRules pod_affinity;
  PodAffinityRules pod_anti_affinity;
};

struct TopologySpreadConstraint {
  std::int32_t max_skew = 1;
  Symbol topology_key;
  bool do_not_schedule = true;  // whenUnsatisfiable
  std::optional<LabelSelector> label_selector;
  std::optional<std::int32_t> min_domains;
  Symbol node_affinity_policy;  // empty means Honor
  Symbol node_taints_policy;    // empty means Ignore
  std::vector<Symbol> match_label_keys;
};

// One entry of spec.volumes, reduced to what filters look at. Kinds that never matter to placement
// (configMap, secret, emptyDir, ...) are dropped while decoding.
struct PodVolume {
  enum class Kind {
    kClaim,
    kEphemeral,
    kGcePd,
    kAwsEbs,
    kIscsi,
    kRbd,
    kAzureDisk,
    kCinder,
    kPortworx,
    kImage,
    kOtherAttachable
  };
  Symbol name;
  Kind kind = Kind::kClaim;
  Symbol claim_name;  // kClaim
  bool read_only = false;
  Symbol handle;                 // PD name, volume id, IQN, "pool/image", disk URI, image reference
  std::vector<Symbol> monitors;  // kRbd
  bool unmanaged = false;        // kAzureDisk of a kind other than Managed
  friend bool operator==(const PodVolume&, const PodVolume&) = default;
};

struct PodSpec {
  Symbol node_name;
  Symbol scheduler_name;
  std::int32_t priority = 0;
  bool preempt_never = false;
  bool host_network = false;
  bool own_users = false;  // hostUsers is false: a user namespace of its own
  Labels node_selector;
  Affinity affinity;
  std::vector<Toleration> tolerations;
  std::vector<TopologySpreadConstraint> spread;
  std::vector<PodVolume> volumes;
  std::vector<Container> containers;
  std::vector<Container> init_containers;
  ResourceList overhead;
  std::optional<ResourceList> pod_requests;  // spec.resources.requests (pod-level resources)
  std::vector<Symbol> scheduling_gates;
  bool has_resource_claims = false;  // spec.resourceClaims is not empty
  Symbol scheduling_group;           // spec.schedulingGroup.podGroupName
};

struct PodStatus {
  Symbol phase;  // Pending, Running, Succeeded, Failed, Unknown
  Symbol nominated_node;
  std::optional<WallTime> start_time;
  // PodScheduled, Ready, DisruptionTarget and PodResizePending; the others are dropped.
  std::vector<Condition> conditions;
  // Only statuses that carry resources.
  std::vector<ContainerStatus> container_statuses;
  std::vector<ContainerStatus> init_container_statuses;
  std::optional<ResourceList> pod_requests;             // status.resources.requests
  std::optional<ResourceList> pod_allocated_resources;  // status.allocatedResources
};

struct Pod {
  ObjectMeta meta;
  PodSpec spec;
  PodStatus status;
};
using PodPtr = std::shared_ptr<const Pod>;

// Succeeded or Failed: such a pod occupies nothing.
bool isTerminal(const Pod& pod);
const Condition* findCondition(const std::vector<Condition>& conditions, const Symbol& type);

}  // namespace stowage::kubeapi
