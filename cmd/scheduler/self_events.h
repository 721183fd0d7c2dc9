// SelfEvents: what the scheduler has to say about itself, as Events of its Lease, whether or not it
// holds one. Never blocks; may drop. Thread safe. Ownership: the recorder outlives it.
#pragma once

#include <string>

#include "k8sclient/events/event_recorder.h"

namespace stowage::scheduler_cmd {

class SelfEvents {
 public:
  // Events come from `controller` on `host`.
  SelfEvents(k8sclient::EventRecorder& recorder, k8sclient::ObjectReference lease,
             std::string controller, const std::string& host);
  // `reason` and `action` as in events.k8s.io/v1.
  void tell(k8sclient::EventType type, const char* reason, const char* action, std::string note);

 private:
  k8sclient::EventRecorder& recorder_;
  const k8sclient::ObjectReference lease_;
  const std::string controller_;
  const std::string instance_;
};

}  // namespace stowage::scheduler_cmd
