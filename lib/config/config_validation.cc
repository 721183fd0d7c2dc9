#include "config/config_validation.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "config/go_duration.h"

namespace stowage::config {

namespace {

bool isLabelCharacter(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

// RFC 1123: lower-case letters, digits and '-', alphanumeric at both ends of every part.
bool isDnsName(std::string_view name, bool dots, std::size_t limit) {
  if (name.empty() || name.size() > limit) return false;
  bool edge = true;  // the next character begins a part
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (isLabelCharacter(c)) {
      edge = false;
    } else if (c == '.' && dots && !edge && name[i - 1] != '-') {
      edge = true;
    } else if (c != '-' || edge) {
      return false;
    }
  }
  return isLabelCharacter(name.back());
}

void validateName(const ResolvedProfile& profile, const SchedulerConfig& config, Place place,
                  const std::string& path, const ConfigOverrides& overrides, Problems& problems) {
  const bool from_flag = overrides.scheduler_name && config.profiles.size() == 1;
  const std::string field = from_flag ? "--scheduler-name" : path + ".schedulerName";
  if (from_flag) place = {};
  if (profile.scheduler_name.empty()) {
    problems.add(place, field, from_flag ? "is empty" : "is missing",
                 from_flag ? "leave the flag out, or give a name"
                           : "name every profile when there are several");
  } else if (!isDnsName(profile.scheduler_name, true, 253)) {
    problems.add(place, field, fmt::format("is {}", quoted(profile.scheduler_name)),
                 "give lower-case letters, digits, '-' and '.', at most 253");
  }
  if (profile.scheduler_name != "default-scheduler") return;
  const bool typed = overrides.scheduler_name == "default-scheduler";
  const bool alone = config.profiles.size() == 1 && !config.leader_election.leader_elect;
  if (typed || alone) return;
  problems.add(place, field,
               "default-scheduler belongs to kube-scheduler; two schedulers for the same pods "
               "fight over them",
               "use another name, or, to replace kube-scheduler on purpose, type "
               "--scheduler-name=default-scheduler");
}

void nameProfiles(SchedulerConfig& config, const std::vector<Place>& places,
                  const ConfigOverrides& overrides, Problems& problems) {
  if (config.profiles.size() == 1) {
    std::string& name = config.profiles.front().scheduler_name;
    if (overrides.scheduler_name) name = *overrides.scheduler_name;
    if (name.empty() && !overrides.scheduler_name) name = kDefaultSchedulerName;
  } else if (overrides.scheduler_name &&
             std::none_of(config.profiles.begin(), config.profiles.end(), [&](const auto& p) {
               return p.scheduler_name == *overrides.scheduler_name;
             })) {
    problems.add(places.front(), "--scheduler-name",
                 fmt::format("{} names none of the {} profiles", quoted(*overrides.scheduler_name),
                             config.profiles.size()),
                 "leave the flag out, or name one of them");
  }
}

void validatePlugins(const ResolvedProfile& profile, const ResolvedProfile& first, Place place,
                     const std::string& path, Problems& problems) {
  const auto& sorts = profile.at(ExtensionPoint::kQueueSort);
  if (sorts.size() != 1) {
    problems.add(place, path + ".plugins.queueSort",
                 fmt::format("{} plugins are enabled", sorts.size()), "enable exactly one");
  } else if (sorts != first.at(ExtensionPoint::kQueueSort)) {
    problems.add(place, path + ".plugins.queueSort", "differs from the first profile's",
                 "all profiles share one queue");
  }
  if (profile.at(ExtensionPoint::kBind).empty()) {
    problems.add(place, path + ".plugins.bind", "no plugin is enabled", "enable DefaultBinder");
  }
}

}  // namespace

void validateLeaderElection(const LeaderElectionConfig& election, Place place, Problems& problems) {
  const auto add = [&](std::string_view field, std::string_view what, std::string_view advice) {
    problems.add(place, fmt::format("leaderElection.{}", field), what, advice);
  };
  const auto positive = [&](std::string_view field, base::Duration value) {
    if (value.count() > 0) return true;
    add(field, fmt::format("is {}", formatGoDuration(value)), "give more than 0s");
    return false;
  };
  const bool lease = positive("leaseDuration", election.lease_duration);
  const bool renew = positive("renewDeadline", election.renew_deadline);
  const bool retry = positive("retryPeriod", election.retry_period);
  const bool durations = lease && renew && retry;
  if (durations && election.lease_duration <= election.renew_deadline) {
    add("leaseDuration", "is not longer than renewDeadline", "make it longer");
  }
  // client-go's JitterFactor; compared without multiplying a large count.
  if (durations && election.renew_deadline.count() / 6 <= election.retry_period.count() / 5) {
    add("renewDeadline", "is not longer than 1.2 times retryPeriod", "make it longer");
  }
  if (durations && election.lease_duration < std::chrono::seconds(1)) {
    add("leaseDuration", "is shorter than a second",
        "a Lease counts whole seconds: give 1s or more");
  }
  if (election.resource_lock != "leases") {
    add("resourceLock", fmt::format("is {}", quoted(election.resource_lock)), "give leases");
  }
  if (election.resource_name == "kube-scheduler") {
    add("resourceName", "kube-scheduler is the Lease of the default scheduler",
        "leave it out or name your own: holding it would keep one of the two from running");
  } else if (!isDnsName(election.resource_name, true, 253)) {
    add("resourceName", fmt::format("is {}", quoted(election.resource_name)),
        "give lower-case letters, digits, '-' and '.', at most 253");
  }
  if (!election.resource_namespace.empty() && !isDnsName(election.resource_namespace, false, 63)) {
    add("resourceNamespace", fmt::format("is {}", quoted(election.resource_namespace)),
        "give lower-case letters, digits and '-', at most 63");
  }
}

void finishProfiles(SchedulerConfig& config, const std::vector<Place>& places,
                    const ConfigOverrides& overrides, Problems& problems) {
  nameProfiles(config, places, overrides, problems);
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < config.profiles.size(); ++i) {
    const ResolvedProfile& profile = config.profiles[i];
    const std::string path = fmt::format("profiles[{}]", i);
    validateName(profile, config, places[i], path, overrides, problems);
    if (!profile.scheduler_name.empty() && !names.insert(profile.scheduler_name).second) {
      problems.add(places[i], path + ".schedulerName",
                   fmt::format("{} is used twice", quoted(profile.scheduler_name)),
                   "give every profile its own name");
    }
    validatePlugins(profile, config.profiles.front(), places[i], path, problems);
  }
}

}  // namespace stowage::config
