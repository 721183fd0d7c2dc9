#include "scheduling/peers/node_topology.h"

namespace stowage::scheduling {

using placement::NodeIndex;

void KeyDomains::set(NodeIndex node, const Symbol* value) {
  if (of_.size() <= node) of_.resize(node + 1, kNoDomain);
  const Domain before = of_[node];
  Domain now = kNoDomain;
  if (value != nullptr) {
    const auto [at, is_new] = by_value_.try_emplace(*value, kNoDomain);
    if (is_new) {
      if (free_.empty()) {
        at->second = static_cast<Domain>(nodes_.size());
        nodes_.push_back(0);
        values_.emplace_back();
      } else {
        at->second = free_.back();
        free_.pop_back();
      }
      values_[at->second] = *value;
    }
    now = at->second;
    ++nodes_[now];
  }
  of_[node] = now;
  if (before == kNoDomain || --nodes_[before] > 0) return;
  by_value_.erase(values_[before]);
  values_[before] = Symbol();
  free_.push_back(before);
}

void NodeTopology::countLabels(const kubeapi::Node& node, int delta) {
  for (const auto& [key, value] : node.meta.labels) {
    if (delta > 0) {
      ++label_keys_[key];
      continue;
    }
    const auto found = label_keys_.find(key);
    if (--found->second > 0) continue;
    label_keys_.erase(found);
    keys_.erase(key);
  }
}

void NodeTopology::setNode(NodeIndex slot, const kubeapi::NodePtr& node) {
  if (nodes_.size() <= slot) nodes_.resize(slot + 1);
  const kubeapi::NodePtr before = nodes_[slot];
  nodes_[slot] = node;
  if (before != nullptr && before->meta.labels == node->meta.labels &&
      before->taints == node->taints) {
    return;
  }
  ++version_;
  countLabels(*node, 1);
  for (auto& [key, domains] : keys_) domains->set(slot, node->meta.labels.find(key));
  if (before != nullptr) countLabels(*before, -1);
}

void NodeTopology::removeNode(NodeIndex slot) {
  const kubeapi::NodePtr before = nodes_[slot];
  if (before == nullptr) return;
  ++version_;
  for (auto& [key, domains] : keys_) domains->set(slot, nullptr);
  nodes_[slot] = nullptr;
  countLabels(*before, -1);
}

bool NodeTopology::consistent() const {
  for (const auto& [key, domains] : keys_) {
    for (NodeIndex slot = 0; slot < nodes_.size(); ++slot) {
      const Symbol* value = nodes_[slot] == nullptr ? nullptr : nodes_[slot]->meta.labels.find(key);
      const Domain domain = slot < domains->of_.size() ? domains->of_[slot] : kNoDomain;
      if ((value == nullptr) != (domain == kNoDomain)) return false;
      if (value != nullptr && !(domains->values_[domain] == *value)) return false;
    }
  }
  return true;
}

const KeyDomains* NodeTopology::domains(const Symbol& key) {
  const auto known = keys_.find(key);
  if (known != keys_.end()) {
    known->second->of_.resize(nodes_.size(), kNoDomain);
    return known->second.get();
  }
  if (!label_keys_.contains(key)) return nullptr;
  auto made = std::make_unique<KeyDomains>();
  made->of_.resize(nodes_.size(), kNoDomain);
  for (NodeIndex slot = 0; slot < nodes_.size(); ++slot) {
    if (nodes_[slot] != nullptr) made->set(slot, nodes_[slot]->meta.labels.find(key));
  }
  return keys_.emplace(key, std::move(made)).first->second.get();
}

}  // namespace stowage::scheduling
