// Events as JSON of events.k8s.io/v1, and what the server demands of their fields. Pure functions.
// Source: kubernetes pkg/apis/core/validation/events.go, v1.36.3.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "k8sclient/events/event_record.h"

namespace stowage::k8sclient {

// How often an event was seen, and when last.
struct SeriesState {
  int count = 0;
  base::WallTime last;
};

// The object for POST; with a series when an event is created anew after it had expired.
std::string encodeEvent(const EventRecord& record, std::string_view name, base::WallTime first,
                        const std::optional<SeriesState>& series);
// The merge patch that records a series.
std::string encodeSeriesPatch(const SeriesState& series);

// "note" as the server takes it: at most 1024 bytes, else cut (never inside a character) and ended
// with " ...". Source: kube-scheduler pkg/scheduler/schedule_one.go truncateMessage.
std::string truncateNote(std::string_view note);
// Namespace of the event: the object's, or "default" for cluster-scoped ones.
std::string eventNamespace(const ObjectReference& regarding);
// A name that may stand in metadata.name (RFC 1123 subdomain, at most 253 bytes).
bool isDnsSubdomain(std::string_view name);
// Everything that makes records alike; all but the note.
std::string seriesKey(const EventRecord& record);
// The object that a record is about, whatever happened to it.
std::string objectKey(const ObjectReference& regarding);
// Required fields are there; too long ones are cut.
bool makeValid(EventRecord& record);

}  // namespace stowage::k8sclient
