package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"

	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
)

type kind int

const (
	mainContainer kind = iota
	initContainer
	sidecar // an init container with restartPolicy Always
)

// container is one process after another, by the restart policy. The mutex guards what status tells.
type container struct {
	worker *worker
	name   string
	kind   kind
	stop   chan time.Duration // how long it may take
	again  chan struct{}      // end it and start it anew
	done   chan struct{}      // it will not run again
	up     chan struct{}      // it was started, by its startup probe
	upOnce sync.Once

	mutex          sync.Mutex
	state, last    core.ContainerState
	ready, started bool
	restarts       int32
	image          string // of what runs, or ran last
	resources      core.ResourceRequirements
}

// The kubelet's back-off is 10 s, doubled up to 5 min; tests have less time.
const firstBackOff, lastBackOff = time.Second, 30 * time.Second

func newContainer(w *worker, spec *core.Container, k kind) *container {
	if k == initContainer && spec.RestartPolicy != nil && *spec.RestartPolicy == core.ContainerRestartPolicyAlways {
		k = sidecar
	}
	return &container{worker: w, name: spec.Name, kind: k, stop: make(chan time.Duration, 1), again: make(chan struct{}, 1),
		done: make(chan struct{}), up: make(chan struct{}), image: spec.Image, resources: spec.Resources,
		state: core.ContainerState{Waiting: &core.ContainerStateWaiting{Reason: "PodInitializing"}}}
}

// spec is the newest one: images and resources may change.
func (c *container) spec() *core.Container {
	pod := c.worker.pod()
	for _, all := range [][]core.Container{pod.Spec.Containers, pod.Spec.InitContainers} {
		for i := range all {
			if all[i].Name == c.name {
				return &all[i]
			}
		}
	}
	panic("no container " + c.name)
}

// changed: a new pod spec is there.
func (c *container) changed() {
	spec := c.spec()
	c.mutex.Lock()
	restart := spec.Image != c.image
	if !equality.Semantic.DeepEqual(spec.Resources, c.resources) {
		for _, p := range spec.ResizePolicy {
			restart = restart || p.RestartPolicy == core.RestartContainer
		}
		if !restart {
			c.resources = spec.Resources
		}
	}
	c.mutex.Unlock()
	if restart && c.kind != initContainer {
		c.restart()
	}
}

func (c *container) restart() {
	select {
	case c.again <- struct{}{}:
	default:
	}
}

// comesBack by the restart policy of its kind.
func (c *container) comesBack(code int32) bool {
	policy := c.worker.pod().Spec.RestartPolicy
	switch {
	case c.kind == sidecar:
		return true
	case c.kind == initContainer && code == 0:
		return false
	case policy == core.RestartPolicyAlways:
		return true
	}
	return policy == core.RestartPolicyOnFailure && code != 0
}

func (c *container) run() {
	defer close(c.done)
	for pause := firstBackOff; ; {
		began := time.Now()
		code, wanted := c.once()
		switch wanted {
		case toStop:
			return
		case toEnd:
			if !c.comesBack(code) {
				return
			}
			if time.Since(began) > lastBackOff {
				pause = firstBackOff
			}
			if !c.backOff(pause) {
				return
			}
			pause = min(2*pause, lastBackOff)
		}
		c.mutex.Lock()
		c.restarts++
		c.mutex.Unlock()
	}
}

// backOff: false when it is to stop meanwhile.
func (c *container) backOff(pause time.Duration) bool {
	c.set(core.ContainerState{Waiting: &core.ContainerStateWaiting{Reason: "CrashLoopBackOff"}})
	over := time.NewTimer(pause)
	defer over.Stop()
	select {
	case <-c.worker.ctx.Done():
		return false
	case <-c.stop:
		c.mutex.Lock()
		ended := c.last
		c.mutex.Unlock()
		c.set(ended)
		return false
	case <-c.again:
	case <-over.C:
	}
	return true
}

// Why a process ended.
type reason int

const (
	toEnd reason = iota // by itself
	toStop
	toRestart
)

// once runs the program to its end.
func (c *container) once() (code int32, why reason) {
	began := meta.Now()
	command, ended, err := c.start()
	if err != nil {
		c.terminated(&core.ContainerStateTerminated{ExitCode: 128, Reason: "StartError", Message: err.Error(), StartedAt: began, FinishedAt: began})
		return 128, toEnd
	}
	c.set(core.ContainerState{Running: &core.ContainerStateRunning{StartedAt: began}})
	probing, stopProbing := context.WithCancel(c.worker.ctx)
	var probes sync.WaitGroup
	probes.Add(1)
	go func() {
		defer probes.Done()
		c.probe(probing)
	}()
	group := -command.Process.Pid
	select {
	case <-ended:
	case <-c.worker.ctx.Done():
		why = toStop
	case grace := <-c.stop:
		why = toStop
		c.end(group, ended, grace)
	case <-c.again:
		why = toRestart
		c.end(group, ended, c.worker.grace())
	}
	syscall.Kill(group, syscall.SIGKILL) // and what it started
	<-ended
	stopProbing()
	probes.Wait()
	code = exitCode(command)
	end := &core.ContainerStateTerminated{ExitCode: code, Reason: "Completed", StartedAt: began, FinishedAt: meta.Now()}
	if code != 0 {
		end.Reason = "Error"
	}
	c.terminated(end)
	return code, why
}

// end asks the process to end, and waits for as long as it may take.
func (c *container) end(group int, ended <-chan struct{}, grace time.Duration) {
	syscall.Kill(group, syscall.SIGTERM)
	limit := time.NewTimer(grace)
	defer limit.Stop()
	select {
	case <-ended:
	case <-limit.C:
	case <-c.worker.ctx.Done():
	}
}

func exitCode(command *exec.Cmd) int32 {
	if wait, ok := command.ProcessState.Sys().(syscall.WaitStatus); ok && wait.Signaled() {
		return 128 + int32(wait.Signal())
	}
	return int32(command.ProcessState.ExitCode())
}

// start returns when the program runs; ended is closed when it no longer does.
func (c *container) start() (command *exec.Cmd, ended chan struct{}, err error) {
	spec := c.spec()
	c.mutex.Lock()
	c.image, c.resources = spec.Image, spec.Resources
	c.mutex.Unlock()
	select {
	case <-c.again: // asked of the one before
	default:
	}
	r, err := c.room(spec, append(append([]string{}, spec.Command...), spec.Args...))
	if err != nil {
		return nil, nil, err
	}
	name := fmt.Sprintf("%s_%s_%s.log", c.worker.namespace, c.worker.name, c.name)
	log, err := os.OpenFile(filepath.Join(c.worker.fleet.root, "logs", name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, nil, err
	}
	defer log.Close()
	return runRoom(r, log)
}

// runRoom starts it from a thread that lives as long as its program (see room.start).
func runRoom(r *room, output *os.File) (command *exec.Cmd, ended chan struct{}, err error) {
	started := make(chan struct{})
	ended = make(chan struct{})
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		command, err = r.start(output)
		close(started)
		if err == nil {
			command.Wait()
			close(ended)
		}
	}()
	<-started
	return command, ended, err
}

// room of the container, in which those words are run: its entrypoint's, or a probe's.
func (c *container) room(spec *core.Container, words []string) (*room, error) {
	programs, known := c.worker.fleet.images[spec.Image]
	if !known {
		return nil, fmt.Errorf("image %q is not in the table", spec.Image)
	}
	env, values, err := c.environment(spec)
	if err != nil {
		return nil, err
	}
	r := &room{Folder: filepath.Join(c.worker.dir, "roots", c.name), Programs: programs, Dir: "/", Env: env}
	if len(spec.Command) == 0 {
		r.Words = []string{filepath.Base(programs[0])}
	}
	for _, word := range words {
		r.Words = append(r.Words, expand(word, values))
	}
	if spec.WorkingDir != "" {
		r.Dir = spec.WorkingDir
	}
	if r.Etc, err = c.worker.fleet.names.folder(c.worker.namespace); err != nil {
		return nil, err
	}
	r.Mounts, err = c.worker.volumes.mounts(spec)
	return r, err
}

func (c *container) set(state core.ContainerState) {
	c.mutex.Lock()
	c.state, c.ready, c.started = state, false, false
	c.mutex.Unlock()
	c.worker.notify()
}

func (c *container) terminated(end *core.ContainerStateTerminated) {
	c.mutex.Lock()
	c.last = core.ContainerState{Terminated: end}
	c.mutex.Unlock()
	c.set(core.ContainerState{Terminated: end})
}
