// Manifests of nodes and pods for integration tests, and what the API server says of them later.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "testing/controlplane/control_plane.h"

namespace stowage::testing {

using Json = nlohmann::json;

Json nodeManifest(const std::string& name, const std::string& cpu, const std::string& memory,
                  const std::string& pods = "110");
Json podManifest(const std::string& ns, const std::string& name, const std::string& scheduler,
                 const std::string& cpu, const std::string& memory);

// Configuration in which nothing but spreading scores, with upstream's default constraints: nothing
// else can have put pods apart.
inline constexpr const char* kOnlySpreadingScores = R"(apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
profiles:
- schedulerName: stowage-scheduler
  plugins:
    score:
      disabled: [{name: "*"}]
      enabled: [{name: PodTopologySpread, weight: 2}]
)";

// kubectl create -f - for many objects at once; ends the test program's test on failure.
void createAll(ControlPlane& cluster, const std::vector<Json>& objects);
void deleteNodes(ControlPlane& cluster);
// A token that may read /metrics and /configz.
std::string metricsToken(ControlPlane& cluster, const std::string& ns);

// kubectl get ... -o json, parsed; null when the object is not there.
Json getObject(ControlPlane& cluster, const std::vector<std::string>& what);
std::vector<Json> listObjects(ControlPlane& cluster, const std::vector<std::string>& what);

// Pods of a namespace that have a node.
std::size_t boundPods(ControlPlane& cluster, const std::string& ns);
// How many of them each node has; nodes without one are left out.
std::map<std::string, int> podsPerNode(ControlPlane& cluster, const std::string& ns);
// The PodScheduled condition of a pod, or null.
Json scheduledCondition(ControlPlane& cluster, const std::string& ns, const std::string& pod);
// Events about a pod with that reason.
std::vector<Json> podEvents(ControlPlane& cluster, const std::string& ns, const std::string& pod,
                            const std::string& reason);

// What the audit log says of the bindings of one pod.
struct BindingRecord {
  int succeeded = 0;  // answered 2xx
  // Neither carried out nor refused, as far as the record goes: the client was gone before the
  // answer, so the write may stand.
  int cut_off = 0;
};
// By "ns/pod", all namespaces.
std::map<std::string, BindingRecord> bindingRecords(ControlPlane& cluster);

// How long the audit log is now; pass it on to look only at what comes later.
std::size_t auditMark(ControlPlane& cluster);
// From the audit log: requests of a user that were answered 401 or 403 since `mark`.
std::vector<std::string> refusedRequests(ControlPlane& cluster, const std::string& user,
                                         std::size_t mark);
// From the audit log: what a user wrote to pods of a namespace since `mark`, in the order of the
// server's answers, as far as it was carried out.
struct PodWrite {
  std::string verb;         // "patch", "delete"
  std::string subresource;  // "status", "binding" or ""
  std::string pod;
  Json body;  // of patches of the status; null where the log does not keep it
};
std::vector<PodWrite> podWrites(ControlPlane& cluster, const std::string& user,
                                const std::string& ns, std::size_t mark);
// From the audit log: a pod that was bound or deleted since `mark`, in the order of the answers.
// Times are the server's, in microseconds since the epoch.
struct Placement {
  std::string user;
  std::string pod;   // "ns/name"
  std::string node;  // empty: the pod was deleted
  std::int64_t asked_us = 0;
  std::int64_t answered_us = 0;
};
std::vector<Placement> placements(ControlPlane& cluster, std::size_t mark);
// Nodes whose pods ask for more than allocatable (cpu, memory, pods), described; empty is good.
std::vector<std::string> overcommittedNodes(ControlPlane& cluster);

}  // namespace stowage::testing
