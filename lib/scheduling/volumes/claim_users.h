// ClaimUsers: which nodes have pods that use which claims, kept by the cluster cache as pods come
// and go. Nodes are told apart by pointer and not looked at. Single-threaded.
#pragma once

#include <cstddef>
#include <unordered_map>
#include <vector>

#include "kubeapi/pod.h"
#include "scheduling/volumes/claim_key.h"

namespace stowage::scheduling {

struct NodeInfo;

class ClaimUsers {
 public:
  void add(const kubeapi::Pod& pod, const NodeInfo& node);
  void remove(const kubeapi::Pod& pod, const NodeInfo& node);

  // Pods that name the claim in their spec, wherever they are (claims of ephemeral volumes belong
  // to one pod and are not counted). Source: kube-scheduler framework/types.go (PVCRefCounts).
  [[nodiscard]] std::size_t count(const ClaimKey& claim) const;
  // A node for each use, ephemeral ones included.
  [[nodiscard]] const std::vector<const NodeInfo*>& nodes(const ClaimKey& claim) const;
  [[nodiscard]] std::size_t size() const { return uses_.size(); }
  friend bool operator==(const ClaimUsers& a, const ClaimUsers& b);

 private:
  struct Use {
    std::vector<const NodeInfo*> nodes;
    std::size_t by_name = 0;
  };
  std::unordered_map<ClaimKey, Use, ClaimKeyHash> uses_;
};

}  // namespace stowage::scheduling
