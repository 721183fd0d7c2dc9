#include "kubeapi/pod.h"

namespace stowage::kubeapi {

const Quantity* findResource(const ResourceList& list, const Symbol& name) {
  for (const auto& [key, quantity] : list) {
    if (key == name) return &quantity;
  }
  return nullptr;
}

bool isTerminal(const Pod& pod) {
  const std::string_view phase = pod.status.phase.view();
  return phase == "Succeeded" || phase == "Failed";
}

const Condition* findCondition(const std::vector<Condition>& conditions, const Symbol& type) {
  for (const Condition& condition : conditions) {
    if (condition.type == type) return &condition;
  }
  return nullptr;
}

}  // namespace stowage::kubeapi
