#include "statefulgroup/plan/actions.h"

namespace stowage::statefulgroup {

Replica replicaOf(const Action& action) {
  return std::visit([](const auto& step) { return step.replica; }, action.step);
}

Operation operationOn(const Member& member, OperationKind kind, const Symbol& revision,
                      WallTime now) {
  if (member.operation && member.operation->kind == kind && member.operation->revision == revision)
    return *member.operation;
  return {operationId(member.pod->meta.uid, kind, revision), kind, revision, now};
}

ChangePod changeInPlace(const Member& member, WallTime now, bool voluntary) {
  const OperationKind kind =
      member.in_place == InPlace::kRestart ? OperationKind::kInPlace : OperationKind::kResize;
  return {member.replica,
          member.pod,
          member.revision,
          member.target,
          operationOn(member, kind, member.target, now),
          voluntary};
}

}  // namespace stowage::statefulgroup
