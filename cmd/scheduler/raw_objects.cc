#include "cmd/scheduler/raw_objects.h"

#include <string_view>
#include <unordered_map>
#include <utility>

#include "cmd/scheduler/pod_paths.h"
#include "kubeapi/decode.h"
#include "kubeapi/json_scan.h"
#include "kubeapi/pod.h"

namespace stowage::scheduler_cmd {
namespace {

constexpr base::Duration kReadTimeout = std::chrono::seconds(15);

// The member of `object` under that name; empty when there is none.
std::string_view member(std::string_view object, std::string_view name) {
  kubeapi::JsonScan scan(object);
  while (scan.next()) {
    if (scan.key() == name) return scan.value();
  }
  return {};
}

// A text of the object's metadata.
std::string metaText(std::string_view object, std::string_view name) {
  const std::string_view meta = member(object, "metadata");
  return meta.empty() ? std::string() : kubeapi::decodeJsonString(member(meta, name)).value_or("");
}

}  // namespace

base::Result<std::string> rawPod(k8sclient::ApiClient& api, const scheduling::PodRef& pod,
                                 const std::stop_token& stop) {
  k8sclient::CallOptions options;
  options.timeout = kReadTimeout;
  options.lane = k8sclient::CallOptions::Lane::kFast;
  auto body = api.get(podPath(pod), options, stop);
  if (!body) return base::fail(body.error().toStatus());
  kubeapi::Decoder<kubeapi::Pod> decoder;
  auto read = decoder.object(*body);
  if (!read) return base::fail(read.error());
  if (!((*read)->meta.uid == pod.uid)) {
    return base::fail(base::Code::kNotFound, "the pod is gone; another one has its name");
  }
  return std::move(*body);
}

base::Result<std::unordered_map<std::string, std::string>> rawPodsOn(k8sclient::ApiClient& api,
                                                                     const base::Symbol& node,
                                                                     const std::stop_token& stop) {
  k8sclient::CallOptions options;
  options.timeout = kReadTimeout;
  options.query = {{"fieldSelector", "spec.nodeName=" + node.str()}};
  auto body = api.get(k8sclient::resourcePath({"", "v1", "pods"}, {}), options, stop);
  if (!body) return base::fail(body.error().toStatus());
  std::unordered_map<std::string, std::string> pods;
  kubeapi::JsonScan scan(member(*body, "items"));
  while (scan.next()) {
    const std::string_view pod = scan.value();
    pods.emplace(metaText(pod, "uid"), pod);
  }
  if (!scan.ok()) return base::fail(base::Code::kInvalidArgument, "the list of pods is cut off");
  return pods;
}

base::Result<std::vector<std::string>> rawNodes(k8sclient::ApiClient& api,
                                                std::vector<base::Symbol>& names,
                                                const std::stop_token& stop) {
  static const k8sclient::ResourceType kNodes{"", "v1", "nodes"};
  k8sclient::CallOptions options;
  options.timeout = kReadTimeout;
  options.query = {{"resourceVersion", "0"}};
  if (names.size() == 1) {  // not all nodes for the sake of one
    options.query.emplace_back("fieldSelector", "metadata.name=" + names.front().str());
  }
  auto body = api.get(k8sclient::resourcePath(kNodes, {}), options, stop);
  if (!body) return base::fail(body.error().toStatus());
  std::unordered_map<std::string, std::string_view> by_name;
  const std::string_view items = member(*body, "items");
  kubeapi::JsonScan scan(items);
  while (scan.next()) {
    const std::string_view node = scan.value();
    by_name.emplace(metaText(node, "name"), node);
  }
  if (!scan.ok()) return base::fail(base::Code::kInvalidArgument, "the list of nodes is cut off");
  std::vector<std::string> nodes;
  std::vector<base::Symbol> there;
  for (const base::Symbol& name : names) {
    const auto found = by_name.find(name.str());
    if (found == by_name.end()) continue;
    nodes.emplace_back(found->second);
    there.push_back(name);
  }
  names = std::move(there);
  return nodes;
}

}  // namespace stowage::scheduler_cmd
