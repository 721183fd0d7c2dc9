package main

import (
	"fmt"
	"slices"
	"sort"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	fwk "k8s.io/kube-scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/framework"
)

func refusalOf(status *fwk.Status) *refusal {
	// The order of scalar resources is that of a Go map.
	reasons := slices.Sorted(slices.Values(status.Reasons()))
	return &refusal{Code: status.Code().String(), Plugin: status.Plugin(), Reasons: reasons}
}

// judge does what schedule_one.go does from findNodesThatFitPod on, but looks at every node and
// scores even when one node only is feasible.
func (w *world) judge(pod *v1.Pod, preempt bool) *podAnswer {
	result := &podAnswer{Nodes: map[string]*refusal{}}
	if w.nodes == 0 {
		return result
	}
	state := framework.NewCycleState()
	diagnosis := framework.Diagnosis{NodeToStatus: framework.NewDefaultNodeToStatus()}
	nodes, status := w.preFilter(pod, state, &diagnosis, result)
	if status != nil && !status.IsRejected() {
		result.Error = status.Message()
		return result
	}
	var feasible []fwk.NodeInfo
	for _, node := range nodes {
		verdict := w.framework.RunFilterPluginsWithNominatedPods(w.ctx, state, pod, node)
		name := node.Node().Name
		switch {
		case verdict.IsSuccess():
			feasible = append(feasible, node)
		case verdict.IsRejected():
			diagnosis.NodeToStatus.Set(name, verdict)
			diagnosis.AddPluginStatus(verdict)
			result.Nodes[name] = refusalOf(verdict)
		default:
			result.Error = verdict.Message()
			return result
		}
	}
	if len(feasible) > 0 {
		w.score(pod, state, feasible, result)
		return result
	}
	fitError := &framework.FitError{Pod: pod, NumAllNodes: w.nodes, Diagnosis: diagnosis}
	withoutPreemption := fitError.Error()
	if preempt {
		result.Preemption = w.preempt(pod, state, &fitError.Diagnosis)
	}
	result.Message = fitError.Error()
	if result.PreFilter != nil {
		// What upstream would append speaks of a node that is "not found".
		result.Message = withoutPreemption
	}
	return result
}

// preFilter returns the nodes to look at, and the status when the pod is rejected or failed.
func (w *world) preFilter(pod *v1.Pod, state fwk.CycleState, diagnosis *framework.Diagnosis, result *podAnswer) ([]fwk.NodeInfo, *fwk.Status) {
	chosen, status, plugins := w.framework.RunPreFilterPlugins(w.ctx, state, pod)
	diagnosis.UnschedulablePlugins = plugins
	if !status.IsSuccess() {
		if status.IsRejected() {
			diagnosis.NodeToStatus.SetAbsentNodesStatus(status)
			diagnosis.PreFilterMsg = status.Message()
			diagnosis.AddPluginStatus(status)
			result.PreFilter = refusalOf(status)
		}
		return nil, status
	}
	all, err := w.snapshot.NodeInfos().List()
	if err != nil {
		return nil, fwk.AsStatus(err)
	}
	if chosen.AllNodes() {
		return all, nil
	}
	var nodes []fwk.NodeInfo
	for name := range chosen.NodeNames {
		if node, err := w.snapshot.NodeInfos().Get(name); err == nil && node.Node() != nil {
			nodes = append(nodes, node)
		}
	}
	absent := fwk.NewStatus(fwk.UnschedulableAndUnresolvable, fmt.Sprintf("node(s) didn't satisfy plugin(s) %v", sets.List(plugins)))
	diagnosis.NodeToStatus.SetAbsentNodesStatus(absent)
	result.Absent = refusalOf(absent)
	return nodes, nil
}

func (w *world) score(pod *v1.Pod, state fwk.CycleState, feasible []fwk.NodeInfo, result *podAnswer) {
	sort.Slice(feasible, func(i, j int) bool { return feasible[i].Node().Name < feasible[j].Node().Name })
	for _, node := range feasible {
		result.Feasible = append(result.Feasible, node.Node().Name)
	}
	if status := w.framework.RunPreScorePlugins(w.ctx, state, pod, feasible); !status.IsSuccess() {
		result.Error = status.Message()
		return
	}
	weighted, status := w.framework.RunScorePlugins(w.ctx, state, pod, feasible)
	if !status.IsSuccess() {
		result.Error = status.Message()
		return
	}
	result.Scores = map[string]*scores{}
	weights := map[string]int64{}
	for _, plugin := range w.framework.ListPlugins().Score.Enabled {
		weights[plugin.Name] = int64(plugin.Weight)
	}
	for i, node := range weighted {
		result.Total = append(result.Total, node.TotalScore)
		for _, score := range node.Scores {
			of := result.Scores[score.Name]
			if of == nil {
				of = &scores{Weight: weights[score.Name]}
				result.Scores[score.Name] = of
			}
			raw, status := w.plugins[score.Name].(fwk.ScorePlugin).Score(w.ctx, state, pod, feasible[i])
			if !status.IsSuccess() {
				result.Error = status.Message()
				return
			}
			of.Raw = append(of.Raw, raw)
			of.Normalised = append(of.Normalised, score.Score/of.Weight)
		}
	}
}
