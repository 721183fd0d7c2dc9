// Event (events.k8s.io/v1) as it is read back: by tools, tests and whoever watches them. What we
// write is built in k8sclient/events. Decoded once, shared, never changed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "kubeapi/meta.h"

namespace stowage::kubeapi {

struct ObjectReference {
  Symbol api_version;
  Symbol kind;
  Symbol ns;
  Symbol name;
  Symbol uid;
  friend bool operator==(const ObjectReference&, const ObjectReference&) = default;
};

struct Event {
  ObjectMeta meta;
  Symbol type;  // "Normal", "Warning"
  Symbol reason;
  Symbol action;
  std::string note;
  Symbol reporting_controller;
  std::string reporting_instance;
  ObjectReference regarding;
  std::optional<ObjectReference> related;
  // Absent in events that a core/v1 client wrote; those carry the deprecated times.
  std::optional<WallTime> event_time;
  std::optional<WallTime> first_time;  // deprecatedFirstTimestamp
  std::optional<WallTime> last_time;   // series.lastObservedTime, else deprecatedLastTimestamp
  std::int32_t count = 1;              // series.count, else deprecatedCount, else 1
};
using EventPtr = std::shared_ptr<const Event>;

}  // namespace stowage::kubeapi
