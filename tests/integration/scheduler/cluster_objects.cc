#include "integration/scheduler/cluster_objects.h"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>

#include "base/text.h"
#include "kubeapi/quantity.h"

namespace stowage::testing {

Json nodeManifest(const std::string& name, const std::string& cpu, const std::string& memory,
                  const std::string& pods) {
  const Json amounts = {
      {"cpu", cpu}, {"memory", memory}, {"pods", pods}, {"ephemeral-storage", "100Gi"}};
  return {{"apiVersion", "v1"},
          {"kind", "Node"},
          {"metadata", {{"name", name}, {"labels", {{"kubernetes.io/hostname", name}}}}},
          {"status", {{"allocatable", amounts}, {"capacity", amounts}}}};
}

Json podManifest(const std::string& ns, const std::string& name, const std::string& scheduler,
                 const std::string& cpu, const std::string& memory) {
  return {{"apiVersion", "v1"},
          {"kind", "Pod"},
          {"metadata", {{"namespace", ns}, {"name", name}}},
          {"spec",
           {{"schedulerName", scheduler},
            {"terminationGracePeriodSeconds", 0},
            {"automountServiceAccountToken", false},
            {"containers",
             Json::array({{{"name", "main"},
                           {"image", "example.test/pause:1"},
                           {"resources", {{"requests", {{"cpu", cpu}, {"memory", memory}}}}}}})}}}};
}

void createAll(ControlPlane& cluster, const std::vector<Json>& objects) {
  const Json list = {{"apiVersion", "v1"}, {"kind", "List"}, {"items", objects}};
  const CommandResult result = cluster.kubectlWithInput({"create", "-f", "-"}, list.dump());
  ASSERT_EQ(result.exit_code, 0) << result.output;
}

std::string metricsToken(ControlPlane& cluster, const std::string& ns) {
  const std::string role = "metrics-" + ns;
  for (const std::vector<std::string>& command : std::initializer_list<std::vector<std::string>>{
           {"create", "serviceaccount", "metrics-reader", "-n", ns},
           {"create", "clusterrole", role, "--verb=get", "--non-resource-url=/metrics",
            "--non-resource-url=/configz"},
           {"create", "clusterrolebinding", role, "--clusterrole=" + role,
            "--serviceaccount=" + ns + ":metrics-reader"}}) {
    const CommandResult done = cluster.kubectl(command);
    EXPECT_EQ(done.exit_code, 0) << done.output;
  }
  return cluster.token(ns, "metrics-reader");
}

void deleteNodes(ControlPlane& cluster) {
  const CommandResult result = cluster.kubectl({"delete", "nodes", "--all", "--wait=false"});
  ASSERT_EQ(result.exit_code, 0) << result.output;
  // Nodes of the same names may come at once. A KWOK that finds a lease of the old one takes it,
  // and when the garbage collector has ended that lease, it renews what is not there for ever.
  const CommandResult leases =
      cluster.kubectl({"delete", "leases", "-n", "kube-node-lease", "--all", "--wait=false"});
  ASSERT_EQ(leases.exit_code, 0) << leases.output;
}

Json getObject(ControlPlane& cluster, const std::vector<std::string>& what) {
  std::vector<std::string> arguments = {"get", "-o", "json", "--ignore-not-found"};
  arguments.insert(arguments.end(), what.begin(), what.end());
  const CommandResult result = cluster.kubectl(arguments);
  return Json::parse(result.output, nullptr, false, true);
}

std::vector<Json> listObjects(ControlPlane& cluster, const std::vector<std::string>& what) {
  Json list = getObject(cluster, what);
  if (!list.is_object() || !list.contains("items")) return {};
  return list["items"].get<std::vector<Json>>();
}

std::size_t boundPods(ControlPlane& cluster, const std::string& ns) {
  std::size_t bound = 0;
  for (const Json& pod : listObjects(cluster, {"pods", "-n", ns})) {
    if (pod["spec"].contains("nodeName")) ++bound;
  }
  return bound;
}

std::map<std::string, int> podsPerNode(ControlPlane& cluster, const std::string& ns) {
  std::map<std::string, int> on;
  for (const Json& pod : listObjects(cluster, {"pods", "-n", ns})) {
    if (pod["spec"].contains("nodeName")) ++on[pod["spec"]["nodeName"].get<std::string>()];
  }
  return on;
}

Json scheduledCondition(ControlPlane& cluster, const std::string& ns, const std::string& pod) {
  const Json object = getObject(cluster, {"pod", pod, "-n", ns});
  if (!object.is_object()) return {};
  for (const Json& condition : object["status"].value("conditions", Json::array())) {
    if (condition["type"] == "PodScheduled") return condition;
  }
  return {};
}

std::vector<Json> podEvents(ControlPlane& cluster, const std::string& ns, const std::string& pod,
                            const std::string& reason) {
  std::vector<Json> found;
  for (const Json& event : listObjects(cluster, {"events.events.k8s.io", "-n", ns})) {
    if (event["regarding"].value("name", "") == pod && event.value("reason", "") == reason) {
      found.push_back(event);
    }
  }
  return found;
}

namespace {

template <typename Visit>
void forEachAuditEvent(ControlPlane& cluster, std::size_t mark, Visit visit) {
  std::ifstream file(cluster.auditLog());
  file.seekg(static_cast<std::streamoff>(mark));
  for (std::string line; std::getline(file, line);) {
    // The last line may be half written: the server is still running.
    const Json event = Json::parse(line, nullptr, false);
    if (event.is_object() && event.value("stage", "") == "ResponseComplete") visit(event);
  }
}

}  // namespace

std::map<std::string, BindingRecord> bindingRecords(ControlPlane& cluster) {
  std::map<std::string, BindingRecord> records;
  forEachAuditEvent(cluster, 0, [&](const Json& event) {
    const Json& object = event.value("objectRef", Json::object());
    if (object.value("resource", "") != "pods" || object.value("subresource", "") != "binding" ||
        event.value("verb", "") != "create") {
      return;
    }
    const int code = event.value("responseStatus", Json::object()).value("code", 0);
    BindingRecord& record = records[object.value("namespace", "") + "/" + object.value("name", "")];
    if (code >= 200 && code < 300) ++record.succeeded;
    if (code == 0 || code >= 499) ++record.cut_off;
  });
  return records;
}

std::size_t auditMark(ControlPlane& cluster) {
  std::ifstream file(cluster.auditLog(), std::ios::ate);
  return file ? static_cast<std::size_t>(file.tellg()) : 0;
}

std::vector<std::string> refusedRequests(ControlPlane& cluster, const std::string& user,
                                         std::size_t mark) {
  std::vector<std::string> refused;
  forEachAuditEvent(cluster, mark, [&](const Json& event) {
    const int code = event.value("responseStatus", Json::object()).value("code", 0);
    if (event["user"].value("username", "") != user || (code != 401 && code != 403)) return;
    refused.push_back(event.value("verb", "") + " " + event.value("requestURI", ""));
  });
  return refused;
}

std::vector<PodWrite> podWrites(ControlPlane& cluster, const std::string& user,
                                const std::string& ns, std::size_t mark) {
  std::vector<PodWrite> writes;
  forEachAuditEvent(cluster, mark, [&](const Json& event) {
    const Json& object = event.value("objectRef", Json::object());
    const std::string verb = event.value("verb", "");
    const int code = event.value("responseStatus", Json::object()).value("code", 0);
    if (object.value("resource", "") != "pods" || object.value("namespace", "") != ns) return;
    if (event["user"].value("username", "") != user || code < 200 || code >= 300) return;
    if (verb != "patch" && verb != "delete" && verb != "create") return;
    writes.push_back({verb, object.value("subresource", ""), object.value("name", ""),
                      event.value("requestObject", Json())});
  });
  return writes;
}

std::vector<Placement> placements(ControlPlane& cluster, std::size_t mark) {
  const auto micros = [](const Json& event, const char* field) {
    const auto time = base::parseTime(event.value(field, ""));
    if (!time) return std::int64_t{0};
    return std::chrono::duration_cast<std::chrono::microseconds>(time->time_since_epoch()).count();
  };
  std::vector<Placement> history;
  forEachAuditEvent(cluster, mark, [&](const Json& event) {
    const Json& object = event.value("objectRef", Json::object());
    const int code = event.value("responseStatus", Json::object()).value("code", 0);
    if (object.value("resource", "") != "pods" || code < 200 || code >= 300) return;
    const std::string subresource = object.value("subresource", "");
    const bool bound = subresource == "binding" && event.value("verb", "") == "create";
    const bool gone = subresource.empty() && event.value("verb", "") == "delete";
    if (!bound && !gone) return;
    Placement one;
    one.user = event["user"].value("username", "");
    one.pod = object.value("namespace", "") + "/" + object.value("name", "");
    if (bound) one.node = event["requestObject"]["target"].value("name", "");
    one.asked_us = micros(event, "requestReceivedTimestamp");
    one.answered_us = micros(event, "stageTimestamp");
    history.push_back(std::move(one));
  });
  return history;
}

std::vector<std::string> overcommittedNodes(ControlPlane& cluster) {
  using kubeapi::Quantity;
  const auto milli = [](const Json& amounts, const char* name) {
    auto parsed = Quantity::parse(amounts.value(name, "0"));
    return parsed ? parsed->milliValue() : 0;
  };
  struct Sum {
    std::int64_t cpu = 0, memory = 0, pods = 0;
  };
  std::map<std::string, Sum> sums;
  for (const Json& pod : listObjects(cluster, {"pods", "-A"})) {
    if (!pod["spec"].contains("nodeName")) continue;
    Sum& sum = sums[pod["spec"]["nodeName"]];
    ++sum.pods;
    for (const Json& container : pod["spec"]["containers"]) {
      const Json requests =
          container.value("resources", Json::object()).value("requests", Json::object());
      sum.cpu += milli(requests, "cpu");
      sum.memory += milli(requests, "memory");
    }
  }
  std::vector<std::string> over;
  for (const Json& node : listObjects(cluster, {"nodes"})) {
    const std::string name = node["metadata"]["name"];
    const Json& room = node["status"]["allocatable"];
    const Sum& sum = sums[name];
    if (sum.cpu > milli(room, "cpu") || sum.memory > milli(room, "memory") ||
        sum.pods * 1000 > milli(room, "pods")) {
      over.push_back(name + ": cpu " + std::to_string(sum.cpu) + "m, " + std::to_string(sum.pods) +
                     " pods");
    }
  }
  return over;
}

}  // namespace stowage::testing
