// DomainCounts: how many failure domains the nodes have, by topology key. Looking at all nodes for
// each pass of each group would be dear, so an answer is kept for some seconds.
// Thread safety: any thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "base/clock.h"
#include "base/symbols.h"
#include "kubeapi/node.h"

namespace stowage::operator_cmd {

class DomainCounts {
 public:
  using Nodes = std::vector<std::shared_ptr<const kubeapi::Node>>;

  explicit DomainCounts(base::Clock& clock) : clock_(clock) {}

  // Distinct values of that label; `nodes` is asked only when it is not known.
  int count(const base::Symbol& topology_key, const std::function<Nodes()>& nodes);

 private:
  struct Known {
    int domains = 0;
    base::SteadyTime at;
  };

  base::Clock& clock_;
  std::mutex mutex_;  // guards what follows
  std::map<base::Symbol, Known> known_;
};

}  // namespace stowage::operator_cmd
