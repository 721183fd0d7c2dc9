package main

import (
	"context"
	"fmt"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	resourcehelper "k8s.io/component-helpers/resource"
)

const maxProblems = 20 // told; more say the same

// checker looks at a cluster that has come to rest.
type checker struct {
	problems []string
	free     map[string]v1.ResourceList // by node
	zoneOf   map[string]string
	onNode   map[[2]string]int         // app and node
	inZone   map[string]map[string]int // spread apps: zone to pods
}

func (c *checker) problem(format string, args ...any) {
	if len(c.problems) < maxProblems {
		c.problems = append(c.problems, fmt.Sprintf(format, args...))
	}
}

// check lists everything anew; the problems that the watch saw are told too.
func check(ctx context.Context, client kubernetes.Interface, seen *observer) ([]string, error) {
	nodes, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	pods, err := client.CoreV1().Pods(metav1.NamespaceAll).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	return problemsOf(nodes.Items, pods.Items, seen.problemsSeen()), nil
}

// problemsOf compares what is with what was asked for; known problems are told last.
func problemsOf(nodes []v1.Node, pods []v1.Pod, known []string) []string {
	c := &checker{free: map[string]v1.ResourceList{}, zoneOf: map[string]string{},
		onNode: map[[2]string]int{}, inZone: map[string]map[string]int{}}
	for i := range nodes {
		c.free[nodes[i].Name] = nodes[i].Status.Allocatable.DeepCopy()
		c.zoneOf[nodes[i].Name] = nodes[i].Labels[v1.LabelTopologyZone]
	}
	for i := range pods {
		c.place(&pods[i])
	}
	c.checkSpread()
	for _, problem := range known {
		c.problem("%s", problem)
	}
	return c.problems
}

func (c *checker) place(pod *v1.Pod) {
	node := pod.Spec.NodeName
	if node == "" {
		c.problem("pod %s is not bound", pod.Name)
		return
	}
	free, known := c.free[node]
	if !known {
		c.problem("pod %s is on node %s, which is not there", pod.Name, node)
		return
	}
	requests := resourcehelper.PodRequests(pod, resourcehelper.PodResourcesOptions{})
	requests[v1.ResourcePods] = resource.MustParse("1")
	for name, amount := range requests {
		left := free[name]
		left.Sub(amount)
		free[name] = left
		if left.Sign() < 0 {
			c.problem("node %s has less than no %s left with pod %s", node, name, pod.Name)
		}
	}
	c.count(pod, node)
}

func (c *checker) count(pod *v1.Pod, node string) {
	app := pod.Labels[appLabel]
	switch pod.Labels[ruleLabel] {
	case antiRule:
		c.onNode[[2]string{app, node}]++
		if c.onNode[[2]string{app, node}] == 2 {
			c.problem("node %s has two pods of app %s, which repel each other", node, app)
		}
	case spreadRule:
		if c.inZone[app] == nil {
			c.inZone[app] = map[string]int{}
		}
		c.inZone[app][c.zoneOf[node]]++
	}
}

// checkSpread: pods only come, and the least full zone only grows, so that a skew that was right when each pod was
// bound is right at the end.
func (c *checker) checkSpread() {
	all := map[string]bool{}
	for _, zone := range c.zoneOf {
		all[zone] = true
	}
	for app, counts := range c.inZone {
		least, most := -1, 0
		for zone := range all {
			n := counts[zone]
			most = max(most, n)
			if least < 0 || n < least {
				least = n
			}
		}
		if most-least > 1 {
			c.problem("app %s has between %d and %d pods in a zone", app, least, most)
		}
	}
}
