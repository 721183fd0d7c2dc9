#include "kubeapi/decoders.h"

namespace stowage::kubeapi {
namespace {

// metadata, and spec.selector by `read`.
template <typename Read>
void decodeSelected(JsonReading& reading, JsonElement element, ObjectMeta& meta, const Read& read) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "metadata") {
      readMeta(reading, value, meta);
    } else if (key == "spec") {
      readObject(reading, value, [&](std::string_view name, JsonElement field) {
        if (name == "selector" && !field.is_null()) read(field);
      });
    }
  });
}

}  // namespace

void decodeInto(JsonReading& reading, JsonElement element, Service& out) {
  decodeSelected(reading, element, out.meta, [&](JsonElement selector) {
    readStringMap(reading, selector, out.selector.emplace());
  });
}

void decodeInto(JsonReading& reading, JsonElement element, ReplicationController& out) {
  decodeSelected(reading, element, out.meta,
                 [&](JsonElement selector) { readStringMap(reading, selector, out.selector); });
}

void decodeInto(JsonReading& reading, JsonElement element, ReplicaSet& out) {
  decodeSelected(reading, element, out.meta,
                 [&](JsonElement selector) { readLabelSelector(reading, selector, out.selector); });
}

void decodeInto(JsonReading& reading, JsonElement element, StatefulSet& out) {
  decodeSelected(reading, element, out.meta,
                 [&](JsonElement selector) { readLabelSelector(reading, selector, out.selector); });
}

}  // namespace stowage::kubeapi
