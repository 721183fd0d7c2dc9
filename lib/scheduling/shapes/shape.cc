#include "scheduling/shapes/shape.h"

#include <algorithm>

#include "scheduling/hashing.h"

namespace stowage::scheduling {
namespace {

using kubeapi::TaintEffect;
using kubeapi::Toleration;

// Taint classes one shape remembers; node-specific taints may come and go without end.
constexpr std::size_t kMaxTaintMemo = 256;

void add(HashBuilder& hash, const kubeapi::SelectorRequirement& requirement) {
  hash.add(requirement.key);
  hash.add(static_cast<std::uint64_t>(requirement.op));
  hash.add(requirement.values.size());
  for (const Symbol& value : requirement.values) hash.add(value);
}

void add(HashBuilder& hash, const kubeapi::ResourceAmounts& amounts, std::int64_t non_zero_cpu,
         std::int64_t non_zero_memory) {
  for (const auto& [name, value] : amounts) {
    hash.add(name);
    hash.add(static_cast<std::uint64_t>(value));
  }
  hash.add(static_cast<std::uint64_t>(non_zero_cpu));
  hash.add(static_cast<std::uint64_t>(non_zero_memory));
}

void add(HashBuilder& hash, const kubeapi::NodeSelectorTerm& term) {
  hash.add(term.match_expressions.size());
  for (const auto& requirement : term.match_expressions) add(hash, requirement);
  hash.add(term.match_fields.size());
  for (const auto& requirement : term.match_fields) add(hash, requirement);
}

bool toleratesUnschedulable(const std::vector<Toleration>& tolerations) {
  static const kubeapi::Taint taint{"node.kubernetes.io/unschedulable", "",
                                    TaintEffect::kNoSchedule};
  return kubeapi::tolerates(tolerations, taint);
}

TaintVerdict judge(const std::vector<Toleration>& tolerations,
                   const std::vector<kubeapi::Taint>& taints) {
  TaintVerdict verdict;
  for (const kubeapi::Taint& taint : taints) {
    const bool hard =
        taint.effect == TaintEffect::kNoSchedule || taint.effect == TaintEffect::kNoExecute;
    if (hard && !kubeapi::tolerates(tolerations, taint)) verdict.tolerated = false;
    if (taint.effect == TaintEffect::kPreferNoSchedule && !kubeapi::tolerates(tolerations, taint)) {
      ++verdict.not_preferred;
    }
  }
  return verdict;
}

}  // namespace

ShapeSpec shapeSpecOf(const kubeapi::Pod& pod, bool with_images) {
  kubeapi::PodRequests requests = kubeapi::podRequests(pod, kubeapi::RequestSource::kSpec);
  ShapeSpec spec;
  spec.amounts = std::move(requests.amounts);
  std::erase_if(spec.amounts, [](const auto& amount) { return amount.second <= 0; });
  spec.non_zero_cpu = requests.non_zero_cpu;
  spec.non_zero_memory = requests.non_zero_memory;
  if (kubeapi::hasPodLevelRequests(pod)) {
    spec.container_level = kubeapi::podRequests(pod, kubeapi::RequestSource::kContainers);
  }
  spec.node_name = pod.spec.node_name;
  spec.node_selector = pod.spec.node_selector;
  spec.node_required = pod.spec.affinity.node_required;
  spec.node_preferred = pod.spec.affinity.node_preferred;
  spec.tolerations = pod.spec.tolerations;
  for (Toleration& toleration : spec.tolerations) toleration.seconds.reset();
  spec.ports = kubeapi::hostPorts(pod);
  spec.features = kubeapi::requiredFeatures(pod);
  if (with_images) spec.images = podImages(pod);
  spec.volumes = volumeNeedsOf(pod);
  return spec;
}

std::size_t hashOf(const ShapeSpec& spec) {
  HashBuilder hash;
  add(hash, spec.amounts, spec.non_zero_cpu, spec.non_zero_memory);
  if (const auto& level = spec.container_level) {
    add(hash, level->amounts, level->non_zero_cpu, level->non_zero_memory);
  }
  hash.add(spec.node_name);
  hash.add(spec.node_selector.size());
  for (const auto& [key, value] : spec.node_selector) {
    hash.add(key);
    hash.add(value);
  }
  hash.add(spec.node_required ? spec.node_required->terms.size() + 1 : 0);
  if (spec.node_required) {
    for (const auto& term : spec.node_required->terms) add(hash, term);
  }
  hash.add(spec.node_preferred.size());
  for (const auto& preferred : spec.node_preferred) {
    hash.add(static_cast<std::uint64_t>(preferred.weight));
    add(hash, preferred.term);
  }
  hash.add(spec.tolerations.size());
  for (const Toleration& toleration : spec.tolerations) {
    hash.add(toleration.key);
    hash.add(static_cast<std::uint64_t>(toleration.op));
    hash.add(toleration.value);
    hash.add(static_cast<std::uint64_t>(toleration.effect));
  }
  for (const kubeapi::HostPort& port : spec.ports) {
    hash.add(port.ip);
    hash.add(port.protocol);
    hash.add(static_cast<std::uint64_t>(port.port));
  }
  hash.add(spec.features);
  if (spec.images) {
    hash.add(spec.images->containers);
    for (const auto& [name, times] : spec.images->images) {
      hash.add(name);
      hash.add(times);
    }
  }
  if (spec.volumes) hash.add(static_cast<std::uint64_t>(hashOf(*spec.volumes)));
  return hash.value();
}

Shape::Shape(ShapeSpec key)
    : spec(std::move(key)),
      required_nodes(spec.node_selector, spec.node_required),
      tolerates_unschedulable(toleratesUnschedulable(spec.tolerations)) {
  wanted_ports.add(spec.ports);
}

const TaintVerdict& Shape::taintVerdict(std::uint32_t taint_class,
                                        const std::vector<kubeapi::Taint>& taints) const {
  const auto known = taint_verdicts_.find(taint_class);
  if (known != taint_verdicts_.end()) return known->second;
  if (taint_verdicts_.size() >= kMaxTaintMemo) taint_verdicts_.clear();
  return taint_verdicts_.emplace(taint_class, judge(spec.tolerations, taints)).first->second;
}

}  // namespace stowage::scheduling
