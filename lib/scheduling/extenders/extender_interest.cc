#include "scheduling/extenders/extender_interest.h"

#include <algorithm>

namespace stowage::scheduling {

bool isConcerned(const ExtenderSpec& extender, const kubeapi::Pod& pod) {
  if (extender.managed_resources.empty()) return true;
  const auto managed = [&](const kubeapi::ResourceList& resources) {
    return std::any_of(resources.begin(), resources.end(), [&](const auto& resource) {
      const auto& names = extender.managed_resources;
      return std::find(names.begin(), names.end(), resource.first) != names.end();
    });
  };
  const auto names_one = [&](const std::vector<kubeapi::Container>& containers) {
    return std::any_of(containers.begin(), containers.end(), [&](const kubeapi::Container& one) {
      return managed(one.requests) || managed(one.limits);
    });
  };
  return names_one(pod.spec.containers) || names_one(pod.spec.init_containers);
}

ConcernedExtenders concernedBy(std::span<const ExtenderSpec> extenders, const kubeapi::Pod& pod) {
  ConcernedExtenders concerned;
  for (std::size_t i = 0; i < extenders.size(); ++i) {
    const ExtenderSpec& extender = extenders[i];
    if (!isConcerned(extender, pod)) continue;
    if (extender.filters) concerned.filters.push_back(i);
    if (extender.filters || extender.prioritizes) concerned.deciders.push_back(i);
    if (extender.preempts) concerned.preempters.push_back(i);
  }
  return concerned;
}

std::optional<std::size_t> binderAmong(std::span<const ExtenderSpec> extenders,
                                       const kubeapi::Pod& pod) {
  for (std::size_t i = 0; i < extenders.size(); ++i) {
    if (extenders[i].binds && isConcerned(extenders[i], pod)) return i;
  }
  return std::nullopt;
}

}  // namespace stowage::scheduling
