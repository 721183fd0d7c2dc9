#include "scheduling/preemption/preemption_loops.h"

#include <algorithm>

namespace stowage::scheduling {

using base::SteadyTime;

Symbol PreemptionLoops::ownerOf(const kubeapi::Pod& pod) {
  for (const auto& owner : pod.meta.owners) {
    if (owner.controller) return owner.uid;
  }
  return pod.meta.ns.str() + "/" + pod.meta.name.str();
}

bool PreemptionLoops::barred(const kubeapi::Pod& preemptor, const kubeapi::Pod& victim,
                             SteadyTime now) const {
  // Asked of every pod that might leave, and nearly always this is all there is to it.
  if (now >= last_bar_ends_) return false;
  const auto found = pairs_.find({ownerOf(preemptor), ownerOf(victim)});
  return found != pairs_.end() && now < found->second.barred_until;
}

PreemptionLoops::Pair& PreemptionLoops::pairOf(const Key& key, SteadyTime now) {
  const auto found = pairs_.find(key);
  if (found != pairs_.end()) return found->second;
  if (pairs_.size() >= limits_.max_pairs) {
    pairs_.erase(std::min_element(pairs_.begin(), pairs_.end(), [](const auto& a, const auto& b) {
      return std::max(a.second.last, a.second.barred_until) <
             std::max(b.second.last, b.second.barred_until);
    }));
  }
  Pair& fresh = pairs_[key];
  fresh.last = now;
  return fresh;
}

// Counts one preemption of the pair; true when it is one too many.
bool PreemptionLoops::round(Pair& pair, const kubeapi::Pod& preemptor, SteadyTime now) {
  const SteadyTime rested = std::max(pair.last, pair.barred_until) + limits_.window;
  if (now > rested) pair = {};
  const bool again = pair.preemptor == preemptor.meta.uid || pair.lost;
  pair.preemptor = preemptor.meta.uid;
  pair.lost = false;
  pair.last = now;
  if (again) ++pair.rounds;
  return pair.rounds >= limits_.rounds;
}

std::vector<PreemptionLoops::Loop> PreemptionLoops::preempting(
    const kubeapi::Pod& preemptor, std::span<const kubeapi::PodPtr> victims, SteadyTime now) {
  std::vector<Loop> loops;
  std::vector<Symbol> counted;  // several victims of one owner are one preemption
  for (const kubeapi::PodPtr& victim : victims) {
    const Key key{ownerOf(preemptor), ownerOf(*victim)};
    if (std::find(counted.begin(), counted.end(), key.theirs) != counted.end()) continue;
    counted.push_back(key.theirs);
    Pair& pair = pairOf(key, now);
    if (!round(pair, preemptor, now)) continue;
    pair.pause = pair.pause == base::Duration::zero()
                     ? limits_.first_pause
                     : std::min(2 * pair.pause, limits_.longest_pause);
    pair.barred_until = now + pair.pause;
    last_bar_ends_ = std::max(last_bar_ends_, pair.barred_until);
    loops.push_back({victim, pair.rounds, pair.pause});
    // One more round after the pause is the loop again.
    pair.rounds = limits_.rounds - 1;
  }
  return loops;
}

void PreemptionLoops::lost(const kubeapi::Pod& ours) {
  const Symbol owner = ownerOf(ours);
  for (auto at = pairs_.lower_bound({owner, Symbol()}); at != pairs_.end(); ++at) {
    if (!(at->first.ours == owner)) break;
    at->second.lost = true;
  }
}

}  // namespace stowage::scheduling
