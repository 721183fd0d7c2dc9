// Fakes of the scheduler's ports that remember what they were given. Not thread safe.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/trace_sink.h"
#include "scheduling/extenders/extender_port.h"
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

  bool takeBack(const scheduling::PodRef& pod) override {
    if (!unsent) return false;
    taken_back.push_back(pod);
    return true;
  }

  std::vector<scheduling::BindRequest> requests;  // taken, in order
  bool unsent = false;                            // requests have not been sent yet
  std::vector<scheduling::PodRef> taken_back;
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

// Its answers are given by the test.
class FakeEvictor final : public scheduling::Evictor {
 public:
  bool nominate(const scheduling::PodStatusPatch& patch) override {
    if (full) return false;
    nominations.push_back(patch);
    return true;
  }
  bool evict(const scheduling::Eviction& eviction) override {
    if (full) return false;
    evictions.push_back(eviction);
    return true;
  }
  std::vector<scheduling::PodStatusPatch> nominations;
  std::vector<scheduling::Eviction> evictions;
  bool full = false;
};

class FakeVolumeWriter final : public scheduling::VolumeWriter {
 public:
  bool write(const scheduling::VolumeWrite& write) override {
    if (full) return false;
    writes.push_back(write);
    return true;
  }
  std::vector<scheduling::VolumeWrite> writes;  // taken, in order
  bool full = false;
};

// Its answers are given by the test.
class FakeExtenders final : public scheduling::ExtenderCaller {
 public:
  bool ask(const scheduling::ExtenderQuestion& question) override {
    if (full) return false;
    questions.push_back(question);
    return true;
  }
  std::vector<scheduling::ExtenderQuestion> questions;  // taken, in order
  bool full = false;
};

// Keeps every trace.
class RecordingTraceSink final : public base::TraceSink {
 public:
  bool wants() override { return wanted; }
  void record(base::Trace trace) override { traces.push_back(std::move(trace)); }
  bool wanted = true;
  std::vector<base::Trace> traces;
};

}  // namespace stowage::testing
