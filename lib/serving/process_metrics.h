// ProcessMetrics: the process_* families that every Prometheus client library exports, read from
// /proc when metrics are rendered. Linux only; a file that cannot be read leaves its family out.
#pragma once

#include <memory>
#include <string>

#include "serving/metrics_registry.h"

namespace stowage::serving {

// Registers process_cpu_seconds_total, process_resident_memory_bytes, process_virtual_memory_bytes,
// process_open_fds, process_max_fds, process_threads and process_start_time_seconds.
// `proc` is "/proc" except in tests.
void addProcessMetrics(MetricsRegistry& registry, const std::string& proc = "/proc");

}  // namespace stowage::serving
