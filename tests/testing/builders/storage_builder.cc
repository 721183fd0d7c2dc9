#include "testing/builders/storage_builder.h"

#include "kubeapi/kept_annotations.h"
#include "testing/builders/pod_builder.h"

namespace stowage::testing {
namespace {

using kubeapi::SelectorOperator;

template <typename T>
void name(T& object, std::string_view name) {
  object.meta.name = name;
  object.meta.uid = "uid-" + std::string(name);
  object.meta.resource_version = "1";
}

std::vector<base::Symbol> symbols(const std::vector<std::string>& texts) {
  return {texts.begin(), texts.end()};
}

}  // namespace

ClaimBuilder::ClaimBuilder(std::string_view given) {
  name(claim_, given);
  claim_.meta.ns = "default";
  claim_.request = quantity("1Gi");
  claim_.access_modes = {"ReadWriteOnce"};
  claim_.phase = "Pending";
}
ClaimBuilder& ClaimBuilder::ns(std::string_view ns) {
  claim_.meta.ns = ns;
  return *this;
}
ClaimBuilder& ClaimBuilder::uid(std::string_view uid) {
  claim_.meta.uid = uid;
  return *this;
}
ClaimBuilder& ClaimBuilder::version(std::string_view version) {
  claim_.meta.resource_version = version;
  return *this;
}
ClaimBuilder& ClaimBuilder::cls(std::string_view given) {
  claim_.storage_class = base::Symbol(given);
  return *this;
}
ClaimBuilder& ClaimBuilder::request(std::string_view amount) {
  claim_.request = quantity(amount);
  return *this;
}
ClaimBuilder& ClaimBuilder::modes(const std::vector<std::string>& modes) {
  claim_.access_modes = symbols(modes);
  return *this;
}
ClaimBuilder& ClaimBuilder::boundTo(std::string_view volume) {
  claim_.volume_name = volume;
  claim_.meta.annotations.set(kubeapi::kBindCompleted, "yes");
  claim_.phase = "Bound";
  return *this;
}
ClaimBuilder& ClaimBuilder::asksFor(std::string_view volume) {
  claim_.volume_name = volume;
  return *this;
}
ClaimBuilder& ClaimBuilder::selectedNode(std::string_view node) {
  claim_.meta.annotations.set(kubeapi::kSelectedNode, node);
  return *this;
}
ClaimBuilder& ClaimBuilder::ownedByPod(std::string_view uid) {
  kubeapi::OwnerReference owner;
  owner.kind = "Pod";
  owner.uid = uid;
  owner.controller = true;
  claim_.meta.owners.push_back(owner);
  return *this;
}
kubeapi::PersistentVolumeClaimPtr ClaimBuilder::build() const {
  return std::make_shared<const kubeapi::PersistentVolumeClaim>(claim_);
}

VolumeBuilder::VolumeBuilder(std::string_view given) {
  name(volume_, given);
  volume_.capacity = quantity("1Gi");
  volume_.access_modes = {"ReadWriteOnce"};
  volume_.phase = "Available";
  volume_.source.plugin = "nfs";
  volume_.source.handle = "/share";
}
VolumeBuilder& VolumeBuilder::version(std::string_view version) {
  volume_.meta.resource_version = version;
  return *this;
}
VolumeBuilder& VolumeBuilder::cls(std::string_view given) {
  volume_.storage_class = given;
  return *this;
}
VolumeBuilder& VolumeBuilder::capacity(std::string_view amount) {
  volume_.capacity = quantity(amount);
  return *this;
}
VolumeBuilder& VolumeBuilder::modes(const std::vector<std::string>& modes) {
  volume_.access_modes = symbols(modes);
  return *this;
}
VolumeBuilder& VolumeBuilder::label(std::string_view key, std::string_view value) {
  volume_.meta.labels.set(key, value);
  return *this;
}
VolumeBuilder& VolumeBuilder::usableFrom(std::string_view key,
                                         const std::vector<std::string>& values) {
  if (!volume_.node_affinity) volume_.node_affinity.emplace().terms.emplace_back();
  volume_.node_affinity->terms[0].match_expressions.push_back(
      {key, SelectorOperator::kIn, symbols(values)});
  return *this;
}
VolumeBuilder& VolumeBuilder::claimedBy(std::string_view ns, std::string_view given,
                                        std::string_view uid) {
  volume_.claim = kubeapi::ClaimReference{ns, given, uid};
  return *this;
}
VolumeBuilder& VolumeBuilder::phase(std::string_view phase) {
  volume_.phase = phase;
  return *this;
}
VolumeBuilder& VolumeBuilder::csi(std::string_view driver, std::string_view handle) {
  source("csi", handle);
  volume_.source.driver = driver;
  return *this;
}
VolumeBuilder& VolumeBuilder::source(std::string_view plugin, std::string_view handle) {
  volume_.source = {};
  volume_.source.plugin = plugin;
  volume_.source.handle = handle;
  return *this;
}
kubeapi::PersistentVolumePtr VolumeBuilder::build() const {
  return std::make_shared<const kubeapi::PersistentVolume>(volume_);
}

ClassBuilder::ClassBuilder(std::string_view given) {
  name(class_, given);
  class_.provisioner = "example.test/maker";
}
ClassBuilder& ClassBuilder::waits() {
  class_.wait_for_first_consumer = true;
  return *this;
}
ClassBuilder& ClassBuilder::provisioner(std::string_view given) {
  class_.provisioner = given;
  return *this;
}
ClassBuilder& ClassBuilder::allowed(std::string_view key, const std::vector<std::string>& values) {
  kubeapi::TopologyTerm term;
  term.requirements.push_back({key, SelectorOperator::kIn, symbols(values)});
  class_.allowed_topologies.push_back(term);
  return *this;
}
kubeapi::StorageClassPtr ClassBuilder::build() const {
  return std::make_shared<const kubeapi::StorageClass>(class_);
}

CsiNodeBuilder::CsiNodeBuilder(std::string_view node) { name(node_, node); }
CsiNodeBuilder& CsiNodeBuilder::driver(std::string_view given, std::optional<std::int32_t> limit) {
  kubeapi::CsiNodeDriver driver;
  driver.name = given;
  driver.volume_limit = limit;
  node_.drivers.push_back(driver);
  return *this;
}
CsiNodeBuilder& CsiNodeBuilder::migrated(std::string_view plugins) {
  node_.meta.annotations.set(kubeapi::kMigratedPlugins, plugins);
  return *this;
}
kubeapi::CsiNodePtr CsiNodeBuilder::build() const {
  return std::make_shared<const kubeapi::CsiNode>(node_);
}

ClaimBuilder makeClaim(std::string_view given) { return ClaimBuilder(given); }
VolumeBuilder makeVolume(std::string_view given) { return VolumeBuilder(given); }
ClassBuilder makeClass(std::string_view given) { return ClassBuilder(given); }
CsiNodeBuilder makeCsiNode(std::string_view node) { return CsiNodeBuilder(node); }

kubeapi::CsiDriverPtr makeCsiDriver(std::string_view given, bool tracks_capacity) {
  kubeapi::CsiDriver driver;
  name(driver, given);
  driver.storage_capacity = tracks_capacity;
  return std::make_shared<const kubeapi::CsiDriver>(driver);
}

kubeapi::CsiStorageCapacityPtr makeCapacity(std::string_view given, std::string_view cls,
                                            std::string_view amount, std::string_view key,
                                            std::string_view value) {
  kubeapi::CsiStorageCapacity capacity;
  name(capacity, given);
  capacity.meta.ns = "kube-system";
  capacity.storage_class = cls;
  capacity.capacity = quantity(amount);
  capacity.node_topology = selector(std::string(key) + "=" + std::string(value));
  return std::make_shared<const kubeapi::CsiStorageCapacity>(capacity);
}

kubeapi::VolumeAttachmentPtr makeAttachment(std::string_view given, std::string_view attacher,
                                            std::string_view node, std::string_view volume) {
  kubeapi::VolumeAttachment attachment;
  name(attachment, given);
  attachment.attacher = attacher;
  attachment.node_name = node;
  attachment.volume_name = volume;
  attachment.attached = true;
  return std::make_shared<const kubeapi::VolumeAttachment>(attachment);
}

}  // namespace stowage::testing
