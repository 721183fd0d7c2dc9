#include "cmd/scheduler/degraded_features.h"

#include <utility>

#include "base/text.h"

namespace stowage::scheduler_cmd {
namespace {

constexpr const char* kStorage[] = {
    "persistentvolumeclaims", "persistentvolumes", "storageclasses", "csinodes", "csidrivers",
    "csistoragecapacities",   "volumeattachments",
};
constexpr const char* kWorkloads[] = {"services", "replicationcontrollers", "replicasets",
                                      "statefulsets"};

}  // namespace

DegradedFeatures::DegradedFeatures(serving::HealthRegistry& health,
                                   k8sclient::EventRecorder& recorder, base::MetricSink& metrics,
                                   k8sclient::ObjectReference regarding, std::string controller,
                                   const std::string& host)
    : health_(health),
      recorder_(recorder),
      regarding_(std::move(regarding)),
      controller_(std::move(controller)),
      instance_(base::utf8Prefix(controller_ + "-" + host, 128)) {
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
      tell(k8sclient::EventType::kNormal, "FeatureRestored", resource + " can be read again");
    }
    return;
  }
  const std::string text = feature.lost + ", cannot read " + resource + ": " + why;
  health_.setDegraded(feature.name, text);
  if (!was_off) tell(k8sclient::EventType::kWarning, "FeatureDegraded", text);
}

void DegradedFeatures::tell(k8sclient::EventType type, const char* reason, std::string note) {
  k8sclient::EventRecord event;
  event.type = type;
  event.reason = reason;
  event.action = "Watching";
  event.note = std::move(note);
  event.regarding = regarding_;
  event.reporting_controller = controller_;
  event.reporting_instance = instance_;
  recorder_.record(std::move(event));
}

}  // namespace stowage::scheduler_cmd
