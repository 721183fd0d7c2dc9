#include "cmd/scheduler/api_event_sink.h"

#include "base/text.h"

namespace stowage::scheduler_cmd {

void ApiEventSink::record(const scheduling::PodEvent& event) {
  k8sclient::EventRecord record;
  record.type = event.warning ? k8sclient::EventType::kWarning : k8sclient::EventType::kNormal;
  record.reason = event.reason;
  record.action = event.action;
  record.note = event.note;
  record.regarding.kind = "Pod";
  record.regarding.api_version = "v1";
  record.regarding.ns = event.pod.ns.str();
  record.regarding.name = event.pod.name.str();
  record.regarding.uid = event.pod.uid.str();
  record.regarding.resource_version = event.resource_version;
  if (event.related) {
    k8sclient::ObjectReference& related = record.related.emplace();
    related.kind = "Pod";
    related.api_version = "v1";
    related.ns = event.related->ns.str();
    related.name = event.related->name.str();
    related.uid = event.related->uid.str();
  }
  record.reporting_controller = event.reporting_controller;
  // The API takes at most 128 bytes.
  record.reporting_instance =
      std::string(base::utf8Prefix(event.reporting_controller + "-" + host_, 128));
  recorder_.record(std::move(record));
}

}  // namespace stowage::scheduler_cmd
