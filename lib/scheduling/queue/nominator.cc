#include "scheduling/queue/nominator.h"

#include <algorithm>
#include <utility>

namespace stowage::scheduling {

Symbol Nominator::put(Promise promise) {
  const Symbol uid = promise.pod->meta.uid;
  const Symbol node = promise.node;
  const kubeapi::PodPtr pod = promise.pod;
  const bool keep = promise.unconfirmed || !node.empty();
  Symbol left = forget(uid);
  if (!node.empty()) by_node_[node].push_back(pod);
  if (keep) promises_.insert_or_assign(uid, std::move(promise));
  return left == node ? Symbol() : left;
}

Symbol Nominator::decide(const kubeapi::PodPtr& pod, const Symbol& node) {
  // A decision that says what the server says already needs no echo.
  return put({pod, node, !(pod->status.nominated_node == node)});
}

Symbol Nominator::observe(const kubeapi::PodPtr& pod) {
  const Symbol& shown = pod->status.nominated_node;
  const auto found = promises_.find(pod->meta.uid);
  if (found == promises_.end()) {
    return shown.empty() ? Symbol() : put({pod, shown, false});
  }
  const bool stale = found->second.unconfirmed && !(found->second.node == shown);
  if (stale) return put({pod, Symbol(found->second.node), true});
  return put({pod, shown, false});
}

Symbol Nominator::forget(const Symbol& uid) {
  const auto found = promises_.find(uid);
  if (found == promises_.end()) return {};
  Symbol node = found->second.node;
  promises_.erase(found);
  if (node.empty()) return {};
  const auto on = by_node_.find(node);
  std::erase_if(on->second, [&](const auto& pod) { return pod->meta.uid == uid; });
  if (on->second.empty()) by_node_.erase(on);
  return node;
}

Symbol Nominator::nodeOf(const Symbol& uid) const {
  const auto found = promises_.find(uid);
  return found == promises_.end() ? Symbol() : found->second.node;
}

const std::vector<kubeapi::PodPtr>& Nominator::on(const Symbol& node) const {
  static const std::vector<kubeapi::PodPtr> none;
  const auto found = by_node_.find(node);
  return found == by_node_.end() ? none : found->second;
}

}  // namespace stowage::scheduling
