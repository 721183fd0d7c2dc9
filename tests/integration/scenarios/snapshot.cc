#include "integration/scenarios/snapshot.h"

#include <algorithm>

namespace stowage::testing {

namespace {

constexpr const char* kSelectedNode = "volume.kubernetes.io/selected-node";

Json copied(const Json& from, std::initializer_list<const char*> fields) {
  Json some = Json::object();
  for (const char* field : fields) {
    if (from.contains(field)) some[field] = from[field];
  }
  return some;
}

bool replaceAll(std::string& text, const std::string& from, const std::string& to) {
  bool found = false;
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
    found = true;
  }
  return found;
}

Json podView(const Json& pod) {
  Json view = {{"node", pod["spec"].value("nodeName", "")},
               {"nominated", pod["status"].value("nominatedNodeName", "")},
               {"leaving", pod["metadata"].contains("deletionTimestamp")},
               {"conditions", Json::object()}};
  for (const Json& condition : pod["status"].value("conditions", Json::array())) {
    const std::string type = condition["type"];
    if (type != "PodScheduled" && type != "DisruptionTarget") continue;
    view["conditions"][type] =
        copied(condition, {"status", "reason", "message", "observedGeneration"});
  }
  return view;
}

Json eventView(const Json& event, const std::map<std::string, std::string>& names_by_uid) {
  Json view = copied(event, {"type", "reason", "action", "note", "reportingController",
                             "reportingInstance", "regarding", "related"});
  for (const char* field : {"regarding", "related"}) {
    if (!view.contains(field)) continue;
    view[field].erase("resourceVersion");
    const auto name = names_by_uid.find(view[field].value("uid", ""));
    if (name != names_by_uid.end()) view[field]["uid"] = "uid of " + name->second;
  }
  auto note = view.value("note", "");
  for (const auto& [uid, name] : names_by_uid) replaceAll(note, uid, "<uid of " + name + ">");
  view["note"] = note;
  return view;
}

Json claimView(const Json& claim) {
  Json view = {{"phase", claim["status"].value("phase", "")},
               {"volume", claim["spec"].value("volumeName", "")},
               {"finalizers", claim["metadata"].value("finalizers", Json::array())},
               {"annotations", claim["metadata"].value("annotations", Json::object())}};
  view["selected"] = view["annotations"].value(kSelectedNode, "");
  return view;
}

Json volumeView(const Json& volume) {
  return {{"phase", volume["status"].value("phase", "")},
          {"finalizers", volume["metadata"].value("finalizers", Json::array())},
          {"annotations", volume["metadata"].value("annotations", Json::object())},
          {"claim", copied(volume["spec"].value("claimRef", Json::object()),
                           {"namespace", "name", "kind", "apiVersion"})}};
}

std::vector<Json> itemsOf(Rest& rest, const std::string& kind,
                          const std::set<std::string>& namespaces) {
  std::vector<Json> items;
  const Rest::Answer answer = rest.get(collectionPath(kind, ""));
  if (!answer.ok()) return items;
  for (const Json& item : answer.body["items"]) {
    if (!namespaced(kind) || namespaces.count(item["metadata"]["namespace"]) != 0) {
      items.push_back(item);
    }
  }
  return items;
}

std::set<std::string> reasonsOf(const Json& snapshot, const std::string& pod) {
  std::set<std::string> reasons;
  for (const Json& event : snapshot["events"]) {
    if (event["regarding"].value("name", "") == pod) reasons.insert(event["reason"]);
  }
  return reasons;
}

// "n1" is a node, "0/2 nodes ..." a message of a pod that waits.
Json expectationOf(const Json& brief) {
  if (!brief.is_string()) return brief;
  const bool is_node = brief.get<std::string>().find(' ') == std::string::npos;
  return {{is_node ? "node" : "pending", brief}};
}

std::string differs(const std::string& what, const Json& is, const Json& should) {
  return what + " is " + is.dump() + ", not " + should.dump();
}

std::string unmetPlace(const Json& expected, const Json& pod) {
  if (expected.contains("node") && pod["node"] != expected["node"]) {
    return differs("the node", pod["node"], expected["node"]);
  }
  if (expected.contains("nodes")) {
    const Json& nodes = expected["nodes"];
    if (std::find(nodes.begin(), nodes.end(), pod["node"]) == nodes.end()) {
      return differs("the node", pod["node"], nodes);
    }
  }
  if (expected.contains("pending")) {
    const Json condition = pod["conditions"].value("PodScheduled", Json::object());
    if (condition.value("message", "") != expected["pending"]) {
      return differs("the message", condition.value("message", ""), expected["pending"]);
    }
    if (condition["reason"] != expected.value("reason", "Unschedulable")) {
      return differs("the reason", condition["reason"], expected.value("reason", "Unschedulable"));
    }
    if (pod["node"] != "") return differs("the node", pod["node"], "");
  }
  return {};
}

std::string unmetPod(const Json& expected, const Json& pod, const std::set<std::string>& events) {
  if (std::string place = unmetPlace(expected, pod); !place.empty()) return place;
  if (expected.value("untouched", false) &&
      (pod["node"] != "" || !pod["conditions"].empty() || !events.empty())) {
    return "it was touched: " + pod.dump();
  }
  if (expected.contains("on") && pod["node"] != expected["on"]) {
    return differs("the node", pod["node"], expected["on"]);
  }
  if (pod["leaving"] != expected.value("leaving", false)) {
    return expected.value("leaving", false) ? "it is not being deleted" : "it is being deleted";
  }
  if (pod["conditions"].contains("DisruptionTarget") != expected.value("disrupted", false)) {
    return "DisruptionTarget: " + pod["conditions"].dump();
  }
  if (pod["nominated"] != expected.value("nominated", "")) {
    return differs("the nominated node", pod["nominated"], expected.value("nominated", ""));
  }
  if (expected.contains("events") && events != expected["events"].get<std::set<std::string>>()) {
    return differs("its set of events", Json(events), expected["events"]);
  }
  const bool placed = expected.contains("node") || expected.contains("nodes");
  if (placed && events.count("Scheduled") == 0) return "there is no event Scheduled";
  if (expected.contains("pending") && expected.value("reason", "") != "SchedulingGated" &&
      events.count("FailedScheduling") == 0) {
    return "there is no event FailedScheduling";
  }
  return {};
}

// "claim/data": {volume: pv1} and the like: fields of the view.
std::string unmetFields(const Json& expected, const Json& view) {
  for (const auto& [field, value] : expected.items()) {
    const Json is = view.is_object() && view.contains(field) ? view[field] : Json();
    if (is != value) return differs(field, is, value);
  }
  return {};
}

std::string unmetOne(const std::string& name, const Json& brief, const Json& snapshot) {
  const std::size_t slash = name.find('/');
  if (slash != std::string::npos) {
    const Json& views = snapshot[name.substr(0, slash) + "s"];
    return unmetFields(brief, views.value(name.substr(slash + 1), Json()));
  }
  const Json expected = expectationOf(brief);
  const std::set<std::string> events = reasonsOf(snapshot, name);
  if (!snapshot["pods"].contains(name)) {
    if (!expected.value("gone", false)) return "there is no such pod";
    if (!expected.contains("events")) return {};
    return events == expected["events"].get<std::set<std::string>>()
               ? ""
               : differs("its set of events", Json(events), expected["events"]);
  }
  if (expected.value("gone", false)) return "it is still there";
  return unmetPod(expected, snapshot["pods"][name], events);
}

}  // namespace

Json takeSnapshot(Rest& rest, const std::set<std::string>& namespaces,
                  std::map<std::string, std::string>& names_by_uid) {
  Json snapshot = {{"pods", Json::object()},
                   {"claims", Json::object()},
                   {"volumes", Json::object()},
                   {"budgets", Json::object()},
                   {"events", Json::array()}};
  for (const Json& pod : itemsOf(rest, "Pod", namespaces)) {
    names_by_uid[pod["metadata"]["uid"]] = pod["metadata"]["name"];
    snapshot["pods"][pod["metadata"]["name"].get<std::string>()] = podView(pod);
  }
  for (const Json& claim : itemsOf(rest, "PersistentVolumeClaim", namespaces)) {
    snapshot["claims"][claim["metadata"]["name"].get<std::string>()] = claimView(claim);
  }
  for (const Json& volume : itemsOf(rest, "PersistentVolume", namespaces)) {
    snapshot["volumes"][volume["metadata"]["name"].get<std::string>()] = volumeView(volume);
  }
  for (const Json& budget : itemsOf(rest, "PodDisruptionBudget", namespaces)) {
    snapshot["budgets"][budget["metadata"]["name"].get<std::string>()] = {
        {"allowed", budget["status"].value("disruptionsAllowed", -1)}};
  }
  std::vector<Json> events;
  for (const Json& event : itemsOf(rest, "Event", namespaces)) {
    // Controllers speak of claims and budgets; that is not a scheduler's doing.
    if (event["regarding"].value("kind", "") == "Pod") {
      events.push_back(eventView(event, names_by_uid));
    }
  }
  // Each once: how often a failure is repeated, and whether as a series, is a matter of timing.
  std::sort(events.begin(), events.end());
  events.erase(std::unique(events.begin(), events.end()), events.end());
  snapshot["events"] = events;
  return snapshot;
}

std::string unmet(const Json& expected, const Json& snapshot) {
  for (const auto& [name, brief] : expected.items()) {
    if (const std::string why = unmetOne(name, brief, snapshot); !why.empty()) {
      return name + ": " + why;
    }
  }
  return {};
}

Json withoutFreeChoices(Json snapshot, const Json& expected) {
  for (const auto& [name, brief] : expected.items()) {
    if (!brief.is_object() || !brief.contains("nodes")) continue;
    const std::string node = snapshot["pods"][name].value("node", "");
    snapshot["pods"][name]["node"] = "*";
    for (Json& event : snapshot["events"]) {
      if (event["regarding"].value("name", "") != name) continue;
      auto note = event.value("note", "");
      replaceAll(note, " to " + node, " to *");
      event["note"] = note;
    }
  }
  // Events were sorted with the names of the nodes.
  auto events = snapshot["events"].get<std::vector<Json>>();
  std::sort(events.begin(), events.end());
  snapshot["events"] = events;
  return snapshot;
}

Json withTexts(const Json& json, const std::string& from, const std::string& to, int& count) {
  if (json.is_string()) {
    auto text = json.get<std::string>();
    if (replaceAll(text, from, to)) ++count;
    return text;
  }
  Json copy = json;
  if (json.is_structured()) {
    for (Json& each : copy) each = withTexts(each, from, to, count);
  }
  return copy;
}

int dropEvents(Json& snapshot, const std::string& note) {
  Json kept = Json::array();
  for (const Json& event : snapshot["events"]) {
    if (event["note"] != note) kept.push_back(event);
  }
  const auto dropped = static_cast<int>(snapshot["events"].size() - kept.size());
  snapshot["events"] = kept;
  return dropped;
}

int nameLostPreemptors(Json& snapshot) {
  const std::string before = "<uid of ";
  int lost = 0;
  for (Json& event : snapshot["events"]) {
    if (event["reason"] != "Preempted" || event.contains("related")) continue;
    const auto note = event.value("note", "");
    const std::size_t from = note.find(before) + before.size();
    const std::string name = note.substr(from, note.find('>', from) - from);
    // In these scenarios the preemptor is in the namespace that all events are compared in.
    event["related"] = {{"apiVersion", "v1"},
                        {"kind", "Pod"},
                        {"name", name},
                        {"namespace", snapshot["namespace"]},
                        {"uid", "uid of " + name}};
    ++lost;
  }
  return lost;
}

}  // namespace stowage::testing
