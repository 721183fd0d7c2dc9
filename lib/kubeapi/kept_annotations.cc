#include "kubeapi/kept_annotations.h"

#include <algorithm>
#include <array>

namespace stowage::kubeapi {

bool isKeptAnnotation(std::string_view key) {
  if (key.starts_with(kOwnPrefix) || key.starts_with(kKoordinatorGangPrefix)) return true;
  static constexpr std::array kKeys = {kInitialEventsEnd, kBindCompleted,   kBoundByController,
                                       kSelectedNode,     kVolcanoGroup,    kStorageProvisioner,
                                       kBetaStorageClass, kMigratedPlugins, kDefaultStorageClass};
  return std::find(kKeys.begin(), kKeys.end(), key) != kKeys.end();
}

}  // namespace stowage::kubeapi
