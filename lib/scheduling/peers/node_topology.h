// NodeTopology: the nodes by slot, and for each topology key in use the domain of every node as a
// flat array. A key gets its array when a pod first asks for it and loses it with the last node
// that has the label: keys that only tenants write cost nothing. Single-threaded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "kubeapi/node.h"
#include "placement/cluster_state.h"

namespace stowage::scheduling {

using base::Symbol;

// A value of a topology key, numbered within its key.
using Domain = std::uint32_t;
inline constexpr Domain kNoDomain = 0;  // the node lacks the label

class KeyDomains {
 public:
  // Domain of each slot.
  [[nodiscard]] const std::vector<Domain>& of() const { return of_; }
  // One above the highest domain that may appear; at least 1, for kNoDomain.
  [[nodiscard]] std::size_t size() const { return nodes_.size(); }

 private:
  friend class NodeTopology;
  void set(placement::NodeIndex node, const Symbol* value);

  std::vector<Domain> of_;
  std::vector<std::uint32_t> nodes_{0};  // by domain: how many nodes are in it; 0: free
  std::vector<Symbol> values_{Symbol()};
  std::vector<Domain> free_;
  std::unordered_map<Symbol, Domain> by_value_;
};

class NodeTopology {
 public:
  void setNode(placement::NodeIndex slot, const kubeapi::NodePtr& node);
  void removeNode(placement::NodeIndex slot);

  // The domains of a key; null when no node has it. Valid until the next change of a node.
  [[nodiscard]] const KeyDomains* domains(const Symbol& key);
  // Nodes by slot; null where there is none.
  [[nodiscard]] const std::vector<kubeapi::NodePtr>& nodes() const { return nodes_; }
  // Changes with every change of labels or taints and with nodes that come or go.
  [[nodiscard]] std::uint64_t version() const { return version_; }
  // Looks every label up anew; false when something differs (debug and tests).
  [[nodiscard]] bool consistent() const;

 private:
  void countLabels(const kubeapi::Node& node, int delta);

  std::vector<kubeapi::NodePtr> nodes_;
  std::unordered_map<Symbol, std::uint32_t> label_keys_;  // on how many nodes
  std::unordered_map<Symbol, std::unique_ptr<KeyDomains>> keys_;
  std::uint64_t version_ = 1;
};

}  // namespace stowage::scheduling
