// PreemptionLoops: notices when our preemptions and another scheduler undo each other, and bars the
// pair for a growing time. Such a scheduler does not know of our nomination: it fills the room that
// our victims left, or evicts the pod that took it, and so on for ever (kubernetes#130429 counted
// thousands of evictions). Preemption among our own pods cannot loop: priorities are strict and
// nominations are kept.
// Pods come and go with new names, so both sides are known by their owner. A preemption counts as a
// round of the loop when it has to be done again: by the same pod, or by an owner that lost a pod
// to that scheduler since. A hundred first preemptions among two Deployments are no loop.
// Single-threaded, pure: time comes in. Memory is bounded: the pair that rested longest makes room.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "kubeapi/pod.h"

namespace stowage::scheduling {

using base::Symbol;

struct LoopLimits {
  std::uint32_t rounds = 3;                              // repetitions that make a loop
  base::Duration window = std::chrono::minutes(10);      // longest gap between two of them
  base::Duration first_pause = std::chrono::minutes(1);  // doubles with every loop
  base::Duration longest_pause = std::chrono::hours(1);
  std::size_t max_pairs = 1024;
};

class PreemptionLoops {
 public:
  explicit PreemptionLoops(LoopLimits limits = {}) : limits_(limits) {}

  // Whether pods of the victim's owner are to be left alone by the preemptor's owner.
  [[nodiscard]] bool barred(const kubeapi::Pod& preemptor, const kubeapi::Pod& victim,
                            base::SteadyTime now) const;

  // Our pod is about to evict these pods of other schedulers. Returns a loop for each pair that
  // is barred from now on.
  struct Loop {
    kubeapi::PodPtr victim;  // one of that pair
    std::uint32_t rounds = 0;
    base::Duration pause{};
  };
  std::vector<Loop> preempting(const kubeapi::Pod& preemptor,
                               std::span<const kubeapi::PodPtr> victims, base::SteadyTime now);

  // Another scheduler evicts a pod of ours.
  void lost(const kubeapi::Pod& ours);

  [[nodiscard]] std::size_t pairs() const { return pairs_.size(); }

  // Who would create this pod anew: its controller, or for a bare pod whoever made that name.
  static Symbol ownerOf(const kubeapi::Pod& pod);

 private:
  struct Key {
    Symbol ours;
    Symbol theirs;
    friend auto operator<=>(const Key&, const Key&) = default;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct Pair {
    Symbol preemptor;   // uid of the last one
    bool lost = false;  // our owner lost a pod to them since
    std::uint32_t rounds = 0;
    base::SteadyTime last{};
    base::SteadyTime barred_until{};
    base::Duration pause{};  // of the next bar; 0: the first
  };
  Pair& pairOf(const Key& key, base::SteadyTime now);
  bool round(Pair& pair, const kubeapi::Pod& preemptor, base::SteadyTime now);

  const LoopLimits limits_;
  std::map<Key, Pair> pairs_;
  base::SteadyTime last_bar_ends_{};  // of all pairs, also those forgotten
};

}  // namespace stowage::scheduling
