// Labels and annotations by which the operator knows its objects. Labels are what watches select
// by; whoever owns an object is told by its owner reference and the group's uid alone.
#pragma once

#include <string_view>

namespace stowage::statefulgroup {

// Labels of pods, claims, Services, budgets and revisions.
inline constexpr std::string_view kGroupLabel = "stowage.dev/group";         // the group's name
inline constexpr std::string_view kGroupUidLabel = "stowage.dev/group-uid";  // its uid
inline constexpr std::string_view kShardLabel = "stowage.dev/shard";         // "0"
inline constexpr std::string_view kManagedByLabel = "app.kubernetes.io/managed-by";
inline constexpr std::string_view kManagedBy = "stowage-operator";
inline constexpr std::string_view kAppNameLabel = "app.kubernetes.io/name";
inline constexpr std::string_view kAppInstanceLabel = "app.kubernetes.io/instance";
// Labels and annotations under it are the operator's: a template's are not taken over.
inline constexpr std::string_view kReservedPrefix = "stowage.dev/";
// Labels of pods.
inline constexpr std::string_view kOrdinalLabel = "stowage.dev/ordinal";
inline constexpr std::string_view kSlotLabel = "stowage.dev/slot";  // slots.h; voters only
inline constexpr std::string_view kRoleLabel = "stowage.dev/role";
inline constexpr std::string_view kRevisionLabel = "controller-revision-hash";  // a revision's name
inline constexpr std::string_view kPodIndexLabel = "apps.kubernetes.io/pod-index";
// What a StatefulSet's pods have; naming StatefulSet only.
inline constexpr std::string_view kPodNameLabel = "statefulset.kubernetes.io/pod-name";
// Annotations of pods.
inline constexpr std::string_view kTermAnnotation = "stowage.dev/role-term";
// How many there are, for the downward API: changed on living pods, which nothing restarts.
inline constexpr std::string_view kShardsAnnotation = "stowage.dev/shards";
inline constexpr std::string_view kReplicasAnnotation = "stowage.dev/replicas";  // of each shard
// What is being done to the pod: {"id","kind","revision","start"}; there before it is done.
inline constexpr std::string_view kOperationAnnotation = "stowage.dev/operation";
// Somebody asks for a new pod in place of this one (kubectl stowage replace): any text.
inline constexpr std::string_view kReplaceAnnotation = "stowage.dev/replace";
// What has been asked of the member ("<verb> <operation id>"), where it is asked by annotation, and
// what it or somebody else answers ("done <operation id>" or "refused <operation id>").
inline constexpr std::string_view kRequestAnnotation = "stowage.dev/request";
inline constexpr std::string_view kAnswerAnnotation = "stowage.dev/answer";
// The member is in its shard's membership; it has caught up after its start.
inline constexpr std::string_view kJoinedAnnotation = "stowage.dev/joined";
inline constexpr std::string_view kCaughtUpAnnotation = "stowage.dev/caught-up";
// Annotation of claims: the uid of the pod incarnation that left its membership with it.
inline constexpr std::string_view kQuarantineAnnotation = "stowage.dev/quarantined";

// Finalizer of groups: pods stop in order before the group goes.
inline constexpr std::string_view kFinalizer = "stowage.dev/orderly-shutdown";
// Field manager of server-side applies.
inline constexpr std::string_view kFieldManager = "stowage-operator";

}  // namespace stowage::statefulgroup
