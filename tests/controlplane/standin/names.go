package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"

	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	listers "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
)

// What containers see of the machine's /etc, besides names: what the loader and the resolver read.
var etcFiles = map[string]string{"nsswitch.conf": "hosts: files\npasswd: files\ngroup: files\n", "resolv.conf": "",
	"host.conf": "multi on\n", "passwd": "root:x:0:0:root:/root:/bin/sh\n", "group": "root:x:0:\n"}

// names keeps a folder for each namespace that containers see as /etc. Its file hosts has what a cluster's DNS would tell
// there: NAME.NAMESPACE.svc of Services (the addresses of their pods that are ready, or of all with
// publishNotReadyAddresses), HOSTNAME.NAME.NAMESPACE.svc of pods with hostname and subdomain, and shorter forms.
type names struct {
	root     string
	pods     listers.PodLister
	services listers.ServiceLister
	changed  chan struct{}
	mutex    sync.Mutex
	folders  map[string]bool // namespaces that have one
}

func newNames(root string, factory informers.SharedInformerFactory) *names {
	api := factory.Core().V1()
	n := &names{root: root, pods: api.Pods().Lister(), services: api.Services().Lister(),
		changed: make(chan struct{}, 1), folders: map[string]bool{}}
	handler := cache.ResourceEventHandlerFuncs{AddFunc: func(any) { n.notify() }, DeleteFunc: func(any) { n.notify() },
		UpdateFunc: func(before, now any) {
			was, isPod := before.(*core.Pod)
			if is, ok := now.(*core.Pod); isPod && ok && equality.Semantic.DeepEqual(was.Status, is.Status) &&
				equality.Semantic.DeepEqual(was.Labels, is.Labels) {
				return
			}
			n.notify()
		}}
	api.Pods().Informer().AddEventHandler(handler)
	api.Services().Informer().AddEventHandler(handler)
	return n
}

func (n *names) notify() {
	select {
	case n.changed <- struct{}{}:
	default:
	}
}

// folder makes the namespace's folder, with the names as they are now.
func (n *names) folder(namespace string) (string, error) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	folder := filepath.Join(n.root, namespace)
	if n.folders[namespace] {
		return folder, nil
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", err
	}
	for name, text := range etcFiles {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			return "", err
		}
	}
	if cache, err := os.ReadFile("/etc/ld.so.cache"); err == nil {
		if err := os.WriteFile(filepath.Join(folder, "ld.so.cache"), cache, 0o644); err != nil {
			return "", err
		}
	}
	n.folders[namespace] = true
	return folder, n.write(namespace)
}

func (n *names) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-n.changed:
		}
		n.mutex.Lock()
		for namespace := range n.folders {
			if err := n.write(namespace); err != nil {
				log.Printf("names of %s: %v", namespace, err)
			}
		}
		n.mutex.Unlock()
	}
}

// write replaces the file as a whole: who reads it meanwhile sees the old or the new one.
func (n *names) write(namespace string) error {
	pods, err := n.pods.Pods(namespace).List(labels.Everything())
	if err != nil {
		return err
	}
	services, err := n.services.Services(namespace).List(labels.Everything())
	if err != nil {
		return err
	}
	file := filepath.Join(n.root, namespace, "hosts")
	if err := os.WriteFile(file+".new", []byte(hosts(pods, services)), 0o644); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}

// hosts is the text of /etc/hosts for the pods and Services of one namespace.
func hosts(pods []*core.Pod, services []*core.Service) string {
	lines := []string{"127.0.0.1 localhost"}
	for _, s := range services {
		if len(s.Spec.Selector) == 0 {
			continue
		}
		selector := labels.SelectorFromSet(s.Spec.Selector)
		for _, p := range pods {
			told := p.Status.PodIP != "" && (s.Spec.PublishNotReadyAddresses || isReady(p))
			over := p.Status.Phase == core.PodSucceeded || p.Status.Phase == core.PodFailed
			if !told || over || !selector.Matches(labels.Set(p.Labels)) {
				continue
			}
			lines = append(lines, fmt.Sprintf("%s %s", p.Status.PodIP, forms(s.Name, s.Namespace)))
			if p.Spec.Hostname != "" && p.Spec.Subdomain == s.Name {
				lines = append(lines, fmt.Sprintf("%s %s", p.Status.PodIP, forms(p.Spec.Hostname+"."+s.Name, s.Namespace)))
			}
		}
	}
	sort.Strings(lines[1:])
	return strings.Join(lines, "\n") + "\n"
}

func forms(name, namespace string) string {
	long := name + "." + namespace
	return strings.Join([]string{long + ".svc.cluster.local", long + ".svc", long, name}, " ")
}

func isReady(pod *core.Pod) bool {
	for _, c := range pod.Status.Conditions {
		if c.Type == core.PodReady {
			return c.Status == core.ConditionTrue
		}
	}
	return false
}
