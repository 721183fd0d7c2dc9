#include "kubeapi/decoders.h"

namespace stowage::kubeapi {

namespace {

void readReference(JsonReading& reading, JsonElement element, ObjectReference& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "apiVersion") {
      readValue(reading, value, out.api_version);
    } else if (key == "kind") {
      readValue(reading, value, out.kind);
    } else if (key == "namespace") {
      readValue(reading, value, out.ns);
    } else if (key == "name") {
      readValue(reading, value, out.name);
    } else if (key == "uid") {
      readValue(reading, value, out.uid);
    }
  });
}

// How often and when, in the new form and the old one.
struct Repetition {
  std::optional<std::int32_t> series_count;
  std::optional<WallTime> series_time;
  std::optional<std::int32_t> old_count;
  std::optional<WallTime> old_time;
};

// True when `key` was a field of repetition.
bool readRepetition(JsonReading& reading, std::string_view key, JsonElement value,
                    Repetition& out) {
  if (key == "series") {
    readObject(reading, value, [&](std::string_view name, JsonElement field) {
      if (name == "count") readValue(reading, field, out.series_count);
      if (name == "lastObservedTime") readValue(reading, field, out.series_time);
    });
  } else if (key == "deprecatedCount") {
    readValue(reading, value, out.old_count);
  } else if (key == "deprecatedLastTimestamp") {
    readValue(reading, value, out.old_time);
  } else {
    return false;
  }
  return true;
}

void readTexts(JsonReading& reading, std::string_view key, JsonElement value, Event& out) {
  if (key == "type") {
    readValue(reading, value, out.type);
  } else if (key == "reason") {
    readValue(reading, value, out.reason);
  } else if (key == "action") {
    readValue(reading, value, out.action);
  } else if (key == "note") {
    readValue(reading, value, out.note);
  } else if (key == "reportingController") {
    readValue(reading, value, out.reporting_controller);
  } else if (key == "reportingInstance") {
    readValue(reading, value, out.reporting_instance);
  }
}

}  // namespace

void decodeInto(JsonReading& reading, JsonElement element, Event& out) {
  Repetition repetition;
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "metadata") {
      readMeta(reading, value, out.meta);
    } else if (key == "regarding") {
      readReference(reading, value, out.regarding);
    } else if (key == "related") {
      if (!value.is_null()) readReference(reading, value, out.related.emplace());
    } else if (key == "eventTime") {
      readValue(reading, value, out.event_time);
    } else if (key == "deprecatedFirstTimestamp") {
      readValue(reading, value, out.first_time);
    } else if (!readRepetition(reading, key, value, repetition)) {
      readTexts(reading, key, value, out);
    }
  });
  out.count = repetition.series_count.value_or(repetition.old_count.value_or(1));
  out.last_time = repetition.series_time ? repetition.series_time : repetition.old_time;
}

}  // namespace stowage::kubeapi
