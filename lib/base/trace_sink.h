// TraceSink: what the libraries tell about one piece of work and the time its parts took, without
// knowing any tracing product. Thread safety: implementations take calls from any thread and never
// block. The real one is tracing::OtlpExporter; without one nothing is put together.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace stowage::base {

struct TraceSpan {
  std::string name;
  SteadyTime began{};
  SteadyTime ended{};
};

struct Trace {
  TraceSpan whole;
  std::vector<TraceSpan> parts;  // within it, in order
  std::vector<std::pair<std::string, std::string>> attributes;
  bool failed = false;
  std::string error;  // why, when it failed
};

class TraceSink {
 public:
  virtual ~TraceSink() = default;
  // Whether one more trace is wanted: asked before it is put together.
  virtual bool wants() = 0;
  virtual void record(Trace trace) = 0;
};

}  // namespace stowage::base
