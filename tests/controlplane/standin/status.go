package main

import (
	"fmt"
	"log"
	"strings"

	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// unsupported names what a pod asks for that the stand-in does not have; "" when it can be run.
func unsupported(pod *core.Pod) string {
	for _, v := range pod.Spec.Volumes {
		if v.PersistentVolumeClaim == nil && v.EmptyDir == nil && v.HostPath == nil && v.Projected == nil && v.DownwardAPI == nil && v.ConfigMap == nil {
			return "the kind of volume " + v.Name
		}
		if v.Projected == nil {
			continue
		}
		for _, s := range v.Projected.Sources {
			if s.ServiceAccountToken == nil && s.DownwardAPI == nil && s.ConfigMap == nil {
				return "a source of volume " + v.Name
			}
		}
	}
	for _, c := range append(append([]core.Container{}, pod.Spec.InitContainers...), pod.Spec.Containers...) {
		if c.Lifecycle != nil || len(c.EnvFrom) > 0 {
			return "lifecycle and envFrom of container " + c.Name
		}
		for _, p := range []*core.Probe{c.ReadinessProbe, c.LivenessProbe, c.StartupProbe} {
			if p != nil && p.GRPC != nil {
				return "gRPC probes of container " + c.Name
			}
		}
		for _, e := range c.Env {
			if e.ValueFrom != nil && e.ValueFrom.FieldRef == nil {
				return "what env " + e.Name + " is taken from, of container " + c.Name
			}
		}
	}
	return ""
}

// ended: it does not run again.
func (c *container) ended() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

func (c *container) status() core.ContainerStatus {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	started, resources := c.started, c.resources.DeepCopy()
	s := core.ContainerStatus{Name: c.name, State: c.state, LastTerminationState: c.last, Ready: c.ready, Started: &started,
		RestartCount: c.restarts, Image: c.image, ImageID: "stand-in://" + c.image, Resources: resources, AllocatedResources: resources.Requests}
	if c.kind == initContainer {
		s.Ready = c.state.Terminated != nil && c.state.Terminated.ExitCode == 0
	}
	if c.state.Terminated != nil {
		s.LastTerminationState = core.ContainerState{}
	}
	if c.state.Waiting == nil || c.last.Terminated != nil {
		s.ContainerID = fmt.Sprintf("stand-in://%s/%s/%d", c.worker.uid, c.name, c.restarts)
	}
	return s
}

// status of the pod as its containers are now.
func (w *worker) status() core.PodStatus {
	s := core.PodStatus{Phase: core.PodPending, HostIP: "127.0.0.1", HostIPs: []core.HostIP{{IP: "127.0.0.1"}}, StartTime: &w.began}
	w.mutex.Lock()
	failure := w.failure
	s.ObservedGeneration = w.newest.Generation
	gates := w.newest.Spec.ReadinessGates
	conditions := w.newest.Status.Conditions
	w.mutex.Unlock()
	if failure != "" {
		s.Phase, s.Reason, s.Message = core.PodFailed, "Unsupported", failure
		return s
	}
	initialized, ready, running, over, failed := true, true, false, true, false
	for _, c := range w.containers {
		one := c.status()
		running = running || one.State.Running != nil
		if c.kind == mainContainer {
			s.ContainerStatuses = append(s.ContainerStatuses, one)
		} else {
			s.InitContainerStatuses = append(s.InitContainerStatuses, one)
			initialized = initialized && (one.Ready || (c.kind == sidecar && *one.Started))
		}
		end := one.State.Terminated
		if !c.ended() {
			end = nil // it may come back
		}
		if c.kind == initContainer {
			never := w.pod().Spec.RestartPolicy == core.RestartPolicyNever
			failed = failed || (never && end != nil && end.ExitCode != 0)
			continue
		}
		ready = ready && one.Ready
		if c.kind == mainContainer {
			over = over && end != nil
			failed = failed || (end != nil && end.ExitCode != 0)
		}
	}
	if running {
		s.PodIP, s.PodIPs = w.ip, []core.PodIP{{IP: w.ip}}
	}
	begun := initialized && len(w.started()) == len(w.containers)
	switch {
	case failed && (over || !begun):
		s.Phase = core.PodFailed
	case begun && over:
		s.Phase = core.PodSucceeded
	case begun:
		s.Phase, s.PodIP, s.PodIPs = core.PodRunning, w.ip, []core.PodIP{{IP: w.ip}}
	}
	add := func(kind core.PodConditionType, is bool) {
		truth := core.ConditionFalse
		if is {
			truth = core.ConditionTrue
		}
		s.Conditions = append(s.Conditions, core.PodCondition{Type: kind, Status: truth, ObservedGeneration: s.ObservedGeneration})
	}
	add(core.PodInitialized, initialized)
	add(core.ContainersReady, ready && begun)
	add(core.PodReady, ready && begun && open(gates, conditions))
	return s
}

func open(gates []core.PodReadinessGate, conditions []core.PodCondition) bool {
	for _, gate := range gates {
		passed := false
		for _, c := range conditions {
			passed = passed || (c.Type == gate.ConditionType && c.Status == core.ConditionTrue)
		}
		if !passed {
			return false
		}
	}
	return true
}

// report tells the API server. Conditions of others, and times of changes, are kept. A silent node says nothing. False:
// it has to be told again.
func (w *worker) report() bool {
	if w.ctx.Err() != nil || w.fleet.silent(w.node) {
		return false
	}
	api := w.fleet.client.CoreV1().Pods(w.namespace)
	pod, err := api.Get(w.ctx, w.name, meta.GetOptions{})
	if errors.IsNotFound(err) || (err == nil && pod.UID != w.uid) {
		return true
	}
	if err == nil {
		status := w.status()
		status.QOSClass = pod.Status.QOSClass
		status.Conditions = merged(status.Conditions, pod.Status.Conditions)
		pod.Status = status
		_, err = api.UpdateStatus(w.ctx, pod, meta.UpdateOptions{})
	}
	if err != nil && !errors.IsConflict(err) && w.ctx.Err() == nil {
		log.Printf("status of %s/%s: %v", w.namespace, w.name, err)
	}
	if errors.IsConflict(err) {
		return w.report()
	}
	return err == nil
}

func merged(ours, before []core.PodCondition) []core.PodCondition {
	var all []core.PodCondition
	mine := map[core.PodConditionType]bool{}
	for _, now := range ours {
		mine[now.Type] = true
		now.LastTransitionTime = meta.Now()
		for _, was := range before {
			if was.Type == now.Type && was.Status == now.Status {
				now.LastTransitionTime = was.LastTransitionTime
			}
		}
		all = append(all, now)
	}
	for _, was := range before {
		if !mine[was.Type] && !strings.HasPrefix(string(was.Type), "PodReadyToStart") {
			all = append(all, was)
		}
	}
	return all
}
