package main

import (
	"context"
	"log"
	"os"
	"path/filepath"
	"sync"
	"time"

	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// worker is the life of one pod on its node. One goroutine (run) writes its status, another brings its containers up
// (launch), and each container has one of its own.
type worker struct {
	fleet                 *fleet
	uid                   types.UID
	namespace, name, node string
	ip, dir               string
	ctx                   context.Context // ended: everything is killed at once
	cancel                context.CancelFunc
	done                  chan struct{}
	over                  bool               // guarded by the fleet's mutex: it ran to its end
	leave                 chan time.Duration // how long it may take to end
	changed               chan struct{}
	asked                 sync.Once
	began                 meta.Time
	volumes               *volumes
	containers            []*container // init containers first

	mutex   sync.Mutex
	newest  *core.Pod
	leaving bool
	begun   []*container
	failure string // why it cannot be run
}

// How often files of volumes are looked at, and what the API server did not take is told again.
const lookAfter = time.Second

func newWorker(f *fleet, pod *core.Pod, ip string) *worker {
	ctx, cancel := context.WithCancel(f.ctx)
	w := &worker{fleet: f, uid: pod.UID, namespace: pod.Namespace, name: pod.Name, node: pod.Spec.NodeName, ip: ip,
		dir: filepath.Join(f.root, "pods", string(pod.UID)), ctx: ctx, cancel: cancel, done: make(chan struct{}),
		leave: make(chan time.Duration, 1), changed: make(chan struct{}, 1), began: meta.Now(), newest: pod}
	w.volumes = &volumes{worker: w, folders: map[string]string{}, renewAt: map[string]time.Time{}}
	for i := range pod.Spec.InitContainers {
		w.containers = append(w.containers, newContainer(w, &pod.Spec.InitContainers[i], initContainer))
	}
	for i := range pod.Spec.Containers {
		w.containers = append(w.containers, newContainer(w, &pod.Spec.Containers[i], mainContainer))
	}
	w.remember(pod)
	return w
}

// remember: a pod that ran before its node was lost has been started more than once.
func (w *worker) remember(pod *core.Pod) {
	for _, before := range append(append([]core.ContainerStatus{}, pod.Status.InitContainerStatuses...), pod.Status.ContainerStatuses...) {
		for _, c := range w.containers {
			if c.name == before.Name && before.ContainerID != "" {
				c.restarts = before.RestartCount + 1
			}
		}
	}
}

func (w *worker) pod() *core.Pod {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.newest
}

// update takes the pod's newest state. The first request to go counts.
func (w *worker) update(pod *core.Pod) {
	w.mutex.Lock()
	w.newest = pod
	w.mutex.Unlock()
	for _, c := range w.containers {
		c.changed()
	}
	if pod.DeletionTimestamp != nil {
		grace := time.Duration(0)
		if seconds := pod.DeletionGracePeriodSeconds; seconds != nil {
			grace = time.Duration(*seconds) * time.Second
		}
		w.asked.Do(func() { w.leave <- grace })
	}
	w.notify()
}

func (w *worker) grace() time.Duration {
	if seconds := w.pod().Spec.TerminationGracePeriodSeconds; seconds != nil {
		return time.Duration(*seconds) * time.Second
	}
	return 30 * time.Second
}

func (w *worker) notify() {
	select {
	case w.changed <- struct{}{}:
	default:
	}
}

// run returns when nothing of the pod runs any more, and the API server has been told what there was to tell.
func (w *worker) run() {
	launching, stop := context.WithCancel(w.ctx)
	defer stop()
	launched := make(chan struct{})
	go func() {
		defer close(launched)
		w.launch(launching)
	}()
	look := time.NewTicker(lookAfter)
	defer look.Stop()
	told := w.report()
	for {
		select {
		case <-w.ctx.Done():
			<-launched
			w.await(w.started())
			return
		case grace := <-w.leave:
			stop()
			w.end(launched, grace)
			w.report()
			if w.ctx.Err() == nil {
				w.fleet.remove(w.pod())
			}
			return
		case <-launched:
			// By itself. What is told now is told until it is heard, or the pod is to go.
			w.endSidecars(w.grace())
			for !w.report() && w.ctx.Err() == nil {
				select {
				case <-w.ctx.Done():
				case <-look.C:
				}
			}
			return
		case <-w.changed:
			told = w.report()
		case <-look.C:
			if err := w.refresh(); err != nil && w.ctx.Err() == nil {
				log.Printf("%s/%s: %v", w.namespace, w.name, err)
			}
			if !told {
				told = w.report()
			}
		}
	}
}

// refresh of volumes that are there.
func (w *worker) refresh() error {
	if len(w.started()) == 0 {
		return nil
	}
	return w.volumes.refresh(w.ctx)
}

// launch brings the containers up in their order, and returns when the main ones have ended, or it cannot go on.
func (w *worker) launch(ctx context.Context) {
	if what := unsupported(w.pod()); what != "" {
		w.fail("the stand-in does not have " + what)
		return
	}
	if err := os.MkdirAll(w.dir, 0o755); err != nil {
		w.fail(err.Error())
		return
	}
	if !w.prepareVolumes(ctx) {
		return
	}
	var mains []*container
	for _, c := range w.containers {
		if !w.begin(c) {
			break
		}
		switch c.kind {
		case mainContainer:
			mains = append(mains, c)
		case sidecar:
			select {
			case <-c.up:
			case <-ctx.Done():
			}
		case initContainer:
			<-c.done
			if !c.status().Ready {
				return
			}
		}
	}
	w.await(mains)
}

// prepareVolumes tries until it has them; false when the pod is to go before.
func (w *worker) prepareVolumes(ctx context.Context) bool {
	again := time.NewTicker(lookAfter)
	defer again.Stop()
	said := ""
	for ctx.Err() == nil {
		err := w.volumes.prepare(ctx)
		if err == nil {
			return true
		}
		if text := err.Error(); text != said && ctx.Err() == nil {
			log.Printf("%s/%s: %s", w.namespace, w.name, text)
			said = text
		}
		select {
		case <-ctx.Done():
		case <-again.C:
		}
	}
	return false
}

// begin: false when the pod is to go.
func (w *worker) begin(c *container) bool {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.leaving || w.ctx.Err() != nil {
		return false
	}
	w.begun = append(w.begun, c)
	go c.run()
	return true
}

func (w *worker) started() []*container {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return append([]*container{}, w.begun...)
}

func (w *worker) await(all []*container) {
	for _, c := range all {
		<-c.done
	}
}

// end: sidecars go after the others, the last one first, in what is left of the time.
func (w *worker) end(launched <-chan struct{}, grace time.Duration) {
	limit := time.Now().Add(grace)
	w.mutex.Lock()
	w.leaving = true
	w.mutex.Unlock()
	for _, c := range w.started() {
		if c.kind != sidecar {
			c.stop <- grace
		}
	}
	<-launched
	w.endSidecars(max(time.Until(limit), 0))
}

func (w *worker) endSidecars(grace time.Duration) {
	limit := time.Now().Add(grace)
	all := w.started()
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].kind == sidecar {
			all[i].stop <- max(time.Until(limit), 0)
			<-all[i].done
		}
	}
}

func (w *worker) fail(message string) {
	w.mutex.Lock()
	w.failure = message
	w.mutex.Unlock()
}
