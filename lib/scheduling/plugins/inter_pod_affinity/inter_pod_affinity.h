// InterPodAffinity: pods that want to be near, or far from, other pods, and pods that placed pods
// want to keep near or far. Filter and score. Single-threaded; refers to the ClusterCache's
// PeerIndex, which outlives it. Source of the semantics and texts: kube-scheduler
// plugins/interpodaffinity/{filtering,scoring,plugin}.go, v1.36.3.
#pragma once

#include <memory>
#include <vector>

#include "scheduling/peers/peer_index.h"
#include "scheduling/plugins/peer_plugin.h"

namespace stowage::scheduling {

class InterPodAffinity final : public PeerFilter {
 public:
  explicit InterPodAffinity(PeerIndex& peers) : peers_(peers) {}

  [[nodiscard]] std::string_view name() const override { return "InterPodAffinity"; }
  bool prepare(const kubeapi::Pod& pod, const Shape& shape) override;
  [[nodiscard]] placement::Verdict check(placement::NodeIndex node,
                                         std::uint8_t rule) const override;
  [[nodiscard]] std::string_view reason(const placement::Verdict& verdict) const override;
  [[nodiscard]] std::uint32_t events() const override;
  [[nodiscard]] bool wakes(const kubeapi::Pod& pod, const ClusterEvent& event) const override;

 private:
  // What is known of the domains of one topology key.
  struct Key {
    Symbol name;
    const KeyDomains* domains = nullptr;  // null: no node has the key
    std::vector<std::uint8_t> flags;      // by domain
    bool needed = false;                  // a required affinity term names it
  };
  Key& keyOf(const Symbol& name);
  void mark(Key& key, const SparseCounts& counts, std::uint8_t flag) const;
  void prepareAffinity(const kubeapi::Pod& pod);
  void prepareAntiAffinity(const kubeapi::Pod& pod);

  PeerIndex& peers_;
  std::vector<Key> keys_;
  std::size_t used_ = 0;          // keys of the present attempt; the rest keeps its memory
  bool first_of_series_ = false;  // no pod matches yet, and the pod matches its own terms
};

class InterPodAffinityScore final : public PeerScore {
 public:
  // `hard_weight`: what a required affinity term of a placed pod counts, 0 to 100.
  // `ignore_preferred_of_others`: pods without preferred terms of their own are not scored.
  InterPodAffinityScore(PeerIndex& peers, std::int64_t hard_weight, bool ignore_preferred_of_others)
      : peers_(peers),
        hard_weight_(hard_weight),
        ignore_preferred_of_others_(ignore_preferred_of_others) {}

  [[nodiscard]] std::string_view name() const override { return "InterPodAffinity"; }
  bool prepare(const kubeapi::Pod& pod, const Shape& shape) override;
  void score(std::span<const placement::NodeIndex> feasible, std::span<std::int64_t> raw) override;
  void normalise(std::span<const placement::NodeIndex> feasible,
                 std::span<std::int64_t> values) override;

 private:
  struct Key {
    Symbol name;
    const KeyDomains* domains = nullptr;
    std::vector<std::int64_t> weights;  // by domain
  };
  void add(const Symbol& topology_key, const SparseCounts& counts, std::int64_t weight);
  void addOwn(const kubeapi::Pod& pod, const kubeapi::PodAffinityRules& rules, std::int64_t sign);

  PeerIndex& peers_;
  const std::int64_t hard_weight_;
  const bool ignore_preferred_of_others_;
  std::vector<Key> keys_;
  std::size_t used_ = 0;
};

}  // namespace stowage::scheduling
