// The plan for one shard: what to do about its members now, in that order, or what it waits for.
// Pure: from what is seen, the spec and the time. The first rule that has something to do decides;
// at most one member of a shard is taken away of one's own will at a time.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "statefulgroup/plan/actions.h"

namespace stowage::statefulgroup {

// What beside the shard itself decides.
struct ShardRules {
  const kubeapi::StatefulGroup& group;
  WallTime now{};
  // Why nothing may be taken away of one's own will; empty: it may.
  std::string voluntary_off;
  // Why containers of a pod that such an operation is recorded on may not be restarted; empty: they
  // may.
  std::string restarts_off;
  // Why no member may be updated now (other shards are at it, or a rollout halted); empty: it may.
  std::string updates_off;
  // The rollout has stopped: not even what nobody would notice is updated.
  bool halted = false;
};

enum class ShardWork : std::uint8_t {
  kNone,
  kHealing,
  kScalingOut,
  kScalingIn,
  kRollingOut,
  kExpanding,
};

struct ShardPlan {
  std::vector<Action> actions;
  ShardWork work = ShardWork::kNone;
  std::string waits_for;  // for people; empty: for nothing
  // When to look again although nothing has happened.
  std::optional<base::Duration> look_again;
};

ShardPlan planShard(const ShardView& shard, const ShardRules& rules);

// The plan takes a member away, or restarts it, so that it comes back at another revision.
bool begins(const ShardPlan& plan);

}  // namespace stowage::statefulgroup
