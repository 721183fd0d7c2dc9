// Pass: one look at one group and what is done about it, in order: its revision, what it owns
// beside members, its members, its status. Lives as long as the look; not thread safe.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "controlloop/control_loop.h"
#include "statefulgroup/plan/group_plan.h"
#include "statefulgroup/ports.h"
#include "statefulgroup/reconcile/group_writes.h"
#include "statefulgroup/reconcile/pass_ports.h"
#include "statefulgroup/revision_history.h"
#include "statefulgroup/status/group_status.h"

namespace stowage::statefulgroup {

// Somebody was faster, or the caches will show something new in a moment.
inline constexpr base::Duration kLookSoon = std::chrono::milliseconds(20);
// What the API server refuses may be mended by a change of its own rules.
inline constexpr base::Duration kLookAfterRejection = std::chrono::seconds(30);

class Pass {
 public:
  Pass(const Observed& observed, GroupWrites& writes, const PassPorts& ports, base::WallTime now,
       std::stop_token stop);
  controlloop::Outcome run();

 private:
  using Outcome = controlloop::Outcome;

  // Each tells, when it has a value, that the pass ends there.
  std::optional<Outcome> release();  // the group is being deleted, and nothing is left to stop
  std::optional<Outcome> holdGroup();
  std::optional<Outcome> settleRevision();
  std::optional<Outcome> adoptRevisions();

  std::optional<Outcome> makeRevision(const RevisionChoice& choice);
  TemplateVerdict tryTemplate(const Revision& revision);
  void keepTargets();
  [[nodiscard]] Fence fenceOfRevision(const std::string& name) const;

  Answer heal(Resource resource, const kubeapi::ObjectMeta& seen, std::string_view rendered);
  // The same of what a group of that name left behind; kOk when it is somebody's by now.
  Answer takeOver(Resource resource, const kubeapi::ObjectMeta& seen, std::string_view rendered);
  void syncServices(const GroupSight& sight);
  void findDrift(GroupSight& sight) const;
  void findUpdatesInPlace(GroupSight& sight) const;
  void syncBudgets(const GroupSight& sight);
  void dropOldRevisions(const GroupSight& sight);
  void runShards(const GroupSight& sight, const GroupPlan& plan);
  void runShard(const ShardPlan& plan, std::size_t index, class StepRunner& runner);
  bool stopIsMeant(const GroupPlan& plan);
  std::optional<Outcome> writeStatus(const GroupSight& sight, const GroupPlan& plan);
  [[nodiscard]] Outcome outcome() const;

  void fail(const Answer& answer, const std::string& what);
  void lookAgain(base::Duration wait);

  const Observed& observed_;
  const kubeapi::StatefulGroup& group_;
  const Names names_;
  GroupWrites& writes_;
  const PassPorts& ports_;
  const base::WallTime now_;
  const std::stop_token stop_;

  RevisionHistory history_;
  Targets targets_;
  TemplateVerdict verdict_;
  int collisions_ = 0;
  std::vector<std::string> errors_;  // by shard
  std::string error_;                // of the group: what failed first
  std::string claim_refusal_;        // what the API server said of a claim
  bool failed_ = false;              // to be tried again after a pause that grows
  std::optional<base::Duration> look_again_;
};

}  // namespace stowage::statefulgroup
