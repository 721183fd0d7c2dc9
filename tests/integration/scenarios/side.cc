#include "integration/scenarios/side.h"

#include <algorithm>
#include <ctime>
#include <iomanip>
#include <sstream>

#include "integration/scenarios/manifests.h"
#include "integration/scenarios/snapshot.h"
#include "testing/process/child_process.h"

namespace stowage::testing {

namespace {

using namespace std::chrono_literals;

constexpr auto kLimit = 20s;
constexpr auto kPeriod = 10ms;
constexpr const char* kProbeNamespace = "probes";

const Json kAtOnce = {{"apiVersion", "v1"}, {"kind", "DeleteOptions"}, {"gracePeriodSeconds", 0}};

std::string refused(const std::string& what, const Rest::Answer& answer) {
  return what + " was answered " + std::to_string(answer.status) + ": " + answer.body.dump();
}

}  // namespace

Side::Side(ControlPlane& cluster, bool is_kube) : is_kube_(is_kube), rest_(cluster) {
  create("Namespace", {{"metadata", {{"name", kProbeNamespace}}}});
  for (const auto& [name, value] : {std::pair{"low", -100}, {"mid", 500}, {"high", 1000}}) {
    create("PriorityClass", {{"metadata", {{"name", name}}}, {"value", value}});
  }
  create("PriorityClass",
         {{"metadata", {{"name", "meek"}}}, {"value", 1000}, {"preemptionPolicy", "Never"}});
  namespaces_.clear();
}

std::string Side::play(const Scenario& scenario) {
  ns_ = scenario.name;
  names_by_uid_.clear();
  unsettled_ = false;
  std::string wrong =
      create("Namespace", {{"metadata", {{"name", ns_}, {"labels", {{"scenario", ns_}}}}}});
  for (std::size_t i = 0; i < scenario.steps.size() && wrong.empty(); ++i) {
    const Json& step = scenario.steps[i];
    wrong = step["do"] == "expect" || step["do"] == "until" ? awaitExpected(scenario, step["with"])
                                                            : carryOut(step["do"], step["with"]);
    if (!wrong.empty()) wrong = "step " + std::to_string(i + 1) + ": " + wrong;
  }
  return wrong;
}

std::string Side::carryOut(const std::string& what, const Json& with) {
  if (what == "patch") return patch(with);
  if (what == "delete") return remove(with);
  if (what == "bind") return bind(with);
  if (what == "rest") return rest(with);
  std::string wrong;
  if (what == "pods" && unsettled_) wrong = settle();
  for (std::size_t i = 0; i < with.size() && wrong.empty(); ++i) {
    const Json& each = with[i];
    if (what == "objects") {
      wrong = create(each["kind"], each);
      continue;
    }
    const std::string name = each["name"];
    const Json& brief = each["brief"];
    if (what == "pods")
      wrong = createPod(name, brief);
    else if (what == "nodes")
      wrong = create("Node", nodeOf(name, brief));
    else if (what == "classes")
      wrong = create("StorageClass", classOf(name, brief));
    else if (what == "volumes")
      wrong = create("PersistentVolume", volumeOf(ns_, name, brief));
    else if (what == "claims")
      wrong = create("PersistentVolumeClaim", claimOf(ns_, name, brief));
    else
      wrong = "there is no step " + what;
  }
  return wrong;
}

std::string Side::create(const std::string& kind, const Json& object) {
  Json whole = object;
  whole["kind"] = kind;
  whole["apiVersion"] = apiVersionOf(kind);
  std::string ns;
  if (namespaced(kind)) ns = whole["metadata"].value("namespace", ns_);
  Rest::Answer answer = rest_.post(collectionPath(kind, ns), whole);
  const std::string name = whole["metadata"]["name"];
  if (!answer.ok()) return refused("creating " + kind + " " + name, answer);
  if (kind == "Namespace") namespaces_.insert(name);
  if (kind == "Pod") names_by_uid_[answer.body["metadata"]["uid"]] = name;
  if (kind != "Pod") unsettled_ = true;
  // The status of what has one is written apart.
  if (whole.contains("status") && kind != "Node" && kind != "Pod") {
    const Json status = {{"status", whole["status"]}};
    answer = rest_.mergePatch(objectPath(kind, ns, name) + "/status", status);
    if (!answer.ok()) return refused("the status of " + kind + " " + name, answer);
  }
  return {};
}

std::string Side::createPod(const std::string& name, const Json& brief) {
  const Json pod = podOf(ns_, name, brief);
  if (std::string wrong = create("Pod", pod); !wrong.empty()) return wrong;
  const Json status = podStatusOf(brief);
  if (status.is_null()) return {};
  const std::string ns = pod["metadata"]["namespace"];
  const Rest::Answer answer = rest_.mergePatch(objectPath("Pod", ns, name) + "/status", status);
  return answer.ok() ? "" : refused("the status of " + name, answer);
}

std::string Side::patch(const Json& step) {
  const std::string kind = step["kind"];
  std::string path = objectPath(kind, step.value("namespace", ns_), step["name"]);
  if (step.contains("sub")) path += "/" + step["sub"].get<std::string>();
  if (kind != "Pod") unsettled_ = true;
  const Rest::Answer answer = rest_.mergePatch(path, step["merge"]);
  return answer.ok() ? "" : refused("patching " + path, answer);
}

std::string Side::remove(const Json& step) {
  const std::string path = objectPath(step["kind"], step.value("namespace", ns_), step["name"]);
  if (step["kind"] != "Pod") unsettled_ = true;
  const bool at_once = step.value("at_once", false);
  const Rest::Answer answer = rest_.remove(path, at_once ? kAtOnce : Json::object());
  return answer.ok() ? "" : refused("deleting " + path, answer);
}

// As another scheduler, or a person, would.
std::string Side::bind(const Json& step) {
  const Json binding = {{"apiVersion", "v1"},
                        {"kind", "Binding"},
                        {"metadata", {{"name", step["name"]}, {"namespace", ns_}}},
                        {"target", {{"kind", "Node"}, {"name", step["node"]}}}};
  const Rest::Answer answer =
      rest_.post(objectPath("Pod", ns_, step["name"]) + "/binding", binding);
  if (!answer.ok()) return refused("binding", answer);
  // Else a node event that comes next by another watch may overtake it, and the scheduler, trying
  // the pod again, finds it bound where it would have bound it.
  return settle();
}

// Until the backoff of pods that failed is over (1 s; the server's clock is ours, in whole
// seconds): from then on one event brings all of them back at once, and priority alone decides.
std::string Side::rest(const Json& pods) {
  std::int64_t last = 0;
  for (const Json& name : pods) {
    const Json pod = rest_.get(objectPath("Pod", ns_, name)).body;
    for (const Json& each : pod["status"].value("conditions", Json::array())) {
      std::tm time{};
      std::istringstream(each["lastTransitionTime"].get<std::string>()) >>
          std::get_time(&time, "%Y-%m-%dT%H:%M:%SZ");
      last = std::max<std::int64_t>(last, timegm(&time));
    }
  }
  const bool over = waitFor([&] { return std::time(nullptr) >= last + 2; }, kLimit, 50ms);
  return over ? "" : "the clocks do not agree";
}

std::string Side::awaitExpected(const Scenario& scenario, const Json& expected) {
  Json mine = expected;
  int ignored = 0;
  if (is_kube_) {
    for (const Deviation& each : scenario.deviations) {
      if (!each.stowage.empty()) mine = withTexts(mine, each.stowage, each.kube, ignored);
    }
  }
  std::string wrong;
  waitFor(
      [&] {
        wrong = unmet(mine, takeSnapshot(rest_, namespaces_, names_by_uid_));
        return wrong.empty();
      },
      kLimit, kPeriod);
  return wrong;
}

Side::Seen Side::look(const Scenario& scenario) {
  Seen seen{takeSnapshot(rest_, namespaces_, names_by_uid_), {}, 0};
  seen.snapshot["namespace"] = ns_;
  for (const Deviation& known : scenario.deviations) {
    int count = 0;
    if (is_kube_ && !known.kube_may_say.empty()) {
      count = dropEvents(seen.snapshot, known.kube_may_say);
    } else if (is_kube_) {
      seen.snapshot = withTexts(seen.snapshot, known.kube, known.stowage, count);
    }
    seen.deviations.push_back(count);
  }
  if (is_kube_) seen.lost_preemptors = nameLostPreemptors(seen.snapshot);
  seen.snapshot = withoutFreeChoices(seen.snapshot, scenario.steps.back()["with"]);
  return seen;
}

std::size_t Side::countOf(const std::string& kind) {
  const Rest::Answer answer = rest_.get(collectionPath(kind, ""));
  return answer.ok() ? answer.body["items"].size() : 0;
}

// Objects of different kinds come to a scheduler by different watches. A pod that is made after all
// of them and fits nowhere is told how many nodes there are: once it is told the right number, the
// scheduler has acted on what was made before.
std::string Side::settle() {
  const std::size_t nodes = countOf("Node");
  std::string wrong;
  bool seen = false;
  const bool in_time = waitFor(
      [&] {
        wrong = probe(nodes, seen);
        return seen || !wrong.empty();
      },
      kLimit, 1ms);
  unsettled_ = false;
  return in_time ? wrong : "the scheduler does not see " + std::to_string(nodes) + " nodes";
}

std::string Side::probe(std::size_t nodes, bool& seen) {
  const std::string name = "probe-" + std::to_string(++probes_);
  Json pod = podOf(kProbeNamespace, name, {{"spec", {{"nodeSelector", {{"nowhere", "true"}}}}}});
  Rest::Answer answer = rest_.post(collectionPath("Pod", kProbeNamespace), pod);
  if (!answer.ok()) return refused("creating a probe", answer);
  const std::string path = objectPath("Pod", kProbeNamespace, name);
  std::string told;
  const bool in_time = waitFor(
      [&] {
        const Json view = rest_.get(path).body;
        for (const Json& each : view["status"].value("conditions", Json::array())) {
          if (each["type"] == "PodScheduled") told = each.value("message", "");
        }
        return !told.empty();
      },
      kLimit, 2ms);
  rest_.remove(path, kAtOnce);
  if (!in_time) return "the scheduler says nothing of a pod that fits nowhere";
  seen = nodes == 0 ? told.rfind("no nodes available", 0) == 0
                    : told.rfind("0/" + std::to_string(nodes) + " nodes", 0) == 0;
  return {};
}

// Of all namespaces; finalizers of the storage protection, whose controllers do not run, go first.
void Side::removeAll(const std::string& kind) {
  const Rest::Answer list = rest_.get(collectionPath(kind, ""));
  if (!list.ok()) return;
  for (const Json& item : list.body["items"]) {
    const Json& metadata = item["metadata"];
    const std::string path = objectPath(kind, metadata.value("namespace", ""), metadata["name"]);
    if (metadata.contains("finalizers")) {
      rest_.mergePatch(path, {{"metadata", {{"finalizers", nullptr}}}});
    }
    rest_.remove(path, kAtOnce);
  }
}

// No namespace controller runs: the last finalizer is taken off here.
void Side::endNamespace(const std::string& name) {
  const std::string path = objectPath("Namespace", "", name);
  rest_.remove(path);
  Rest::Answer left = rest_.get(path);
  if (!left.ok()) return;
  left.body["spec"]["finalizers"] = Json::array();
  rest_.put(path + "/finalize", left.body);
}

std::string Side::cleanUp() {
  const char* const kinds[] = {"Pod",
                               "PodDisruptionBudget",
                               "PersistentVolumeClaim",
                               "PersistentVolume",
                               "VolumeAttachment",
                               "CSIStorageCapacity",
                               "CSIDriver",
                               "StorageClass",
                               "CSINode",
                               "Service",
                               "RuntimeClass",
                               "Node"};
  const bool gone = waitFor(
      [&] {
        std::size_t left = 0;
        for (const char* kind : kinds) {
          removeAll(kind);
          left += countOf(kind);
        }
        return left == 0;
      },
      kLimit, kPeriod);
  for (const std::string& name : namespaces_) endNamespace(name);
  namespaces_.clear();
  return gone ? settle() : "not everything could be deleted";
}

}  // namespace stowage::testing
