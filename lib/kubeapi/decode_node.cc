#include "kubeapi/decoders.h"

namespace stowage::kubeapi {

namespace {

void readImage(JsonReading& reading, JsonElement element, NodeImage& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "names") {
      readValue(reading, value, out.names);
    } else if (key == "sizeBytes") {
      readValue(reading, value, out.size_bytes);
    }
  });
}

void readNodeSpec(JsonReading& reading, JsonElement element, Node& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "unschedulable") {
      readValue(reading, value, out.unschedulable);
    } else if (key == "taints") {
      readList(reading, value, out.taints,
               [&](JsonElement item, Taint& taint) { readTaint(reading, item, taint); });
    }
  });
}

void readNodeStatus(JsonReading& reading, JsonElement element, Node& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "allocatable") {
      readResources(reading, value, out.allocatable);
    } else if (key == "conditions") {
      readConditions(reading, value, out.conditions);
    } else if (key == "images") {
      readList(reading, value, out.images,
               [&](JsonElement item, NodeImage& image) { readImage(reading, item, image); });
    } else if (key == "declaredFeatures") {
      readValue(reading, value, out.declared_features);
    }
  });
}

}  // namespace

void decodeInto(JsonReading& reading, JsonElement element, Node& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "metadata") {
      readMeta(reading, value, out.meta);
    } else if (key == "spec") {
      readNodeSpec(reading, value, out);
    } else if (key == "status") {
      readNodeStatus(reading, value, out);
    }
  });
}

void decodeInto(JsonReading& reading, JsonElement element, Namespace& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "metadata") {
      readMeta(reading, value, out.meta);
    } else if (key == "status") {
      readObject(reading, value, [&](std::string_view name, JsonElement field) {
        if (name == "phase") readValue(reading, field, out.phase);
      });
    }
  });
}

}  // namespace stowage::kubeapi
