#include "cmd/scheduler/self_events.h"

#include <utility>

#include "base/text.h"

namespace stowage::scheduler_cmd {

SelfEvents::SelfEvents(k8sclient::EventRecorder& recorder, k8sclient::ObjectReference lease,
                       std::string controller, const std::string& host)
    : recorder_(recorder),
      lease_(std::move(lease)),
      controller_(std::move(controller)),
      // The API takes at most 128 bytes.
      instance_(base::utf8Prefix(controller_ + "-" + host, 128)) {}

void SelfEvents::tell(k8sclient::EventType type, const char* reason, const char* action,
                      std::string note) {
  k8sclient::EventRecord event;
  event.type = type;
  event.reason = reason;
  event.action = action;
  event.note = std::move(note);
  event.regarding = lease_;
  event.reporting_controller = controller_;
  event.reporting_instance = instance_;
  recorder_.record(std::move(event));
}

}  // namespace stowage::scheduler_cmd
