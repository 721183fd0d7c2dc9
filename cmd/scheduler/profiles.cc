#include "cmd/scheduler/profiles.h"

namespace stowage::scheduler_cmd {

namespace {

scheduling::FitScoring fitScoring(const config::NodeResourcesFitArgs& args) {
  using Type = scheduling::FitScoring::Type;
  scheduling::FitScoring scoring;
  scoring.type = args.strategy == config::NodeResourcesFitArgs::Strategy::kMostAllocated
                     ? Type::kMostAllocated
                     : Type::kLeastAllocated;
  scoring.resources.clear();
  for (const config::ResourceSpec& resource : args.resources) {
    scoring.resources.push_back({resource.name, resource.weight});
  }
  return scoring;
}

scheduling::SpreadDefaults spreadDefaults(const config::PodTopologySpreadArgs& args) {
  scheduling::SpreadDefaults defaults;
  defaults.system = args.system_defaults;
  for (const config::TopologySpreadConstraint& constraint : args.default_constraints) {
    kubeapi::TopologySpreadConstraint& copy = defaults.constraints.emplace_back();
    copy.max_skew = static_cast<std::int32_t>(constraint.max_skew);
    copy.topology_key = constraint.topology_key;
    copy.do_not_schedule = constraint.hard;
  }
  return defaults;
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
  profile.spread_defaults = spreadDefaults(resolved.args.topology_spread);
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
  }
  return profiles;
}

}  // namespace stowage::scheduler_cmd
