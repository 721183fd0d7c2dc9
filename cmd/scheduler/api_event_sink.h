// ApiEventSink: scheduling's EventSink port over the client's EventRecorder.
// Thread safety: record() from any thread, never blocks. Ownership: the recorder outlives it.
#pragma once

#include <string>

#include "k8sclient/events/event_recorder.h"
#include "scheduling/ports.h"

namespace stowage::scheduler_cmd {

class ApiEventSink final : public scheduling::EventSink {
 public:
  // `host` ends the reportingInstance: "<schedulerName>-<host>", as upstream's.
  ApiEventSink(k8sclient::EventRecorder& recorder, std::string host)
      : recorder_(recorder), host_(std::move(host)) {}
  void record(const scheduling::PodEvent& event) override;

 private:
  k8sclient::EventRecorder& recorder_;
  const std::string host_;
};

}  // namespace stowage::scheduler_cmd
