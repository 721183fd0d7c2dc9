#include "k8sclient/events/event_json.h"

#include <algorithm>
#include <initializer_list>

#include "base/text.h"

namespace stowage::k8sclient {

namespace {

constexpr std::size_t kMaxNote = 1024;
constexpr std::size_t kMaxField = 128;  // action, reason, reportingInstance
constexpr std::string_view kNoteEnd = " ...";

void appendField(std::string& out, std::string_view key, std::string_view value) {
  if (value.empty()) return;
  if (out.back() != '{') out += ',';
  base::appendJsonString(out, key);
  out += ':';
  base::appendJsonString(out, value);
}

void appendReference(std::string& out, const ObjectReference& reference) {
  out += '{';
  appendField(out, "kind", reference.kind);
  appendField(out, "namespace", reference.ns);
  appendField(out, "name", reference.name);
  appendField(out, "uid", reference.uid);
  appendField(out, "apiVersion", reference.api_version);
  appendField(out, "resourceVersion", reference.resource_version);
  out += '}';
}

void appendSeries(std::string& out, const SeriesState& series) {
  out += R"({"count":)" + std::to_string(series.count) + R"(,"lastObservedTime":)";
  base::appendJsonString(out, base::formatMicroTime(series.last));
  out += '}';
}

std::string joined(std::initializer_list<std::string_view> parts) {
  std::string key;
  for (const std::string_view part : parts) {
    key += part;
    key += '\0';  // in none of the parts
  }
  return key;
}

std::string referenceKey(const ObjectReference& r) {
  return joined({r.kind, r.api_version, r.ns, r.name, r.uid, r.resource_version});
}

}  // namespace

std::string encodeEvent(const EventRecord& record, std::string_view name, base::WallTime first,
                        const std::optional<SeriesState>& series) {
  std::string out;
  out.reserve(768 + record.note.size());
  out += R"({"apiVersion":"events.k8s.io/v1","kind":"Event","metadata":{)";
  appendField(out, "name", name);
  appendField(out, "namespace", eventNamespace(record.regarding));
  out += "}";
  appendField(out, "eventTime", base::formatMicroTime(first));
  if (series) {
    out += R"(,"series":)";
    appendSeries(out, *series);
  }
  appendField(out, "reportingController", record.reporting_controller);
  appendField(out, "reportingInstance", record.reporting_instance);
  appendField(out, "action", record.action);
  appendField(out, "reason", record.reason);
  out += R"(,"regarding":)";
  appendReference(out, record.regarding);
  if (record.related) {
    out += R"(,"related":)";
    appendReference(out, *record.related);
  }
  appendField(out, "note", record.note);
  appendField(out, "type", record.type == EventType::kNormal ? "Normal" : "Warning");
  out += '}';
  return out;
}

std::string encodeSeriesPatch(const SeriesState& series) {
  std::string out = R"({"series":)";
  appendSeries(out, series);
  out += '}';
  return out;
}

std::string truncateNote(std::string_view note) {
  if (note.size() <= kMaxNote) return std::string(note);
  std::string cut(base::utf8Prefix(note, kMaxNote - kNoteEnd.size()));
  cut += kNoteEnd;
  return cut;
}

std::string eventNamespace(const ObjectReference& regarding) {
  return regarding.ns.empty() ? "default" : regarding.ns;
}

bool isDnsSubdomain(std::string_view name) {
  const auto alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  if (name.empty() || name.size() > 253) return false;
  while (true) {
    const std::string_view label = name.substr(0, name.find('.'));
    if (label.empty() || !alphanumeric(label.front()) || !alphanumeric(label.back())) return false;
    if (!std::all_of(label.begin(), label.end(),
                     [&](char c) { return alphanumeric(c) || c == '-'; })) {
      return false;
    }
    if (label.size() == name.size()) return true;
    name.remove_prefix(label.size() + 1);
  }
}

std::string seriesKey(const EventRecord& record) {
  std::string key = joined({record.type == EventType::kNormal ? "N" : "W", record.action,
                            record.reason, record.reporting_controller, record.reporting_instance});
  key += referenceKey(record.regarding);
  if (record.related) key += referenceKey(*record.related);
  return key;
}

std::string objectKey(const ObjectReference& r) {
  return joined({r.kind, r.api_version, r.ns, r.name, r.uid});
}

bool makeValid(EventRecord& record) {
  if (record.reason.empty() || record.action.empty() || record.reporting_controller.empty() ||
      record.reporting_instance.empty() || record.regarding.name.empty()) {
    return false;
  }
  for (std::string* field : {&record.reason, &record.action, &record.reporting_instance}) {
    if (field->size() > kMaxField) field->resize(base::utf8Prefix(*field, kMaxField).size());
  }
  record.note = truncateNote(record.note);
  return true;
}

}  // namespace stowage::k8sclient
