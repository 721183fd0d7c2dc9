// Fakes of the scheduler's ports that remember what they were given. Not thread safe.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "scheduling/ports.h"

namespace stowage::testing {

class FakeBinder final : public scheduling::Binder {
 public:
  bool bind(const scheduling::BindRequest& request) override {
    if (fault && fault(request)) throw std::runtime_error("binder broke");
    if (full) return false;
    requests.push_back(request);
    return true;
  }

  std::vector<scheduling::BindRequest> requests;  // taken, in order
  bool full = false;
  std::function<bool(const scheduling::BindRequest&)> fault;  // true: throw
};

class RecordingStatusWriter final : public scheduling::PodStatusWriter {
 public:
  void patchStatus(const scheduling::PodStatusPatch& patch) override { patches.push_back(patch); }
  std::vector<scheduling::PodStatusPatch> patches;
};

class RecordingEventSink final : public scheduling::EventSink {
 public:
  void record(const scheduling::PodEvent& event) override { events.push_back(event); }
  std::vector<scheduling::PodEvent> events;
};

class FakePodReader final : public scheduling::PodReader {
 public:
  bool refetch(const scheduling::PodRef& pod) override {
    if (full) return false;
    asked.push_back(pod);
    return true;
  }
  std::vector<scheduling::PodRef> asked;
  bool full = false;
};

}  // namespace stowage::testing
