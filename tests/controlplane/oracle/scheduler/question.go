package main

import (
	appsv1 "k8s.io/api/apps/v1"
	v1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	storagev1 "k8s.io/api/storage/v1"
)

// A cluster and pods to place on it. Each pod is judged as if it were the only one that waits.
type question struct {
	// A KubeSchedulerConfiguration (v1, YAML or JSON) whose first profile decides; empty: upstream's
	// default.
	Config string `json:"config"`
	// Also find victims for pods that fit nowhere.
	Preempt bool `json:"preempt"`

	Pods []*v1.Pod `json:"pods"`
	// Pods with spec.nodeName. Terminal ones and those of unknown nodes count for nothing.
	Placed []*v1.Pod `json:"placed"`
	// Waiting pods with status.nominatedNodeName.
	Nominated []*v1.Pod `json:"nominated"`

	Nodes      []*v1.Node                      `json:"nodes"`
	Namespaces []*v1.Namespace                 `json:"namespaces"`
	Services   []*v1.Service                   `json:"services"`
	RCs        []*v1.ReplicationController     `json:"replicationControllers"`
	RSs        []*appsv1.ReplicaSet            `json:"replicaSets"`
	SSs        []*appsv1.StatefulSet           `json:"statefulSets"`
	PDBs       []*policyv1.PodDisruptionBudget `json:"podDisruptionBudgets"`

	PVs         []*v1.PersistentVolume          `json:"persistentVolumes"`
	PVCs        []*v1.PersistentVolumeClaim     `json:"persistentVolumeClaims"`
	Classes     []*storagev1.StorageClass       `json:"storageClasses"`
	CSINodes    []*storagev1.CSINode            `json:"csiNodes"`
	CSIDrivers  []*storagev1.CSIDriver          `json:"csiDrivers"`
	Capacities  []*storagev1.CSIStorageCapacity `json:"csiStorageCapacities"`
	Attachments []*storagev1.VolumeAttachment   `json:"volumeAttachments"`
}

type answer struct {
	Error string       `json:"error,omitempty"` // the question could not be read
	Pods  []*podAnswer `json:"pods,omitempty"`
}

// A status that is not success.
type refusal struct {
	Code    string   `json:"code"`
	Plugin  string   `json:"plugin"`
	Reasons []string `json:"reasons"`
}

// One plugin's scores, in the order of podAnswer.Feasible.
type scores struct {
	Weight     int64   `json:"weight"`
	Raw        []int64 `json:"raw"`
	Normalised []int64 `json:"normalised"`
}

type podAnswer struct {
	// Upstream failed (code Error) rather than decided.
	Error string `json:"error,omitempty"`
	// Rejected before any node was looked at.
	PreFilter *refusal `json:"preFilter,omitempty"`
	// Nodes that said no. `Absent` stands for those that PreFilter left out.
	Nodes  map[string]*refusal `json:"nodes,omitempty"`
	Absent *refusal            `json:"absent,omitempty"`
	// Nodes that said yes, sorted, their sums of weighted scores, and the scores of each plugin that
	// did not skip.
	Feasible []string           `json:"feasible,omitempty"`
	Total    []int64            `json:"total,omitempty"`
	Scores   map[string]*scores `json:"scores,omitempty"`
	// What users read when no node is feasible, with the part about preemption when that was asked.
	Message    string      `json:"message,omitempty"`
	Preemption *preemption `json:"preemption,omitempty"`
}

type victims struct {
	Pods          []string `json:"pods"` // "namespace/name", most important first
	PDBViolations int64    `json:"pdbViolations"`
}

type preemption struct {
	Error string `json:"error,omitempty"`
	// Why the pod may not preempt at all; empty: it may.
	Ineligible string `json:"ineligible,omitempty"`
	// Victims by node, for every node that preemption would help.
	Candidates map[string]*victims `json:"candidates,omitempty"`
	// The node that is chosen; when several are equally good, any of them.
	Chosen string `json:"chosen,omitempty"`
}
