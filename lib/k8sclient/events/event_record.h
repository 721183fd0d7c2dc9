// EventRecord: what a component has to say about an object, before it becomes an Event of
// events.k8s.io/v1. Value types.
#pragma once

#include <optional>
#include <string>

namespace stowage::k8sclient {

// core/v1 ObjectReference, as far as events use it.
struct ObjectReference {
  std::string kind;
  std::string api_version;
  std::string ns;  // empty for cluster-scoped objects
  std::string name;
  std::string uid;
  std::string resource_version;
  friend bool operator==(const ObjectReference&, const ObjectReference&) = default;
};

enum class EventType { kNormal, kWarning };

struct EventRecord {
  EventType type = EventType::kNormal;
  std::string reason;  // 1..128 bytes: "Scheduled"
  std::string action;  // 1..128 bytes: "Binding"
  std::string note;    // cut to 1024 bytes
  ObjectReference regarding;
  std::optional<ObjectReference> related;
  std::string reporting_controller;  // qualified name: "stowage-scheduler"
  std::string reporting_instance;    // 1..128 bytes: "stowage-scheduler-host"
};

}  // namespace stowage::k8sclient
