// ControllerRevision and OwnedService: what is kept beside their metadata is passed on unread.
#include "kubeapi/decoders.h"

namespace stowage::kubeapi {

void decodeInto(JsonReading& reading, JsonElement element, ControllerRevision& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "metadata") {
      readMeta(reading, value, out.meta);
    } else if (key == "revision") {
      readValue(reading, value, out.revision);
    } else if (key == "data") {
      readRaw(reading, value, out.data);
    }
  });
}

void decodeInto(JsonReading& reading, JsonElement element, OwnedService& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "metadata") {
      readMeta(reading, value, out.meta);
    } else if (key == "spec") {
      if (!value.is_null() && !value.is_object()) reading.fail("expected an object");
      readRaw(reading, value, out.spec);
    }
  });
}

}  // namespace stowage::kubeapi
