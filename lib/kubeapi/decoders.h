// One function per type of object: from a parsed JSON value to the typed value. Private to the
// decoders; decode.cc finds them by overload.
#pragma once

#include "kubeapi/controller_revision.h"
#include "kubeapi/event.h"
#include "kubeapi/json_reading.h"
#include "kubeapi/lease.h"
#include "kubeapi/member_pod.h"
#include "kubeapi/meta.h"
#include "kubeapi/node.h"
#include "kubeapi/owned_service.h"
#include "kubeapi/pod.h"
#include "kubeapi/pod_group.h"
#include "kubeapi/policy.h"
#include "kubeapi/selectors.h"
#include "kubeapi/stateful_group.h"
#include "kubeapi/storage.h"
#include "kubeapi/workloads.h"

namespace stowage::kubeapi {

void decodeInto(JsonReading& reading, JsonElement element, Pod& out);
void decodeInto(JsonReading& reading, JsonElement element, Node& out);
void decodeInto(JsonReading& reading, JsonElement element, Namespace& out);
void decodeInto(JsonReading& reading, JsonElement element, Lease& out);
void decodeInto(JsonReading& reading, JsonElement element, Event& out);
void decodeInto(JsonReading& reading, JsonElement element, PersistentVolume& out);
void decodeInto(JsonReading& reading, JsonElement element, PersistentVolumeClaim& out);
void decodeInto(JsonReading& reading, JsonElement element, StorageClass& out);
void decodeInto(JsonReading& reading, JsonElement element, CsiNode& out);
void decodeInto(JsonReading& reading, JsonElement element, CsiDriver& out);
void decodeInto(JsonReading& reading, JsonElement element, CsiStorageCapacity& out);
void decodeInto(JsonReading& reading, JsonElement element, VolumeAttachment& out);
void decodeInto(JsonReading& reading, JsonElement element, PodDisruptionBudget& out);
void decodeInto(JsonReading& reading, JsonElement element, PodGroup& out);
void decodeInto(JsonReading& reading, JsonElement element, Service& out);
void decodeInto(JsonReading& reading, JsonElement element, ReplicationController& out);
void decodeInto(JsonReading& reading, JsonElement element, ReplicaSet& out);
void decodeInto(JsonReading& reading, JsonElement element, StatefulSet& out);
void decodeInto(JsonReading& reading, JsonElement element, StatefulGroup& out);
void decodeInto(JsonReading& reading, JsonElement element, MemberPod& out);
void decodeInto(JsonReading& reading, JsonElement element, ControllerRevision& out);
void decodeInto(JsonReading& reading, JsonElement element, OwnedService& out);

// Parts that several types share.
void readMeta(JsonReading& reading, JsonElement element, ObjectMeta& out);
void readStringMap(JsonReading& reading, JsonElement element, Labels& out);
void readCondition(JsonReading& reading, JsonElement element, Condition& out);
void readConditions(JsonReading& reading, JsonElement element, std::vector<Condition>& out);
void readResources(JsonReading& reading, JsonElement element, ResourceList& out);
void readLabelSelector(JsonReading& reading, JsonElement element,
                       std::optional<LabelSelector>& out);
void readNodeSelector(JsonReading& reading, JsonElement element, NodeSelector& out);
void readNodeSelectorTerm(JsonReading& reading, JsonElement element, NodeSelectorTerm& out);
void readTaint(JsonReading& reading, JsonElement element, Taint& out);
void readToleration(JsonReading& reading, JsonElement element, Toleration& out);
void readPodSpec(JsonReading& reading, JsonElement element, PodSpec& out);
void readPodStatus(JsonReading& reading, JsonElement element, PodStatus& out);
void readAffinity(JsonReading& reading, JsonElement element, Affinity& out);
void readTopologySpread(JsonReading& reading, JsonElement element, TopologySpreadConstraint& out);
// azureDisk.kind: empty and Managed (in any case) are what CSI knows.
bool isUnmanagedAzureKind(std::string_view kind);
// A value that is passed on unread, without blanks; null leaves `out` as it is.
void readRaw(JsonReading& reading, JsonElement element, group::RawJson& out);
void readVolumes(JsonReading& reading, JsonElement element, std::vector<PodVolume>& out);
void readClaimSpec(JsonReading& reading, JsonElement element, PersistentVolumeClaim& out);

}  // namespace stowage::kubeapi
