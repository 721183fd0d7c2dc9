#include "config/affinity_args.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string>

#include "kubeapi/label_syntax.h"

namespace stowage::config {

namespace {

using kubeapi::SelectorOperator;
using kubeapi::SelectorRequirement;

SelectorOperator operatorOf(std::string_view text) {
  if (text == "In") return SelectorOperator::kIn;
  if (text == "NotIn") return SelectorOperator::kNotIn;
  if (text == "Exists") return SelectorOperator::kExists;
  if (text == "DoesNotExist") return SelectorOperator::kDoesNotExist;
  if (text == "Gt") return SelectorOperator::kGt;
  if (text == "Lt") return SelectorOperator::kLt;
  return SelectorOperator::kInvalid;
}

bool isInteger(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

// What is wrong with the values of a requirement on labels; "" when nothing is.
std::string_view valuesProblem(SelectorOperator op, const std::vector<std::string>& values) {
  switch (op) {
    case SelectorOperator::kIn:
    case SelectorOperator::kNotIn:
      if (values.empty()) return "must have at least one element for In and NotIn";
      break;
    case SelectorOperator::kExists:
    case SelectorOperator::kDoesNotExist:
      if (!values.empty()) return "must be empty for Exists and DoesNotExist";
      break;
    case SelectorOperator::kGt:
    case SelectorOperator::kLt:
      if (values.size() != 1 || !isInteger(values.front())) {
        return "must be one integer, in quotes, for Gt and Lt";
      }
      break;
    case SelectorOperator::kInvalid:
      break;
  }
  const bool valid = std::all_of(values.begin(), values.end(), [](const std::string& value) {
    return kubeapi::isLabelValue(value);
  });
  return valid ? "" : "must be values of labels";
}

SelectorRequirement readRequirement(const YamlNode& node, const std::string& at, bool is_field,
                                    Problems& problems) {
  ObjectReader item(node, at, problems);
  std::string key;
  std::string op;
  std::vector<std::string> values;
  item.text("key", key);
  item.text("operator", op);
  item.texts("values", values);
  item.finish();
  const SelectorRequirement requirement{key, operatorOf(op), {values.begin(), values.end()}};
  const bool lists =
      requirement.op == SelectorOperator::kIn || requirement.op == SelectorOperator::kNotIn;
  if (is_field) {
    if (key != "metadata.name") {
      item.problem("key", fmt::format("is {}", quoted(key)), "give metadata.name");
    }
    if (!lists) item.problem("operator", fmt::format("is {}", quoted(op)), "give In or NotIn");
    if (values.size() != 1) item.problem("values", "must have one element");
    return requirement;
  }
  if (!kubeapi::isLabelKey(key)) {
    item.problem("key", fmt::format("is {}", quoted(key)), "give the key of a label");
  }
  if (requirement.op == SelectorOperator::kInvalid) {
    item.problem("operator", fmt::format("is {}", quoted(op)),
                 "give In, NotIn, Exists, DoesNotExist, Gt or Lt");
  } else if (const auto wrong = valuesProblem(requirement.op, values); !wrong.empty()) {
    item.problem("values", wrong);
  }
  return requirement;
}

kubeapi::NodeSelectorTerm readTerm(const YamlNode& node, const std::string& at,
                                   Problems& problems) {
  ObjectReader reader(node, at, problems);
  kubeapi::NodeSelectorTerm term;
  reader.objects("matchExpressions", [&](const YamlNode& item, const std::string& path) {
    term.match_expressions.push_back(readRequirement(item, path, false, problems));
  });
  reader.objects("matchFields", [&](const YamlNode& item, const std::string& path) {
    term.match_fields.push_back(readRequirement(item, path, true, problems));
  });
  reader.finish();
  return term;
}

void readRequired(const YamlNode& node, const std::string& at, Problems& problems,
                  NodeAffinityArgs& args) {
  ObjectReader reader(node, at, problems);
  kubeapi::NodeSelector& selector = args.required.emplace();
  reader.objects("nodeSelectorTerms", [&](const YamlNode& item, const std::string& path) {
    selector.terms.push_back(readTerm(item, path, problems));
  });
  reader.finish();
}

kubeapi::PreferredNodeTerm readPreferred(const YamlNode& node, const std::string& at,
                                         Problems& problems) {
  ObjectReader reader(node, at, problems);
  kubeapi::PreferredNodeTerm preferred;
  std::int64_t weight = 0;
  reader.integer("weight", weight, std::int64_t{0}, std::int64_t{100});
  preferred.weight = static_cast<std::int32_t>(weight);
  if (const YamlNode* term = reader.object("preference")) {
    preferred.term = readTerm(*term, reader.pathOf("preference"), problems);
  }
  reader.finish();
  return preferred;
}

}  // namespace

void readNodeAffinity(ObjectReader& reader, Problems& problems, NodeAffinityArgs& args) {
  const YamlNode* node = reader.object("addedAffinity");
  if (node == nullptr) return;
  ObjectReader affinity(*node, reader.pathOf("addedAffinity"), problems);
  constexpr std::string_view kRequired = "requiredDuringSchedulingIgnoredDuringExecution";
  if (const YamlNode* required = affinity.object(kRequired)) {
    readRequired(*required, affinity.pathOf(kRequired), problems, args);
  }
  affinity.objects("preferredDuringSchedulingIgnoredDuringExecution",
                   [&](const YamlNode& item, const std::string& path) {
                     args.preferred.push_back(readPreferred(item, path, problems));
                   });
  affinity.finish();
}

}  // namespace stowage::config
