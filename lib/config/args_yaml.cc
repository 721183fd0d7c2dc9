#include "config/args_yaml.h"

namespace stowage::config {

namespace {

std::string_view operatorText(kubeapi::SelectorOperator op) {
  using Op = kubeapi::SelectorOperator;
  switch (op) {
    case Op::kIn:
      return "In";
    case Op::kNotIn:
      return "NotIn";
    case Op::kExists:
      return "Exists";
    case Op::kDoesNotExist:
      return "DoesNotExist";
    case Op::kGt:
      return "Gt";
    case Op::kLt:
      return "Lt";
    case Op::kInvalid:
      break;
  }
  return "";
}

// "[a, b]", each as text.
std::string listText(const std::vector<base::Symbol>& values) {
  std::string list;
  for (const base::Symbol& value : values) {
    list += (list.empty() ? "" : ", ") + base::jsonString(value.view());
  }
  return "[" + list + "]";
}

std::string requirementsText(const std::vector<kubeapi::SelectorRequirement>& requirements) {
  std::string list;
  for (const auto& requirement : requirements) {
    list += fmt::format("{}{{key: {}, operator: {}, values: {}}}", list.empty() ? "" : ", ",
                        base::jsonString(requirement.key.view()), operatorText(requirement.op),
                        listText(requirement.values));
  }
  return "[" + list + "]";
}

std::string termText(const kubeapi::NodeSelectorTerm& term) {
  return fmt::format("{{matchExpressions: {}, matchFields: {}}}",
                     requirementsText(term.match_expressions), requirementsText(term.match_fields));
}

void writeNodeAffinity(YamlWriter& out, const NodeAffinityArgs& affinity) {
  if (!affinity.required && affinity.preferred.empty()) return;
  out.args("NodeAffinity");
  out.line(3, "addedAffinity:");
  if (affinity.required) {
    out.line(4, "requiredDuringSchedulingIgnoredDuringExecution:");
    out.line(5, "nodeSelectorTerms:");
    for (const auto& term : affinity.required->terms) out.line(5, "- " + termText(term));
  }
  if (affinity.preferred.empty()) return;
  out.line(4, "preferredDuringSchedulingIgnoredDuringExecution:");
  for (const auto& preferred : affinity.preferred) {
    out.line(4, fmt::format("- {{weight: {}, preference: {}}}", preferred.weight,
                            termText(preferred.term)));
  }
}

std::string constraintText(const kubeapi::TopologySpreadConstraint& constraint) {
  std::string text =
      fmt::format("{{maxSkew: {}, topologyKey: {}, whenUnsatisfiable: {}", constraint.max_skew,
                  base::jsonString(constraint.topology_key.view()),
                  constraint.do_not_schedule ? "DoNotSchedule" : "ScheduleAnyway");
  if (constraint.min_domains) text += fmt::format(", minDomains: {}", *constraint.min_domains);
  if (!constraint.node_affinity_policy.empty()) {
    text += fmt::format(", nodeAffinityPolicy: {}", constraint.node_affinity_policy.view());
  }
  if (!constraint.node_taints_policy.empty()) {
    text += fmt::format(", nodeTaintsPolicy: {}", constraint.node_taints_policy.view());
  }
  if (!constraint.match_label_keys.empty()) {
    text += fmt::format(", matchLabelKeys: {}", listText(constraint.match_label_keys));
  }
  return text + "}";
}

void writeSpread(YamlWriter& out, const PodTopologySpreadArgs& spread) {
  out.args("PodTopologySpread");
  out.text(3, "defaultingType", spread.system_defaults ? "System" : "List");
  if (spread.default_constraints.empty()) return;
  out.line(3, "defaultConstraints:");
  for (const auto& constraint : spread.default_constraints) {
    out.line(3, "- " + constraintText(constraint));
  }
}

std::string_view strategyText(NodeResourcesFitArgs::Strategy strategy) {
  using Strategy = NodeResourcesFitArgs::Strategy;
  switch (strategy) {
    case Strategy::kMostAllocated:
      return "MostAllocated";
    case Strategy::kRequestedToCapacityRatio:
      return "RequestedToCapacityRatio";
    case Strategy::kLeastAllocated:
      break;
  }
  return "LeastAllocated";
}

void writeFit(YamlWriter& out, const NodeResourcesFitArgs& fit) {
  out.args("NodeResourcesFit");
  out.texts(3, "ignoredResources", fit.ignored_resources);
  out.texts(3, "ignoredResourceGroups", fit.ignored_resource_groups);
  out.line(3, "scoringStrategy:");
  out.text(4, "type", strategyText(fit.strategy));
  out.resources(4, fit.resources);
  if (fit.strategy != NodeResourcesFitArgs::Strategy::kRequestedToCapacityRatio) return;
  out.line(4, "requestedToCapacityRatio:");
  out.line(5, "shape:");
  for (const UtilizationShapePoint& point : fit.shape) {
    out.line(5, fmt::format("- {{utilization: {}, score: {}}}", point.utilization, point.score));
  }
}

}  // namespace

void writeArgs(YamlWriter& out, const PluginArgs& args) {
  out.line(1, "pluginConfig:");
  out.args("Packing");
  out.text(3, "apiVersion", "config.stowage.dev/v1alpha1");
  out.value(3, "quantum", args.packing.quantum);
  out.value(3, "imbalanceWeight", args.packing.imbalance_weight);
  out.value(3, "window", args.packing.window);
  writeFit(out, args.fit);
  writeNodeAffinity(out, args.node_affinity);
  out.args("NodeResourcesBalancedAllocation");
  out.resources(3, args.balanced_resources);
  out.args("InterPodAffinity");
  out.value(3, "hardPodAffinityWeight", args.inter_pod_affinity.hard_pod_affinity_weight);
  out.value(3, "ignorePreferredTermsOfExistingPods",
            args.inter_pod_affinity.ignore_preferred_terms_of_existing_pods);
  writeSpread(out, args.topology_spread);
  out.args("DefaultPreemption");
  if (args.preemption.spare_other_schedulers) {
    out.text(3, "apiVersion", "config.stowage.dev/v1alpha1");
    out.value(3, "spareOtherSchedulers", true);
  }
  out.value(3, "minCandidateNodesPercentage", args.preemption.min_candidate_nodes_percentage);
  out.value(3, "minCandidateNodesAbsolute", args.preemption.min_candidate_nodes_absolute);
  out.args("VolumeBinding");
  out.value(3, "bindTimeoutSeconds", args.volume_bind_timeout_seconds);
  out.args("DynamicResources");
  out.duration(3, "filterTimeout", args.dra_filter_timeout);
  out.duration(3, "bindingTimeout", args.dra_binding_timeout);
}

}  // namespace stowage::config
