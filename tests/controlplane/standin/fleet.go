package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
)

// What could not be done when the watch told of it is looked at again.
const lookAgain = 5 * time.Second

// fleet is all nodes and the pods on them. One mutex guards its maps; each pod has a goroutine (worker.run).
type fleet struct {
	ctx     context.Context // of all that runs here
	client  kubernetes.Interface
	root    string
	images  map[string][]string
	server  string // HOST:PORT of the API server
	names   *names
	factory informers.SharedInformerFactory

	mutex   sync.Mutex
	nodes   map[string]*node
	workers map[types.UID]*worker
	next    int // number of the next pod, for its address
	wait    sync.WaitGroup
}

func newFleet(ctx context.Context, client kubernetes.Interface, root string, images map[string][]string, server string) *fleet {
	factory := informers.NewSharedInformerFactory(client, lookAgain)
	return &fleet{ctx: ctx, client: client, root: root, images: images, server: server, factory: factory,
		names: newNames(filepath.Join(root, "etc"), factory), nodes: map[string]*node{}, workers: map[types.UID]*worker{}}
}

// run plays until the context ends; all processes have ended when it returns.
func (f *fleet) run(control string) error {
	if err := os.MkdirAll(filepath.Join(f.root, "logs"), 0o755); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", control)
	if err != nil {
		return err
	}
	log.Printf("told what to do on %s", listener.Addr())
	f.watchPods()
	f.provisionClaims()
	f.factory.Start(f.ctx.Done())
	f.factory.WaitForCacheSync(f.ctx.Done())
	go f.names.run(f.ctx)
	server := &http.Server{Handler: f.control()}
	go server.Serve(listener)
	f.beat()
	server.Close()
	f.wait.Wait()
	return nil
}

func (f *fleet) control() http.Handler {
	answer := func(w http.ResponseWriter, err error) {
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		fmt.Fprintln(w, "ok")
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) { answer(w, nil) })
	mux.HandleFunc("POST /nodes/{name}/partition", func(w http.ResponseWriter, r *http.Request) {
		answer(w, f.lose(r.PathValue("name"), false))
	})
	mux.HandleFunc("POST /nodes/{name}/kill", func(w http.ResponseWriter, r *http.Request) {
		answer(w, f.lose(r.PathValue("name"), true))
	})
	mux.HandleFunc("POST /nodes/{name}/restore", func(w http.ResponseWriter, r *http.Request) {
		answer(w, f.restore(r.PathValue("name")))
	})
	return mux
}

func (f *fleet) watchPods() {
	see := func(object any) {
		if pod, ok := object.(*core.Pod); ok {
			f.see(pod)
		}
	}
	f.factory.Core().V1().Pods().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: see, UpdateFunc: func(_, now any) { see(now) },
		DeleteFunc: func(object any) {
			if gone, ok := object.(cache.DeletedFinalStateUnknown); ok {
				object = gone.Obj
			}
			if pod, ok := object.(*core.Pod); ok {
				f.gone(pod)
			}
		}})
}

// see hands a pod's newest state to its worker, and makes one for a pod that is new here.
func (f *fleet) see(pod *core.Pod) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	n := f.nodes[pod.Spec.NodeName]
	if n == nil || n.silent {
		return
	}
	w := f.workers[pod.UID]
	switch {
	case w != nil && !w.over:
		w.update(pod)
	case pod.DeletionTimestamp != nil:
		go f.remove(pod) // nothing of it runs here
	case w == nil && pod.Status.Phase != core.PodSucceeded && pod.Status.Phase != core.PodFailed:
		f.start(pod)
	}
}

// start: with the mutex held.
func (f *fleet) start(pod *core.Pod) {
	w := newWorker(f, pod, f.address())
	f.workers[pod.UID] = w
	f.wait.Add(1)
	go func() {
		defer f.wait.Done()
		w.run()
		f.mutex.Lock()
		defer f.mutex.Unlock()
		// One that ran to its end is remembered until the pod is gone: the watch may still tell of it as it was. One that
		// went with its node starts anew when that is back.
		if w.over = w.ctx.Err() == nil; !w.over {
			delete(f.workers, pod.UID)
		}
		w.cancel()
		close(w.done)
	}()
}

// address: of 127.64.0.0 and on, away from 127.0.0.1, where the control plane listens; where exactly depends on the
// process, so that two of them do not meet.
func (f *fleet) address() string {
	f.next++
	return fmt.Sprintf("127.%d.%d.%d", 64+os.Getpid()%128, f.next/250%250, f.next%250+1)
}

// gone: the API server has forgotten the pod, so it ends at once.
func (f *fleet) gone(pod *core.Pod) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if w := f.workers[pod.UID]; w != nil && !f.nodes[w.node].silent {
		f.forget(w)
	}
}

// forget: with the mutex held.
func (f *fleet) forget(w *worker) {
	w.cancel()
	if w.over {
		delete(f.workers, w.uid)
	}
}

// remove is the kubelet's last word on a pod: nothing of it runs any more. It is tried until the API server has heard it,
// or the node is lost.
func (f *fleet) remove(pod *core.Pod) {
	now := int64(0)
	for again := time.NewTicker(time.Second); f.ctx.Err() == nil && !f.silent(pod.Spec.NodeName); {
		err := f.client.CoreV1().Pods(pod.Namespace).Delete(f.ctx, pod.Name, meta.DeleteOptions{
			GracePeriodSeconds: &now, Preconditions: &meta.Preconditions{UID: &pod.UID}})
		if err == nil || errors.IsNotFound(err) || errors.IsConflict(err) {
			os.RemoveAll(filepath.Join(f.root, "pods", string(pod.UID)))
			return
		}
		log.Printf("removing pod %s/%s: %v", pod.Namespace, pod.Name, err)
		select {
		case <-f.ctx.Done():
		case <-again.C:
		}
	}
}
