#include "statefulgroup/reconcile/lost_volume.h"

#include <fmt/format.h>

#include <set>

#include "statefulgroup/reconcile/live_objects.h"

namespace stowage::statefulgroup {

using kubeapi::NodeSelectorTerm;
using kubeapi::PersistentVolume;

namespace {

constexpr std::size_t kMaxHosts = 16;

// The hosts that the term is bound to; none: it is not bound to hosts.
std::set<std::string> hostsOf(const NodeSelectorTerm& term) {
  std::set<std::string> hosts;
  for (const auto& requirement : term.match_expressions) {
    if (requirement.key != "kubernetes.io/hostname" ||
        requirement.op != kubeapi::SelectorOperator::kIn)
      continue;
    for (const Symbol& host : requirement.values) hosts.insert(host.str());
  }
  return hosts;
}

// Hosts to which all of its places are bound, and which are no nodes any more; empty: not so.
std::string lostHosts(const PersistentVolume& volume, GroupWrites& api) {
  if (!volume.node_affinity) return {};
  std::set<std::string> all;
  for (const NodeSelectorTerm& term : volume.node_affinity->terms) {
    const std::set<std::string> hosts = hostsOf(term);
    if (hosts.empty()) return {};
    all.insert(hosts.begin(), hosts.end());
  }
  if (all.empty() || all.size() > kMaxHosts) return {};
  for (const std::string& host : all) {
    if (api.get(Resource::kNodes, host).code != base::Code::kNotFound) return {};
  }
  return fmt::format("{}", fmt::join(all, ", "));
}

}  // namespace

std::string whyLost(const kubeapi::PersistentVolumeClaim& claim, GroupWrites& api) {
  if (claim.volume_name.empty()) return {};
  const std::string name = claim.volume_name.str();
  const Answer answer = api.get(Resource::kVolumes, name);
  // Until the claim is Lost, too, a volume that is not there may be on its way.
  if (answer.code == base::Code::kNotFound)
    return claim.phase == "Lost" ? fmt::format("its PersistentVolume {} is gone", name) : "";
  const auto volume = decode<PersistentVolume>(answer);
  if (volume == nullptr || claim.phase != "Bound") return {};
  if (volume->meta.deletion_time)
    return fmt::format("its PersistentVolume {} is being deleted", name);
  const std::string hosts = lostHosts(*volume, api);
  return hosts.empty() ? "" : fmt::format("its local volume was on {}, which is gone", hosts);
}

}  // namespace stowage::statefulgroup
