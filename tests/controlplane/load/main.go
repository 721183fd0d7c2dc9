// Command load gives a scheduler work on a real API server and measures what becomes of it. One run:
// nodes and pending pods are created and "ready" is said; somebody writes the line "start" on
// standard input and starts a scheduler; the time to the last binding is taken; after the line
// "arrive" more pods come at a fixed rate while the scheduler runs; at the end all placements are
// checked. What it has to tell is one JSON object (type report) per line of standard output. It owns
// the cluster: the API server must be fresh, and nobody else may create pods.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

// report is one line of output; Phase says which fields count.
type report struct {
	Phase    string   `json:"phase"` // progress, ready, drained, arrived or checked
	What     string   `json:"what,omitempty"`
	Done     int      `json:"done"`
	Of       int      `json:"of"`
	Seconds  float64  `json:"seconds,omitempty"`       // drained: first to last binding
	Whole    float64  `json:"whole_seconds,omitempty"` // drained: from the command "start" to the last binding
	P50      float64  `json:"p50_ms,omitempty"`        // arrived: created to bound
	P99      float64  `json:"p99_ms,omitempty"`        // arrived
	Rate     float64  `json:"rate,omitempty"`          // arrived: pods created per second
	Problems []string `json:"problems,omitempty"`      // checked
}

func say(r report) { json.NewEncoder(os.Stdout).Encode(r) }

type options struct {
	kubeconfig, scheduler       string
	nodes, pods, arrivals, rate int
	fill                        int
	stall                       time.Duration
	workload                    workload
}

func parse() (options, error) {
	var o options
	var name string
	flag.StringVar(&o.kubeconfig, "kubeconfig", "", "an administrator of a fresh API server")
	flag.StringVar(&o.scheduler, "scheduler", "", "schedulerName of the pods")
	flag.StringVar(&name, "workload", "plain", "plain, spread, anti-affinity, mixed or preemption")
	flag.IntVar(&o.nodes, "nodes", 100, "nodes to create")
	flag.IntVar(&o.pods, "pods", 500, "pods that wait when the scheduler starts")
	flag.IntVar(&o.arrivals, "arrivals", 200, "pods that come later")
	flag.IntVar(&o.rate, "rate", 100, "pods per second that come later")
	flag.IntVar(&o.fill, "fill", 0, "small pods that are on each node already (preemption: four large ones)")
	flag.DurationVar(&o.stall, "stall", time.Minute, "give up after so long without a binding")
	flag.Parse()
	var ok bool
	if o.workload, ok = workloads[name]; !ok {
		return o, fmt.Errorf("no such workload: %q", name)
	}
	if o.nodes < 1 || o.pods < 1 || o.rate < 1 || o.arrivals < 0 || o.fill < 0 {
		return o, fmt.Errorf("nodes, pods and rate must be at least 1, the rest at least 0")
	}
	return o, nil
}

func connect(kubeconfig string) (kubernetes.Interface, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	config.QPS = -1 // not throttled
	config.ContentType = "application/vnd.kubernetes.protobuf"
	config.AcceptContentTypes = "application/vnd.kubernetes.protobuf"
	return kubernetes.NewForConfig(config)
}

// awaitBound waits until count pods are bound in all; false when bindings stop before that. It looks a few times a
// second, so that waiting costs nothing: the times of bindings are taken where the watch is read.
func awaitBound(seen *observer, what string, count int, stall time.Duration) bool {
	last, changed, told := -1, time.Now(), time.Time{}
	for {
		bound := seen.boundCount()
		if bound >= count {
			return true
		}
		if bound != last {
			last, changed = bound, time.Now()
		} else if time.Since(changed) > stall {
			return false
		}
		if time.Since(told) > time.Second {
			told = time.Now()
			say(report{Phase: "progress", What: what, Done: bound, Of: count})
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// await reads commands up to the wanted one; false when there are no more.
func await(commands *bufio.Scanner, wanted string) bool {
	for commands.Scan() {
		if commands.Text() == wanted {
			return true
		}
	}
	return false
}

func arrive(ctx context.Context, o options, create *creator, seen *observer) error {
	begin := time.Now()
	if err := create.arriving(ctx, o.pods, o.arrivals, o.rate); err != nil {
		return err
	}
	rate := float64(o.arrivals) / time.Since(begin).Seconds()
	awaitBound(seen, "arriving pods bound", o.pods+o.arrivals, o.stall)
	p50, p99 := seen.latencies(measuredName(o.pods))
	say(report{Phase: "arrived", Done: seen.boundCount() - o.pods, Of: o.arrivals, P50: p50, P99: p99, Rate: rate})
	return nil
}

func run(o options) error {
	ctx := context.Background()
	client, err := connect(o.kubeconfig)
	if err != nil {
		return err
	}
	create := &creator{client: client, scheduler: o.scheduler, workload: o.workload}
	if err := create.cluster(ctx, o.nodes, o.fill); err != nil {
		return err
	}
	seen, err := observe(ctx, client)
	if err != nil {
		return err
	}
	if err := create.pending(ctx, o.pods); err != nil {
		return err
	}
	say(report{Phase: "ready", Of: o.pods})
	commands := bufio.NewScanner(os.Stdin)
	await(commands, "start")
	begin := time.Now()
	awaitBound(seen, "pods bound", o.pods, o.stall)
	done, first, last := seen.boundSpan()
	say(report{Phase: "drained", Done: done, Of: o.pods, Seconds: last.Sub(first).Seconds(), Whole: last.Sub(begin).Seconds()})
	if done == o.pods && o.arrivals > 0 && await(commands, "arrive") {
		if err := arrive(ctx, o, create, seen); err != nil {
			return err
		}
	}
	problems, err := check(ctx, client, seen)
	if err != nil {
		return err
	}
	say(report{Phase: "checked", Problems: problems})
	return nil
}

func main() {
	o, err := parse()
	if err == nil {
		err = run(o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}
