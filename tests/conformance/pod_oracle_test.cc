// Requests, allocatable, node affinity, tolerations and host ports of generated pods and nodes,
// read from the same JSON by ours and by kube-scheduler's own code (oracle/pods).
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "base/rng.h"
#include "conformance/apimachinery_oracle.h"
#include "kubeapi/decode.h"
#include "kubeapi/node.h"
#include "kubeapi/pod.h"
#include "kubeapi/resources.h"

namespace stowage::conformance {
namespace {

using nlohmann::json;

// Random pods and nodes over few names, so that they often have something to do with each other.
class World {
 public:
  explicit World(std::uint64_t seed) : rng_(seed) {}

  json pod() {
    json spec;
    json statuses = json::array();
    json init_statuses = json::array();
    const std::uint64_t containers = 1 + rng_.below(3);
    for (std::uint64_t i = 0; i < containers; ++i) {
      spec["containers"].push_back(container("c" + std::to_string(i), statuses));
    }
    for (std::uint64_t i = rng_.below(4); i > 0; --i) {
      json one = container("i" + std::to_string(i), init_statuses);
      if (rng_.below(2) == 0) one["restartPolicy"] = "Always";
      spec["initContainers"].push_back(std::move(one));
    }
    if (rng_.below(4) == 0) {
      // Not 1.5Gi: upstream holds that as a big decimal, and its sum with the overhead is written
      // back into the pod, so that the next count of the same pod adds the overhead once more.
      json level = requests();
      for (auto& amount : level) {
        if (amount == "1.5Gi") amount = "2Gi";
      }
      spec["resources"]["requests"] = std::move(level);
    }
    if (rng_.below(4) == 0) spec["overhead"] = requests();
    placementRules(spec);
    json result = {{"metadata", {{"name", "p"}, {"namespace", "ns"}, {"uid", "u"}}},
                   {"spec", spec}};
    json& status = result["status"];
    status["containerStatuses"] = std::move(statuses);
    status["initContainerStatuses"] = std::move(init_statuses);
    if (rng_.below(4) == 0) {
      status["conditions"] = {{{"type", "PodResizePending"},
                               {"status", "True"},
                               {"reason", pick({"Infeasible", "Deferred"})}}};
    }
    if (rng_.below(4) == 0) status["resources"]["requests"] = requests();
    if (rng_.below(4) == 0) status["allocatedResources"] = requests();
    return result;
  }

  json node() {
    json labels;
    for (const char* key : {"zone", "disk", "n"}) {
      if (rng_.below(3) > 0) labels[key] = value();
    }
    json taints = json::array();
    for (std::uint64_t i = rng_.below(4); i > 0; --i) {
      taints.push_back({{"key", key()}, {"value", value()}, {"effect", effect()}});
    }
    return {{"metadata", {{"name", pick({"n1", "n2"})}, {"labels", labels}}},
            {"spec", {{"taints", taints}}},
            {"status", {{"allocatable", requests()}}}};
  }

 private:
  std::string pick(const std::vector<std::string>& choices) {
    return choices[rng_.below(choices.size())];
  }
  std::string key() { return pick({"zone", "disk", "n", "absent", "not valid"}); }
  std::string value() { return pick({"a", "b", "5", "7", "-3", "007", "", "1x"}); }
  std::string effect() { return pick({"NoSchedule", "PreferNoSchedule", "NoExecute"}); }

  json requests() {
    json list = json::object();
    for (std::uint64_t i = rng_.below(5); i > 0; --i) {
      const std::string name =
          pick({"cpu", "cpu", "memory", "memory", "ephemeral-storage", "nvidia.com/gpu", "pods",
                "hugepages-2Mi", "storage", "requests.a/b", "x.kubernetes.io/y",
                "attachable-volumes-x", "Bad.com/x"});
      list[name] = pick({"0", "1", "100m", "250m", "1500u", "0.1", "3", "1Gi", "1.5Gi", "500M",
                         "1e3", "1500m", "7n", "12Mi"});
    }
    return list;
  }

  json container(const std::string& name, json& statuses) {
    json one = {{"name", name}, {"resources", {{"requests", requests()}}}};
    for (std::uint64_t i = rng_.below(3); i > 0; --i) {
      json port = {{"containerPort", 80}, {"hostPort", static_cast<int>(rng_.below(3))}};
      if (rng_.below(2) == 0) port["hostIP"] = pick({"10.0.0.1", "::", "0.0.0.0"});
      if (rng_.below(2) == 0) port["protocol"] = pick({"UDP", "TCP"});
      one["ports"].push_back(std::move(port));
    }
    if (rng_.below(2) == 0) {
      json status = {{"name", name}};
      if (rng_.below(3) > 0) status["resources"]["requests"] = requests();
      if (rng_.below(2) == 0) status["allocatedResources"] = requests();
      statuses.push_back(std::move(status));
    }
    return one;
  }

  json requirement() {
    json one = {{"key", key()},
                {"operator", pick({"In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt", "Odd"})}};
    for (std::uint64_t i = rng_.below(3); i > 0; --i) one["values"].push_back(value());
    return one;
  }

  void placementRules(json& spec) {
    if (rng_.below(4) == 0) spec["nodeSelector"][pick({"zone", "disk"})] = value();
    if (rng_.below(2) == 0) {
      json terms = json::array();
      for (std::uint64_t i = rng_.below(4); i > 0; --i) {
        json term = json::object();
        for (std::uint64_t e = rng_.below(3); e > 0; --e) {
          term["matchExpressions"].push_back(requirement());
        }
        if (rng_.below(4) == 0) {
          term["matchFields"] = {{{"key", pick({"metadata.name", "metadata.name", "spec.x"})},
                                  {"operator", pick({"In", "NotIn", "Exists"})},
                                  {"values", {pick({"n1", "n2", ""})}}}};
        }
        terms.push_back(std::move(term));
      }
      spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
          ["nodeSelectorTerms"] = std::move(terms);
    }
    for (std::uint64_t i = rng_.below(4); i > 0; --i) {
      json one = json::object();
      if (rng_.below(4) > 0) one["key"] = key();
      if (rng_.below(3) > 0) one["operator"] = pick({"Equal", "Exists", "Gt", "Lt", "Odd", ""});
      if (rng_.below(2) > 0) one["value"] = value();
      if (rng_.below(2) > 0) one["effect"] = effect();
      spec["tolerations"].push_back(std::move(one));
    }
  }

  base::Rng rng_;
};

json asJson(const kubeapi::ResourceAmounts& amounts) {
  json object = json::object();
  for (const auto& [name, amount] : amounts) {
    if (amount != 0) object[name.str()] = amount;
  }
  return object;
}

bool meets(const kubeapi::Pod& pod, const kubeapi::Node& node) {
  for (const auto& [key, value] : pod.spec.node_selector) {
    const auto* label = node.meta.labels.find(key);
    if (label == nullptr || *label != value) return false;
  }
  const auto& required = pod.spec.affinity.node_required;
  return !required || kubeapi::matches(*required, node.meta.labels, node.meta.name);
}

// Upstream's list may repeat a port and leaves the defaults empty.
json portsOf(const kubeapi::Pod& pod) {
  json all = json::array();
  for (const auto& port : kubeapi::hostPorts(pod)) {
    all.push_back(port.ip.str() + "/" + port.protocol.str() + "/" + std::to_string(port.port));
  }
  std::sort(all.begin(), all.end());
  return all;
}

json upstreamPorts(const json& ports) {
  json all = json::array();
  for (const std::string text : ports) {
    const std::size_t first = text.find('/');
    const std::size_t second = text.find('/', first + 1);
    const std::string ip = first == 0 ? "0.0.0.0" : text.substr(0, first);
    const std::string protocol = text.substr(first + 1, second - first - 1);
    all.push_back(ip + "/" + (protocol.empty() ? "TCP" : protocol) + text.substr(second));
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

json ours(const kubeapi::Pod& pod, const kubeapi::Node& node) {
  const auto spec = podRequests(pod, kubeapi::RequestSource::kSpec);
  const auto placed = podRequests(pod, kubeapi::RequestSource::kSpecOrStatus);
  json tolerated = json::array();
  for (const auto& taint : node.taints) {
    tolerated.push_back(kubeapi::tolerates(pod.spec.tolerations, taint));
  }
  return {{"spec", asJson(spec.amounts)},
          {"placed", asJson(placed.amounts)},
          {"nonZeroCpu", placed.non_zero_cpu},
          {"nonZeroMemory", placed.non_zero_memory},
          {"allocatable", asJson(nodeAllocatable(node))},
          {"affinity", meets(pod, node)},
          {"tolerated", tolerated},
          {"ports", portsOf(pod)}};
}

TEST(PodOracle, CountsAndMatchesAsKubeScheduler) {
  constexpr int kCases = 4000;
  World world(20261121);
  std::vector<std::pair<std::string, std::string>> cases;
  std::vector<std::string> questions;
  for (int i = 0; i < kCases; ++i) {
    cases.emplace_back(world.pod().dump(), world.node().dump());
    questions.push_back(question("", {cases.back().first, cases.back().second}).substr(1));
  }
  const auto answers = askKubeScheduler(questions);
  kubeapi::Decoder<kubeapi::Pod> pods;
  kubeapi::Decoder<kubeapi::Node> nodes;
  int fitting = 0;
  for (int i = 0; i < kCases; ++i) {
    const auto& [pod_json, node_json] = cases[static_cast<std::size_t>(i)];
    const auto pod = pods.object(pod_json);
    const auto node = nodes.object(node_json);
    ASSERT_TRUE(pod.has_value()) << pod_json << pod.error().toString();
    ASSERT_TRUE(node.has_value()) << node_json << node.error().toString();
    json upstream = json::parse(answers[static_cast<std::size_t>(i)]);
    upstream["ports"] = upstreamPorts(upstream["ports"]);
    const json mine = ours(**pod, **node);
    ASSERT_EQ(mine, upstream) << "pod " << pod_json << "\nnode " << node_json;
    fitting += mine["affinity"].get<bool>() ? 1 : 0;
  }
  // The generator must reach both verdicts often.
  EXPECT_GT(fitting, kCases / 10);
  EXPECT_LT(fitting, kCases * 9 / 10);
}

}  // namespace
}  // namespace stowage::conformance
