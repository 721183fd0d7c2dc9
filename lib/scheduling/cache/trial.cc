#include "scheduling/cache/trial.h"

#include <algorithm>

#include "base/check.h"

namespace stowage::scheduling {

Trial::~Trial() {
  for (const auto& guest : guests_) cache_.detach(*guest);
  // The order of a node's pods may differ from before: it has no meaning.
  for (auto taken = taken_.rbegin(); taken != taken_.rend(); ++taken) {
    cache_.attach(*taken->pod, *taken->from);
  }
}

void Trial::takeOff(const CachedPod& pod) {
  CachedPod* own = cache_.findMutable(pod.pod->meta.uid);
  STOWAGE_CHECK(own == &pod && own->node != nullptr, "a trial takes a pod off that is on no node");
  NodeInfo* from = own->node;
  taken_.push_back({own, from});
  cache_.detach(*own);
}

void Trial::putBack(const CachedPod& pod) {
  const auto found = std::find_if(taken_.begin(), taken_.end(),
                                  [&](const Taken& taken) { return taken.pod == &pod; });
  STOWAGE_CHECK(found != taken_.end(), "a trial puts a pod back that it did not take");
  const Taken taken = *found;
  taken_.erase(found);
  cache_.attach(*taken.pod, *taken.from);
}

const CachedPod& Trial::putOn(const kubeapi::PodPtr& pod, placement::NodeIndex node) {
  auto guest = cache_.newPod(pod);
  cache_.attach(*guest, cache_.infoAt(node));
  guests_.push_back(std::move(guest));
  return *guests_.back();
}

}  // namespace stowage::scheduling
