// OTLP as JSON (opentelemetry-proto, trace/v1 and collector/trace/v1; proto3's JSON mapping with
// identifiers in hex). Pure functions.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/rng.h"
#include "base/trace_sink.h"

namespace stowage::tracing {

// Who traces: attributes of the resource, such as service.name.
using Resource = std::vector<std::pair<std::string, std::string>>;

// An ExportTraceServiceRequest. Each trace gets an id of its own from `rng`. Steady times become
// times of day by what both clocks show now.
std::string otlpJson(const Resource& resource, std::span<const base::Trace> traces,
                     base::SteadyTime now, base::WallTime wall_now, base::Rng& rng);

}  // namespace stowage::tracing
