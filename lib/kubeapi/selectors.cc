#include "kubeapi/selectors.h"

#include <algorithm>
#include <charconv>

namespace stowage::kubeapi {

namespace {

// As Go's strconv.ParseInt(text, 10, 64): an optional sign, digits, nothing else.
std::optional<std::int64_t> parseInt64(std::string_view text) {
  if (!text.empty() && text.front() == '+') {
    text.remove_prefix(1);
    if (!text.empty() && text.front() == '-') return std::nullopt;
  }
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool contains(const std::vector<Symbol>& values, const Symbol& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

bool comparesInt(const SelectorRequirement& requirement, const Symbol& label) {
  if (requirement.values.size() != 1) return false;
  const auto left = parseInt64(label.view());
  const auto right = parseInt64(requirement.values.front().view());
  if (!left || !right) return false;
  return requirement.op == SelectorOperator::kGt ? *left > *right : *left < *right;
}

// A requirement on a node's fields. Only metadata.name exists; every other field reads as "".
// nullopt when the requirement is malformed, which makes its whole term match nothing.
std::optional<bool> matchesField(const SelectorRequirement& requirement, const Symbol& node_name) {
  if (requirement.values.size() != 1) return std::nullopt;
  const Symbol actual = requirement.key.view() == "metadata.name" ? node_name : Symbol();
  const bool equal = actual == requirement.values.front();
  if (requirement.op == SelectorOperator::kIn) return equal;
  if (requirement.op == SelectorOperator::kNotIn) return !equal;
  return std::nullopt;
}

// What upstream's NewRequirement checks beside label syntax (syntax is checked while decoding).
bool wellFormed(const SelectorRequirement& requirement) {
  switch (requirement.op) {
    case SelectorOperator::kIn:
    case SelectorOperator::kNotIn:
      return !requirement.values.empty();
    case SelectorOperator::kExists:
    case SelectorOperator::kDoesNotExist:
      return requirement.values.empty();
    case SelectorOperator::kGt:
    case SelectorOperator::kLt:
      return requirement.values.size() == 1;
    case SelectorOperator::kInvalid:
      return false;
  }
  return false;
}

}  // namespace

bool matches(const SelectorRequirement& requirement, const Labels& labels) {
  if (!wellFormed(requirement)) return false;
  const Symbol* label = labels.find(requirement.key);
  switch (requirement.op) {
    case SelectorOperator::kIn:
      return label != nullptr && contains(requirement.values, *label);
    case SelectorOperator::kNotIn:
      return label == nullptr || !contains(requirement.values, *label);
    case SelectorOperator::kExists:
      return label != nullptr;
    case SelectorOperator::kDoesNotExist:
      return label == nullptr;
    case SelectorOperator::kGt:
    case SelectorOperator::kLt:
      return label != nullptr && comparesInt(requirement, *label);
    case SelectorOperator::kInvalid:
      return false;
  }
  return false;
}

bool matches(const LabelSelector& selector, const Labels& labels) {
  return std::all_of(selector.requirements.begin(), selector.requirements.end(),
                     [&](const SelectorRequirement& r) { return matches(r, labels); });
}

bool matches(const std::optional<LabelSelector>& selector, const Labels& labels) {
  return selector.has_value() && matches(*selector, labels);
}

bool matches(const NodeSelectorTerm& term, const Labels& node_labels, const Symbol& node_name) {
  if (term.match_expressions.empty() && term.match_fields.empty()) return false;
  for (const SelectorRequirement& requirement : term.match_expressions) {
    if (!matches(requirement, node_labels)) return false;
  }
  for (const SelectorRequirement& requirement : term.match_fields) {
    const std::optional<bool> verdict = matchesField(requirement, node_name);
    // Upstream leaves fields out for a node without a name, but a malformed one still kills the
    // term.
    if (!verdict) return false;
    if (!*verdict && !node_name.empty()) return false;
  }
  return true;
}

bool matches(const NodeSelector& selector, const Labels& node_labels, const Symbol& node_name) {
  return std::any_of(
      selector.terms.begin(), selector.terms.end(),
      [&](const NodeSelectorTerm& term) { return matches(term, node_labels, node_name); });
}

bool tolerates(const Toleration& toleration, const Taint& taint) {
  if (toleration.effect == TaintEffect::kUnknown) return false;
  if (toleration.effect != TaintEffect::kNone && toleration.effect != taint.effect) return false;
  if (!toleration.key.empty() && toleration.key != taint.key) return false;
  switch (toleration.op) {
    case TolerationOperator::kEqual:
      return toleration.value == taint.value;
    case TolerationOperator::kExists:
      return true;
    case TolerationOperator::kLt:
    case TolerationOperator::kGt:
    case TolerationOperator::kUnknown:
      return false;
  }
  return false;
}

bool tolerates(const std::vector<Toleration>& tolerations, const Taint& taint) {
  return std::any_of(tolerations.begin(), tolerations.end(),
                     [&](const Toleration& toleration) { return tolerates(toleration, taint); });
}

}  // namespace stowage::kubeapi
