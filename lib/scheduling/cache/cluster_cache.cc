#include "scheduling/cache/cluster_cache.h"

#include <algorithm>

#include "base/check.h"
#include "scheduling/cache/self_check.h"

namespace stowage::scheduling {
namespace {

using placement::Amount;
using placement::kNoNode;

bool offersSame(const kubeapi::Node& a, const kubeapi::Node& b) {
  return a.unschedulable == b.unschedulable && a.taints == b.taints &&
         a.meta.labels == b.meta.labels && a.allocatable == b.allocatable &&
         a.declared_features == b.declared_features;
}

// Whether some resource is asked for less in `now` than in `before`.
bool asksLess(const PodDemand& now, const PodDemand& before) {
  const auto& amounts = now.amounts().amounts;
  return std::any_of(
      before.amounts().amounts.begin(), before.amounts().amounts.end(), [&](const Amount& old) {
        const auto same = std::find_if(amounts.begin(), amounts.end(),
                                       [&](const Amount& amount) { return amount.dim == old.dim; });
        return same == amounts.end() || same->value < old.value;
      });
}

}  // namespace

ClusterCache::ClusterCache() = default;

ClusterCache::~ClusterCache() {
  // Demands give their dimensions back to the table, which must still be there.
  pods_.clear();
  nodes_.clear();
}

NodeInfo& ClusterCache::infoOf(const Symbol& name) {
  std::unique_ptr<NodeInfo>& info = nodes_[name];
  if (info == nullptr) {
    info = std::make_unique<NodeInfo>();
    info->name = name;
  }
  return *info;
}

void ClusterCache::dropIfEmpty(NodeInfo& info) {
  if (info.node == nullptr && info.pods.empty()) nodes_.erase(Symbol(info.name));
}

bool ClusterCache::setAllocatable(NodeInfo& info) {
  bool appeared = false;
  std::vector<Amount> amounts;
  std::vector<placement::Dimension> held;
  for (const auto& [name, value] : kubeapi::nodeAllocatable(*info.node)) {
    if (const auto fixed = fixedDimension(name)) {
      amounts.push_back({*fixed, value});
    } else if (const auto dim = dimensions_.open(name, appeared)) {
      amounts.push_back({*dim, value});
      held.push_back(*dim);
    }
  }
  state_.setAllocatable(info.index, amounts);
  info.dimensions.swap(held);
  for (const placement::Dimension dim : held) dimensions_.release(dim);
  return appeared;
}

ClusterCache::NodeChange ClusterCache::setNode(const kubeapi::NodePtr& node) {
  NodeInfo& info = infoOf(node->meta.name);
  NodeChange change;
  change.info = &info;
  change.before = info.node;
  change.changed = info.node == nullptr || !offersSame(*info.node, *node);
  setImages(info, *node);
  if (!change.changed) {
    info.node = node;
    return change;
  }
  const std::uint32_t taint_class = taint_classes_.acquire(node->taints);
  if (info.node != nullptr) taint_classes_.release(info.node->taints);
  info.taint_class = taint_class;
  const bool is_new = info.node == nullptr;
  info.node = node;
  if (is_new) {
    info.index = state_.addNode(info.name);
    if (by_index_.size() <= info.index) by_index_.resize(info.index + 1, nullptr);
    by_index_[info.index] = &info;
    peers_.setNode(info.index, node);
    for (const CachedPod* pod : info.pods) {
      state_.place(info.index, pod->demand->amounts());
      peers_.podPlaced(*pod);
    }
  } else {
    peers_.setNode(info.index, node);
    for (const placement::Dimension dim :
         {placement::kCpu, placement::kMemory, placement::kEphemeralStorage, placement::kPods}) {
      change.allocatable_before.push_back({dim, state_.allocatable(dim, info.index)});
    }
    for (const placement::Dimension dim : info.dimensions) {
      change.allocatable_before.push_back({dim, state_.allocatable(dim, info.index)});
    }
  }
  change.resource_appeared = setAllocatable(info);
  if (change.resource_appeared) refreshAbsent();
  state_.touch(info.index);
  return change;
}

void ClusterCache::countImages() {
  if (std::exchange(counts_images_, true)) return;
  for (NodeInfo* info : by_index_) {
    if (info != nullptr && info->node != nullptr) setImages(*info, *info->node);
  }
}

// No event: more images make no pod schedulable. Only the scores of this node are stale.
void ClusterCache::setImages(NodeInfo& info, const kubeapi::Node& node) {
  if (!counts_images_ || !images_.update(info.images, node.images)) return;
  if (info.index != kNoNode) state_.touch(info.index);
}

bool ClusterCache::removeNode(const Symbol& name) {
  const auto found = nodes_.find(name);
  if (found == nodes_.end() || found->second->node == nullptr) return false;
  NodeInfo& info = *found->second;
  for (const CachedPod* pod : info.pods) peers_.podLeft(*pod);
  peers_.removeNode(info.index);
  state_.removeNode(info.index);
  by_index_[info.index] = nullptr;
  info.index = kNoNode;
  for (const placement::Dimension dim : info.dimensions) dimensions_.release(dim);
  info.dimensions.clear();
  images_.update(info.images, {});
  taint_classes_.release(info.node->taints);
  info.node = nullptr;
  dropIfEmpty(info);
  return true;
}

// A name that was offered by no node is offered now: amounts that were kept aside count.
void ClusterCache::refreshAbsent() {
  const std::vector<CachedPod*> pods(with_absent_.begin(), with_absent_.end());
  for (CachedPod* pod : pods) setDemand(*pod, demandOf(*pod->pod));
}

std::shared_ptr<const PodDemand> ClusterCache::demandOf(const kubeapi::Pod& pod) {
  const kubeapi::PodRequests requests =
      kubeapi::podRequests(pod, kubeapi::RequestSource::kSpecOrStatus);
  return std::make_shared<const PodDemand>(dimensions_, requests.amounts, requests.non_zero_cpu,
                                           requests.non_zero_memory);
}

void ClusterCache::setDemand(CachedPod& pod, std::shared_ptr<const PodDemand> demand) {
  if (pod.node->index != kNoNode) {
    state_.remove(pod.node->index, pod.demand->amounts());
    state_.place(pod.node->index, demand->amounts());
  }
  pod.demand = std::move(demand);
  if (pod.demand->absent().empty()) {
    with_absent_.erase(&pod);
  } else {
    with_absent_.insert(&pod);
  }
}

void ClusterCache::attach(CachedPod& pod, NodeInfo& info) {
  pod.node = &info;
  pod.position = static_cast<std::uint32_t>(info.pods.size());
  info.pods.push_back(&pod);
  info.ports.add(pod.ports);
  pod.priority = pod.pod->spec.priority;
  info.priorities.add(pod.priority);
  if (info.index != kNoNode) {
    state_.place(info.index, pod.demand->amounts());
    peers_.podPlaced(pod);
  }
  if (!pod.demand->absent().empty()) with_absent_.insert(&pod);
  claim_users_.add(*pod.pod, info);
}

void ClusterCache::detach(CachedPod& pod) {
  NodeInfo& info = *pod.node;
  info.pods[pod.position] = info.pods.back();
  info.pods[pod.position]->position = pod.position;
  info.pods.pop_back();
  info.ports.remove(pod.ports);
  info.priorities.remove(pod.priority);
  if (info.index != kNoNode) {
    state_.remove(info.index, pod.demand->amounts());
    peers_.podLeft(pod);
  }
  with_absent_.erase(&pod);
  claim_users_.remove(*pod.pod, info);
  pod.node = nullptr;
}

std::unique_ptr<CachedPod> ClusterCache::newPod(const kubeapi::PodPtr& pod) {
  auto fresh = std::make_unique<CachedPod>();
  fresh->pod = pod;
  fresh->demand = demandOf(*pod);
  fresh->ports = kubeapi::hostPorts(*pod);
  return fresh;
}

void ClusterCache::move(CachedPod& known, const kubeapi::PodPtr& pod) {
  NodeInfo& to = infoOf(pod->spec.node_name);
  auto demand = demandOf(*pod);
  NodeInfo& from = *known.node;
  detach(known);
  known.pod = pod;
  known.demand = std::move(demand);
  known.ports = kubeapi::hostPorts(*pod);
  attach(known, to);
  dropIfEmpty(from);
}

ClusterCache::PlacedChange ClusterCache::setPlaced(const kubeapi::PodPtr& pod) {
  PlacedChange change;
  const auto found = pods_.find(pod->meta.uid);
  if (found == pods_.end()) {
    auto fresh = newPod(pod);
    attach(*fresh, infoOf(pod->spec.node_name));
    pods_.emplace(pod->meta.uid, std::move(fresh));
    return change;
  }
  CachedPod& known = *found->second;
  change.before = known.pod;
  change.labels_changed = !(known.pod->meta.labels == pod->meta.labels);
  change.what = known.assumed ? Placed::kConfirmed : Placed::kUpdated;
  if (known.assumed) {
    known.assumed = false;
    --assumed_;
  }
  if (!(known.node->name == pod->spec.node_name)) {
    change.what = Placed::kMoved;
    if (known.node->index != kNoNode) change.roomier = known.node;
    move(known, pod);
    return change;
  }
  auto demand = demandOf(*pod);
  if (!known.demand->sameAs(*demand)) {
    if (known.node->index != kNoNode && asksLess(*demand, *known.demand)) {
      change.roomier = known.node;
    }
    setDemand(known, std::move(demand));
  }
  replaceObject(known, pod);
  return change;
}

// Affinity and ports of a pod never change after its creation.
void ClusterCache::replaceObject(CachedPod& pod, const kubeapi::PodPtr& fresh) {
  const kubeapi::ObjectMeta& before = pod.pod->meta;
  const bool counts_alike =
      before.labels == fresh->meta.labels &&
      before.deletion_time.has_value() == fresh->meta.deletion_time.has_value();
  const bool counted = !counts_alike && pod.node->index != kNoNode;
  if (counted) peers_.podLeft(pod);
  pod.pod = fresh;
  if (counted) peers_.podPlaced(pod);
}

void ClusterCache::assume(const kubeapi::PodPtr& pod, placement::NodeIndex node,
                          std::shared_ptr<const PodDemand> demand) {
  STOWAGE_CHECK(node < by_index_.size() && by_index_[node] != nullptr, "assumed on no node");
  std::unique_ptr<CachedPod>& entry = pods_[pod->meta.uid];
  STOWAGE_CHECK(entry == nullptr, "a pod is assumed that already occupies a node");
  entry = std::make_unique<CachedPod>();
  entry->pod = pod;
  entry->demand = std::move(demand);
  entry->ports = kubeapi::hostPorts(*pod);
  entry->assumed = true;
  ++assumed_;
  attach(*entry, *by_index_[node]);
}

ClusterCache::Left ClusterCache::remove(const Symbol& uid) {
  Left left;
  const auto found = pods_.find(uid);
  if (found == pods_.end()) return left;
  CachedPod& pod = *found->second;
  left.found = true;
  left.pod = pod.pod;
  left.was_assumed = pod.assumed;
  NodeInfo& info = *pod.node;
  if (pod.assumed) --assumed_;
  detach(pod);
  left.ports = std::move(pod.ports);
  pods_.erase(found);
  left.node = info.node == nullptr ? nullptr : &info;
  dropIfEmpty(info);
  return left;
}

const CachedPod* ClusterCache::find(const Symbol& uid) const {
  const auto found = pods_.find(uid);
  return found == pods_.end() ? nullptr : found->second.get();
}

CachedPod* ClusterCache::findMutable(const Symbol& uid) {
  const auto found = pods_.find(uid);
  return found == pods_.end() ? nullptr : found->second.get();
}

bool ClusterCache::consistent() const {
  std::size_t pods = 0;
  std::size_t assumed = 0;
  ClaimUsers claim_users;
  for (const auto& [name, info] : nodes_) {
    if (!nodeAgrees(*this, *info)) return false;
    pods += info->pods.size();
    for (const CachedPod* pod : info->pods) {
      assumed += pod->assumed ? 1 : 0;
      claim_users.add(*pod->pod, *info);
    }
  }
  return pods == pods_.size() && assumed == assumed_ && claim_users == claim_users_ &&
         storage_.consistent() && peers_.consistent();
}

}  // namespace stowage::scheduling
