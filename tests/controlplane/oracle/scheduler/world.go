package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	v1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/informers"
	clientfake "k8s.io/client-go/kubernetes/fake"
	"k8s.io/dynamic-resource-allocation/resourceslice/tracker"
	"k8s.io/klog/v2"
	fwk "k8s.io/kube-scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/apis/config"
	"k8s.io/kubernetes/pkg/scheduler/apis/config/scheme"
	schedcache "k8s.io/kubernetes/pkg/scheduler/backend/cache"
	"k8s.io/kubernetes/pkg/scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/dynamicresources"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/nodevolumelimits"
	fwkruntime "k8s.io/kubernetes/pkg/scheduler/framework/runtime"
	"k8s.io/kubernetes/pkg/scheduler/metrics"
	"k8s.io/kubernetes/pkg/scheduler/util/assumecache"
)

// currentSnapshot is the lister that plugins keep from their construction; the snapshot in it is
// another one for each question.
type currentSnapshot struct {
	*schedcache.Snapshot
}

// nominations answers with the question's nominated pods.
type nominations struct {
	byNode map[string][]fwk.PodInfo
}

func (n *nominations) AddNominatedPod(klog.Logger, fwk.PodInfo, *fwk.NominatingInfo) {}
func (n *nominations) DeleteNominatedPodIfExists(*v1.Pod)                            {}
func (n *nominations) UpdateNominatedPod(klog.Logger, *v1.Pod, fwk.PodInfo)          {}
func (n *nominations) NominatedPodsForNode(node string) []fwk.PodInfo                { return n.byNode[node] }

// world is one configured framework and the objects that its plugins see.
type world struct {
	ctx       context.Context
	close     context.CancelFunc
	framework framework.Framework
	plugins   map[string]fwk.Plugin // the very instances that the framework runs
	snapshot  *currentSnapshot
	nominated *nominations
	held      map[string]*heldInformer
	pods      []*v1.Pod // placed ones that count
	nodes     int
}

func readProfile(text string) (*config.KubeSchedulerProfile, error) {
	if text == "" {
		text = `{"apiVersion":"kubescheduler.config.k8s.io/v1","kind":"KubeSchedulerConfiguration"}`
	}
	object, _, err := scheme.Codecs.UniversalDecoder().Decode([]byte(text), nil, nil)
	if err != nil {
		return nil, err
	}
	all, ok := object.(*config.KubeSchedulerConfiguration)
	if !ok || len(all.Profiles) == 0 {
		return nil, errors.New("no KubeSchedulerConfiguration with a profile")
	}
	return &all.Profiles[0], nil
}

func holdAll(factory informers.SharedInformerFactory) map[string]*heldInformer {
	kinds := map[string]runtime.Object{
		"pods": &v1.Pod{}, "nodes": &v1.Node{}, "namespaces": &v1.Namespace{},
		"services": &v1.Service{}, "rcs": &v1.ReplicationController{},
		"rss": &appsv1.ReplicaSet{}, "sss": &appsv1.StatefulSet{},
		"pdbs": &policyv1.PodDisruptionBudget{},
		"pvs":  &v1.PersistentVolume{}, "pvcs": &v1.PersistentVolumeClaim{},
		"classes": &storagev1.StorageClass{}, "csinodes": &storagev1.CSINode{},
		"csidrivers": &storagev1.CSIDriver{}, "capacities": &storagev1.CSIStorageCapacity{},
		"attachments": &storagev1.VolumeAttachment{},
	}
	held := map[string]*heldInformer{}
	for name, kind := range kinds {
		held[name] = holdInformer(factory, kind)
	}
	return held
}

// captured wraps every factory so that the instance it makes can be asked directly: the framework
// shows scores only after normalising and weighting.
func captured(registry fwkruntime.Registry, into map[string]fwk.Plugin) fwkruntime.Registry {
	wrapped := fwkruntime.Registry{}
	for name, factory := range registry {
		wrapped[name] = func(ctx context.Context, args runtime.Object, handle fwk.Handle) (fwk.Plugin, error) {
			plugin, err := factory(ctx, args, handle)
			if err == nil {
				into[name] = plugin
			}
			return plugin, err
		}
	}
	return wrapped
}

func newWorld(configuration string) (*world, error) {
	profile, err := readProfile(configuration)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(klog.NewContext(context.Background(), klog.LoggerWithName(klog.Background(), "oracle")))
	client := clientfake.NewClientset()
	factory := informers.NewSharedInformerFactory(client, 0)
	w := &world{
		ctx: ctx, close: cancel,
		plugins:   map[string]fwk.Plugin{},
		snapshot:  &currentSnapshot{schedcache.NewEmptySnapshot()},
		nominated: &nominations{},
		held:      holdAll(factory),
	}
	// As kube-scheduler's own New (scheduler.go): the plugin for dynamic resources is always there.
	slices, err := tracker.StartTracker(ctx, tracker.Options{
		SliceInformer: factory.Resource().V1().ResourceSlices(), KubeClient: client})
	if err != nil {
		cancel()
		return nil, err
	}
	claims := assumecache.NewAssumeCache(klog.FromContext(ctx), factory.Resource().V1().ResourceClaims().Informer(), "ResourceClaim", "", nil)
	w.framework, err = fwkruntime.NewFramework(ctx, captured(plugins.NewInTreeRegistry(), w.plugins), profile,
		fwkruntime.WithClientSet(client),
		fwkruntime.WithInformerFactory(factory),
		fwkruntime.WithSharedDRAManager(dynamicresources.NewDRAManager(ctx, claims, slices, factory)),
		fwkruntime.WithSharedCSIManager(nodevolumelimits.NewCSIManager(factory.Storage().V1().CSINodes().Lister())),
		fwkruntime.WithSnapshotSharedLister(w.snapshot),
		fwkruntime.WithPodNominator(w.nominated),
		fwkruntime.WithParallelism(1),
		fwkruntime.WithMetricsRecorder(metrics.NewMetricsAsyncRecorder(1000, time.Second, ctx.Done())),
		fwkruntime.WithWaitingPods(fwkruntime.NewWaitingPodsMap()),
		fwkruntime.WithPodsInPreBind(fwkruntime.NewPodsInPreBindMap()),
	)
	if err != nil {
		cancel()
		return nil, fmt.Errorf("framework: %w", err)
	}
	return w, nil
}

// load makes the question's cluster the present one.
func (w *world) load(q *question) {
	known := map[string]bool{}
	for _, node := range q.Nodes {
		known[node.Name] = true
	}
	// The scheduler's informer leaves terminal pods out (scheduler.go), and its snapshot holds no
	// nodes that pods only name (backend/cache/cache.go).
	w.pods = nil
	for _, pod := range q.Placed {
		if known[pod.Spec.NodeName] && pod.Status.Phase != v1.PodSucceeded && pod.Status.Phase != v1.PodFailed {
			w.pods = append(w.pods, pod)
		}
	}
	w.nodes = len(q.Nodes)
	w.snapshot.Snapshot = schedcache.NewSnapshot(w.pods, q.Nodes)
	w.nominated.byNode = map[string][]fwk.PodInfo{}
	for _, pod := range q.Nominated {
		if info, err := framework.NewPodInfo(pod); err == nil {
			node := pod.Status.NominatedNodeName
			w.nominated.byNode[node] = append(w.nominated.byNode[node], info)
		}
	}
	w.held["pods"].set(asObjects(w.pods, q.Nominated, q.Pods))
	w.held["nodes"].set(asObjects(q.Nodes))
	w.held["namespaces"].set(asObjects(q.Namespaces))
	w.held["services"].set(asObjects(q.Services))
	w.held["rcs"].set(asObjects(q.RCs))
	w.held["rss"].set(asObjects(q.RSs))
	w.held["sss"].set(asObjects(q.SSs))
	w.held["pdbs"].set(asObjects(q.PDBs))
	w.held["classes"].set(asObjects(q.Classes))
	w.held["csinodes"].set(asObjects(q.CSINodes))
	w.held["csidrivers"].set(asObjects(q.CSIDrivers))
	w.held["capacities"].set(asObjects(q.Capacities))
	w.held["attachments"].set(asObjects(q.Attachments))
	w.held["pvs"].set(asObjects(q.PVs))
	w.held["pvcs"].set(asObjects(q.PVCs))
}
