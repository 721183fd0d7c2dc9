// The choices in a StatefulGroup. Each enum has names(E): its values as the API writes them, in the
// order of the enumerators, the default first where there is one. What each value means stands in
// the CustomResourceDefinition. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace stowage::kubeapi::group {

template <std::size_t N>
using EnumNames = std::array<std::string_view, N>;

enum class Naming : std::uint8_t { kSharded, kStatefulSet };
constexpr EnumNames<2> names(Naming) { return {"Sharded", "StatefulSet"}; }

enum class Permission : std::uint8_t { kForbid, kAllow };
constexpr EnumNames<2> names(Permission) { return {"Forbid", "Allow"}; }

enum class ConsensusType : std::uint8_t { kQuorum, kPrimaryReplica, kNone };
constexpr EnumNames<3> names(ConsensusType) { return {"Quorum", "PrimaryReplica", "None"}; }

enum class MemberParity : std::uint8_t { kOdd, kAny };
constexpr EnumNames<2> names(MemberParity) { return {"Odd", "Any"}; }

enum class RoleQuorum : std::uint8_t { kParticipates, kObserves };
constexpr EnumNames<2> names(RoleQuorum) { return {"Participates", "Observes"}; }

enum class RoleCardinality : std::uint8_t { kMany, kOne };
constexpr EnumNames<2> names(RoleCardinality) { return {"Many", "One"}; }

enum class RoleSource : std::uint8_t { kPodLabel, kHttp };
constexpr EnumNames<2> names(RoleSource) { return {"PodLabel", "HTTP"}; }

enum class HookScheme : std::uint8_t { kHttp, kHttps };
constexpr EnumNames<2> names(HookScheme) { return {"HTTP", "HTTPS"}; }

enum class StartupPolicy : std::uint8_t { kParallel, kOrderedReady };
constexpr EnumNames<2> names(StartupPolicy) { return {"Parallel", "OrderedReady"}; }

enum class UpdateType : std::uint8_t { kRollingUpdate, kOnDelete };
constexpr EnumNames<2> names(UpdateType) { return {"RollingUpdate", "OnDelete"}; }

enum class UpdateOrder : std::uint8_t { kRoleThenOrdinal, kOrdinalDescending };
constexpr EnumNames<2> names(UpdateOrder) { return {"RoleThenOrdinal", "OrdinalDescending"}; }

enum class PodUpdatePolicy : std::uint8_t { kInPlaceIfPossible, kRecreate, kInPlaceOnly };
constexpr EnumNames<3> names(PodUpdatePolicy) {
  return {"InPlaceIfPossible", "Recreate", "InPlaceOnly"};
}

enum class RolloutFailure : std::uint8_t { kHalt, kRollback };
constexpr EnumNames<2> names(RolloutFailure) { return {"Halt", "Rollback"}; }

enum class HookMode : std::uint8_t { kNone, kHttp, kPodAnnotation };
constexpr EnumNames<3> names(HookMode) { return {"None", "HTTP", "PodAnnotation"}; }

enum class GateMode : std::uint8_t { kNone, kHttp };
constexpr EnumNames<2> names(GateMode) { return {"None", "HTTP"}; }

enum class HookFailure : std::uint8_t { kBlock, kProceed };
constexpr EnumNames<2> names(HookFailure) { return {"Block", "Proceed"}; }

enum class ExpansionPolicy : std::uint8_t { kOnline, kOnRecreate, kManual };
constexpr EnumNames<3> names(ExpansionPolicy) { return {"Online", "OnRecreate", "Manual"}; }

enum class Retention : std::uint8_t { kRetain, kDelete };
constexpr EnumNames<2> names(Retention) { return {"Retain", "Delete"}; }

enum class RetainedClaim : std::uint8_t { kQuarantine, kReuse };
constexpr EnumNames<2> names(RetainedClaim) { return {"Quarantine", "Reuse"}; }

enum class BudgetType : std::uint8_t { kQuorum, kMinAvailable, kNone };
constexpr EnumNames<3> names(BudgetType) { return {"Quorum", "MinAvailable", "None"}; }

enum class UnhealthyEviction : std::uint8_t { kIfHealthyBudget, kAlwaysAllow };
constexpr EnumNames<2> names(UnhealthyEviction) { return {"IfHealthyBudget", "AlwaysAllow"}; }

enum class SingleReplica : std::uint8_t { kBlock, kAllow };
constexpr EnumNames<2> names(SingleReplica) { return {"Block", "Allow"}; }

enum class Unsatisfiable : std::uint8_t { kScheduleAnyway, kDoNotSchedule };
constexpr EnumNames<2> names(Unsatisfiable) { return {"ScheduleAnyway", "DoNotSchedule"}; }

enum class QuorumSafe : std::uint8_t { kPreferred, kRequired, kOff };
constexpr EnumNames<3> names(QuorumSafe) { return {"Preferred", "Required", "Off"}; }

enum class ExclusiveScope : std::uint8_t { kShard, kGroup };
constexpr EnumNames<2> names(ExclusiveScope) { return {"Shard", "Group"}; }

enum class LeaderSpread : std::uint8_t { kOff, kPreferred };
constexpr EnumNames<2> names(LeaderSpread) { return {"Off", "Preferred"}; }

enum class HeadlessPolicy : std::uint8_t { kCreate, kNone };
constexpr EnumNames<2> names(HeadlessPolicy) { return {"Create", "None"}; }

enum class PublishAddresses : std::uint8_t { kAlways, kReadyOnly };
constexpr EnumNames<2> names(PublishAddresses) { return {"Always", "ReadyOnly"}; }

enum class ServicePolicy : std::uint8_t { kNone, kCreate };
constexpr EnumNames<2> names(ServicePolicy) { return {"None", "Create"}; }

enum class ServiceType : std::uint8_t { kClusterIp, kNodePort, kLoadBalancer };
constexpr EnumNames<3> names(ServiceType) { return {"ClusterIP", "NodePort", "LoadBalancer"}; }

enum class PortProtocol : std::uint8_t { kTcp, kUdp, kSctp };
constexpr EnumNames<3> names(PortProtocol) { return {"TCP", "UDP", "SCTP"}; }

enum class NodeLoss : std::uint8_t { kReplaceWhenNodeDeleted, kWait, kReplaceWhenFenced };
constexpr EnumNames<3> names(NodeLoss) {
  return {"ReplaceWhenNodeDeleted", "Wait", "ReplaceWhenFenced"};
}

enum class VolumeLoss : std::uint8_t { kWait, kReplace };
constexpr EnumNames<2> names(VolumeLoss) { return {"Wait", "Replace"}; }

enum class RunPolicy : std::uint8_t { kRunning, kHibernated };
constexpr EnumNames<2> names(RunPolicy) { return {"Running", "Hibernated"}; }

enum class ManagementPolicy : std::uint8_t { kManaged, kPaused };
constexpr EnumNames<2> names(ManagementPolicy) { return {"Managed", "Paused"}; }

enum class TerminationOrder : std::uint8_t { kRoleAware, kUnordered };
constexpr EnumNames<2> names(TerminationOrder) { return {"RoleAware", "Unordered"}; }

// The value as the API writes it.
template <typename E>
constexpr std::string_view text(E value) {
  return names(value).at(static_cast<std::size_t>(value));
}

}  // namespace stowage::kubeapi::group
