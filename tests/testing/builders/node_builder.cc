#include "testing/builders/node_builder.h"

#include <algorithm>

namespace stowage::testing {

using kubeapi::Symbol;

NodeBuilder makeNode(std::string_view name) { return NodeBuilder(name); }

NodeBuilder::NodeBuilder(std::string_view name) {
  node_.meta.name = Symbol(name);
  node_.meta.uid = Symbol("uid-" + std::string(name));
  node_.meta.resource_version = "1";
  node_.meta.labels.set("kubernetes.io/hostname", name);
  pods("110");
  node_.conditions.emplace_back();
  node_.conditions.back().type = "Ready";
  node_.conditions.back().status = "True";
}

NodeBuilder& NodeBuilder::uid(std::string_view uid) {
  node_.meta.uid = Symbol(uid);
  return *this;
}

NodeBuilder& NodeBuilder::resourceVersion(std::string_view version) {
  node_.meta.resource_version = version;
  return *this;
}

NodeBuilder& NodeBuilder::label(std::string_view key, std::string_view value) {
  node_.meta.labels.set(key, value);
  return *this;
}

NodeBuilder& NodeBuilder::zone(std::string_view zone) {
  return label("topology.kubernetes.io/zone", zone);
}

NodeBuilder& NodeBuilder::cpu(std::string_view amount) { return allocatable("cpu", amount); }
NodeBuilder& NodeBuilder::memory(std::string_view amount) { return allocatable("memory", amount); }
NodeBuilder& NodeBuilder::pods(std::string_view count) { return allocatable("pods", count); }

NodeBuilder& NodeBuilder::allocatable(std::string_view resource, std::string_view amount) {
  const Symbol key(resource);
  auto& list = node_.allocatable;
  const auto at = std::lower_bound(list.begin(), list.end(), key,
                                   [](const auto& a, const Symbol& b) { return a.first < b; });
  if (at != list.end() && at->first == key) {
    at->second = quantity(amount);
  } else {
    list.insert(at, {key, quantity(amount)});
  }
  return *this;
}

NodeBuilder& NodeBuilder::taint(std::string_view key, std::string_view value,
                                kubeapi::TaintEffect effect) {
  node_.taints.push_back({Symbol(key), Symbol(value), effect});
  return *this;
}

NodeBuilder& NodeBuilder::unschedulable() {
  node_.unschedulable = true;
  return taint("node.kubernetes.io/unschedulable", "");
}

NodeBuilder& NodeBuilder::notReady() {
  node_.conditions.front().status = "False";
  return *this;
}

NodeBuilder& NodeBuilder::image(std::string_view name, std::int64_t size_bytes) {
  node_.images.push_back({{Symbol(name)}, size_bytes});
  return *this;
}

kubeapi::NodePtr NodeBuilder::build() const { return std::make_shared<kubeapi::Node>(node_); }

kubeapi::NamespacePtr makeNamespace(
    std::string_view name, const std::vector<std::pair<std::string, std::string>>& entries) {
  auto ns = std::make_shared<kubeapi::Namespace>();
  ns->meta.name = Symbol(name);
  ns->meta.uid = Symbol("uid-" + std::string(name));
  ns->meta.resource_version = "1";
  ns->meta.labels = labels(entries);
  ns->meta.labels.set("kubernetes.io/metadata.name", name);
  ns->phase = "Active";
  return ns;
}

}  // namespace stowage::testing
