package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"time"

	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Certificates are not looked at, and connections are not kept (pkg/probe/http/http.go).
var prober = &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}

// probe keeps what the probes of a running container tell, until the context ends: first the startup probe, then the
// others side by side.
func (c *container) probe(ctx context.Context) {
	spec := c.spec()
	if p := spec.StartupProbe; p != nil {
		c.ask(ctx, p, func(good bool) bool {
			if !good {
				c.restart()
			}
			return true
		})
	}
	c.tell(ctx, func() { c.started, c.ready = true, spec.ReadinessProbe == nil && c.kind != initContainer })
	if ctx.Err() == nil {
		c.upOnce.Do(func() { close(c.up) })
	}
	var both sync.WaitGroup
	for _, p := range []*core.Probe{spec.ReadinessProbe, spec.LivenessProbe} {
		if p == nil {
			continue
		}
		both.Add(1)
		go func() {
			defer both.Done()
			c.ask(ctx, p, func(good bool) bool {
				if p == spec.ReadinessProbe {
					c.tell(ctx, func() { c.ready = good })
				} else if !good {
					c.restart()
				}
				return false
			})
		}()
	}
	both.Wait()
}

// tell changes what status tells, unless the container has ended meanwhile.
func (c *container) tell(ctx context.Context, change func()) {
	c.mutex.Lock()
	before := [2]bool{c.ready, c.started}
	if ctx.Err() == nil {
		change()
	}
	changed := before != [2]bool{c.ready, c.started}
	c.mutex.Unlock()
	if changed {
		c.worker.notify()
	}
}

// ask calls `on` each time that as many answers in a row as the thresholds say were good, or bad, until it returns true
// or the context ends.
func (c *container) ask(ctx context.Context, p *core.Probe, on func(good bool) bool) {
	seconds := func(n, least int32) time.Duration { return time.Duration(max(n, least)) * time.Second }
	next := time.NewTimer(seconds(p.InitialDelaySeconds, 0))
	defer next.Stop()
	good, bad := int32(0), int32(0)
	for {
		select {
		case <-ctx.Done():
			return
		case <-next.C:
		}
		if c.answers(ctx, p, seconds(p.TimeoutSeconds, 1)) {
			good, bad = good+1, 0
		} else {
			good, bad = 0, bad+1
		}
		if ctx.Err() != nil {
			return
		}
		if (good >= max(p.SuccessThreshold, 1) || bad >= max(p.FailureThreshold, 1)) && on(good > 0) {
			return
		}
		next.Reset(seconds(p.PeriodSeconds, 1))
	}
}

func (c *container) answers(ctx context.Context, p *core.Probe, limit time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	switch {
	case p.Exec != nil:
		return c.succeeds(ctx, p.Exec.Command)
	case p.TCPSocket != nil:
		address := net.JoinHostPort(c.host(p.TCPSocket.Host), c.port(p.TCPSocket.Port))
		connection, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err != nil {
			return false
		}
		connection.Close()
		return true
	}
	get := p.HTTPGet
	url := fmt.Sprintf("%s://%s%s", strings.ToLower(string(get.Scheme)), net.JoinHostPort(c.host(get.Host), c.port(get.Port)), get.Path)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	for _, h := range get.HTTPHeaders {
		request.Header.Add(h.Name, h.Value)
	}
	answer, err := prober.Do(request)
	if err != nil {
		return false
	}
	answer.Body.Close()
	return answer.StatusCode >= 200 && answer.StatusCode < 400
}

// succeeds: in a room like the container's, with its volumes; not the container's own root.
func (c *container) succeeds(ctx context.Context, words []string) bool {
	r, err := c.room(c.spec(), nil)
	if err != nil {
		return false
	}
	r.Words = words
	command, ended, err := runRoom(r, nil)
	if err != nil {
		return false
	}
	select {
	case <-ended:
	case <-ctx.Done():
		syscall.Kill(-command.Process.Pid, syscall.SIGKILL)
		<-ended
	}
	return ctx.Err() == nil && exitCode(command) == 0
}

func (c *container) host(wanted string) string {
	if wanted != "" {
		return wanted
	}
	return c.worker.ip
}

func (c *container) port(wanted intstr.IntOrString) string {
	for _, p := range c.spec().Ports {
		if wanted.Type == intstr.String && p.Name == wanted.StrVal {
			return fmt.Sprint(p.ContainerPort)
		}
	}
	return wanted.String()
}
