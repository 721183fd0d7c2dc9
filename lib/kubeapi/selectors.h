// Label selectors, node selectors, taints and tolerations, and how they match. Pure functions over
// values; cost is linear in the number of requirements.
// Sources: apimachinery meta/v1 + labels/selector.go, component-helpers scheduling/corev1.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/symbols.h"
#include "kubeapi/meta.h"

namespace stowage::kubeapi {

// kInvalid is an operator this version does not know: the requirement never matches.
enum class SelectorOperator { kIn, kNotIn, kExists, kDoesNotExist, kGt, kLt, kInvalid };

struct SelectorRequirement {
  Symbol key;
  SelectorOperator op = SelectorOperator::kInvalid;
  std::vector<Symbol> values;
  friend bool operator==(const SelectorRequirement&, const SelectorRequirement&) = default;
};

// metav1.LabelSelector. An absent selector (nullopt at the user) matches nothing; an empty one
// matches everything.
struct LabelSelector {
  std::vector<SelectorRequirement> requirements;  // matchLabels are turned into In with one value
  friend bool operator==(const LabelSelector&, const LabelSelector&) = default;
};

bool matches(const LabelSelector& selector, const Labels& labels);
bool matches(const std::optional<LabelSelector>& selector, const Labels& labels);
// NotIn and DoesNotExist match when the label is absent; Gt and Lt compare int64 and do not match
// what does not parse.
bool matches(const SelectorRequirement& requirement, const Labels& labels);

// Parses the text form of a label or field selector ("a=b,c!=d,e in (f,g),!h").
base::Result<LabelSelector> parseLabelSelector(std::string_view text);

struct NodeSelectorTerm {
  std::vector<SelectorRequirement> match_expressions;
  std::vector<SelectorRequirement> match_fields;  // only metadata.name with In / NotIn is valid
  friend bool operator==(const NodeSelectorTerm&, const NodeSelectorTerm&) = default;
};

// Terms are ORed. No term, or an empty term, matches nothing.
struct NodeSelector {
  std::vector<NodeSelectorTerm> terms;
  friend bool operator==(const NodeSelector&, const NodeSelector&) = default;
};

struct PreferredNodeTerm {
  std::int32_t weight = 0;  // 1..100
  NodeSelectorTerm term;
  friend bool operator==(const PreferredNodeTerm&, const PreferredNodeTerm&) = default;
};

bool matches(const NodeSelectorTerm& term, const Labels& node_labels, const Symbol& node_name);
bool matches(const NodeSelector& selector, const Labels& node_labels, const Symbol& node_name);

enum class TaintEffect { kNone, kNoSchedule, kPreferNoSchedule, kNoExecute, kUnknown };

struct Taint {
  Symbol key;
  Symbol value;
  TaintEffect effect = TaintEffect::kNone;
  friend bool operator==(const Taint&, const Taint&) = default;
};

// kLt and kGt are behind an alpha gate in v1.36 that is off: they never match.
enum class TolerationOperator { kEqual, kExists, kLt, kGt, kUnknown };

struct Toleration {
  Symbol key;                                          // empty with kExists: every key
  TolerationOperator op = TolerationOperator::kEqual;  // empty in JSON means Equal
  Symbol value;
  TaintEffect effect = TaintEffect::kNone;  // kNone: every effect
  std::optional<std::int64_t> seconds;
  friend bool operator==(const Toleration&, const Toleration&) = default;
};

bool tolerates(const Toleration& toleration, const Taint& taint);
bool tolerates(const std::vector<Toleration>& tolerations, const Taint& taint);

}  // namespace stowage::kubeapi
