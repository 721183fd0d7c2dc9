// Command standin plays the nodes of a test cluster with real processes: it registers Nodes and keeps them alive, and
// runs the containers of the pods bound to them as processes of this machine. It is for tests, and no sandbox. Each
// container sees a root of its own: the programs of its image in /usr/local/bin, the machine's /usr, /proc and /dev, an
// /etc in which the names of pods and Services resolve (hosts.go), and its volumes where it mounts them. That takes mount
// namespaces: root, or a kernel that lets users make their own; it says so where neither is the case.
//
// Where it differs from a kubelet:
//   - A pod has an address of its own in 127.0.0.0/8 (status.podIP), in the one network of the machine: what listens on all
//     addresses collides with its neighbours. Services are names of their ready pods, without a proxy: their ports are
//     those of the containers.
//   - An image is a set of programs of this machine (-image NAME=FILE,...); the first one is its entrypoint.
//   - Claims of a class with provisioner standin.stowage.dev get a folder (provision.go). All nodes see it, as they see a
//     disk of a network; so it is with hostPath and local volumes.
//   - Limits, security contexts, lifecycle hooks, exec, logs and port-forward are not there. A pod that asks for what would
//     change what it does (see unsupported) fails with reason Unsupported and says what.
//   - A container that fails comes back after 1 s, doubled up to 30 s (a kubelet: 10 s up to 5 min).
//
// POST /nodes/NAME/partition on -control: the node no longer talks to the API server. kill: its processes end as well.
// restore brings it back. GET /readyz answers 200 when all nodes are registered.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

type options struct {
	kubeconfig, root, control string
	nodes, images             list
}

// list is a flag that may be given many times.
type list []string

func (l *list) String() string     { return strings.Join(*l, " ") }
func (l *list) Set(v string) error { *l = append(*l, v); return nil }

func main() {
	if len(os.Args) == 2 && os.Args[1] == enterRoom {
		becomeContainer()
	}
	var o options
	flag.StringVar(&o.kubeconfig, "kubeconfig", "", "an administrator of the API server")
	flag.StringVar(&o.root, "root", "", "folder of logs, of what pods see of /etc, and of volumes")
	flag.StringVar(&o.control, "control", "127.0.0.1:0", "address to be told on which nodes to lose")
	flag.Var(&o.nodes, "node", "NAME[,LABEL=VALUE...]: a node to play (repeatable)")
	flag.Var(&o.images, "image", "NAME=FILE[,FILE...]: the programs of an image (repeatable)")
	flag.Parse()
	if err := run(o); err != nil {
		log.Fatal(err)
	}
}

func run(o options) error {
	if o.root == "" || len(o.nodes) == 0 {
		return fmt.Errorf("-root and -node are needed")
	}
	if err := roomsWork(); err != nil {
		return err
	}
	root, err := filepath.Abs(o.root)
	if err != nil {
		return err
	}
	images := map[string][]string{}
	for _, entry := range o.images {
		name, files, ok := strings.Cut(entry, "=")
		if !ok {
			return fmt.Errorf("-image %q is not NAME=FILE", entry)
		}
		images[name] = strings.Split(files, ",")
	}
	config, err := clientcmd.BuildConfigFromFlags("", o.kubeconfig)
	if err != nil {
		return err
	}
	config.QPS = -1 // not throttled
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	fleet := newFleet(ctx, client, root, images, serverOf(config))
	for _, entry := range o.nodes {
		if err := fleet.addNode(entry); err != nil {
			return err
		}
	}
	return fleet.run(o.control)
}

// serverOf: where pods find the API server.
func serverOf(config *rest.Config) string {
	address := strings.TrimPrefix(strings.TrimPrefix(config.Host, "https://"), "http://")
	return strings.TrimSuffix(address, "/")
}
