package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	watchtools "k8s.io/client-go/tools/watch"
)

// sighting is what one watch saw of one measured pod, on this process's clock.
type sighting struct {
	name           string
	node           string
	created, bound time.Time
}

// observer follows all measured pods by one watch. Safe for several goroutines.
type observer struct {
	mu       sync.Mutex
	pods     map[types.UID]*sighting
	bound    int
	first    time.Time
	last     time.Time
	problems []string
}

func observe(ctx context.Context, client kubernetes.Interface) (*observer, error) {
	only := metav1.ListOptions{LabelSelector: measuredLabel + "=yes"}
	now, err := client.CoreV1().Pods(namespace).List(ctx, only)
	if err != nil {
		return nil, err
	}
	if len(now.Items) > 0 {
		return nil, fmt.Errorf("the API server is not fresh: it has %d measured pods", len(now.Items))
	}
	watcher, err := watchtools.NewRetryWatcherWithContext(ctx, now.ResourceVersion, &cache.ListWatch{
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			options.LabelSelector = only.LabelSelector
			return client.CoreV1().Pods(namespace).Watch(ctx, options)
		}})
	if err != nil {
		return nil, err
	}
	o := &observer{pods: map[types.UID]*sighting{}}
	go func() {
		for event := range watcher.ResultChan() {
			o.take(event)
		}
		fmt.Fprintln(os.Stderr, "load: the watch of pods has ended")
		os.Exit(1)
	}()
	return o, nil
}

func (o *observer) take(event watch.Event) {
	pod, ok := event.Object.(*v1.Pod)
	if !ok {
		return
	}
	now := time.Now()
	o.mu.Lock()
	defer o.mu.Unlock()
	if event.Type == watch.Deleted {
		o.problems = append(o.problems, "measured pod "+pod.Name+" was deleted")
		return
	}
	seen := o.pods[pod.UID]
	if seen == nil {
		seen = &sighting{name: pod.Name, created: now}
		o.pods[pod.UID] = seen
	}
	node := pod.Spec.NodeName
	if node == seen.node {
		return
	}
	if seen.node != "" {
		o.problems = append(o.problems, fmt.Sprintf("pod %s was bound to %s, then to %q", pod.Name, seen.node, node))
		return
	}
	seen.node, seen.bound = node, now
	if o.bound == 0 {
		o.first = now
	}
	o.bound++
	o.last = now
}

func (o *observer) problemsSeen() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.problems)
}

func (o *observer) boundCount() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.bound
}

// boundSpan is how many pods are bound, and when the first and the last were.
func (o *observer) boundSpan() (count int, first, last time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.bound, o.first, o.last
}

// latencies are p50 and p99, in ms, from seen created to seen bound of the bound pods named from or later.
func (o *observer) latencies(from string) (p50, p99 float64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var all []float64
	for _, pod := range o.pods {
		if pod.name >= from && pod.node != "" {
			all = append(all, pod.bound.Sub(pod.created).Seconds()*1000)
		}
	}
	if len(all) == 0 {
		return 0, 0
	}
	slices.Sort(all)
	return all[len(all)/2], all[len(all)*99/100]
}
