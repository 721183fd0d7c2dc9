// StateDump: what the scheduler holds, for people who look into it: waiting pods with what they
// wait for, nodes with what is on them. Plain values, bounded by the request's limit; made between
// two decisions, so that it shows one moment. Source of the idea: kube-scheduler
// backend/cache/debugger/dumper.go, v1.36.3, which writes all of it into the log.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/symbols.h"
#include "scheduling/queue/queued_pod.h"
#include "scheduling/queue/scheduling_queue.h"

namespace stowage::scheduling {

struct DumpRequest {
  enum class What : std::uint8_t { kQueue, kNodes };
  What what = What::kQueue;
  std::size_t limit = 500;  // entries; the totals count all
  std::string ns;           // kQueue: of this namespace only; empty: any
  std::string name;         // the one pod or node of that name; a node then comes with its pods
  bool verify = false;      // recompute every sum of the cache: linear in the cluster
};

struct WaitingPod {
  kubeapi::PodPtr pod;
  std::string profile;
  Place place = Place::kNone;
  std::uint32_t attempts = 0;
  base::Duration waited{};  // since its first attempt, else since it came
  base::Duration backoff_left{};
  std::vector<std::string> rejectors;
  base::Symbol promised;  // the node that preemption makes room on
};

struct DumpedNode {
  struct Resource {
    base::Symbol name;
    std::int64_t allocatable = 0;  // cpu in milli-cores, others in whole units
    std::int64_t requested = 0;
  };
  struct Pod {
    kubeapi::PodPtr pod;
    bool assumed = false;
  };
  base::Symbol name;
  std::size_t pod_count = 0;
  std::vector<Resource> resources;
  std::vector<Pod> pods;                  // for a request by name
  std::vector<kubeapi::PodPtr> promised;  // likewise: waiting pods that were promised room here
};

struct StateDump {
  QueueCounts queue;
  std::size_t waiting = 0;  // pods of ours that are not bound, those in flight included
  std::size_t nodes = 0, pods = 0, assumed = 0;
  std::optional<bool> consistent;  // of the cache, when it was to be verified
  std::vector<WaitingPod> waiting_pods;
  std::vector<DumpedNode> shown_nodes;
};

struct Context;
StateDump dumpState(Context& context, const DumpRequest& request);

// "active", "backoff", "unschedulable", "gated" or "inFlight".
const char* nameOf(Place place);

}  // namespace stowage::scheduling
