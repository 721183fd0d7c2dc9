// Node and Namespace as scheduling reads them. Decoded once, shared, never changed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kubeapi/meta.h"
#include "kubeapi/pod.h"
#include "kubeapi/selectors.h"

namespace stowage::kubeapi {

struct NodeImage {
  std::vector<Symbol> names;
  std::int64_t size_bytes = 0;
  friend bool operator==(const NodeImage&, const NodeImage&) = default;
};

struct Node {
  ObjectMeta meta;
  bool unschedulable = false;
  std::vector<Taint> taints;
  ResourceList allocatable;
  std::vector<NodeImage> images;
  std::vector<Condition> conditions;
  std::vector<Symbol> declared_features;
};
using NodePtr = std::shared_ptr<const Node>;

struct Namespace {
  ObjectMeta meta;
  Symbol phase;
};
using NamespacePtr = std::shared_ptr<const Namespace>;

}  // namespace stowage::kubeapi
