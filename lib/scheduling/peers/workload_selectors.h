// WorkloadSelectors: which pods are siblings of a pod, for spreading pods that name no constraints
// of their own: those that its Services and its controller select. Answers are kept until one of
// these objects changes, so that a decision costs a lookup. Single-threaded: the ClusterCache owns
// it. Source of the semantics: kube-scheduler plugins/helper/spread.go (DefaultSelector), v1.36.3.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "kubeapi/pod.h"
#include "kubeapi/workloads.h"
#include "scheduling/volumes/storage_change.h"

namespace stowage::scheduling {

using base::Symbol;

using WorkloadChange =
    std::variant<ObjectChange<kubeapi::Service>, ObjectChange<kubeapi::ReplicationController>,
                 ObjectChange<kubeapi::ReplicaSet>, ObjectChange<kubeapi::StatefulSet>>;

class WorkloadSelectors {
 public:
  // True when it selects other pods than before.
  bool apply(const WorkloadChange& change);
  // The siblings' selector; without requirements when nothing selects the pod. Valid until the next
  // call.
  const kubeapi::LabelSelector& siblingsOf(const kubeapi::Pod& pod);

  // Objects held, for tests.
  [[nodiscard]] std::size_t size() const { return services_.size() + controllers_.size(); }

 private:
  static constexpr std::size_t kMaxAnswers = 4096;

  enum class Kind : std::uint8_t { kNone, kReplicationController, kReplicaSet, kStatefulSet };
  struct ObjectKey {
    Kind kind = Kind::kNone;  // kNone: a Service, or no controller
    Symbol ns;
    Symbol name;
    friend bool operator==(const ObjectKey&, const ObjectKey&) = default;
  };
  struct Question {
    ObjectKey controller;  // with the pod's namespace
    kubeapi::Labels labels;
    friend bool operator==(const Question&, const Question&) = default;
  };
  struct Hash {
    std::size_t operator()(const ObjectKey& key) const;
    std::size_t operator()(const Question& question) const;
  };
  // A Service is found by the first label that it asks for.
  using Shelf = std::vector<kubeapi::ServicePtr>;
  struct LabelKey {
    Symbol ns;
    kubeapi::Labels::Entry label;
    friend auto operator<=>(const LabelKey&, const LabelKey&) = default;
    friend bool operator==(const LabelKey&, const LabelKey&) = default;
  };

  bool set(const ObjectChange<kubeapi::Service>& change);
  template <typename T>
  bool setController(Kind kind, const ObjectChange<T>& change,
                     std::optional<kubeapi::LabelSelector> selector);
  static Question questionOf(const kubeapi::Pod& pod);
  [[nodiscard]] kubeapi::LabelSelector answerTo(const Question& question) const;
  [[nodiscard]] kubeapi::Labels labelsOfServices(const Question& question) const;

  std::unordered_map<ObjectKey, kubeapi::ServicePtr, Hash> services_;
  std::map<LabelKey, Shelf> by_label_;
  std::unordered_map<ObjectKey, kubeapi::LabelSelector, Hash> controllers_;
  std::unordered_map<Question, kubeapi::LabelSelector, Hash> answers_;
};

}  // namespace stowage::scheduling
