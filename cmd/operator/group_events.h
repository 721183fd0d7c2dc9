// GroupEvents: what reconciling has to say about groups, as Events. Never blocks; may drop.
// Thread safe. Ownership: recorder outlives it.
#pragma once

#include <string>

#include "k8sclient/events/event_recorder.h"
#include "statefulgroup/ports.h"

namespace stowage::operator_cmd {

class GroupEvents final : public statefulgroup::EventSink {
 public:
  GroupEvents(k8sclient::EventRecorder& recorder, const std::string& host);
  void record(const kubeapi::StatefulGroup& group, const statefulgroup::GroupEvent& event) override;

 private:
  k8sclient::EventRecorder& recorder_;
  const std::string instance_;
};

}  // namespace stowage::operator_cmd
