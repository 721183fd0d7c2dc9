package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	authentication "k8s.io/api/authentication/v1"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// volumes are the folders of a pod. A claim's is that of its hostPath or local volume and stays; the others go with the
// pod. Files of projected and downwardAPI volumes are kept up to date by refresh.
type volumes struct {
	worker  *worker
	folders map[string]string
	renewAt map[string]time.Time // of tokens, by file
}

// prepare waits for claims to be bound, and writes all files once.
func (v *volumes) prepare(ctx context.Context) error {
	for _, volume := range v.worker.pod().Spec.Volumes {
		folder := filepath.Join(v.worker.dir, "volumes", volume.Name)
		if volume.PersistentVolumeClaim != nil {
			var err error
			if folder, err = v.claimed(ctx, volume.PersistentVolumeClaim.ClaimName); err != nil {
				return err
			}
		} else if volume.HostPath != nil {
			folder = volume.HostPath.Path
		}
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
		v.folders[volume.Name] = folder
	}
	return v.refresh(ctx)
}

func (v *volumes) claimed(ctx context.Context, name string) (string, error) {
	api := v.worker.fleet.client.CoreV1()
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	for {
		claim, err := api.PersistentVolumeClaims(v.worker.pod().Namespace).Get(ctx, name, meta.GetOptions{})
		if err == nil && claim.Status.Phase == core.ClaimBound {
			volume, err := api.PersistentVolumes().Get(ctx, claim.Spec.VolumeName, meta.GetOptions{})
			switch {
			case err != nil: // once more
			case volume.Spec.HostPath != nil:
				return volume.Spec.HostPath.Path, nil
			case volume.Spec.Local != nil:
				return volume.Spec.Local.Path, nil
			default:
				return "", fmt.Errorf("volume %s is neither hostPath nor local", volume.Name)
			}
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-look.C:
		}
	}
}

// refresh writes what has changed: tokens before they run out, fields of the pod.
func (v *volumes) refresh(ctx context.Context) error {
	for _, volume := range v.worker.pod().Spec.Volumes {
		folder := v.folders[volume.Name]
		var err error
		switch {
		case volume.DownwardAPI != nil:
			err = v.fields(folder, volume.DownwardAPI.Items)
		case volume.ConfigMap != nil:
			err = v.configMap(ctx, folder, volume.ConfigMap.Name, volume.ConfigMap.Items, volume.ConfigMap.Optional)
		case volume.Projected != nil:
			for _, source := range volume.Projected.Sources {
				if err = v.projected(ctx, folder, source); err != nil {
					break
				}
			}
		}
		if err != nil {
			return fmt.Errorf("volume %s: %w", volume.Name, err)
		}
	}
	return nil
}

func (v *volumes) projected(ctx context.Context, folder string, source core.VolumeProjection) error {
	switch {
	case source.ServiceAccountToken != nil:
		return v.token(ctx, folder, source.ServiceAccountToken)
	case source.DownwardAPI != nil:
		return v.fields(folder, source.DownwardAPI.Items)
	case source.ConfigMap != nil:
		return v.configMap(ctx, folder, source.ConfigMap.Name, source.ConfigMap.Items, source.ConfigMap.Optional)
	}
	return nil
}

// token is bound to the pod and renewed when four fifths of its time are over (pkg/kubelet/token/token_manager.go).
func (v *volumes) token(ctx context.Context, folder string, wanted *core.ServiceAccountTokenProjection) error {
	file := filepath.Join(folder, wanted.Path)
	if time.Now().Before(v.renewAt[file]) {
		return nil
	}
	pod := v.worker.pod()
	account := pod.Spec.ServiceAccountName
	if account == "" {
		account = "default"
	}
	request := &authentication.TokenRequest{Spec: authentication.TokenRequestSpec{ExpirationSeconds: wanted.ExpirationSeconds,
		BoundObjectRef: &authentication.BoundObjectReference{APIVersion: "v1", Kind: "Pod", Name: pod.Name, UID: pod.UID}}}
	if wanted.Audience != "" {
		request.Spec.Audiences = []string{wanted.Audience}
	}
	given, err := v.worker.fleet.client.CoreV1().ServiceAccounts(pod.Namespace).CreateToken(ctx, account, request, meta.CreateOptions{})
	if err != nil {
		return err
	}
	now := time.Now()
	v.renewAt[file] = now.Add(given.Status.ExpirationTimestamp.Sub(now) * 4 / 5)
	return replace(file, given.Status.Token)
}

func (v *volumes) fields(folder string, items []core.DownwardAPIVolumeFile) error {
	for _, item := range items {
		if item.FieldRef == nil {
			return fmt.Errorf("the stand-in has fields of the pod only, for file %s", item.Path)
		}
		value, err := field(v.worker.pod(), v.worker.ip, item.FieldRef.FieldPath)
		if err != nil {
			return err
		}
		if err := replace(filepath.Join(folder, item.Path), value); err != nil {
			return err
		}
	}
	return nil
}

func (v *volumes) configMap(ctx context.Context, folder, name string, items []core.KeyToPath, optional *bool) error {
	found, err := v.worker.fleet.client.CoreV1().ConfigMaps(v.worker.pod().Namespace).Get(ctx, name, meta.GetOptions{})
	if err != nil {
		if optional != nil && *optional {
			return nil
		}
		return err
	}
	if len(items) == 0 {
		for key := range found.Data {
			items = append(items, core.KeyToPath{Key: key, Path: key})
		}
	}
	for _, item := range items {
		if err := replace(filepath.Join(folder, item.Path), found.Data[item.Key]); err != nil {
			return err
		}
	}
	return nil
}

// replace writes a file as a whole, unless it is that already.
func replace(file, text string) error {
	if now, err := os.ReadFile(file); err == nil && string(now) == text {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(file+".new", []byte(text), 0o644); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}

// mounts of a container, outer ones first.
func (v *volumes) mounts(c *core.Container) ([]mount, error) {
	var all []mount
	for _, m := range c.VolumeMounts {
		folder, known := v.folders[m.Name]
		if !known {
			return nil, fmt.Errorf("no volume %s", m.Name)
		}
		if m.SubPath != "" {
			folder = filepath.Join(folder, m.SubPath)
			if _, err := os.Stat(folder); os.IsNotExist(err) {
				if err := os.MkdirAll(folder, 0o755); err != nil {
					return nil, err
				}
			}
		}
		all = append(all, mount{Path: m.MountPath, Folder: folder, ReadOnly: m.ReadOnly})
	}
	sort.Slice(all, func(i, k int) bool { return strings.Count(all[i].Path, "/") < strings.Count(all[k].Path, "/") })
	return all, nil
}
