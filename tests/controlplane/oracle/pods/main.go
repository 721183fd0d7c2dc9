// Command pods answers, with kube-scheduler's own code, how much a pod asks for, what a node offers,
// and whether node affinity, taints and host ports let them meet; one line per question:
//
//	<pod as JSON in hexadecimal> <node as JSON in hexadecimal>
//
// The answer is one line of JSON (type answer below), or "err" when Go cannot read the objects.
package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	v1 "k8s.io/api/core/v1"
	resourcehelper "k8s.io/component-helpers/resource"
	corev1helpers "k8s.io/component-helpers/scheduling/corev1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/util"
)

type answer struct {
	Spec          map[string]int64 `json:"spec"`
	Placed        map[string]int64 `json:"placed"`
	NonZeroCPU    int64            `json:"nonZeroCpu"`
	NonZeroMemory int64            `json:"nonZeroMemory"`
	Allocatable   map[string]int64 `json:"allocatable"`
	Affinity      bool             `json:"affinity"`
	Tolerated     []bool           `json:"tolerated"`
	Ports         []string         `json:"ports"`
}

func amounts(r *framework.Resource) map[string]int64 {
	all := map[string]int64{
		"cpu": r.MilliCPU, "memory": r.Memory, "ephemeral-storage": r.EphemeralStorage,
	}
	for name, value := range r.ScalarResources {
		all[string(name)] = value
	}
	for name, value := range all {
		if value == 0 {
			delete(all, name)
		}
	}
	return all
}

func tolerated(pod *v1.Pod, node *v1.Node) []bool {
	verdicts := []bool{}
	for i := range node.Spec.Taints {
		verdicts = append(verdicts, corev1helpers.TolerationsTolerateTaint(
			klog.Background(), pod.Spec.Tolerations, &node.Spec.Taints[i], false))
	}
	return verdicts
}

func ports(pod *v1.Pod) []string {
	all := []string{}
	for _, port := range util.GetHostPorts(pod) {
		all = append(all, fmt.Sprintf("%s/%s/%d", port.HostIP, port.Protocol, port.HostPort))
	}
	return all
}

func ask(pod *v1.Pod, node *v1.Node) (*answer, error) {
	info, err := framework.NewPodInfo(pod)
	if err != nil {
		return nil, err
	}
	placed := info.CalculateResource()
	spec := framework.NewResource(resourcehelper.PodRequests(pod, resourcehelper.PodResourcesOptions{}))
	offered := framework.NewResource(node.Status.Allocatable)
	allocatable := amounts(offered)
	if offered.AllowedPodNumber != 0 {
		allocatable["pods"] = int64(offered.AllowedPodNumber)
	}
	fits, _ := nodeaffinity.GetRequiredNodeAffinity(pod).Match(node)
	return &answer{
		Spec:          amounts(spec),
		Placed:        amounts(placed.Resource.(*framework.Resource)),
		NonZeroCPU:    placed.Non0CPU,
		NonZeroMemory: placed.Non0Mem,
		Allocatable:   allocatable,
		Affinity:      fits,
		Tolerated:     tolerated(pod, node),
		Ports:         ports(pod),
	}, nil
}

func read(text string, into any) error {
	raw, err := hex.DecodeString(text)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, into)
}

func reply(line string) string {
	podText, nodeText, _ := strings.Cut(line, " ")
	var pod v1.Pod
	var node v1.Node
	if read(podText, &pod) != nil || read(nodeText, &node) != nil {
		return "err"
	}
	result, err := ask(&pod, &node)
	if err != nil {
		return "err"
	}
	text, err := json.Marshal(result)
	if err != nil {
		return "err"
	}
	return string(text)
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 16<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for lines.Scan() {
		fmt.Fprintln(out, reply(lines.Text()))
	}
}
