package main

import (
	"strings"
	"testing"

	v1 "k8s.io/api/core/v1"
)

func bound(w string, i, node int) v1.Pod {
	pod := workloads[w].newMeasuredPod(i, "s")
	if node >= 0 {
		pod.Spec.NodeName = newNode(node).Name
	}
	return *pod
}

func TestProblemsOf(t *testing.T) {
	nodes := []v1.Node{*newNode(0), *newNode(1), *newNode(2)}
	for name, c := range map[string]struct {
		pods []v1.Pod
		want string // part of the only problem, or empty
	}{
		"nothing":               {nil, ""},
		"not bound":             {[]v1.Pod{bound("plain", 0, -1)}, "is not bound"},
		"no such node":          {[]v1.Pod{bound("plain", 0, 9)}, "which is not there"},
		"over allocatable":      {[]v1.Pod{bound("preemption", 0, 0), bound("preemption", 1, 0)}, "no cpu left"},
		"within allocatable":    {[]v1.Pod{bound("preemption", 0, 0), bound("preemption", 1, 1)}, ""},
		"apps repel themselves": {[]v1.Pod{bound("anti-affinity", 0, 0), bound("anti-affinity", apps, 0)}, "repel each other"},
		"other apps may meet":   {[]v1.Pod{bound("anti-affinity", 0, 0), bound("anti-affinity", 1, 0)}, ""},
		"skewed":                {[]v1.Pod{bound("spread", 0, 0), bound("spread", apps, 0)}, "between 0 and 2 pods"},
		"spread":                {[]v1.Pod{bound("spread", 0, 0), bound("spread", apps, 1)}, ""},
	} {
		got := problemsOf(nodes, c.pods, nil)
		if c.want == "" && len(got) > 0 || c.want != "" && (len(got) != 1 || !strings.Contains(got[0], c.want)) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if got := problemsOf(nodes, nil, []string{"seen"}); len(got) != 1 || got[0] != "seen" {
		t.Errorf("known problems are lost: %q", got)
	}
}

func TestMixedHasEveryRuleInEveryApp(t *testing.T) {
	count := map[string]int{}
	for i := 0; i < 4*apps; i++ {
		pod := workloads["mixed"].newMeasuredPod(i, "s")
		count[pod.Labels[ruleLabel]+"/"+pod.Labels[appLabel]]++
	}
	if len(count) != 3*apps {
		t.Errorf("%d pairs of rule and app, want %d", len(count), 3*apps)
	}
}
