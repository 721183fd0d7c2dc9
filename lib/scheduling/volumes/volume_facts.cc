#include "scheduling/volumes/volume_facts.h"

#include <algorithm>
#include <utility>

#include "scheduling/volumes/zone_labels.h"

namespace stowage::scheduling {
namespace {

using kubeapi::PersistentVolume;
using kubeapi::PersistentVolumeClaim;
using kubeapi::PersistentVolumePtr;
using Kind = kubeapi::PodVolume::Kind;

constexpr std::string_view kNoProvisioner = "kubernetes.io/no-provisioner";

std::string quoted(const Symbol& name) { return "\"" + name.str() + "\""; }

std::string claimNotFound(const Symbol& name) {
  return "persistentvolumeclaim " + quoted(name) + " not found";
}

// ---- which volumes could serve a claim ----

bool namesClaim(const kubeapi::ClaimReference& reference, const PersistentVolumeClaim& claim) {
  return reference.ns == claim.meta.ns && reference.name == claim.meta.name &&
         (reference.uid.empty() || reference.uid == claim.meta.uid);
}

bool isFilesystem(const Symbol& mode) { return mode.empty() || mode.view() == "Filesystem"; }

// Conditions on claimed and free volumes alike.
bool suits(const PersistentVolume& volume, const PersistentVolumeClaim& claim, const Symbol& cls) {
  return classOf(volume) == cls && !volume.meta.deletion_time && volume.capacity >= claim.request &&
         isFilesystem(volume.volume_mode) == isFilesystem(claim.volume_mode) &&
         volume.attributes_class == claim.attributes_class;
}

bool offersModes(const PersistentVolume& volume, const PersistentVolumeClaim& claim) {
  return std::all_of(claim.access_modes.begin(), claim.access_modes.end(), [&](const Symbol& mode) {
    const auto& modes = volume.access_modes;
    return std::find(modes.begin(), modes.end(), mode) != modes.end();
  });
}

bool freeAndMatching(const PersistentVolume& volume, const PersistentVolumeClaim& claim,
                     const Symbol& cls) {
  static const Symbol available("Available");
  return volume.phase == available && suits(volume, claim, cls) && offersModes(volume, claim) &&
         (!claim.selector || kubeapi::matches(*claim.selector, volume.meta.labels));
}

void findVolumes(const StorageState& storage, DelayedClaim& delayed) {
  const PersistentVolumeClaim& claim = *delayed.claim;
  const Symbol cls = classOf(claim);
  for (const StorageState::Volume* volume : storage.volumesFor(keyOf(claim))) {
    if (!namesClaim(*volume->claim(), claim) || !suits(*volume->object, claim, cls)) continue;
    if (delayed.prebound == nullptr || volume->object->meta.name < delayed.prebound->meta.name) {
      delayed.prebound = volume->object;
    }
  }
  if (delayed.prebound != nullptr) return;
  for (const StorageState::Volume* volume : storage.freeVolumes(cls)) {
    if (freeAndMatching(*volume->object, claim, cls)) delayed.candidates.push_back(volume->object);
  }
  std::sort(delayed.candidates.begin(), delayed.candidates.end(),
            [](const PersistentVolumePtr& a, const PersistentVolumePtr& b) {
              const auto order = a->capacity <=> b->capacity;
              return order != 0 ? order < 0 : a->meta.name < b->meta.name;
            });
  for (std::uint32_t i = 0; i < delayed.candidates.size(); ++i) {
    delayed.candidates_by_topology.add(i, delayed.candidates[i]->node_affinity);
  }
}

void findProvisioning(const StorageState& storage, DelayedClaim& delayed) {
  Provisioning& made = delayed.provisioning;
  const Symbol cls = classOf(*delayed.claim);
  made.cls = storage.storageClass(cls);
  if (made.cls == nullptr) return;
  const Symbol& provisioner = made.cls->provisioner;
  made.possible = !provisioner.empty() && provisioner.view() != kNoProvisioner;
  const auto driver = storage.csiDriver(provisioner);
  made.limited = driver != nullptr && driver->storage_capacity;
  if (!made.possible || !made.limited) return;
  const std::int64_t bytes = delayed.claim->request.value();
  for (const auto& pool : storage.capacities(cls)) {
    const auto& limit = pool->maximum_volume_size ? pool->maximum_volume_size : pool->capacity;
    if (!limit || limit->value() < bytes || !pool->node_topology) continue;
    made.pools_by_topology.add(static_cast<std::uint32_t>(made.pools.size()), *pool->node_topology);
    made.pools.push_back(pool);
  }
}

// ---- one pass over the pod's volumes per plugin ----

class FactsMaker {
 public:
  FactsMaker(const StorageState& storage, const VolumeNeeds& needs)
      : storage_(storage), needs_(needs), facts_(std::make_shared<VolumeFacts>()) {}

  std::shared_ptr<const VolumeFacts> make() {
    facts_->epoch = volumeEpoch(storage_, needs_);
    facts_->restrictions_reject = restrictions();
    facts_->binding_reject = claims();
    if (facts_->binding_reject.empty()) facts_->binding_reject = classify();
    facts_->zone_reject = zones();
    attachables();
    return facts_;
  }

 private:
  [[nodiscard]] const PersistentVolumeClaim* claimOf(const kubeapi::PodVolume& volume) const {
    const StorageState::Claim* claim = storage_.claim(needs_.keyOf(volume));
    return claim == nullptr ? nullptr : claim->object.get();
  }

  std::string restrictions() {
    static const Symbol exclusive("ReadWriteOncePod");
    for (const kubeapi::PodVolume& volume : needs_.volumes) {
      if (volume.kind != Kind::kClaim) continue;
      const PersistentVolumeClaim* claim = claimOf(volume);
      if (claim == nullptr) return claimNotFound(volume.claim_name);
      const auto& modes = claim->access_modes;
      if (std::find(modes.begin(), modes.end(), exclusive) != modes.end()) {
        facts_->exclusive.push_back(needs_.keyOf(volume));
      }
    }
    return {};
  }

  // Whether every claim is there and may be used by this pod.
  [[nodiscard]] std::string claims() const {
    for (const kubeapi::PodVolume& volume : needs_.volumes) {
      if (!isClaim(volume)) continue;
      const PersistentVolumeClaim* claim = claimOf(volume);
      const bool ephemeral = volume.kind == Kind::kEphemeral;
      if (claim == nullptr && ephemeral) {
        return "waiting for ephemeral volume controller to create the persistentvolumeclaim " +
               quoted(volume.claim_name);
      }
      if (claim == nullptr) return claimNotFound(volume.claim_name);
      const std::string name = "persistentvolumeclaim " + quoted(volume.claim_name);
      if (claim->phase.view() == "Lost") {
        return name + " bound to non-existent persistentvolume " + quoted(claim->volume_name);
      }
      if (claim->meta.deletion_time) return name + " is being deleted";
      if (ephemeral && !ownedBy(*claim, needs_.pod_uid)) {
        return "PVC " + needs_.ns.str() + "/" + volume.claim_name.str() +
               " was not created for pod " + needs_.ns.str() + "/" + needs_.pod_name.str() +
               " (pod is not owner)";
      }
    }
    return {};
  }

  std::string classify() {
    bool immediate = false;
    for (const kubeapi::PodVolume& volume : needs_.volumes) {
      if (!isClaim(volume)) continue;
      const StorageState::Claim& claim = *storage_.claim(needs_.keyOf(volume));
      if (fullyBound(*claim.object)) {
        addBound(*claim.object);
      } else if (claim.object->volume_name.empty() && waitsForConsumer(*claim.object)) {
        addDelayed(claim);
      } else {
        immediate = true;
      }
    }
    if (immediate) return "pod has unbound immediate PersistentVolumeClaims";
    std::stable_sort(facts_->delayed.begin(), facts_->delayed.end(),
                     [](const DelayedClaim& a, const DelayedClaim& b) {
                       if (a.selected_node.empty() != b.selected_node.empty()) {
                         return b.selected_node.empty();
                       }
                       return a.selected_node.empty() && a.claim->request < b.claim->request;
                     });
    return {};
  }

  [[nodiscard]] bool waitsForConsumer(const PersistentVolumeClaim& claim) const {
    const auto cls = storage_.storageClass(classOf(claim));
    return cls != nullptr && cls->wait_for_first_consumer;
  }

  void addBound(const PersistentVolumeClaim& claim) {
    BoundClaim& bound = facts_->bound.emplace_back();
    bound.claim = keyOf(claim);
    const StorageState::Volume* volume = storage_.volume(claim.volume_name);
    if (volume != nullptr) bound.volume = locatedVolume(volume->object);
  }

  void addDelayed(const StorageState::Claim& claim) {
    // A pod may mount one claim twice; it still needs one volume.
    for (const DelayedClaim& other : facts_->delayed) {
      if (other.claim == claim.object) return;
    }
    DelayedClaim& delayed = facts_->delayed.emplace_back();
    delayed.claim = claim.object;
    if (const Symbol* node = claim.selectedNode()) {
      delayed.selected_node = *node;
    } else {
      findVolumes(storage_, delayed);
    }
    findProvisioning(storage_, delayed);
  }

  std::string zones() {
    for (const kubeapi::PodVolume& volume : needs_.volumes) {
      if (volume.kind != Kind::kClaim) continue;
      const PersistentVolumeClaim* claim = claimOf(volume);
      if (claim == nullptr) return claimNotFound(volume.claim_name);
      if (claim->volume_name.empty()) {
        const Symbol cls = classOf(*claim);
        if (cls.empty()) return "PersistentVolumeClaim had no pv name and storageClass name";
        if (storage_.storageClass(cls) == nullptr) {
          return "storageclass.storage.k8s.io " + quoted(cls) + " not found";
        }
        if (waitsForConsumer(*claim)) continue;
        return "PersistentVolume had no name";
      }
      const StorageState::Volume* bound = storage_.volume(claim->volume_name);
      if (bound == nullptr) return "persistentvolume " + quoted(claim->volume_name) + " not found";
      for (ZoneRule& rule : zoneRulesOf(*bound->object)) facts_->zones.push_back(std::move(rule));
    }
    return {};
  }

  void attachables() {
    for (const kubeapi::PodVolume& volume : needs_.volumes) {
      std::optional<Attachable> one;
      if (isClaim(volume)) {
        const PersistentVolumeClaim* claim = claimOf(volume);
        if (claim == nullptr) {
          facts_->attach_error = "looking up PVC " + needs_.ns.str() + "/" +
                                 volume.claim_name.str() + ": " + claimNotFound(volume.claim_name);
          return;
        }
        one = attachableOf(storage_, *claim);
      } else if (const MigratedPlugin* plugin = migratedPlugin(volume.kind)) {
        const auto csi = csiVolumeOf(*plugin, volume);
        if (!csi) {
          facts_->attach_error = csi.error().message();
          return;
        }
        one = Attachable{csi->driver.str() + "/" + csi->handle.str(), csi->driver};
      }
      if (one) facts_->attachables.push_back(std::move(*one));
    }
  }

  const StorageState& storage_;
  const VolumeNeeds& needs_;
  std::shared_ptr<VolumeFacts> facts_;
};

}  // namespace

LocatedVolume locatedVolume(const PersistentVolumePtr& object) {
  LocatedVolume volume;
  volume.object = object;
  volume.plugin = migratedPlugin(object->source);
  if (volume.plugin == nullptr) return volume;
  if (const auto csi = csiVolumeOf(*volume.plugin, *object)) {
    volume.csi_affinity = csiAffinityOf(*volume.plugin, *object);
  } else {
    volume.untranslatable = csi.error().message();
  }
  return volume;
}

bool ownedBy(const PersistentVolumeClaim& claim, const Symbol& pod_uid) {
  const auto& owners = claim.meta.owners;
  return std::any_of(owners.begin(), owners.end(), [&](const kubeapi::OwnerReference& owner) {
    return owner.controller && owner.uid == pod_uid;
  });
}

std::vector<ZoneRule> zoneRulesOf(const PersistentVolume& volume) {
  std::vector<ZoneRule> rules;
  for (const Symbol& key : zoneAndRegionLabels()) {
    const Symbol* value = volume.meta.labels.find(key);
    if (value == nullptr) continue;
    bool had_empty = false;
    std::vector<Symbol> values = zonesIn(value->view(), had_empty);
    if (!had_empty) rules.push_back({key, std::move(values)});
  }
  return rules;
}

std::uint64_t volumeEpoch(const StorageState& storage, const VolumeNeeds& needs) {
  HashBuilder hash;
  for (const kubeapi::PodVolume& volume : needs.volumes) {
    if (!isClaim(volume)) continue;
    const ClaimKey key = needs.keyOf(volume);
    const StorageState::Claim* claim = storage.claim(key);
    hash.add(claim == nullptr ? 0 : claim->stamp);
    if (claim == nullptr) continue;
    const StorageState::Volume* bound = storage.volume(claim->object->volume_name);
    hash.add(bound == nullptr ? 0 : bound->stamp);
    if (bound != nullptr && fullyBound(*claim->object)) continue;
    const Symbol cls = classOf(*claim->object);
    hash.add(storage.classStamp(cls));
    for (const StorageState::Volume* other : storage.volumesFor(key)) hash.add(other->stamp);
    if (const auto object = storage.storageClass(cls)) {
      hash.add(storage.driverStamp(object->provisioner));
    }
  }
  return hash.value();
}

std::shared_ptr<const VolumeFacts> makeVolumeFacts(const StorageState& storage,
                                                   const VolumeNeeds& needs) {
  return FactsMaker(storage, needs).make();
}

}  // namespace stowage::scheduling
