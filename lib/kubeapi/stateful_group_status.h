// The status of a StatefulGroup: what the operator saw, bounded. Plain values. Counts are what
// exists, never what is wanted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kubeapi/meta.h"

namespace stowage::kubeapi::group {

// The one replica of a shard that is being changed.
struct InFlight {
  std::int32_t ordinal = 0;
  std::string operation;
  Symbol pod_uid;
  Symbol revision;
  std::optional<WallTime> start_time;
};

struct ShardStatus {
  std::int32_t index = 0;
  std::int32_t members = 0;
  std::int32_t ready = 0;
  std::int32_t available = 0;
  std::int32_t updated = 0;
  std::int32_t min_healthy = 0;
  Symbol leader;
  std::int64_t leader_term = 0;
  std::string reason;
  std::optional<InFlight> in_flight;
};

struct UnhealthyReplica {
  Symbol pod;
  std::int32_t shard = 0;
  std::string reason;
  std::optional<WallTime> since;
};

struct ClaimStatus {
  Symbol name;
  std::int32_t updated = 0;
  std::int32_t resizing = 0;
  std::int32_t failed = 0;
};

struct Status {
  std::int64_t observed_generation = 0;
  std::string selector;
  std::int32_t replicas = 0;  // of the fullest shard
  std::int32_t total_replicas = 0;
  std::int32_t ready_replicas = 0;
  std::int32_t available_replicas = 0;
  std::int32_t updated_replicas = 0;
  std::int32_t quorate_shards = 0;
  std::int32_t available_shards = 0;
  std::int32_t updated_shards = 0;
  Symbol current_revision;
  Symbol update_revision;
  std::int32_t collision_count = 0;
  std::vector<ShardStatus> shards;
  std::vector<UnhealthyReplica> unhealthy_replicas;
  std::int32_t unhealthy_replicas_omitted = 0;
  std::vector<ClaimStatus> volume_claims;
  std::vector<Condition> conditions;
};

}  // namespace stowage::kubeapi::group
