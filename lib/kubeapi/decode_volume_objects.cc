#include "kubeapi/decoders.h"

namespace stowage::kubeapi {

namespace {

// Members of a PersistentVolume's spec that say what it stands on, and what identifies it there.
struct SourceKind {
  std::string_view key;
  std::string_view handle_key;
};

constexpr SourceKind kSourceKinds[] = {
    {"csi", "volumeHandle"},
    {"awsElasticBlockStore", "volumeID"},
    {"azureDisk", "diskURI"},
    {"azureFile", "shareName"},
    {"cinder", "volumeID"},
    {"gcePersistentDisk", "pdName"},
    {"portworxVolume", "volumeID"},
    {"vsphereVolume", "volumePath"},
    {"local", "path"},
    {"hostPath", "path"},
    {"iscsi", "iqn"},
    {"rbd", "image"},
    {"nfs", "path"},
    {"fc", ""},
    {"cephfs", ""},
    {"flexVolume", ""},
};

const SourceKind* sourceKindOf(std::string_view key) {
  for (const SourceKind& kind : kSourceKinds) {
    if (kind.key == key) return &kind;
  }
  return nullptr;
}

void readSource(JsonReading& reading, JsonElement element, const SourceKind& kind,
                VolumeSource& out) {
  if (element.is_null()) return;
  out.plugin = Symbol(kind.key);
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == kind.handle_key) {
      readValue(reading, value, out.handle);
    } else if (key == "driver" && kind.key == "csi") {
      readValue(reading, value, out.driver);
    } else if (key == "kind" && kind.key == "azureDisk") {
      if (const auto text = readText(reading, value)) out.unmanaged = isUnmanagedAzureKind(*text);
    } else if (key == "readOnly") {
      readValue(reading, value, out.read_only);
    }
  });
}

void readClaimReference(JsonReading& reading, JsonElement element, ClaimReference& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "namespace") {
      readValue(reading, value, out.ns);
    } else if (key == "name") {
      readValue(reading, value, out.name);
    } else if (key == "uid") {
      readValue(reading, value, out.uid);
    }
  });
}

void readStorage(JsonReading& reading, JsonElement element, Quantity& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "storage") readValue(reading, value, out);
  });
}

void readVolumeAffinity(JsonReading& reading, JsonElement element,
                        std::optional<NodeSelector>& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "required" && !value.is_null()) readNodeSelector(reading, value, out.emplace());
  });
}

void readPhase(JsonReading& reading, JsonElement element, Symbol& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "phase") readValue(reading, value, out);
  });
}

void readVolumeSpec(JsonReading& reading, JsonElement element, PersistentVolume& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "capacity") {
      readStorage(reading, value, out.capacity);
    } else if (key == "accessModes") {
      readValue(reading, value, out.access_modes);
    } else if (key == "claimRef") {
      if (!value.is_null()) readClaimReference(reading, value, out.claim.emplace());
    } else if (key == "storageClassName") {
      readValue(reading, value, out.storage_class);
    } else if (key == "volumeMode") {
      readValue(reading, value, out.volume_mode);
    } else if (key == "volumeAttributesClassName") {
      readValue(reading, value, out.attributes_class);
    } else if (key == "nodeAffinity") {
      readVolumeAffinity(reading, value, out.node_affinity);
    } else if (const SourceKind* kind = sourceKindOf(key)) {
      readSource(reading, value, *kind, out.source);
    }
  });
}

}  // namespace

void readClaimSpec(JsonReading& reading, JsonElement element, PersistentVolumeClaim& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "accessModes") {
      readValue(reading, value, out.access_modes);
    } else if (key == "selector") {
      readLabelSelector(reading, value, out.selector);
    } else if (key == "resources") {
      readObject(reading, value, [&](std::string_view name, JsonElement field) {
        if (name == "requests") readStorage(reading, field, out.request);
      });
    } else if (key == "volumeName") {
      readValue(reading, value, out.volume_name);
    } else if (key == "storageClassName") {
      if (!value.is_null()) readValue(reading, value, out.storage_class.emplace());
    } else if (key == "volumeMode") {
      readValue(reading, value, out.volume_mode);
    } else if (key == "volumeAttributesClassName") {
      readValue(reading, value, out.attributes_class);
    } else if (key == "dataSource" || key == "dataSourceRef") {
      out.has_data_source = out.has_data_source || !value.is_null();
    }
  });
}

namespace {

void readClaimStatus(JsonReading& reading, JsonElement element, PersistentVolumeClaim& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "phase") {
      readValue(reading, value, out.phase);
    } else if (key == "capacity") {
      readObject(reading, value, [&](std::string_view name, JsonElement field) {
        if (name == "storage" && !field.is_null()) {
          readValue(reading, field, out.capacity.emplace());
        }
      });
    } else if (key == "allocatedResourceStatuses") {
      readObject(reading, value, [&](std::string_view name, JsonElement field) {
        if (name == "storage") readValue(reading, field, out.resize_status);
      });
    } else if (key == "currentVolumeAttributesClassName") {
      readValue(reading, value, out.current_attributes_class);
    } else if (key == "modifyVolumeStatus") {
      readObject(reading, value, [&](std::string_view name, JsonElement field) {
        if (name == "status") readValue(reading, field, out.modify_status);
      });
    } else if (key == "conditions") {
      readConditions(reading, value, out.conditions);
    }
  });
}

void readAttachmentSource(JsonReading& reading, JsonElement element, VolumeAttachment& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "persistentVolumeName") {
      readValue(reading, value, out.volume_name);
    } else if (key == "inlineVolumeSpec" && !value.is_null()) {
      VolumeSource& source = out.inline_source.emplace();
      readObject(reading, value, [&](std::string_view name, JsonElement field) {
        if (const SourceKind* kind = sourceKindOf(name)) {
          readSource(reading, field, *kind, source);
        }
      });
    }
  });
}

}  // namespace

void decodeInto(JsonReading& reading, JsonElement element, PersistentVolume& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "metadata") {
      readMeta(reading, value, out.meta);
    } else if (key == "spec") {
      readVolumeSpec(reading, value, out);
    } else if (key == "status") {
      readPhase(reading, value, out.phase);
    }
  });
}

void decodeInto(JsonReading& reading, JsonElement element, PersistentVolumeClaim& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "metadata") {
      readMeta(reading, value, out.meta);
    } else if (key == "spec") {
      readClaimSpec(reading, value, out);
    } else if (key == "status") {
      readClaimStatus(reading, value, out);
    }
  });
}

void decodeInto(JsonReading& reading, JsonElement element, VolumeAttachment& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "metadata") {
      readMeta(reading, value, out.meta);
    } else if (key == "spec") {
      readObject(reading, value, [&](std::string_view name, JsonElement field) {
        if (name == "attacher") {
          readValue(reading, field, out.attacher);
        } else if (name == "nodeName") {
          readValue(reading, field, out.node_name);
        } else if (name == "source") {
          readAttachmentSource(reading, field, out);
        }
      });
    } else if (key == "status") {
      readObject(reading, value, [&](std::string_view name, JsonElement field) {
        if (name == "attached") readValue(reading, field, out.attached);
      });
    }
  });
}

}  // namespace stowage::kubeapi
