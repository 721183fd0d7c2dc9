#include "scheduling/event_times.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <string>
#include <variant>

namespace stowage::scheduling {
namespace {

// What became of an object.
enum class Became : std::uint8_t { kAdd, kUpdate, kDelete };
using Labels = std::array<std::string_view, 3>;  // by Became

constexpr Labels kAssigned = {"AssignedPodAdd", "AssignedPodUpdate", "AssignedPodDelete"};
constexpr Labels kUnscheduled = {"UnscheduledPodAdd", "UnscheduledPodUpdate",
                                 "UnscheduledPodDelete"};
constexpr Labels kNode = {"NodeAdd", "NodeUpdate", "NodeDelete"};
// In the order of StorageChange's alternatives.
constexpr std::array<Labels, kStorageKinds> kStorage = {{
    {"PersistentVolumeClaimAdd", "PersistentVolumeClaimUpdate", "PersistentVolumeClaimDelete"},
    {"PersistentVolumeAdd", "PersistentVolumeUpdate", "PersistentVolumeDelete"},
    {"storage.k8s.io/StorageClassAdd", "storage.k8s.io/StorageClassUpdate",
     "storage.k8s.io/StorageClassDelete"},
    {"storage.k8s.io/CSINodeAdd", "storage.k8s.io/CSINodeUpdate", "storage.k8s.io/CSINodeDelete"},
    {"storage.k8s.io/CSIDriverAdd", "storage.k8s.io/CSIDriverUpdate",
     "storage.k8s.io/CSIDriverDelete"},
    {"storage.k8s.io/CSIStorageCapacityAdd", "storage.k8s.io/CSIStorageCapacityUpdate",
     "storage.k8s.io/CSIStorageCapacityDelete"},
    {"storage.k8s.io/VolumeAttachmentAdd", "storage.k8s.io/VolumeAttachmentUpdate",
     "storage.k8s.io/VolumeAttachmentDelete"},
}};

std::string_view podLabel(const kubeapi::Pod& pod, Became became) {
  const Labels& labels = pod.spec.node_name.empty() ? kUnscheduled : kAssigned;
  return labels[static_cast<std::size_t>(became)];
}

struct LabelOf {
  std::string_view operator()(const PodChange& change) const {
    if (change.after == nullptr) return "";
    // Being bound is the first that is seen of it on a node.
    const bool known = change.before != nullptr && change.before->spec.node_name.empty() ==
                                                       change.after->spec.node_name.empty();
    return podLabel(*change.after, known ? Became::kUpdate : Became::kAdd);
  }
  std::string_view operator()(const PodRemoval& removal) const {
    return removal.last_known == nullptr ? "" : podLabel(*removal.last_known, Became::kDelete);
  }
  std::string_view operator()(const NodeChangeNews& change) const {
    return kNode[change.before == nullptr ? 0 : 1];
  }
  std::string_view operator()(const NodeRemoval&) const { return kNode[2]; }
  std::string_view operator()(const StorageChange& change) const {
    const Became became = std::visit(
        [](const auto& of) {
          if (of.after == nullptr) return Became::kDelete;
          return of.before == nullptr ? Became::kAdd : Became::kUpdate;
        },
        change);
    return kStorage.at(change.index())[static_cast<std::size_t>(became)];
  }
  template <typename Other>
  std::string_view operator()(const Other&) const {
    return "";
  }
};

}  // namespace

std::string_view eventLabel(const News& news) { return std::visit(LabelOf(), news); }

EventTimes::EventTimes(base::MetricSink& sink, const base::Clock& clock)
    : sink_(sink), clock_(clock) {
  for (const Labels& labels : {kUnscheduled, kAssigned, kNode}) {
    for (const std::string_view label : labels) histogram(label);
  }
}

base::Histogram& EventTimes::histogram(std::string_view label) {
  base::Histogram*& known = by_label_[label];
  if (known == nullptr) {
    known =
        &sink_.histogram("scheduler_event_handling_duration_seconds",
                         "Event handling latency in seconds; one event in ten is measured.",
                         {{"event", std::string(label)}}, base::exponentialBuckets(0.0001, 2, 12));
  }
  return *known;
}

void EventTimes::took(std::string_view label, base::Duration time) {
  histogram(label).observe(std::chrono::duration<double>(time).count());
}

}  // namespace stowage::scheduling
