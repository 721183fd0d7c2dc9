// CSI migration: in-tree volumes as the CSI drivers that took them over see them: driver, volume
// handle and topology. Only the plugins whose migration is on in v1.36: EBS, GCE PD, Azure Disk,
// Cinder, Portworx. Pure. Source: csi-translation-lib plugins/*.go, v0.36.3, and kube-scheduler
// plugins/nodevolumelimits/utils.go, v1.36.3.
#pragma once

#include <optional>
#include <string_view>

#include "base/status.h"
#include "kubeapi/pod.h"
#include "kubeapi/storage.h"

namespace stowage::scheduling {

using base::Symbol;

struct MigratedPlugin {
  std::string_view member;        // of a volume's spec: "awsElasticBlockStore"
  std::string_view in_tree_name;  // as StorageClass.provisioner: "kubernetes.io/aws-ebs"
  std::string_view driver;        // "ebs.csi.aws.com"
  std::string_view topology_key;  // empty: zones are not translated
};

// nullptr: not migrated, or CSI already.
const MigratedPlugin* migratedPlugin(const kubeapi::VolumeSource& source);
const MigratedPlugin* migratedPlugin(kubeapi::PodVolume::Kind kind);
const MigratedPlugin* migratedProvisioner(std::string_view provisioner);

struct CsiVolume {
  Symbol driver;
  Symbol handle;
  friend bool operator==(const CsiVolume&, const CsiVolume&) = default;
};

// The volume of an inline source of a migrated plugin. An error says why there is none.
base::Result<CsiVolume> csiVolumeOf(const MigratedPlugin& plugin, const kubeapi::PodVolume& volume);
base::Result<CsiVolume> csiVolumeOf(const MigratedPlugin& plugin,
                                    const kubeapi::PersistentVolume& volume);

// spec.nodeAffinity.required with zones in the driver's words: in-tree zone requirements are
// renamed; without any, zone labels of the volume become one.
std::optional<kubeapi::NodeSelector> csiAffinityOf(const MigratedPlugin& plugin,
                                                   const kubeapi::PersistentVolume& volume);

// The node's CSINode says that the plugin has been handed over there.
bool migratedOn(const MigratedPlugin& plugin, const kubeapi::CsiNode* node);

}  // namespace stowage::scheduling
