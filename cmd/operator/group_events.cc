#include "cmd/operator/group_events.h"

#include <utility>

#include "base/log.h"
#include "base/text.h"

namespace stowage::operator_cmd {

namespace {
constexpr const char* kController = "stowage-operator";
}

GroupEvents::GroupEvents(k8sclient::EventRecorder& recorder, const std::string& host)
    : recorder_(recorder),
      // The API takes at most 128 bytes.
      instance_(base::utf8Prefix(std::string(kController) + "-" + host, 128)) {}

void GroupEvents::record(const kubeapi::StatefulGroup& group,
                         const statefulgroup::GroupEvent& event) {
  const std::string key = kubeapi::objectKey(group.meta);
  if (event.warning) {
    base::log().warn("group", {{"group", key}, {"reason", event.reason}, {"note", event.note}});
  } else {
    base::log().info("group", {{"group", key}, {"reason", event.reason}, {"note", event.note}});
  }
  k8sclient::EventRecord record;
  record.type = event.warning ? k8sclient::EventType::kWarning : k8sclient::EventType::kNormal;
  record.reason = event.reason;
  record.action = event.action;
  record.note = event.note;
  record.regarding.kind = "StatefulGroup";
  record.regarding.api_version = "stowage.dev/v1alpha1";
  record.regarding.ns = group.meta.ns.str();
  record.regarding.name = group.meta.name.str();
  record.regarding.uid = group.meta.uid.str();
  record.regarding.resource_version = group.meta.resource_version;
  if (!event.pod.empty()) {
    // Also keeps apart, in series, what happens to different pods.
    k8sclient::ObjectReference& related = record.related.emplace();
    related.kind = "Pod";
    related.api_version = "v1";
    related.ns = group.meta.ns.str();
    related.name = event.pod;
  }
  record.reporting_controller = kController;
  record.reporting_instance = instance_;
  recorder_.record(std::move(record));
}

}  // namespace stowage::operator_cmd
