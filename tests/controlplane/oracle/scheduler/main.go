// Command scheduler answers, with kube-scheduler's own framework and plugins, what becomes of pods on
// a cluster: for every node the verdict, plugin, code and reasons; for every feasible node each
// plugin's raw and normalised score; the message of an unschedulable pod; and, when asked, the
// victims of preemption per node. One question (type question) per line of standard input, one
// answer (type answer) per line of standard output, both JSON. Questions are independent; nothing is
// read from or written to an API server.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/scheduler/metrics"
)

// Kept frameworks: questions take turns with few configurations.
const maxWorlds = 64

type oracle struct {
	worlds map[string]*world // by configuration
}

func (o *oracle) answer(line []byte) (*answer, error) {
	var q question
	if err := json.Unmarshal(line, &q); err != nil {
		return nil, fmt.Errorf("question: %w", err)
	}
	w := o.worlds[q.Config]
	if w == nil {
		if len(o.worlds) >= maxWorlds {
			o.closeAll()
		}
		var err error
		if w, err = newWorld(q.Config); err != nil {
			return nil, fmt.Errorf("configuration: %w", err)
		}
		o.worlds[q.Config] = w
	}
	w.load(&q)
	result := &answer{}
	for _, pod := range q.Pods {
		result.Pods = append(result.Pods, w.judge(pod, q.Preempt))
	}
	return result, nil
}

func (o *oracle) closeAll() {
	for _, w := range o.worlds {
		w.close()
	}
	o.worlds = map[string]*world{}
}

func run(in io.Reader, out io.Writer) error {
	o := &oracle{worlds: map[string]*world{}}
	defer o.closeAll()
	reader := bufio.NewReaderSize(in, 1<<20)
	writer := bufio.NewWriterSize(out, 1<<20)
	encoder := json.NewEncoder(writer)
	encoder.SetEscapeHTML(false)
	for {
		line, err := reader.ReadBytes('\n')
		if err == io.EOF && len(line) == 0 {
			return writer.Flush()
		}
		if err != nil && err != io.EOF {
			return err
		}
		result, failure := o.answer(line)
		if failure != nil {
			result = &answer{Error: failure.Error()}
		}
		if err := encoder.Encode(result); err != nil {
			return err
		}
		// The asker may wait for this answer before it asks again.
		if reader.Buffered() == 0 {
			if err := writer.Flush(); err != nil {
				return err
			}
		}
	}
}

func main() {
	debug.SetGCPercent(400)
	klog.SetOutput(io.Discard)
	klog.LogToStderr(false)
	metrics.Register()
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
