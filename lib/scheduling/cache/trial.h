// Trial: what-if on the real cache. Takes pods off nodes and puts pods on nodes, with every sum,
// port and counter following, and undoes all of it when it goes out of scope. Preemption's dry run
// and the look at nodes with nominated pods stand on it: there is no second copy of the cluster
// that could count differently. Single-threaded. While a trial is open nothing else may change the
// cache; a trial within a trial ends first.
#pragma once

#include <memory>
#include <vector>

#include "scheduling/cache/cluster_cache.h"

namespace stowage::scheduling {

class Trial {
 public:
  explicit Trial(ClusterCache& cache) : cache_(cache) {}
  ~Trial();
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;

  // Takes a pod off its node. `pod` is one of NodeInfo::pods and stays valid; its `node` is null
  // until it is put back.
  void takeOff(const CachedPod& pod);
  // Puts a pod that this trial took off back on the node it came from.
  void putBack(const CachedPod& pod);
  // Puts a pod that occupies no node on a present node, e.g. one that is nominated there.
  const CachedPod& putOn(const kubeapi::PodPtr& pod, placement::NodeIndex node);

 private:
  struct Taken {
    CachedPod* pod;
    NodeInfo* from;
  };
  ClusterCache& cache_;
  std::vector<Taken> taken_;
  std::vector<std::unique_ptr<CachedPod>> guests_;
};

}  // namespace stowage::scheduling
