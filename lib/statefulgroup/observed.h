// Observed: everything that is known of one group when a pass begins, as of the caches. Plain
// values; the objects are shared and never change.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "kubeapi/controller_revision.h"
#include "kubeapi/member_pod.h"
#include "kubeapi/owned_service.h"
#include "kubeapi/policy.h"
#include "kubeapi/stateful_group.h"
#include "kubeapi/storage.h"

namespace stowage::statefulgroup {

using base::Symbol;
using base::WallTime;

struct NodeSight {
  enum class State : std::uint8_t {
    kReady,
    kSilent,  // Ready is False or Unknown: it may run its pods all the same
    kFenced,  // not ready, and tainted node.kubernetes.io/out-of-service: its pods do not run
    kGone,    // no such node
  } state = State::kReady;
  std::optional<WallTime> since;  // of the condition; absent for kReady and kGone
  kubeapi::Labels labels;         // by which it tells its failure domains; none for kGone
};

// What a pod said of its part in the shard.
struct RoleSight {
  Symbol role;
  std::int64_t term = 0;
};

struct Observed {
  kubeapi::StatefulGroupPtr group;
  std::vector<kubeapi::MemberPodPtr> pods;                // with a label of the group's name
  std::vector<kubeapi::PersistentVolumeClaimPtr> claims;  // with a label of the group's name
  std::vector<kubeapi::PodDisruptionBudgetPtr> budgets;   // all of the namespace
  std::vector<kubeapi::OwnedServicePtr> services;         // with a label of the group's name
  std::vector<kubeapi::ControllerRevisionPtr> revisions;  // with a label of the group's name
  std::map<Symbol, NodeSight> nodes;                      // of the pods, by name
  std::map<Symbol, RoleSight> roles;                      // by pod uid
  // How many domains the nodes of the cluster have in the topology keys of the spec, counted up to
  // what a shard can use; empty: not known.
  std::map<Symbol, int> domains;
};

// Where passes get it from.
class GroupView {
 public:
  virtual ~GroupView() = default;
  // nullopt: there is no such group.
  [[nodiscard]] virtual std::optional<Observed> observe(const std::string& ns,
                                                        const std::string& name) const = 0;
};

}  // namespace stowage::statefulgroup
