package main

import (
	"fmt"
	"log"
	"strings"
	"sync"
	"time"

	coordination "k8s.io/api/coordination/v1"
	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// As of a kubelet (pkg/kubelet/apis/config/v1beta1/defaults.go: leases of 40 s, renewed four times as often).
const leaseSeconds, beatEvery = int32(40), 5 * time.Second

// node is one that is played. silent (guarded by the fleet's mutex): nothing reaches the API server from it, and nothing
// reaches it.
type node struct {
	name   string
	labels map[string]string
	silent bool
}

func (f *fleet) addNode(entry string) error {
	parts := strings.Split(entry, ",")
	n := &node{name: parts[0], labels: map[string]string{core.LabelHostname: parts[0]}}
	for _, label := range parts[1:] {
		key, value, ok := strings.Cut(label, "=")
		if !ok {
			return fmt.Errorf("-node %q: %q is not LABEL=VALUE", entry, label)
		}
		n.labels[key] = value
	}
	f.nodes[n.name] = n
	return f.report(n)
}

// report writes a node's status: the condition that lifts its taints, and what it has room for.
func (f *fleet) report(n *node) error {
	api := f.client.CoreV1().Nodes()
	object, err := api.Get(f.ctx, n.name, meta.GetOptions{})
	if errors.IsNotFound(err) {
		object, err = api.Create(f.ctx, &core.Node{ObjectMeta: meta.ObjectMeta{Name: n.name, Labels: n.labels}}, meta.CreateOptions{})
	}
	if err != nil {
		return err
	}
	room := core.ResourceList{
		core.ResourceCPU: resource.MustParse("16"), core.ResourceMemory: resource.MustParse("64Gi"),
		core.ResourcePods: resource.MustParse("110"), core.ResourceEphemeralStorage: resource.MustParse("100Gi"),
	}
	now := meta.Now()
	object.Status.Capacity, object.Status.Allocatable = room, room
	object.Status.Addresses = []core.NodeAddress{{Type: core.NodeInternalIP, Address: "127.0.0.1"}, {Type: core.NodeHostName, Address: n.name}}
	object.Status.Conditions = []core.NodeCondition{{Type: core.NodeReady, Status: core.ConditionTrue, Reason: "StandIn",
		Message: "played by processes", LastHeartbeatTime: now, LastTransitionTime: now}}
	// A conflict is somebody else's write: there is nothing of theirs in the status, so a patch of ours would do; once more is as good.
	if _, err = api.UpdateStatus(f.ctx, object, meta.UpdateOptions{}); errors.IsConflict(err) {
		return f.report(n)
	}
	return err
}

// renew keeps the node's lease, by which the node lifecycle controller tells that it is alive.
func (f *fleet) renew(name string) error {
	leases := f.client.CoordinationV1().Leases(core.NamespaceNodeLease)
	now, seconds := meta.NewMicroTime(time.Now()), leaseSeconds
	spec := coordination.LeaseSpec{HolderIdentity: &name, LeaseDurationSeconds: &seconds, RenewTime: &now}
	lease, err := leases.Get(f.ctx, name, meta.GetOptions{})
	if errors.IsNotFound(err) {
		_, err = leases.Create(f.ctx, &coordination.Lease{ObjectMeta: meta.ObjectMeta{Name: name}, Spec: spec}, meta.CreateOptions{})
		return err
	}
	if err != nil {
		return err
	}
	lease.Spec = spec
	_, err = leases.Update(f.ctx, lease, meta.UpdateOptions{})
	return err
}

// beat keeps all nodes alive until the fleet ends, each by itself: one that takes long delays no other.
func (f *fleet) beat() {
	var all sync.WaitGroup
	for _, n := range f.nodes {
		all.Add(1)
		go func() {
			defer all.Done()
			f.beatOf(n)
		}()
	}
	all.Wait()
}

func (f *fleet) beatOf(n *node) {
	next := time.NewTicker(beatEvery)
	defer next.Stop()
	for {
		if !f.silent(n.name) {
			err := f.renew(n.name)
			if err == nil {
				err = f.stayReady(n)
			}
			if err != nil && f.ctx.Err() == nil {
				log.Printf("node %s: %v", n.name, err)
			}
		}
		select {
		case <-f.ctx.Done():
			return
		case <-next.C:
		}
	}
}

// stayReady: a node that was taken for lost is not ready until it says so itself; its lease is not enough.
func (f *fleet) stayReady(n *node) error {
	object, err := f.client.CoreV1().Nodes().Get(f.ctx, n.name, meta.GetOptions{})
	if err != nil {
		return err
	}
	for _, c := range object.Status.Conditions {
		if c.Type == core.NodeReady && c.Status == core.ConditionTrue {
			return nil
		}
	}
	log.Printf("node %s was taken for lost", n.name)
	if err := f.report(n); err != nil {
		return err
	}
	f.tellAgain(n.name)
	return nil
}

// tellAgain: a lost node's pods were marked as not ready.
func (f *fleet) tellAgain(node string) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	for _, w := range f.workers {
		if w.node == node {
			w.notify()
		}
	}
}

func (f *fleet) silent(name string) bool {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	n := f.nodes[name]
	return n == nil || n.silent
}

// lose stops what a node tells the API server, and with kill its processes; they have ended when it returns.
func (f *fleet) lose(name string, kill bool) error {
	f.mutex.Lock()
	n := f.nodes[name]
	var ended []*worker
	if n != nil {
		n.silent = true
		for _, w := range f.workers {
			if kill && w.node == name {
				w.cancel()
				ended = append(ended, w)
			}
		}
	}
	f.mutex.Unlock()
	if n == nil {
		return fmt.Errorf("no node %q", name)
	}
	for _, w := range ended {
		<-w.done
	}
	return nil
}

// restore: a node that is back acts on what happened to its pods meanwhile.
func (f *fleet) restore(name string) error {
	f.mutex.Lock()
	n := f.nodes[name]
	f.mutex.Unlock()
	if n == nil {
		return fmt.Errorf("no node %q", name)
	}
	// First, so that nothing is decided by what the watch has not brought yet.
	pods, err := f.client.CoreV1().Pods("").List(f.ctx, meta.ListOptions{FieldSelector: "spec.nodeName=" + name})
	if err != nil {
		return err
	}
	f.mutex.Lock()
	n.silent = false
	f.mutex.Unlock()
	there := map[string]bool{}
	for i := range pods.Items {
		there[string(pods.Items[i].UID)] = true
		f.see(&pods.Items[i])
	}
	f.mutex.Lock()
	for uid, w := range f.workers {
		if w.node == name && !there[string(uid)] {
			f.forget(w)
		}
	}
	f.mutex.Unlock()
	if err := f.renew(name); err != nil {
		return err
	}
	if err := f.report(n); err != nil {
		return err
	}
	f.tellAgain(name)
	return nil
}
