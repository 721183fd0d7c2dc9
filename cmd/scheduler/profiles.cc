#include "cmd/scheduler/profiles.h"

#include <algorithm>
#include <numeric>

namespace stowage::scheduler_cmd {

namespace {

scheduling::FitScoring::Type typeOf(config::NodeResourcesFitArgs::Strategy strategy) {
  using Strategy = config::NodeResourcesFitArgs::Strategy;
  using Type = scheduling::FitScoring::Type;
  switch (strategy) {
    case Strategy::kLeastAllocated:
      return Type::kLeastAllocated;
    case Strategy::kMostAllocated:
      return Type::kMostAllocated;
    case Strategy::kRequestedToCapacityRatio:
      return Type::kRequestedToCapacityRatio;
  }
  return Type::kLeastAllocated;
}

scheduling::FitScoring fitScoring(const config::NodeResourcesFitArgs& args) {
  scheduling::FitScoring scoring;
  scoring.type = typeOf(args.strategy);
  scoring.resources.clear();
  for (const config::ResourceSpec& resource : args.resources) {
    scoring.resources.push_back({resource.name, resource.weight});
  }
  for (const config::UtilizationShapePoint& point : args.shape) {
    scoring.shape.push_back({point.utilization, point.score});
  }
  return scoring;
}

scheduling::PreemptionSettings preemptionSettings(const config::ResolvedProfile& resolved) {
  scheduling::PreemptionSettings settings;
  settings.enabled = false;
  settings.after_claims = false;
  settings.spare_other_schedulers = resolved.args.preemption.spare_other_schedulers;
  for (const config::PluginUse& use : resolved.at(config::ExtensionPoint::kPostFilter)) {
    if (use.name == "DynamicResources") settings.after_claims = !settings.enabled;
    if (use.name == "DefaultPreemption") settings.enabled = true;
  }
  return settings;
}

scheduling::Profile schedulingProfile(const config::ResolvedProfile& resolved) {
  scheduling::Profile profile;
  profile.scheduler_name = resolved.scheduler_name;
  profile.filters = resolved.filters();
  for (const config::PluginUse& use : resolved.scores()) {
    profile.scores.push_back({use.name, use.weight});
  }
  profile.packing.quantum = resolved.args.packing.quantum;
  profile.packing.imbalance_weight = resolved.args.packing.imbalance_weight;
  profile.packing.window = static_cast<std::uint32_t>(resolved.args.packing.window);
  profile.fit_scoring = fitScoring(resolved.args.fit);
  profile.ignored_resources = resolved.args.fit.ignored_resources;
  profile.ignored_resource_groups = resolved.args.fit.ignored_resource_groups;
  profile.balanced_resources.clear();
  for (const config::ResourceSpec& resource : resolved.args.balanced_resources) {
    profile.balanced_resources.push_back(resource.name);
  }
  profile.hard_pod_affinity_weight = resolved.args.inter_pod_affinity.hard_pod_affinity_weight;
  profile.ignore_preferred_terms_of_existing_pods =
      resolved.args.inter_pod_affinity.ignore_preferred_terms_of_existing_pods;
  profile.added_affinity = {resolved.args.node_affinity.required,
                            resolved.args.node_affinity.preferred};
  profile.spread_defaults = {resolved.args.topology_spread.system_defaults,
                             resolved.args.topology_spread.default_constraints};
  profile.preemption = preemptionSettings(resolved);
  profile.min_candidate_nodes_percentage = resolved.args.preemption.min_candidate_nodes_percentage;
  profile.min_candidate_nodes_absolute = resolved.args.preemption.min_candidate_nodes_absolute;
  profile.volume_bind_timeout = std::chrono::seconds(resolved.args.volume_bind_timeout_seconds);
  return profile;
}

}  // namespace

std::vector<scheduling::Profile> schedulingProfiles(const config::SchedulerConfig& config) {
  std::vector<scheduling::Profile> profiles;
  profiles.reserve(config.profiles.size());
  for (const config::ResolvedProfile& resolved : config.profiles) {
    profiles.push_back(schedulingProfile(resolved));
    for (const config::ExtenderConfig& extender : config.extenders) {
      for (const config::ExtenderResource& resource : extender.managed_resources) {
        if (resource.ignored_by_scheduler) {
          profiles.back().ignored_resources.push_back(resource.name);
        }
      }
    }
  }
  return profiles;
}

std::vector<std::size_t> extenderOrder(const config::SchedulerConfig& config) {
  std::vector<std::size_t> order(config.extenders.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_partition(order.begin(), order.end(),
                        [&](std::size_t i) { return !config.extenders[i].ignorable; });
  return order;
}

std::vector<scheduling::ExtenderSpec> extenderSpecs(const config::SchedulerConfig& config) {
  std::vector<scheduling::ExtenderSpec> specs;
  for (const std::size_t index : extenderOrder(config)) {
    const config::ExtenderConfig& extender = config.extenders[index];
    scheduling::ExtenderSpec& spec = specs.emplace_back();
    spec.name = extender.url_prefix;
    spec.filters = !extender.filter_verb.empty();
    spec.prioritizes = !extender.prioritize_verb.empty();
    spec.preempts = !extender.preempt_verb.empty();
    spec.binds = !extender.bind_verb.empty();
    for (const auto& resource : extender.managed_resources) {
      spec.managed_resources.emplace_back(resource.name);
    }
  }
  return specs;
}

}  // namespace stowage::scheduler_cmd
