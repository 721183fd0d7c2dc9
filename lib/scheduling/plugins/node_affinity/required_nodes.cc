#include "scheduling/plugins/node_affinity/required_nodes.h"

#include <algorithm>

namespace stowage::scheduling {
namespace {

using base::Symbol;
using kubeapi::SelectorOperator;

constexpr std::size_t kHashedFrom = 16;  // below that a linear look is faster
constexpr std::string_view kNameField = "metadata.name";

bool namesNodes(const kubeapi::SelectorRequirement& field) {
  return field.key.view() == kNameField && field.op == SelectorOperator::kIn;
}

// Names a term allows; nullopt when it does not restrict them.
std::optional<std::unordered_set<Symbol>> namesOfTerm(const kubeapi::NodeSelectorTerm& term) {
  std::optional<std::unordered_set<Symbol>> names;
  for (const auto& field : term.match_fields) {
    if (!namesNodes(field)) continue;
    std::unordered_set<Symbol> these(field.values.begin(), field.values.end());
    if (names) {
      std::erase_if(*names, [&](const Symbol& name) { return !these.contains(name); });
    } else {
      names = std::move(these);
    }
  }
  return names;
}

std::optional<std::unordered_set<Symbol>> namesOf(const kubeapi::NodeSelector& selector) {
  if (selector.terms.empty()) return std::nullopt;
  std::unordered_set<Symbol> all;
  for (const auto& term : selector.terms) {
    auto names = namesOfTerm(term);
    if (!names) return std::nullopt;
    all.merge(*names);
  }
  return all;
}

}  // namespace

RequiredNodes::RequiredNodes(const kubeapi::Labels& node_selector,
                             const std::optional<kubeapi::NodeSelector>& required)
    : node_selector_(node_selector), has_terms_(required.has_value()) {
  if (!required) return;
  node_names_ = namesOf(*required);
  terms_.reserve(required->terms.size());
  for (const auto& source : required->terms) {
    Term term;
    term.never = source.match_expressions.empty() && source.match_fields.empty();
    term.fields.match_fields = source.match_fields;
    for (const auto& expression : source.match_expressions) {
      Requirement requirement{expression, {}};
      const bool listed =
          expression.op == SelectorOperator::kIn || expression.op == SelectorOperator::kNotIn;
      if (listed && expression.values.size() >= kHashedFrom) {
        requirement.values.insert(expression.values.begin(), expression.values.end());
      }
      term.expressions.push_back(std::move(requirement));
    }
    terms_.push_back(std::move(term));
  }
}

bool RequiredNodes::matches(const Requirement& requirement, const kubeapi::Labels& labels) {
  if (requirement.values.empty()) return kubeapi::matches(requirement.source, labels);
  const Symbol* value = labels.find(requirement.source.key);
  const bool listed = value != nullptr && requirement.values.contains(*value);
  return requirement.source.op == SelectorOperator::kIn ? listed : !listed;
}

bool RequiredNodes::matches(const kubeapi::Labels& labels, const Symbol& node_name) const {
  for (const auto& [key, value] : node_selector_) {
    const Symbol* found = labels.find(key);
    if (found == nullptr || !(*found == value)) return false;
  }
  if (!has_terms_) return true;
  return std::any_of(terms_.begin(), terms_.end(), [&](const Term& term) {
    if (term.never) return false;
    const bool expressions =
        std::all_of(term.expressions.begin(), term.expressions.end(),
                    [&](const Requirement& each) { return matches(each, labels); });
    if (!expressions) return false;
    return term.fields.match_fields.empty() ||
           kubeapi::matches(term.fields, kubeapi::Labels(), node_name);
  });
}

}  // namespace stowage::scheduling
