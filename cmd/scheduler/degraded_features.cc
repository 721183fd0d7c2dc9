#include "cmd/scheduler/degraded_features.h"

#include <utility>

namespace stowage::scheduler_cmd {
namespace {

constexpr const char* kStorage[] = {
    "persistentvolumeclaims", "persistentvolumes", "storageclasses", "csinodes", "csidrivers",
    "csistoragecapacities",   "volumeattachments",
};
constexpr const char* kWorkloads[] = {"services", "replicationcontrollers", "replicasets",
                                      "statefulsets"};

}  // namespace

DegradedFeatures::DegradedFeatures(serving::HealthRegistry& health, SelfEvents& events,
                                   base::MetricSink& metrics)
    : health_(health), events_(events) {
  by_resource_["poddisruptionbudgets"] = {"preemption", "nobody is preempted"};
  for (const char* resource : kStorage) {
    by_resource_[resource] = {std::string("volumes-") + resource,
                              "pods with persistent volumes wait"};
  }
  for (const char* resource : kWorkloads) {
    by_resource_[resource] = {std::string("default-spreading-") + resource,
                              "pods without constraints are not spread by these"};
  }
  for (auto& [resource, feature] : by_resource_) {
    feature.degraded = &metrics.gauge(
        "stowage_feature_degraded",
        "1 while a feature is off because the API server does not give what it needs",
        {{"feature", feature.name}});
    feature.degraded->set(0);
  }
}

void DegradedFeatures::resourceRefused(const std::string& resource, const std::string& why) {
  const auto found = by_resource_.find(resource);
  if (found == by_resource_.end()) return;
  Feature& feature = found->second;
  std::lock_guard lock(mutex_);
  const bool was_off = std::exchange(feature.off, !why.empty());
  feature.degraded->set(feature.off ? 1 : 0);
  if (!feature.off) {
    health_.clearDegraded(feature.name);
    if (was_off) {
      events_.tell(k8sclient::EventType::kNormal, "FeatureRestored", "Watching",
                   resource + " can be read again");
    }
    return;
  }
  const std::string text = feature.lost + ", cannot read " + resource + ": " + why;
  health_.setDegraded(feature.name, text);
  if (!was_off) events_.tell(k8sclient::EventType::kWarning, "FeatureDegraded", "Watching", text);
}

}  // namespace stowage::scheduler_cmd
