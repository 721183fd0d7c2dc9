// MemberHooks: what members are asked around a change, by HTTP or by annotation, and what follows
// from their answers. Belongs to one pass; not thread safe. docs/hooks.md is the contract.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "statefulgroup/plan/actions.h"
#include "statefulgroup/reconcile/group_writes.h"
#include "statefulgroup/reconcile/pass_ports.h"
#include "statefulgroup/reconcile/step_result.h"

namespace stowage::statefulgroup {

// A member that is about to be away, for a while or for good.
struct Departure {
  Replica replica;
  const kubeapi::MemberPod& pod;
  const Operation& operation;

  [[nodiscard]] bool forGood() const {
    return operation.kind == OperationKind::kScaleIn || operation.kind == OperationKind::kReplace;
  }
};

class MemberHooks {
 public:
  MemberHooks(const kubeapi::StatefulGroup& group, GroupWrites& writes, const PassPorts& ports,
              base::WallTime now);

  // Before a member is taken away or restarted of one's own will: may it go now; is its leadership
  // with somebody else; has it left its membership, when it does not come back. kDone: it may go.
  StepResult before(const Departure& departure, const std::vector<ShardView>& shards);
  // A member that is down leaves its membership by the word of another, and joins anew.
  StepResult leaveInAbsence(const Departure& departure, const std::vector<ShardView>& shards);
  // After a member has started: is it in, or has it caught up.
  StepResult afterStart(const kubeapi::MemberPod& pod, HookVerb verb);

 private:
  using Mode = kubeapi::group::HookMode;
  using MaybeHook = std::optional<kubeapi::group::Hook>;

  struct Question {
    HookVerb verb;
    Mode mode;
    const MaybeHook& http;
    const kubeapi::MemberPod& agent;
    const kubeapi::MemberPod& subject;
    std::string id;
  };
  HookAnswer ask(const Question& question);
  HookAnswer askByAnnotation(const Question& question);

  StepResult gate(const Departure& departure, const Member& member);
  StepResult handOver(const Departure& departure, const Member& member, const ShardView& shard);
  StepResult leave(const Departure& departure, const Member& member, const ShardView& shard);
  // What is told of a hand-over that goes on over many passes.
  StepResult handedOver(const Departure& departure, const ShardView& shard);
  StepResult notHandedOver(const Departure& departure, const HookAnswer& answer);
  void tell(bool warning, const char* reason, const char* action, const Departure& departure,
            std::string note);
  [[nodiscard]] bool holdsTheOne(const Member& member) const;
  // A failed or late answer: wait, or go on as the policy says once the time is over.
  [[nodiscard]] StepResult unanswered(const Departure& departure, const std::string& what,
                                      const HookAnswer& answer, std::int32_t timeout_seconds,
                                      kubeapi::group::HookFailure policy) const;

  const kubeapi::StatefulGroup& group_;
  GroupWrites& writes_;
  const PassPorts& ports_;
  const base::WallTime now_;
};

}  // namespace stowage::statefulgroup
