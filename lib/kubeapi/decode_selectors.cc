#include <algorithm>

#include "kubeapi/decoders.h"
#include "kubeapi/label_syntax.h"

namespace stowage::kubeapi {

namespace {

SelectorOperator operatorOf(std::string_view text) {
  if (text == "In") return SelectorOperator::kIn;
  if (text == "NotIn") return SelectorOperator::kNotIn;
  if (text == "Exists") return SelectorOperator::kExists;
  if (text == "DoesNotExist") return SelectorOperator::kDoesNotExist;
  if (text == "Gt") return SelectorOperator::kGt;
  if (text == "Lt") return SelectorOperator::kLt;
  return SelectorOperator::kInvalid;
}

void readRequirement(JsonReading& reading, JsonElement element, SelectorRequirement& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "key") {
      readValue(reading, value, out.key);
    } else if (key == "operator") {
      if (const auto text = readText(reading, value)) out.op = operatorOf(*text);
    } else if (key == "values") {
      readValue(reading, value, out.values);
    }
  });
}

// A requirement on labels; one whose key or values cannot be a label's never matches, as upstream
// refuses to build it.
void readLabelRequirement(JsonReading& reading, JsonElement element, SelectorRequirement& out) {
  readRequirement(reading, element, out);
  const bool valid = isLabelKey(out.key.view()) &&
                     std::all_of(out.values.begin(), out.values.end(),
                                 [](const Symbol& value) { return isLabelValue(value.view()); });
  if (!valid) out.op = SelectorOperator::kInvalid;
}

void readLabelRequirements(JsonReading& reading, JsonElement element,
                           std::vector<SelectorRequirement>& out) {
  readList(reading, element, out, [&](JsonElement item, SelectorRequirement& requirement) {
    readLabelRequirement(reading, item, requirement);
  });
}

TaintEffect effectOf(std::string_view text) {
  if (text.empty()) return TaintEffect::kNone;
  if (text == "NoSchedule") return TaintEffect::kNoSchedule;
  if (text == "PreferNoSchedule") return TaintEffect::kPreferNoSchedule;
  if (text == "NoExecute") return TaintEffect::kNoExecute;
  return TaintEffect::kUnknown;
}

TolerationOperator tolerationOperatorOf(std::string_view text) {
  if (text.empty() || text == "Equal") return TolerationOperator::kEqual;
  if (text == "Exists") return TolerationOperator::kExists;
  if (text == "Lt") return TolerationOperator::kLt;
  if (text == "Gt") return TolerationOperator::kGt;
  return TolerationOperator::kUnknown;
}

}  // namespace

void readLabelSelector(JsonReading& reading, JsonElement element,
                       std::optional<LabelSelector>& out) {
  if (element.is_null()) return;
  Labels exact;
  std::vector<SelectorRequirement> expressions;
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "matchLabels") {
      readStringMap(reading, value, exact);
    } else if (key == "matchExpressions") {
      readLabelRequirements(reading, value, expressions);
    }
  });
  std::vector<SelectorRequirement>& all = out.emplace().requirements;
  all.reserve(exact.size() + expressions.size());
  for (const auto& [key, value] : exact) {
    const bool valid = isLabelKey(key.view()) && isLabelValue(value.view());
    all.push_back({key, valid ? SelectorOperator::kIn : SelectorOperator::kInvalid, {value}});
  }
  std::move(expressions.begin(), expressions.end(), std::back_inserter(all));
}

void readNodeSelectorTerm(JsonReading& reading, JsonElement element, NodeSelectorTerm& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "matchExpressions") {
      readLabelRequirements(reading, value, out.match_expressions);
    } else if (key == "matchFields") {
      readList(reading, value, out.match_fields,
               [&](JsonElement item, SelectorRequirement& requirement) {
                 readRequirement(reading, item, requirement);
               });
    }
  });
}

void readNodeSelector(JsonReading& reading, JsonElement element, NodeSelector& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key != "nodeSelectorTerms") return;
    readList(reading, value, out.terms, [&](JsonElement item, NodeSelectorTerm& term) {
      readNodeSelectorTerm(reading, item, term);
    });
  });
}

void readTaint(JsonReading& reading, JsonElement element, Taint& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "key") {
      readValue(reading, value, out.key);
    } else if (key == "value") {
      readValue(reading, value, out.value);
    } else if (key == "effect") {
      if (const auto text = readText(reading, value)) out.effect = effectOf(*text);
    }
  });
}

void readToleration(JsonReading& reading, JsonElement element, Toleration& out) {
  readObject(reading, element, [&](std::string_view key, JsonElement value) {
    if (key == "key") {
      readValue(reading, value, out.key);
    } else if (key == "operator") {
      if (const auto text = readText(reading, value)) out.op = tolerationOperatorOf(*text);
    } else if (key == "value") {
      readValue(reading, value, out.value);
    } else if (key == "effect") {
      if (const auto text = readText(reading, value)) out.effect = effectOf(*text);
    } else if (key == "tolerationSeconds") {
      readValue(reading, value, out.seconds);
    }
  });
}

}  // namespace stowage::kubeapi
