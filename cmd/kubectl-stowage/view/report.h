// Report: a group as people want to know it, made of what the operator wrote down and of the pods
// as they are now. Plain values; pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "statefulgroup/observed.h"

namespace stowage::kubectl {

struct MemberReport {
  std::string pod;
  int ordinal = 0;
  std::string state;  // "available", "not ready", ...
  std::string role;
  std::string node;
  std::string revision;  // name of what it is made from
  std::string target;    // name of what it is to be made from; empty: not known
  std::optional<base::Duration> age;
  std::string note;
};

struct ShardReport {
  int index = 0;
  int wanted = 0;  // members
  int available = 0;
  int updated = 0;
  int floor = 0;                           // voters that must stay available
  std::optional<int> disruptions_allowed;  // of its budget; absent: there is none
  std::string leader;
  std::string doing;      // what is being done to which member
  std::string waits_for;  // as the operator says
  std::vector<MemberReport> members;
};

struct GroupReport {
  std::string ns;
  std::string name;
  int replicas = 0;  // of each shard
  bool paused = false;
  bool hibernated = false;
  bool deleting = false;
  bool seen = true;  // the operator has seen the present spec
  std::string current_revision;
  std::string update_revision;
  std::string rolled_back_from;  // the update revision, when its rollout failed and pods go back
  std::vector<kubeapi::Condition> conditions;
  std::vector<ShardReport> shards;
  // Numbers of revisions by name.
  std::vector<std::pair<std::string, std::int64_t>> revisions;
};

GroupReport reportOf(const statefulgroup::Observed& observed, base::WallTime now);

// The revision's number, or its name when it has none that is known.
std::string revisionLabel(const GroupReport& report, const std::string& name);

// `colours`: for a terminal that shows them.
std::string statusText(const GroupReport& report, bool colours = false);
// What to do next, in one line; empty when there is nothing to be done.
std::string adviceFor(const GroupReport& report);
std::string statusJson(const GroupReport& report);

}  // namespace stowage::kubectl
