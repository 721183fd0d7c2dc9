// Generated workloads for judging placement policies: a cluster, and pods that come and go. Plain
// values, fully determined by their name and seed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace stowage::packing_quality {

// What a node offers or a pod asks for.
struct Resources {
  std::int64_t cpu_milli = 0;
  std::int64_t memory_mib = 0;
  std::int64_t gpu = 0;
  friend bool operator==(const Resources&, const Resources&) = default;
};

struct Event {
  bool departure = false;
  std::uint32_t pod = 0;
};

struct Workload {
  std::string name;
  std::vector<Resources> nodes;  // in slot order, which is the tie order
  std::vector<Resources> shapes;
  std::vector<std::uint32_t> shape_of_pod;
  std::vector<Event> events;
};

// Kinds of pods and of nodes that a workload is put together from.
enum class PodKind { kCpu, kGpu, kMixed };
enum class NodeKind { kUniform, kSizes, kRatios };

struct Recipe {
  PodKind pods = PodKind::kCpu;
  NodeKind nodes = NodeKind::kUniform;
  bool departures = false;
  std::uint32_t node_count = 200;
  // Demand of the scarcest resource, as per cent of the cluster: where arrivals end, or (with
  // departures) where the number of running pods stays.
  std::uint32_t load_percent = 60;
  std::uint32_t turnovers = 3;  // with departures: how often the running pods are replaced
};

// "gpu/sizes/departures".
std::string nameOf(const Recipe& recipe);
// Shapes, popularity, bursts, lifetimes and the order of nodes follow from the seed.
Workload generate(const Recipe& recipe, std::uint64_t seed);

}  // namespace stowage::packing_quality
