// SchedulerGenerator: random clusters and pods as JSON of API objects, the way an API server would
// hold them. Few names and few labels, so that things meet; amounts near what is free, so that
// verdicts stand on the edge. The same seed, index and options give the same case. Not thread safe.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "conformance/scheduler/dice.h"

namespace stowage::conformance {

using nlohmann::json;

// One switch per plugin or field that a case may use: cases that need what is not built are not
// made, rather than compared with closed eyes.
struct GeneratorOptions {
  bool pod_affinity = false;       // InterPodAffinity
  bool topology_spread = false;    // PodTopologySpread
  bool default_spreading = false;  // its defaults: services, replica sets, ...
  bool added_affinity = false;     // NodeAffinityArgs.addedAffinity
  bool balanced_allocation = false;
  bool requested_to_capacity_ratio = false;
  bool image_locality = false;
  bool declared_features = false;
  bool pod_level_resources = false;
  bool volumes = false;  // VolumeRestrictions, NodeVolumeLimits, VolumeBinding, VolumeZone
  bool nominated = false;
  bool preemption = false;
};
// What this version is built to do.
GeneratorOptions builtFeatures();
// Filters that cases of these options are meant to make say no.
std::vector<std::string> filtersThatMustSayNo(const GeneratorOptions& options);

// A question for the oracle: {"config", "preempt", "nodes", "placed", "pods", ...}, as oracle/
// scheduler/question.go names them.
json makeCase(std::uint64_t seed, std::uint64_t index, const GeneratorOptions& options);

}  // namespace stowage::conformance
