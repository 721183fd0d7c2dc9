package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	v1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
)

const creators = 16 // requests in flight

// creator writes nodes and pods. Not for several goroutines at once.
type creator struct {
	client    kubernetes.Interface
	scheduler string
	workload  workload
}

// inParallel calls one(0..count-1) from several goroutines and tells how far it is every second. pace, when not
// 0, is the least time between two beginnings. The first error ends it.
func inParallel(what string, count int, pace time.Duration, one func(int) error) error {
	jobs := make(chan int)
	var workers sync.WaitGroup
	var done atomic.Int64
	var failure atomic.Pointer[error]
	for w := 0; w < creators; w++ {
		workers.Go(func() {
			for i := range jobs {
				if failure.Load() != nil {
					continue
				}
				if err := one(i); err != nil {
					failure.CompareAndSwap(nil, &err)
				}
				done.Add(1)
			}
		})
	}
	begin, told := time.Now(), time.Now()
	for i := 0; i < count; i++ {
		time.Sleep(time.Until(begin.Add(time.Duration(i) * pace)))
		jobs <- i
		if time.Since(told) > time.Second {
			told = time.Now()
			say(report{Phase: "progress", What: what, Done: int(done.Load()), Of: count})
		}
	}
	close(jobs)
	workers.Wait()
	if err := failure.Load(); err != nil {
		return fmt.Errorf("%s: %w", what, *err)
	}
	return nil
}

// cluster creates what is there before the measured pods: nodes, and pods on them.
func (c *creator) cluster(ctx context.Context, nodes, small int) error {
	err := inParallel("nodes created", nodes, 0, func(i int) error {
		_, err := c.client.CoreV1().Nodes().Create(ctx, newNode(i), metav1.CreateOptions{})
		return err
	})
	if err != nil {
		return err
	}
	if !c.workload.fill {
		return c.fill(ctx, nodes*small, func(i int) *v1.Pod { return newFillPod(i, small, "10m", "50Mi") })
	}
	if _, err := c.client.SchedulingV1().PriorityClasses().Create(ctx, highPriorityClass(), metav1.CreateOptions{}); err != nil {
		return err
	}
	return c.fill(ctx, nodes*fillPerNode, func(i int) *v1.Pod { return newFillPod(i, fillPerNode, "900m", "500Mi") })
}

func (c *creator) fill(ctx context.Context, count int, pod func(int) *v1.Pod) error {
	return inParallel("pods on nodes created", count, 0, func(i int) error {
		_, err := c.client.CoreV1().Pods(namespace).Create(ctx, pod(i), metav1.CreateOptions{})
		return err
	})
}

func (c *creator) createMeasured(ctx context.Context, i int) error {
	_, err := c.client.CoreV1().Pods(namespace).Create(ctx, c.workload.newMeasuredPod(i, c.scheduler), metav1.CreateOptions{})
	return err
}

func (c *creator) pending(ctx context.Context, count int) error {
	// Admission learns of a new priority class by a watch of its own: the first pod waits for that.
	err := wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, 10*time.Second, true, func(ctx context.Context) (bool, error) {
		err := c.createMeasured(ctx, 0)
		if apierrors.IsForbidden(err) {
			return false, nil
		}
		return err == nil, err
	})
	if err != nil {
		return fmt.Errorf("first pod: %w", err)
	}
	return inParallel("pods created", count-1, 0, func(i int) error { return c.createMeasured(ctx, i+1) })
}

// arriving creates the pods first..first+count-1 at rate per second.
func (c *creator) arriving(ctx context.Context, first, count, rate int) error {
	return inParallel("arriving pods created", count, time.Second/time.Duration(rate),
		func(i int) error { return c.createMeasured(ctx, first+i) })
}
