// StorageState: every storage object of the cluster as last seen, what we have assumed about those
// that we are binding, and the indexes that volume filters ask. Single-threaded: the scheduling
// thread owns it.
//
// Assumptions: between a decision and the API server's word about it, a volume counts as claimed
// and a claim as having its node. An assumption is about one version of its object and ends with
// the next version that arrives, whatever that says. Source of the semantics: kube-scheduler
// plugins/volumebinding/passive_assume_cache.go, v1.36.3.
//
// Stamps: every change gets a number of its own, so that what was derived from an object is good
// while its stamp stays. An object that is not there has stamp 0.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "scheduling/volumes/claim_key.h"
#include "scheduling/volumes/storage_change.h"

namespace stowage::scheduling {

class StorageState {
 public:
  struct Volume {
    kubeapi::PersistentVolumePtr object;
    std::optional<kubeapi::ClaimReference> assumed_claim;
    Symbol assumed_for;  // uid of the pod
    std::uint64_t stamp = 0;
    [[nodiscard]] const std::optional<kubeapi::ClaimReference>& claim() const {
      return assumed_claim ? assumed_claim : object->claim;
    }
  };
  struct Claim {
    kubeapi::PersistentVolumeClaimPtr object;
    Symbol assumed_node;
    Symbol assumed_for;
    std::uint64_t stamp = 0;
    // nullptr: none was selected.
    [[nodiscard]] const Symbol* selectedNode() const;
  };

  StorageState() = default;
  StorageState(const StorageState&) = delete;
  StorageState& operator=(const StorageState&) = delete;

  // Takes in one event. Returns it with `before` as this state knew the object.
  StorageChange apply(const StorageChange& change);
  // True when this changes whether the kind can be read.
  bool apply(const StorageOutage& outage);
  // Why objects of that kind are not known; empty when they are.
  [[nodiscard]] const std::string& outage(StorageKind kind) const {
    return outages_[static_cast<std::size_t>(kind)];
  }

  [[nodiscard]] const Claim* claim(const ClaimKey& key) const;
  [[nodiscard]] const Volume* volume(const Symbol& name) const;
  [[nodiscard]] kubeapi::StorageClassPtr storageClass(const Symbol& name) const;
  [[nodiscard]] kubeapi::CsiNodePtr csiNode(const Symbol& node) const;
  [[nodiscard]] kubeapi::CsiDriverPtr csiDriver(const Symbol& name) const;
  // Volumes of the class that nobody claims, in no particular order.
  [[nodiscard]] const std::unordered_set<const Volume*>& freeVolumes(const Symbol& cls) const;
  // Volumes whose claimRef names that claim (of whatever uid).
  [[nodiscard]] const std::vector<const Volume*>& volumesFor(const ClaimKey& key) const;
  // Claims whose spec.volumeName is that volume.
  [[nodiscard]] const std::vector<ClaimKey>& claimsOn(const Symbol& volume) const;
  [[nodiscard]] std::vector<kubeapi::CsiStorageCapacityPtr> capacities(const Symbol& cls) const;
  [[nodiscard]] const std::vector<kubeapi::VolumeAttachmentPtr>& attachments(
      const Symbol& node) const;
  // Nodes that have attachments of that volume.
  [[nodiscard]] std::vector<Symbol> nodesWith(const Symbol& volume) const;

  // Rises with every change.
  [[nodiscard]] std::uint64_t version() const { return version_; }
  // Of the class object, its free volumes and its capacities together.
  [[nodiscard]] std::uint64_t classStamp(const Symbol& cls) const;
  // Of all class objects together: what turns a claim without a volume into a driver.
  [[nodiscard]] std::uint64_t classesStamp() const { return classes_stamp_; }
  [[nodiscard]] std::uint64_t driverStamp(const Symbol& name) const;

  // The object must be there. A later assumption takes the place of an earlier one.
  void assumeClaimed(const Symbol& volume, kubeapi::ClaimReference by, const Symbol& pod);
  void assumeSelected(const ClaimKey& claim, Symbol node, const Symbol& pod);
  // Ends the assumption when it is still that pod's.
  void revertVolume(const Symbol& volume, const Symbol& pod);
  void revertClaim(const ClaimKey& claim, const Symbol& pod);

  // Recomputes every index from the objects; false when something differs (debug and tests).
  [[nodiscard]] bool consistent() const;

 private:
  struct ClassEntry {
    kubeapi::StorageClassPtr object;
    std::unordered_set<const Volume*> free;
    std::unordered_map<ClaimKey, kubeapi::CsiStorageCapacityPtr, ClaimKeyHash> capacities;
    std::uint64_t stamp = 0;
  };
  struct DriverEntry {
    kubeapi::CsiDriverPtr object;
    std::uint64_t stamp = 0;
  };

  kubeapi::PersistentVolumeClaimPtr put(const kubeapi::PersistentVolumeClaimPtr& claim);
  kubeapi::PersistentVolumePtr put(const kubeapi::PersistentVolumePtr& volume);
  kubeapi::StorageClassPtr put(const kubeapi::StorageClassPtr& cls);
  kubeapi::CsiNodePtr put(const kubeapi::CsiNodePtr& node);
  kubeapi::CsiDriverPtr put(const kubeapi::CsiDriverPtr& driver);
  kubeapi::CsiStorageCapacityPtr put(const kubeapi::CsiStorageCapacityPtr& capacity);
  kubeapi::VolumeAttachmentPtr put(const kubeapi::VolumeAttachmentPtr& attachment);
  kubeapi::PersistentVolumeClaimPtr drop(const kubeapi::PersistentVolumeClaim& claim);
  kubeapi::PersistentVolumePtr drop(const kubeapi::PersistentVolume& volume);
  kubeapi::StorageClassPtr drop(const kubeapi::StorageClass& cls);
  kubeapi::CsiNodePtr drop(const kubeapi::CsiNode& node);
  kubeapi::CsiDriverPtr drop(const kubeapi::CsiDriver& driver);
  kubeapi::CsiStorageCapacityPtr drop(const kubeapi::CsiStorageCapacity& capacity);
  kubeapi::VolumeAttachmentPtr drop(const kubeapi::VolumeAttachment& attachment);

  std::uint64_t stamp() { return ++version_; }
  void index(const Volume& volume);
  void unindex(const Volume& volume);
  void index(const Claim& claim);
  void unindex(const Claim& claim);
  void unindex(const kubeapi::VolumeAttachment& attachment);
  void dropIfEmpty(const Symbol& cls);

  std::uint64_t version_ = 0;
  std::uint64_t classes_stamp_ = 0;
  std::array<std::string, kStorageKinds> outages_;
  std::unordered_map<ClaimKey, Claim, ClaimKeyHash> claims_;
  std::unordered_map<Symbol, Volume> volumes_;
  std::unordered_map<Symbol, ClassEntry> classes_;  // also of names that only volumes use
  std::unordered_map<Symbol, kubeapi::CsiNodePtr> csi_nodes_;
  std::unordered_map<Symbol, DriverEntry> drivers_;
  std::unordered_map<Symbol, kubeapi::VolumeAttachmentPtr> attachments_;
  // Indexes; an empty list has no entry.
  std::unordered_map<ClaimKey, std::vector<const Volume*>, ClaimKeyHash> volumes_for_;
  std::unordered_map<Symbol, std::vector<ClaimKey>> claims_on_;
  std::unordered_map<Symbol, std::vector<kubeapi::VolumeAttachmentPtr>> attachments_of_node_;
  std::unordered_map<Symbol, std::vector<Symbol>> nodes_with_;  // by volume, with repeats
};

// The class that a claim or volume names; the beta annotation wins. Empty: none. Source:
// component-helpers storage/volume/helpers.go.
Symbol classOf(const kubeapi::PersistentVolumeClaim& claim);
Symbol classOf(const kubeapi::PersistentVolume& volume);
inline ClaimKey keyOf(const kubeapi::PersistentVolumeClaim& claim) {
  return {claim.meta.ns, claim.meta.name};
}
// Bound, and the controller has said that it is done.
bool fullyBound(const kubeapi::PersistentVolumeClaim& claim);

}  // namespace stowage::scheduling
