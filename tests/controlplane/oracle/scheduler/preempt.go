package main

import (
	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	fwk "k8s.io/kube-scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/defaultpreemption"
	fwkpreemption "k8s.io/kubernetes/pkg/scheduler/framework/preemption"
)

// preempt goes the steps of Evaluator.Preempt (framework/preemption/preemption.go) up to the choice
// of a node, with every node as a candidate. When nothing can be evicted the real PostFilter is run
// for its message; else it is not, as it would begin to evict.
func (w *world) preempt(pod *v1.Pod, state fwk.CycleState, diagnosis *framework.Diagnosis) *preemption {
	plugin, ok := w.plugins[defaultpreemption.Name].(*defaultpreemption.DefaultPreemption)
	if !ok {
		return nil
	}
	evaluator := plugin.Evaluator
	result := &preemption{}
	nominated := diagnosis.NodeToStatus.Get(pod.Status.NominatedNodeName)
	if eligible, why := evaluator.PodEligibleToPreemptOthers(w.ctx, pod, nominated); !eligible {
		result.Ineligible = why
		w.postFilter(pod, state, diagnosis, result)
		return result
	}
	candidates, err := w.candidates(evaluator, pod, state, diagnosis)
	if err != nil {
		result.Error = err.Error()
	}
	if len(candidates) == 0 {
		w.postFilter(pod, state, diagnosis, result)
		return result
	}
	result.Candidates = map[string]*victims{}
	for _, candidate := range candidates {
		of := &victims{PDBViolations: candidate.Victims().NumPDBViolations}
		for _, victim := range candidate.Victims().Pods {
			of.Pods = append(of.Pods, victim.Namespace+"/"+victim.Name)
		}
		result.Candidates[candidate.Name()] = of
	}
	result.Chosen = evaluator.SelectCandidate(w.ctx, candidates).Name()
	return result
}

func (w *world) candidates(evaluator *fwkpreemption.Evaluator, pod *v1.Pod, state fwk.CycleState, diagnosis *framework.Diagnosis) ([]fwkpreemption.Candidate, error) {
	nodes, err := diagnosis.NodeToStatus.NodesForStatusCode(w.snapshot.NodeInfos(), fwk.Unschedulable)
	if err != nil || len(nodes) == 0 {
		return nil, err
	}
	pdbs, err := evaluator.PdbLister.List(labels.Everything())
	if err != nil {
		return nil, err
	}
	found, _, err := evaluator.DryRunPreemption(w.ctx, state, pod, nodes, pdbs, 0, int32(len(nodes)))
	return found, err
}

func (w *world) postFilter(pod *v1.Pod, state fwk.CycleState, diagnosis *framework.Diagnosis, result *preemption) {
	_, status := w.framework.RunPostFilterPlugins(w.ctx, state, pod, diagnosis.NodeToStatus)
	diagnosis.PostFilterMsg = status.Message()
	if status.Code() == fwk.Error {
		result.Error = status.Message()
	}
}
