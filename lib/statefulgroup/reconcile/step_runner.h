// StepRunner: carries out the actions that were planned for one group. Each write is refused by the
// API server when what it was decided on has changed; what takes data or the last spare member away
// is looked up live first. Not thread safe: belongs to one pass.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "statefulgroup/plan/group_plan.h"
#include "statefulgroup/ports.h"
#include "statefulgroup/reconcile/group_writes.h"
#include "statefulgroup/reconcile/member_hooks.h"
#include "statefulgroup/reconcile/step_result.h"
#include "statefulgroup/render/pod_renderer.h"
#include "statefulgroup/revision_history.h"

namespace stowage::statefulgroup {

class StepRunner {
 public:
  StepRunner(const Observed& observed, const Names& names, const Targets& targets,
             const RevisionHistory& history, GroupWrites& writes, const PassPorts& ports,
             base::WallTime now);

  StepResult run(const Action& action);

 private:
  StepResult carryOut(const CreateMember& step, const std::string& reason);
  StepResult carryOut(const CreateClaims& step, const std::string& reason);
  StepResult carryOut(const ChangePod& step, const std::string& reason);
  StepResult carryOut(const AdoptPod& step, const std::string& reason);
  StepResult carryOut(const RemovePod& step, const std::string& reason);
  StepResult carryOut(const ClearOperation& step, const std::string& reason);
  StepResult carryOut(const SetSlot& step, const std::string& reason);
  StepResult carryOut(const SetCounts& step, const std::string& reason);
  StepResult carryOut(const AskMember& step, const std::string& reason);
  StepResult carryOut(const SetRole& step, const std::string& reason);
  StepResult carryOut(const DropClaim& step, const std::string& reason);
  StepResult carryOut(const QuarantineClaim& step, const std::string& reason);
  StepResult carryOut(const ChangeClaim& step, const std::string& reason);
  StepResult carryOut(const ReplaceVolumes& step, const std::string& reason);
  StepResult carryOut(const SetClaimOwner& step, const std::string& reason);

  StepResult createClaims(Replica replica);
  StepResult createClaim(const kubeapi::group::ClaimTemplate& wanted, Replica replica);
  StepResult takeOverClaim(const std::string& name, Replica replica);
  StepResult createPod(const CreateMember& step, const Revision& revision);
  StepResult takeOverPod(const std::string& name, Replica replica);
  StepResult nameTaken(const char* kind, const std::string& name, const std::string& owner);
  // The record is on the pod, before anything else is done to it.
  StepResult writeRecord(const kubeapi::MemberPod& pod, const Operation& operation, Fence& fence);
  // The shard of the member, looked up live, can do without it.
  StepResult checkFloor(Replica replica, bool for_good);
  // The member may go by the word of its agents.
  StepResult askBefore(Replica replica, const kubeapi::MemberPod& pod, const Operation& operation);
  StepResult checkLive(Replica replica, bool for_good);
  StepResult changeInPlace(const ChangePod& step, const std::string& reason);
  StepResult changeRefused(const ChangePod& step, const Answer& answer);
  // The group is live what it was: nullptr and a result otherwise.
  kubeapi::StatefulGroupPtr liveGroup(StepResult& result);
  // An event of the group about one of its pods.
  void tell(bool warning, const char* reason, const char* action, std::string pod,
            std::string note);

  const Observed& observed_;
  const kubeapi::StatefulGroup& group_;
  const Names& names_;
  const Targets& targets_;
  const RevisionHistory& history_;
  GroupWrites& writes_;
  const PassPorts& ports_;
  MemberHooks hooks_;
  const base::WallTime now_;
};

}  // namespace stowage::statefulgroup
