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
