// RequiredNodes: nodeSelector and required node affinity of one shape, prepared for being asked
// about many nodes. Immutable after construction; safe to read from any thread. Source of the
// semantics: component-helpers scheduling/corev1/nodeaffinity and kube-scheduler
// plugins/nodeaffinity/node_affinity.go, v1.36.3.
#pragma once

#include <optional>
#include <unordered_set>
#include <vector>

#include "kubeapi/meta.h"
#include "kubeapi/selectors.h"

namespace stowage::scheduling {

class RequiredNodes {
 public:
  RequiredNodes(const kubeapi::Labels& node_selector,
                const std::optional<kubeapi::NodeSelector>& required);

  // Nothing is required: every node matches.
  [[nodiscard]] bool empty() const { return node_selector_.empty() && !has_terms_; }
  [[nodiscard]] bool matches(const kubeapi::Labels& labels, const base::Symbol& node_name) const;

  // When every term names its nodes (daemon sets): only these can match. nullopt: any may.
  [[nodiscard]] const std::optional<std::unordered_set<base::Symbol>>& nodeNames() const {
    return node_names_;
  }
  // Every term asks for names that exclude each other: no node can ever match.
  [[nodiscard]] bool conflicting() const { return node_names_ && node_names_->empty(); }

 private:
  // In and NotIn with many values are looked up by hash; the rest is asked of kubeapi.
  struct Requirement {
    kubeapi::SelectorRequirement source;
    std::unordered_set<base::Symbol> values;
  };
  struct Term {
    std::vector<Requirement> expressions;
    kubeapi::NodeSelectorTerm fields;  // match_fields only
    bool never = false;                // empty terms match nothing
  };
  static bool matches(const Requirement& requirement, const kubeapi::Labels& labels);

  kubeapi::Labels node_selector_;
  std::vector<Term> terms_;
  bool has_terms_ = false;  // required affinity is there, if only with zero terms
  std::optional<std::unordered_set<base::Symbol>> node_names_;
};

}  // namespace stowage::scheduling
