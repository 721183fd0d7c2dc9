package main

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/cache"
)

// provisioner is what a StorageClass names to get folders of -root for its claims.
const provisioner = "standin.stowage.dev"

// provisionClaims makes a volume for each claim that the volume binder asks one for (by the annotation of
// pkg/controller/volume/persistentvolume/pv_controller.go), and deletes it with its folder when the class says so.
func (f *fleet) provisionClaims() {
	claim := func(object any) {
		if c, ok := object.(*core.PersistentVolumeClaim); ok && c.Annotations["volume.kubernetes.io/storage-provisioner"] == provisioner {
			f.provision(c)
		}
	}
	volume := func(object any) {
		v, ok := object.(*core.PersistentVolume)
		if ok && v.Annotations["pv.kubernetes.io/provisioned-by"] == provisioner && v.Status.Phase == core.VolumeReleased &&
			v.Spec.PersistentVolumeReclaimPolicy == core.PersistentVolumeReclaimDelete && v.DeletionTimestamp == nil {
			f.reclaim(v)
		}
	}
	api := f.factory.Core().V1()
	api.PersistentVolumeClaims().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: claim, UpdateFunc: func(_, now any) { claim(now) }})
	api.PersistentVolumes().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: volume, UpdateFunc: func(_, now any) { volume(now) }})
}

func (f *fleet) provision(claim *core.PersistentVolumeClaim) {
	if claim.Spec.VolumeName != "" || claim.DeletionTimestamp != nil || claim.Spec.StorageClassName == nil {
		return
	}
	class, err := f.client.StorageV1().StorageClasses().Get(f.ctx, *claim.Spec.StorageClassName, meta.GetOptions{})
	if err != nil {
		log.Printf("class of claim %s/%s: %v", claim.Namespace, claim.Name, err)
		return
	}
	name := "pvc-" + string(claim.UID)
	folder := filepath.Join(f.root, "volumes", fmt.Sprintf("%s_%s_%s", claim.Namespace, claim.Name, claim.UID))
	if err := os.MkdirAll(folder, 0o755); err != nil {
		log.Printf("volume %s: %v", name, err)
		return
	}
	volume := &core.PersistentVolume{
		ObjectMeta: meta.ObjectMeta{Name: name, Annotations: map[string]string{"pv.kubernetes.io/provisioned-by": provisioner}},
		Spec: core.PersistentVolumeSpec{
			Capacity: core.ResourceList{core.ResourceStorage: claim.Spec.Resources.Requests[core.ResourceStorage]},
			ClaimRef: &core.ObjectReference{APIVersion: "v1", Kind: "PersistentVolumeClaim", Namespace: claim.Namespace,
				Name: claim.Name, UID: claim.UID},
			AccessModes:            claim.Spec.AccessModes,
			StorageClassName:       class.Name,
			VolumeMode:             claim.Spec.VolumeMode,
			PersistentVolumeSource: core.PersistentVolumeSource{HostPath: &core.HostPathVolumeSource{Path: folder}},
		}}
	if class.ReclaimPolicy != nil {
		volume.Spec.PersistentVolumeReclaimPolicy = *class.ReclaimPolicy
	}
	if _, err := f.client.CoreV1().PersistentVolumes().Create(f.ctx, volume, meta.CreateOptions{}); err != nil && !errors.IsAlreadyExists(err) {
		log.Printf("volume %s: %v", name, err)
	}
}

func (f *fleet) reclaim(volume *core.PersistentVolume) {
	if volume.Spec.HostPath == nil || filepath.Dir(volume.Spec.HostPath.Path) != filepath.Join(f.root, "volumes") {
		return // not one of ours, whatever it says
	}
	if err := os.RemoveAll(volume.Spec.HostPath.Path); err != nil {
		log.Printf("volume %s: %v", volume.Name, err)
	}
	err := f.client.CoreV1().PersistentVolumes().Delete(f.ctx, volume.Name, meta.DeleteOptions{Preconditions: &meta.Preconditions{UID: &volume.UID}})
	if err != nil && !errors.IsNotFound(err) {
		log.Printf("volume %s: %v", volume.Name, err)
	}
}
