// NodeBuilder: nodes for tests, a line each:
//   NodePtr node = makeNode("n1").cpu("4").memory("8Gi").label("zone", "a");
// Defaults: label kubernetes.io/hostname, uid "uid-<name>", resource version "1", 110 pods, Ready,
// and no cpu or memory. Not thread safe.
#pragma once

#include <string_view>

#include "kubeapi/node.h"
#include "testing/builders/pod_builder.h"

namespace stowage::testing {

class NodeBuilder {
 public:
  explicit NodeBuilder(std::string_view name);

  NodeBuilder& uid(std::string_view uid);
  NodeBuilder& resourceVersion(std::string_view version);
  NodeBuilder& label(std::string_view key, std::string_view value);
  NodeBuilder& zone(std::string_view zone);  // topology.kubernetes.io/zone
  NodeBuilder& cpu(std::string_view amount);
  NodeBuilder& memory(std::string_view amount);
  NodeBuilder& pods(std::string_view count);
  NodeBuilder& allocatable(std::string_view resource, std::string_view amount);
  NodeBuilder& taint(std::string_view key, std::string_view value,
                     kubeapi::TaintEffect effect = kubeapi::TaintEffect::kNoSchedule);
  NodeBuilder& unschedulable();  // with the taint that the node controller adds
  NodeBuilder& notReady();
  NodeBuilder& image(std::string_view name, std::int64_t size_bytes);

  // Anything that has no word of its own.
  kubeapi::Node& edit() { return node_; }

  [[nodiscard]] kubeapi::NodePtr build() const;
  operator kubeapi::NodePtr() const { return build(); }  // implicit: passed as what it builds

 private:
  kubeapi::Node node_;
};

NodeBuilder makeNode(std::string_view name);

// A namespace with phase Active.
kubeapi::NamespacePtr makeNamespace(
    std::string_view name, const std::vector<std::pair<std::string, std::string>>& labels = {});

}  // namespace stowage::testing
