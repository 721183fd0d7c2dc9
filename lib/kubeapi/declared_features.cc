#include "kubeapi/declared_features.h"

#include <algorithm>

namespace stowage::kubeapi {

FeatureSet requiredFeatures(const Pod& pod) {
  FeatureSet features = 0;
  const auto restarts_all = [](const std::vector<Container>& containers) {
    return std::any_of(containers.begin(), containers.end(),
                       [](const Container& container) { return container.restarts_all; });
  };
  if (restarts_all(pod.spec.containers) || restarts_all(pod.spec.init_containers)) {
    features |= kRestartAllContainersOnContainerExits;
  }
  if (pod.spec.host_network && pod.spec.own_users) features |= kUserNamespacesHostNetworkSupport;
  return features;
}

FeatureSet declaredFeatures(std::span<const Symbol> names) {
  static const Symbol restart_all("RestartAllContainersOnContainerExits");
  static const Symbol user_namespaces("UserNamespacesHostNetworkSupport");
  FeatureSet features = 0;
  for (const Symbol& name : names) {
    if (name == restart_all) features |= kRestartAllContainersOnContainerExits;
    if (name == user_namespaces) features |= kUserNamespacesHostNetworkSupport;
  }
  return features;
}

}  // namespace stowage::kubeapi
