// PlanDraft: a shard's plan while its rules are gone through, and what they share. Private to
// lib/statefulgroup/plan; belongs to one call of planShard().
#pragma once

#include <string>

#include "statefulgroup/plan/shard_plan.h"

namespace stowage::statefulgroup {

struct PlanDraft {
  PlanDraft(const ShardView& shard_seen, const ShardRules& given_rules);

  const ShardView& shard;
  const ShardRules& rules;
  const kubeapi::group::Spec& spec;
  const Names names;
  ShardPlan plan;

  void act(Step step, std::string reason, ShardWork work);
  // Something that goes along with whatever else is done.
  void note(Step step, std::string reason);
  // What is said first is what the shard waits for.
  void waitFor(std::string what);
  void lookAgain(base::Duration wait);

  [[nodiscard]] std::string podOf(const Member& member) const { return names.pod(member.replica); }
  template <typename Rule>
  [[nodiscard]] bool any(const Rule& rule) const {
    for (const Member& member : shard.members) {
      if (rule(member)) return true;
    }
    return false;
  }
};

inline bool isTerminating(const Member& member) {
  return member.state == MemberState::kTerminating;
}
// There, and not on its way out.
inline bool stays(const Member& member) { return member.there() && !isTerminating(member); }

// Each looks for something to do, in order of their names here, and tells whether that, or waiting
// for it, is all that is to be done now.

// What is not as it was: ended pods, lost nodes, missing members; and pods that do not serve and
// are not what they should be. None of it takes anything away from those who use the shard.
bool heal(PlanDraft& draft);
// What is not wanted as it is: members that are to leave, claims of those that left, volumes that
// are to grow, outdated pods. One member at a time, and only from a shard that can spare it.
bool change(PlanDraft& draft);
// What never waits: labels, annotations, owners. Called last; `quiet`: nothing else is done.
void keepUp(PlanDraft& draft, bool quiet);
// Members without an owner, claims that pods wait for: called first.
void restore(PlanDraft& draft);

}  // namespace stowage::statefulgroup
