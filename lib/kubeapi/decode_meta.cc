#include <algorithm>

#include "kubeapi/decoders.h"
#include "kubeapi/kept_annotations.h"

namespace stowage::kubeapi {

namespace {

void readOwner(JsonReading& reading, JsonElement element, OwnerReference& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "apiVersion") {
      readValue(reading, value, out.api_version);
    } else if (key == "kind") {
      readValue(reading, value, out.kind);
    } else if (key == "name") {
      readValue(reading, value, out.name);
    } else if (key == "uid") {
      readValue(reading, value, out.uid);
    } else if (key == "controller") {
      readValue(reading, value, out.controller);
    }
  });
}

void readAnnotations(JsonReading& reading, JsonElement element, Labels& out) {
  std::vector<Labels::Entry> kept;
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (!isKeptAnnotation(key)) return;
    const auto text = readText(reading, value);
    if (text && text->size() > kMaxAnnotationValue) reading.fail("annotation longer than 64 KiB");
    if (text && reading.ok()) kept.emplace_back(key, *text);
  });
  out = Labels(std::move(kept));
}

}  // namespace

void readStringMap(JsonReading& reading, JsonElement element, Labels& out) {
  std::vector<Labels::Entry> entries;
  simdjson::dom::object object;
  if (element.get(object) == simdjson::SUCCESS) entries.reserve(object.size());
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key.size() > JsonReading::kMaxString) {
      reading.fail("key longer than 1 MiB");
      return;
    }
    readValue(reading, value, entries.emplace_back(key, Symbol()).second);
  });
  out = Labels(std::move(entries));
}

void readMeta(JsonReading& reading, JsonElement element, ObjectMeta& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "name") {
      readValue(reading, value, out.name);
    } else if (key == "namespace") {
      readValue(reading, value, out.ns);
    } else if (key == "uid") {
      readValue(reading, value, out.uid);
    } else if (key == "resourceVersion") {
      readValue(reading, value, out.resource_version);
    } else if (key == "generation") {
      readValue(reading, value, out.generation);
    } else if (key == "creationTimestamp") {
      readValue(reading, value, out.creation_time);
    } else if (key == "deletionTimestamp") {
      readValue(reading, value, out.deletion_time);
    } else if (key == "labels") {
      readStringMap(reading, value, out.labels);
    } else if (key == "annotations") {
      readAnnotations(reading, value, out.annotations);
    } else if (key == "ownerReferences") {
      readList(reading, value, out.owners,
               [&](JsonElement item, OwnerReference& owner) { readOwner(reading, item, owner); });
    } else if (key == "finalizers") {
      readValue(reading, value, out.finalizers);
    }
  });
}

void readCondition(JsonReading& reading, JsonElement element, Condition& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "type") {
      readValue(reading, value, out.type);
    } else if (key == "status") {
      readValue(reading, value, out.status);
    } else if (key == "reason") {
      readValue(reading, value, out.reason);
    } else if (key == "message") {
      readValue(reading, value, out.message);
    } else if (key == "lastTransitionTime") {
      readValue(reading, value, out.last_transition_time);
    } else if (key == "observedGeneration") {
      readValue(reading, value, out.observed_generation);
    }
  });
}

void readConditions(JsonReading& reading, JsonElement element, std::vector<Condition>& out) {
  readList(reading, element, out, [&](JsonElement item, Condition& condition) {
    readCondition(reading, item, condition);
  });
}

void readResources(JsonReading& reading, JsonElement element, ResourceList& out) {
  out.clear();
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    readValue(reading, value, out.emplace_back(key, Quantity()).second);
  });
  const auto by_name = [](const auto& a, const auto& b) { return a.first < b.first; };
  if (!std::is_sorted(out.begin(), out.end(), by_name)) {
    std::stable_sort(out.begin(), out.end(), by_name);
  }
  // Of equal names the last one stays.
  const auto first_kept = std::unique(out.rbegin(), out.rend(), [](const auto& a, const auto& b) {
                            return a.first == b.first;
                          }).base();
  out.erase(out.begin(), first_kept);
}

}  // namespace stowage::kubeapi
