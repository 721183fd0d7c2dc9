#include "statefulgroup/status/group_status.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "statefulgroup/labels.h"
#include "statefulgroup/plan/claim_progress.h"
#include "statefulgroup/plan/shard_order.h"
#include "statefulgroup/status/group_conditions.h"

namespace stowage::statefulgroup {

using kubeapi::group::ClaimStatus;
using kubeapi::group::InFlight;
using kubeapi::group::ShardStatus;
using kubeapi::group::Status;
using kubeapi::group::UnhealthyReplica;

namespace {

constexpr std::size_t kMaxUnhealthy = 64;
constexpr std::size_t kMaxReason = 1024;

std::string bounded(const std::string& text) {
  return std::string(base::utf8Prefix(text, kMaxReason));
}

bool isAtUpdate(const Member& member, const Targets& targets) {
  return member.there() && member.state != MemberState::kTerminating && member.settled() &&
         member.revision == targets.update;
}

bool isReadyNow(const Member& member) {
  return member.state == MemberState::kReady || member.state == MemberState::kAvailable;
}

// The pod with a role of cardinality One; of two that claim it, who tells of the higher term.
const Member* leaderOf(const ShardView& shard, const kubeapi::group::Spec& spec) {
  const Member* leader = nullptr;
  for (const Member& member : shard.members) {
    const bool leads = std::any_of(spec.roles.begin(), spec.roles.end(), [&](const auto& role) {
      return role.cardinality == kubeapi::group::RoleCardinality::kOne &&
             role.name == member.role.role && !role.name.empty();
    });
    if (leads && member.there() && (!leader || member.role.term > leader->role.term))
      leader = &member;
  }
  return leader;
}

std::optional<InFlight> inFlightOf(const ShardView& shard) {
  for (const Member& member : shard.members) {
    if (!member.operation) continue;
    return InFlight{member.replica.ordinal, std::string(text(member.operation->kind)),
                    member.pod->meta.uid, member.operation->revision, member.operation->start};
  }
  return std::nullopt;
}

ShardStatus shardStatus(const StatusInput& input, std::size_t i) {
  const ShardView& shard = input.sight.shards[i];
  const kubeapi::group::Spec& spec = input.sight.observed.group->spec;
  ShardStatus status;
  status.index = shard.index;
  for (const Member& member : shard.members) {
    status.members += member.there() ? 1 : 0;
    status.ready += isReadyNow(member) ? 1 : 0;
    status.available += member.available() ? 1 : 0;
    status.updated += isAtUpdate(member, input.sight.targets) ? 1 : 0;
  }
  status.min_healthy = floorFor(shard, spec);
  if (const Member* leader = leaderOf(shard, spec)) {
    status.leader = leader->pod->meta.name;
    status.leader_term = leader->role.term;
  }
  status.in_flight = inFlightOf(shard);
  const std::string& error = input.errors.at(i);
  status.reason = bounded(error.empty() ? input.plan.shards[i].waits_for : error);
  return status;
}

void addUnhealthy(const StatusInput& input, const Names& names, Status& status) {
  for (const ShardView& shard : input.sight.shards) {
    for (const Member& member : shard.members) {
      const bool healthy = member.wanted ? member.available() : !member.there();
      if (healthy) continue;
      if (status.unhealthy_replicas.size() == kMaxUnhealthy) {
        ++status.unhealthy_replicas_omitted;
        continue;
      }
      UnhealthyReplica& one = status.unhealthy_replicas.emplace_back();
      one.pod = names.pod(member.replica);
      one.shard = shard.index;
      one.reason = text(member.state);
      const kubeapi::Condition* ready =
          member.there() ? kubeapi::findCondition(member.pod->conditions, "Ready") : nullptr;
      if (ready != nullptr) one.since = ready->last_transition_time;
    }
  }
}

void addClaims(const StatusInput& input, Status& status) {
  for (const auto& wanted : input.sight.observed.group->spec.claim_templates) {
    ClaimStatus& one = status.volume_claims.emplace_back();
    one.name = wanted.name;
    for (const ShardView& shard : input.sight.shards) {
      for (const Member& member : shard.members) {
        for (const ClaimSight& sight : member.claims) {
          if (!(sight.claim_template == wanted.name) || !sight.claim) continue;
          const kubeapi::PersistentVolumeClaim& claim = *sight.claim;
          one.failed += isRefused(claim) ? 1 : 0;
          one.resizing += isChanging(claim) ? 1 : 0;
          one.updated += !lacks(claim, wanted) && !isChanging(claim) ? 1 : 0;
        }
      }
    }
  }
}

bool sameCondition(const kubeapi::Condition& a, const kubeapi::Condition& b) {
  return a.type == b.type && a.status == b.status && a.reason == b.reason &&
         a.message == b.message && a.observed_generation == b.observed_generation;
}

}  // namespace

std::string selectorOf(const kubeapi::StatefulGroup& group) {
  return fmt::format("{}={},{}={}", kGroupLabel, group.meta.name.view(), kGroupUidLabel,
                     group.meta.uid.view());
}

bool rolledOut(const GroupSight& sight) {
  return std::all_of(sight.shards.begin(), sight.shards.end(), [&](const ShardView& shard) {
    return std::all_of(shard.members.begin(), shard.members.end(), [&](const Member& member) {
      return member.wanted ? member.available() && isAtUpdate(member, sight.targets)
                           : !member.there();
    });
  });
}

Status statusOf(const StatusInput& input) {
  const kubeapi::StatefulGroup& group = *input.sight.observed.group;
  Status status;
  status.observed_generation = group.meta.generation;
  status.selector = selectorOf(group);
  for (std::size_t i = 0; i < input.sight.shards.size(); ++i) {
    const ShardView& shard = input.sight.shards[i];
    // What is left of shards that are no more wanted is not theirs to be counted by.
    ShardStatus one = shardStatus(input, i);
    status.replicas = std::max(status.replicas, one.members);
    status.total_replicas += one.members;
    status.ready_replicas += one.ready;
    status.available_replicas += one.available;
    status.updated_replicas += one.updated;
    if (!shard.wanted && one.members == 0) continue;
    const bool all_updated =
        std::all_of(shard.members.begin(), shard.members.end(), [&](const Member& member) {
          return !member.wanted || isAtUpdate(member, input.sight.targets);
        });
    status.quorate_shards += shard.wanted && shard.availableVoters() >= one.min_healthy ? 1 : 0;
    status.available_shards += shard.wanted && shard.available() ? 1 : 0;
    status.updated_shards += shard.wanted && all_updated ? 1 : 0;
    status.shards.push_back(std::move(one));
  }
  status.update_revision = input.sight.rolled_back_from.empty() ? input.sight.targets.update
                                                                : input.sight.rolled_back_from;
  status.current_revision = rolledOut(input.sight) && !input.sight.targets.update.empty()
                                ? input.sight.targets.update
                                : input.sight.targets.current;
  status.collision_count = std::max(input.collision_count, group.status.collision_count);
  addUnhealthy(input, Names(group), status);
  addClaims(input, status);
  status.conditions = conditionsOf(input);
  return status;
}

bool sameStatus(const Status& a, const Status& b) {
  // Compared as they are written, apart from the times of conditions.
  const auto encoded = [](Status status) {
    status.conditions.clear();
    return kubeapi::encodeStatusUpdate(kubeapi::StatefulGroup(), status);
  };
  return std::equal(a.conditions.begin(), a.conditions.end(), b.conditions.begin(),
                    b.conditions.end(), sameCondition) &&
         encoded(a) == encoded(b);
}

}  // namespace stowage::statefulgroup
