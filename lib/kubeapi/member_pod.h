// MemberPod: a pod as the operator that owns it reads it: who it is, whether it serves, and why
// not. Scheduling reads another part of the same object (pod.h). Decoded once, shared, never
// changed. Source: core/v1 types.go, v0.36.3.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kubeapi/meta.h"
#include "kubeapi/pod.h"

namespace stowage::kubeapi {

struct MemberContainer {
  Symbol name;
  std::string image;
  ResourceList requests;
  ResourceList limits;
};

struct MemberContainerStatus {
  Symbol name;
  bool ready = false;
  std::int32_t restarts = 0;
  std::string image;     // that runs
  std::string image_id;  // what that was resolved to
  std::string id;        // containerID; another one after each start
  std::optional<WallTime> running_since;
  // What it has, as the node tells; absent: it does not tell.
  std::optional<MemberContainer> has;
  std::string waiting_reason;  // "CrashLoopBackOff", "ImagePullBackOff", ...; empty: does not wait
  std::string waiting_message;
};

// A volume of the pod that is a claim.
struct MemberVolume {
  Symbol name;
  Symbol claim;
  friend bool operator==(const MemberVolume&, const MemberVolume&) = default;
};

struct MemberPod {
  ObjectMeta meta;
  Symbol node_name;  // empty: not scheduled yet
  std::vector<MemberContainer> containers;
  std::vector<MemberVolume> claims;
  Symbol phase;        // Pending, Running, Succeeded, Failed, Unknown
  std::string reason;  // status.reason, such as "Evicted"
  std::string ip;
  std::optional<WallTime> start_time;
  std::vector<Condition> conditions;
  std::vector<MemberContainerStatus> container_statuses;
  std::vector<MemberContainerStatus> init_container_statuses;  // sidecars are among them
  std::int64_t observed_generation = 0;  // that the node has seen; 0: it does not tell
};
using MemberPodPtr = std::shared_ptr<const MemberPod>;

// Running, and its condition Ready is True.
bool isReady(const MemberPod& pod);
// Succeeded or Failed.
bool isTerminal(const MemberPod& pod);
// Ready for at least that long. `seconds` 0: ready. A pod without a transition time counts from
// `now` on.
bool isAvailable(const MemberPod& pod, std::int32_t seconds, WallTime now);

}  // namespace stowage::kubeapi
