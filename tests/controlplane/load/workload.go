package main

import (
	"fmt"

	v1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The sizes are those of kube-scheduler's own scheduler_perf (test/integration/scheduler_perf/templates).
const (
	namespace     = "default"
	apps          = 50
	zones         = 3
	fillPerNode   = 4 // preemption: pods of low priority on each node
	appLabel      = "app"
	ruleLabel     = "rule" // what the pod asked for: the check at the end reads it
	measuredLabel = "measured"
	spreadRule    = "spread"
	antiRule      = "anti-affinity"
	highPriority  = "bench-high"
)

// workload says what the measured pods ask for and what is there before them.
type workload struct {
	rule     func(i int) string // of the i-th measured pod
	perRule  int                // consecutive pods share an app number, so that every rule has all apps
	fill     bool               // nodes are full of pods that may be preempted
	cpu, mem string
}

var workloads = map[string]workload{
	"plain":         {rule: always(""), perRule: 1, cpu: "100m", mem: "500Mi"},
	"spread":        {rule: always(spreadRule), perRule: 1, cpu: "100m", mem: "500Mi"},
	"anti-affinity": {rule: always(antiRule), perRule: 1, cpu: "100m", mem: "500Mi"},
	"mixed":         {rule: mixedRule, perRule: 4, cpu: "100m", mem: "500Mi"},
	"preemption":    {rule: always(""), perRule: 1, fill: true, cpu: "3", mem: "500Mi"},
}

func always(rule string) func(int) string { return func(int) string { return rule } }

func mixedRule(i int) string { return []string{spreadRule, antiRule, "", ""}[i%4] }

func resources(cpu, memory string) v1.ResourceList {
	return v1.ResourceList{v1.ResourceCPU: resource.MustParse(cpu), v1.ResourceMemory: resource.MustParse(memory)}
}

func newNode(i int) *v1.Node {
	name := fmt.Sprintf("node-%05d", i)
	all := resources("4", "32Gi")
	all[v1.ResourcePods] = resource.MustParse("110")
	return &v1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{
			v1.LabelHostname: name, v1.LabelTopologyZone: fmt.Sprintf("zone-%d", i%zones),
		}},
		Status: v1.NodeStatus{Capacity: all, Allocatable: all, Conditions: []v1.NodeCondition{
			{Type: v1.NodeReady, Status: v1.ConditionTrue, Reason: "Fake"}}},
	}
}

func newPod(name, cpu, memory string) *v1.Pod {
	now := int64(0) // nobody runs the pods: a deleted one is gone at once
	return &v1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace, Labels: map[string]string{}},
		Spec: v1.PodSpec{TerminationGracePeriodSeconds: &now, Containers: []v1.Container{{
			Name: "pause", Image: "registry.k8s.io/pause:3.10",
			Resources: v1.ResourceRequirements{Requests: resources(cpu, memory)},
		}}},
	}
}

// newFillPod is of the default priority 0 and already on its node.
func newFillPod(i, perNode int, cpu, memory string) *v1.Pod {
	pod := newPod(fmt.Sprintf("fill-%06d", i), cpu, memory)
	pod.Spec.NodeName = newNode(i / perNode).Name
	return pod
}

func highPriorityClass() *schedulingv1.PriorityClass {
	return &schedulingv1.PriorityClass{ObjectMeta: metav1.ObjectMeta{Name: highPriority}, Value: 1000}
}

func measuredName(i int) string { return fmt.Sprintf("pod-%06d", i) }

func (w workload) newMeasuredPod(i int, scheduler string) *v1.Pod {
	pod := newPod(measuredName(i), w.cpu, w.mem)
	rule := w.rule(i)
	app := fmt.Sprintf("%s-%d", rule, i/w.perRule%apps)
	if rule == "" {
		app = "plain" + app
	}
	pod.Labels = map[string]string{appLabel: app, ruleLabel: rule, measuredLabel: "yes"}
	pod.Spec.SchedulerName = scheduler
	if w.fill {
		pod.Spec.PriorityClassName = highPriority
	}
	own := &metav1.LabelSelector{MatchLabels: map[string]string{appLabel: app}}
	switch rule {
	case spreadRule:
		pod.Spec.TopologySpreadConstraints = []v1.TopologySpreadConstraint{{
			MaxSkew: 1, TopologyKey: v1.LabelTopologyZone, WhenUnsatisfiable: v1.DoNotSchedule, LabelSelector: own}}
	case antiRule:
		pod.Spec.Affinity = &v1.Affinity{PodAntiAffinity: &v1.PodAntiAffinity{
			RequiredDuringSchedulingIgnoredDuringExecution: []v1.PodAffinityTerm{{LabelSelector: own, TopologyKey: v1.LabelHostname}}}}
	}
	return pod
}
