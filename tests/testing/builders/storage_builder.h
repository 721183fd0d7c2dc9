// Storage objects for tests, a line each:
//   makeClaim("data").cls("fast").request("1Gi").build()
//   makeVolume("pv-1").cls("fast").capacity("2Gi").usableFrom("zone", {"a"}).build()
// Defaults: claims in namespace "default" asking for 1Gi, ReadWriteOnce, Pending; volumes of 1Gi,
// ReadWriteOnce, Available, an NFS share; classes of Immediate binding and provisioner
// "example.test/maker"; every object with uid "uid-<name>" and resource version "1".
// Not thread safe.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kubeapi/storage.h"

namespace stowage::testing {

class ClaimBuilder {
 public:
  explicit ClaimBuilder(std::string_view name);
  ClaimBuilder& ns(std::string_view ns);
  ClaimBuilder& uid(std::string_view uid);
  ClaimBuilder& version(std::string_view version);
  ClaimBuilder& cls(std::string_view name);
  ClaimBuilder& request(std::string_view amount);
  ClaimBuilder& modes(const std::vector<std::string>& modes);
  ClaimBuilder& boundTo(std::string_view volume);  // completely
  ClaimBuilder& asksFor(std::string_view volume);  // spec.volumeName alone
  ClaimBuilder& selectedNode(std::string_view node);
  ClaimBuilder& ownedByPod(std::string_view uid);
  kubeapi::PersistentVolumeClaim& edit() { return claim_; }
  [[nodiscard]] kubeapi::PersistentVolumeClaimPtr build() const;
  // Implicit: passed as what it builds.
  operator kubeapi::PersistentVolumeClaimPtr() const { return build(); }

 private:
  kubeapi::PersistentVolumeClaim claim_;
};

class VolumeBuilder {
 public:
  explicit VolumeBuilder(std::string_view name);
  VolumeBuilder& version(std::string_view version);
  VolumeBuilder& cls(std::string_view name);
  VolumeBuilder& capacity(std::string_view amount);
  VolumeBuilder& modes(const std::vector<std::string>& modes);
  VolumeBuilder& label(std::string_view key, std::string_view value);
  VolumeBuilder& usableFrom(std::string_view key, const std::vector<std::string>& values);
  // spec.claimRef; the empty uid is an admin's.
  VolumeBuilder& claimedBy(std::string_view ns, std::string_view name, std::string_view uid = "");
  VolumeBuilder& phase(std::string_view phase);
  VolumeBuilder& csi(std::string_view driver, std::string_view handle);
  VolumeBuilder& source(std::string_view plugin, std::string_view handle);
  kubeapi::PersistentVolume& edit() { return volume_; }
  [[nodiscard]] kubeapi::PersistentVolumePtr build() const;
  // Implicit: passed as what it builds.
  operator kubeapi::PersistentVolumePtr() const { return build(); }

 private:
  kubeapi::PersistentVolume volume_;
};

class ClassBuilder {
 public:
  explicit ClassBuilder(std::string_view name);
  ClassBuilder& waits();  // WaitForFirstConsumer
  ClassBuilder& provisioner(std::string_view name);
  ClassBuilder& noProvisioner() { return provisioner("kubernetes.io/no-provisioner"); }
  ClassBuilder& allowed(std::string_view key, const std::vector<std::string>& values);  // one term
  [[nodiscard]] kubeapi::StorageClassPtr build() const;
  // Implicit: passed as what it builds.
  operator kubeapi::StorageClassPtr() const { return build(); }

 private:
  kubeapi::StorageClass class_;
};

class CsiNodeBuilder {
 public:
  explicit CsiNodeBuilder(std::string_view node);
  CsiNodeBuilder& driver(std::string_view name, std::optional<std::int32_t> limit = {});
  CsiNodeBuilder& migrated(std::string_view plugins);
  [[nodiscard]] kubeapi::CsiNodePtr build() const;
  // Implicit: passed as what it builds.
  operator kubeapi::CsiNodePtr() const { return build(); }

 private:
  kubeapi::CsiNode node_;
};

ClaimBuilder makeClaim(std::string_view name);
VolumeBuilder makeVolume(std::string_view name);
ClassBuilder makeClass(std::string_view name);
CsiNodeBuilder makeCsiNode(std::string_view node);
kubeapi::CsiDriverPtr makeCsiDriver(std::string_view name, bool tracks_capacity);
// A pool for nodes whose label `key` is `value`.
kubeapi::CsiStorageCapacityPtr makeCapacity(std::string_view name, std::string_view cls,
                                            std::string_view amount, std::string_view key,
                                            std::string_view value);
kubeapi::VolumeAttachmentPtr makeAttachment(std::string_view name, std::string_view attacher,
                                            std::string_view node, std::string_view volume);

}  // namespace stowage::testing
