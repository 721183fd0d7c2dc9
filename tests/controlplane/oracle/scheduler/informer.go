package main

import (
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
)

// heldInformer is an informer whose objects are set by hand: handlers are told at once, in the
// calling goroutine, so that nothing has to be waited for between questions. What plugins do not
// use is left to the nil interface.
type heldInformer struct {
	cache.SharedIndexInformer
	indexer  cache.Indexer
	handlers []cache.ResourceEventHandler
	objects  []runtime.Object
}

type registration struct{}

func (registration) HasSynced() bool                     { return true }
func (registration) HasSyncedChecker() cache.DoneChecker { return nil }

func holdInformer(factory informers.SharedInformerFactory, kind runtime.Object) *heldInformer {
	informer := &heldInformer{indexer: cache.NewIndexer(cache.MetaNamespaceKeyFunc,
		cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc})}
	factory.InformerFor(kind, func(kubernetes.Interface, time.Duration) cache.SharedIndexInformer {
		return informer
	})
	return informer
}

func (i *heldInformer) AddEventHandler(h cache.ResourceEventHandler) (cache.ResourceEventHandlerRegistration, error) {
	i.handlers = append(i.handlers, h)
	return registration{}, nil
}

func (i *heldInformer) AddEventHandlerWithResyncPeriod(h cache.ResourceEventHandler, _ time.Duration) (cache.ResourceEventHandlerRegistration, error) {
	return i.AddEventHandler(h)
}

func (i *heldInformer) AddEventHandlerWithOptions(h cache.ResourceEventHandler, _ cache.HandlerOptions) (cache.ResourceEventHandlerRegistration, error) {
	return i.AddEventHandler(h)
}

func (i *heldInformer) GetStore() cache.Store     { return i.indexer }
func (i *heldInformer) GetIndexer() cache.Indexer { return i.indexer }
func (i *heldInformer) AddIndexers(indexers cache.Indexers) error {
	return i.indexer.AddIndexers(indexers)
}
func (i *heldInformer) HasSynced() bool { return true }
func (i *heldInformer) IsStopped() bool { return false }

// set makes `objects` all there is.
func (i *heldInformer) set(objects []runtime.Object) {
	for _, old := range i.objects {
		_ = i.indexer.Delete(old)
		for _, h := range i.handlers {
			h.OnDelete(old)
		}
	}
	i.objects = objects
	for _, object := range objects {
		_ = i.indexer.Add(object)
		for _, h := range i.handlers {
			h.OnAdd(object, false)
		}
	}
}

func asObjects[T runtime.Object](lists ...[]T) []runtime.Object {
	var objects []runtime.Object
	for _, list := range lists {
		for _, object := range list {
			objects = append(objects, object)
		}
	}
	return objects
}
