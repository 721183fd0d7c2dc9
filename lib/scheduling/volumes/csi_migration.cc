#include "scheduling/volumes/csi_migration.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "kubeapi/kept_annotations.h"
#include "scheduling/volumes/zone_labels.h"

namespace stowage::scheduling {
namespace {

using base::Code;
using base::fail;
using base::Result;
using kubeapi::NodeSelector;
using kubeapi::PodVolume;
using kubeapi::SelectorOperator;

constexpr std::string_view kAws = "awsElasticBlockStore";
constexpr std::string_view kGce = "gcePersistentDisk";
constexpr std::string_view kAzureDisk = "azureDisk";

constexpr std::array kPlugins = {
    MigratedPlugin{kAws, "kubernetes.io/aws-ebs", "ebs.csi.aws.com",
                   "topology.ebs.csi.aws.com/zone"},
    MigratedPlugin{kGce, "kubernetes.io/gce-pd", "pd.csi.storage.gke.io", "topology.gke.io/zone"},
    MigratedPlugin{kAzureDisk, "kubernetes.io/azure-disk", "disk.csi.azure.com", ""},
    MigratedPlugin{"cinder", "kubernetes.io/cinder", "cinder.csi.openstack.org",
                   "topology.cinder.csi.openstack.org/zone"},
    MigratedPlugin{"portworxVolume", "kubernetes.io/portworx-volume", "pxd.portworx.com", ""},
};

template <typename Matches>
const MigratedPlugin* findPluginThat(const Matches& matches) {
  const auto* found = std::find_if(kPlugins.begin(), kPlugins.end(), matches);
  return found == kPlugins.end() ? nullptr : found;
}

// "aws://zone/vol-1", "aws:///vol-1" and "vol-1" name the same disk.
Result<Symbol> ebsId(const Symbol& id) {
  constexpr std::string_view kScheme = "aws://";
  std::string_view text = id.view();
  if (!text.starts_with(kScheme)) return id;
  text.remove_prefix(kScheme.size());
  const auto path = text.find('/');
  text = path == std::string_view::npos ? std::string_view() : text.substr(path);
  while (!text.empty() && text.front() == '/') text.remove_prefix(1);
  while (!text.empty() && text.back() == '/') text.remove_suffix(1);
  if (!text.starts_with("vol-") || text.find('/') != std::string_view::npos) {
    return fail(Code::kInvalidArgument, "not an id of an EBS volume: " + id.str());
  }
  return Symbol(text);
}

// "us-east1-b" and "us-east1-c" lie in "us-east1".
Result<std::string> gceRegion(const std::vector<std::string_view>& zones) {
  std::string region;
  for (const std::string_view zone : zones) {
    const auto last = zone.rfind('-');
    if (std::count(zone.begin(), zone.end(), '-') != 2) {
      return fail(Code::kInvalidArgument, "not a zone of GCE: " + std::string(zone));
    }
    const std::string here(zone.substr(0, last));
    if (!region.empty() && region != here) {
      return fail(Code::kInvalidArgument, "zones of several regions: " + region + ", " + here);
    }
    region = here;
  }
  return region;
}

std::vector<std::string_view> splitZones(std::string_view text) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = text.find("__");
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 2);
  }
}

std::string gceHandle(std::string_view scope, std::string_view place, std::string_view disk) {
  return "projects/UNSPECIFIED/" + std::string(scope) + "/" + std::string(place) + "/disks/" +
         std::string(disk);
}

Result<Symbol> gceId(const kubeapi::PersistentVolume& volume) {
  const std::string_view disk = volume.source.handle.view();
  const Symbol* label = volume.meta.labels.find(kBetaZoneLabel);
  if (label == nullptr || label->empty()) label = volume.meta.labels.find(kZoneLabel);
  const auto zones = splitZones(label == nullptr ? std::string_view() : label->view());
  if (zones.size() == 1) {
    return Symbol(gceHandle("zones", zones[0].empty() ? "UNSPECIFIED" : zones[0], disk));
  }
  auto region = gceRegion(zones);
  if (!region) return fail(region.error());
  return Symbol(gceHandle("regions", *region, disk));
}

Result<Symbol> handleOf(const MigratedPlugin& plugin, const Symbol& id, bool unmanaged) {
  if (plugin.member == kAws) return ebsId(id);
  if (plugin.member == kAzureDisk && unmanaged) {
    return fail(Code::kUnsupported, "CSI knows managed Azure disks only");
  }
  return id;
}

Result<CsiVolume> made(const MigratedPlugin& plugin, const Result<Symbol>& handle) {
  if (!handle) return fail(handle.error());
  return CsiVolume{Symbol(plugin.driver), *handle};
}

bool hasKey(const std::optional<NodeSelector>& selector, std::string_view key) {
  if (!selector) return false;
  for (const auto& term : selector->terms) {
    for (const auto& requirement : term.match_expressions) {
      if (requirement.key.view() == key) return true;
    }
  }
  return false;
}

bool hasValuesOf(const std::optional<NodeSelector>& selector, std::string_view key) {
  if (!selector) return false;
  for (const auto& term : selector->terms) {
    for (const auto& requirement : term.match_expressions) {
      if (requirement.key.view() == key && !requirement.values.empty()) return true;
    }
  }
  return false;
}

void rename(std::optional<NodeSelector>& selector, std::string_view from, std::string_view to) {
  for (auto& term : selector->terms) {
    for (auto& requirement : term.match_expressions) {
      if (requirement.key.view() == from) requirement.key = Symbol(to);
    }
  }
}

// Which generation of labels the volume speaks: true for the beta ones.
bool speaksBeta(const kubeapi::PersistentVolume& volume) {
  if (hasKey(volume.node_affinity, kZoneLabel)) return false;
  if (hasKey(volume.node_affinity, kBetaZoneLabel)) return true;
  if (volume.meta.labels.find(kZoneLabel) != nullptr) return false;
  return volume.meta.labels.find(kBetaZoneLabel) != nullptr;
}

void requireZones(std::optional<NodeSelector>& selector, std::string_view key,
                  const std::vector<Symbol>& zones) {
  if (zones.empty()) return;
  if (!selector) selector.emplace();
  if (selector->terms.empty()) selector->terms.emplace_back();
  for (auto& term : selector->terms) {
    term.match_expressions.push_back({Symbol(key), SelectorOperator::kIn, zones});
  }
}

}  // namespace

const MigratedPlugin* migratedPlugin(const kubeapi::VolumeSource& source) {
  return findPluginThat(
      [&](const MigratedPlugin& plugin) { return plugin.member == source.plugin.view(); });
}

const MigratedPlugin* migratedPlugin(PodVolume::Kind kind) {
  switch (kind) {
    case PodVolume::Kind::kAwsEbs:
      return &kPlugins[0];
    case PodVolume::Kind::kGcePd:
      return &kPlugins[1];
    case PodVolume::Kind::kAzureDisk:
      return &kPlugins[2];
    case PodVolume::Kind::kCinder:
      return &kPlugins[3];
    case PodVolume::Kind::kPortworx:
      return &kPlugins[4];
    default:
      return nullptr;
  }
}

const MigratedPlugin* migratedProvisioner(std::string_view provisioner) {
  return findPluginThat(
      [&](const MigratedPlugin& plugin) { return plugin.in_tree_name == provisioner; });
}

Result<CsiVolume> csiVolumeOf(const MigratedPlugin& plugin, const PodVolume& volume) {
  if (plugin.member == kGce) {
    return made(plugin, Symbol(gceHandle("zones", "UNSPECIFIED", volume.handle.view())));
  }
  return made(plugin, handleOf(plugin, volume.handle, volume.unmanaged));
}

Result<CsiVolume> csiVolumeOf(const MigratedPlugin& plugin,
                              const kubeapi::PersistentVolume& volume) {
  if (plugin.member == kGce) return made(plugin, gceId(volume));
  return made(plugin, handleOf(plugin, volume.source.handle, volume.source.unmanaged));
}

std::optional<NodeSelector> csiAffinityOf(const MigratedPlugin& plugin,
                                          const kubeapi::PersistentVolume& volume) {
  std::optional<NodeSelector> selector = volume.node_affinity;
  if (plugin.topology_key.empty()) return selector;
  const bool beta = speaksBeta(volume);
  const std::string_view zone_label = beta ? kBetaZoneLabel : kZoneLabel;
  if (hasValuesOf(selector, zone_label)) {
    rename(selector, zone_label, plugin.topology_key);
  } else if (const Symbol* label = volume.meta.labels.find(zone_label)) {
    bool had_empty = false;
    requireZones(selector, plugin.topology_key, zonesIn(label->view(), had_empty));
  }
  if (beta && hasValuesOf(selector, kBetaRegionLabel)) {
    rename(selector, kBetaRegionLabel, kRegionLabel);
  }
  return selector;
}

bool migratedOn(const MigratedPlugin& plugin, const kubeapi::CsiNode* node) {
  static const Symbol annotation(kubeapi::kMigratedPlugins);
  if (node == nullptr) return false;
  const Symbol* list = node->meta.annotations.find(annotation);
  if (list == nullptr) return false;
  std::string_view rest = list->view();
  for (;;) {
    const auto end = rest.find(',');
    if (rest.substr(0, end) == plugin.in_tree_name) return true;
    if (end == std::string_view::npos) return false;
    rest.remove_prefix(end + 1);
  }
}

}  // namespace stowage::scheduling
