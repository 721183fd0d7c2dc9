// Resource requests of a pod and allocatable amounts of a node as plain saturating integers: cpu in
// milli-cores, everything else in whole units (bytes, counts). Pure functions.
// Source: component-helpers resource/helpers.go and kube-scheduler framework/types.go, v1.36.3.
#pragma once

#include <cstdint>
#include <vector>

#include "base/symbols.h"
#include "kubeapi/node.h"
#include "kubeapi/pod.h"

namespace stowage::kubeapi {

// Sorted by name, unique; amounts are never negative.
using ResourceAmounts = std::vector<std::pair<Symbol, std::int64_t>>;

// Sum and difference that stop at the limits of int64 instead of wrapping.
std::int64_t saturatingAdd(std::int64_t a, std::int64_t b);
std::int64_t saturatingSub(std::int64_t a, std::int64_t b);

struct PodRequests {
  ResourceAmounts amounts;        // what filters count
  std::int64_t non_zero_cpu = 0;  // milli; 100m per container that names no cpu (scores only)
  std::int64_t non_zero_memory =
      0;  // bytes; 200 MiB per container that names no memory (scores only)
  friend bool operator==(const PodRequests&, const PodRequests&) = default;
};

enum class RequestSource {
  kSpec,          // an incoming pod counts by its spec
  kSpecOrStatus,  // a placed pod counts the larger of spec and what the kubelet reports (in-place
                  // resize)
  kContainers,    // by its spec without pod-level requests: what scores of NodeResourcesFit count
};

// Sidecars, init peaks, pod-level resources, overhead and in-place resize as upstream counts them.
PodRequests podRequests(const Pod& pod, RequestSource source);
// Whether spec.resources asks for anything that counts: kContainers may then differ from kSpec.
bool hasPodLevelRequests(const Pod& pod);

// Allocatable of a node: cpu, memory, ephemeral-storage, pods and every scalar resource upstream
// keeps.
ResourceAmounts nodeAllocatable(const Node& node);

// Names that count as scalar resources: extended, hugepages-*, attachable-volumes-*, prefixed
// native.
bool isScalarResource(std::string_view name);
bool isExtendedResource(std::string_view name);

struct HostPort {
  Symbol ip;        // never empty: "0.0.0.0" stands for all
  Symbol protocol;  // never empty
  std::int32_t port = 0;
  friend auto operator<=>(const HostPort&, const HostPort&) = default;
};

// Host ports of containers and sidecars (not of plain init containers), sorted and unique.
std::vector<HostPort> hostPorts(const Pod& pod);
// Same protocol and port, and equal addresses or one of them 0.0.0.0 ("::" is not a wildcard).
bool conflicts(const HostPort& a, const HostPort& b);

}  // namespace stowage::kubeapi
