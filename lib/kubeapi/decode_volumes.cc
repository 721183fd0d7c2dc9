#include <algorithm>

#include "kubeapi/decoders.h"

namespace stowage::kubeapi {

namespace {

using Kind = PodVolume::Kind;

// The member of a volume that says its kind, and the member of that which identifies the volume.
struct VolumeSource {
  std::string_view key;
  Kind kind;
  std::string_view handle_key;
};

constexpr VolumeSource kSources[] = {
    {"persistentVolumeClaim", Kind::kClaim, "claimName"},
    {"ephemeral", Kind::kEphemeral, ""},
    {"gcePersistentDisk", Kind::kGcePd, "pdName"},
    {"awsElasticBlockStore", Kind::kAwsEbs, "volumeID"},
    {"iscsi", Kind::kIscsi, "iqn"},
    {"rbd", Kind::kRbd, "image"},
    {"azureDisk", Kind::kAzureDisk, "diskURI"},
    {"image", Kind::kImage, "reference"},
    {"azureFile", Kind::kOtherAttachable, "shareName"},
    {"cinder", Kind::kCinder, "volumeID"},
    {"portworxVolume", Kind::kPortworx, "volumeID"},
    {"vsphereVolume", Kind::kOtherAttachable, "volumePath"},
};

const VolumeSource* sourceOf(std::string_view key) {
  for (const VolumeSource& source : kSources) {
    if (source.key == key) return &source;
  }
  return nullptr;
}

void readSource(JsonReading& reading, JsonElement element, const VolumeSource& source,
                PodVolume& out) {
  out.kind = source.kind;
  Symbol pool;
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == source.handle_key) {
      readValue(reading, value, source.kind == Kind::kClaim ? out.claim_name : out.handle);
    } else if (key == "readOnly") {
      readValue(reading, value, out.read_only);
    } else if (source.kind == Kind::kAzureDisk && key == "kind") {
      if (const auto text = readText(reading, value)) out.unmanaged = isUnmanagedAzureKind(*text);
    } else if (source.kind == Kind::kRbd && key == "monitors") {
      readValue(reading, value, out.monitors);
    } else if (source.kind == Kind::kRbd && key == "pool") {
      readValue(reading, value, pool);
    }
  });
  if (source.kind == Kind::kRbd) {
    const std::string_view used = pool.empty() ? std::string_view("rbd") : pool.view();
    out.handle = std::string(used) + "/" + out.handle.str();
  }
}

// False for a kind of volume that placement does not look at.
bool readVolume(JsonReading& reading, JsonElement element, PodVolume& out) {
  bool matters = false;
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "name") {
      readValue(reading, value, out.name);
    } else if (const VolumeSource* source = sourceOf(key); source != nullptr && !value.is_null()) {
      matters = true;
      readSource(reading, value, *source, out);
    }
  });
  return matters;
}

}  // namespace

bool isUnmanagedAzureKind(std::string_view kind) {
  constexpr std::string_view kManaged = "managed";
  if (kind.empty()) return false;
  return !std::equal(kind.begin(), kind.end(), kManaged.begin(), kManaged.end(),
                     [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
}

void readVolumes(JsonReading& reading, JsonElement element, std::vector<PodVolume>& out) {
  out.clear();
  readArray(reading, element, [&](JsonElement item) {
    PodVolume volume;
    if (readVolume(reading, item, volume)) out.push_back(std::move(volume));
  });
}

}  // namespace stowage::kubeapi
