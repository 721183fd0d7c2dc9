// News: everything that can be handed to the scheduling thread: events of the cluster, answers to
// what was asked for, and questions about the state. Value types.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <variant>

#include "kubeapi/node.h"
#include "kubeapi/pod.h"
#include "kubeapi/policy.h"
#include "scheduling/extenders/extender_port.h"
#include "scheduling/peers/workload_selectors.h"
#include "scheduling/ports.h"
#include "scheduling/volumes/storage_change.h"

namespace stowage::scheduling {

class Scheduler;

struct PodChange {
  kubeapi::PodPtr before;  // may be null
  kubeapi::PodPtr after;
};
struct PodRemoval {
  kubeapi::PodPtr last_known;
};
struct NodeChangeNews {
  kubeapi::NodePtr before;  // may be null
  kubeapi::NodePtr after;
};
struct NodeRemoval {
  kubeapi::NodePtr last_known;
};
struct NamespaceChange {
  kubeapi::NamespacePtr ns;
};
struct NamespaceRemoval {
  kubeapi::NamespacePtr ns;
};
struct BindAnswer {
  BindRequest request;
  BindOutcome outcome = BindOutcome::kUnknown;
  std::string message;
};
struct PodReadAnswer {
  PodRef ref;
  std::optional<kubeapi::PodPtr> pod;  // as Scheduler::podRefetched
};
struct BudgetChange {
  kubeapi::PodDisruptionBudgetPtr budget;
};
struct BudgetRemoval {
  kubeapi::PodDisruptionBudgetPtr last_known;
};
// Every budget of the list has been pushed before this; or the server refuses them from now on.
struct BudgetsSynced {
  bool known = true;
};
struct NominationAnswer {
  PodRef pod;
  WriteOutcome outcome = WriteOutcome::kFailed;
  std::string message;
};
struct EvictionAnswer {
  Eviction eviction;
  WriteOutcome outcome = WriteOutcome::kFailed;
  std::string message;
};
// Everything that the first lists held has been pushed before this: decisions may begin.
struct CachesSynced {};
// Runs on the scheduling thread, e.g. to look at the state. Must be short and must not throw.
using Inspection = std::function<void(Scheduler&)>;

using News =
    std::variant<PodChange, PodRemoval, NodeChangeNews, NodeRemoval, NamespaceChange,
                 NamespaceRemoval, BudgetChange, BudgetRemoval, BudgetsSynced, StorageChange,
                 StorageOutage, WorkloadChange, BindAnswer, PodReadAnswer, NominationAnswer,
                 EvictionAnswer, VolumeWriteAnswer, ExtenderAnswer, CachesSynced, Inspection>;

}  // namespace stowage::scheduling
