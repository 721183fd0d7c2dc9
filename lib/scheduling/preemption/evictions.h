// Evictions: preemptions that are decided, from the nomination to the last victim's deletion call.
// The nomination is on the server before any victim is touched: whoever looks on, another scheduler
// or our own successor after a crash, knows for whom the room is meant. The preemptor is held in
// its queue meanwhile. Afterwards the victims' deletion events wake it.
// Single-threaded; the calls themselves happen behind the Evictor port.
// Source of the semantics: kube-scheduler framework/preemption/executor.go, v1.36.3.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "scheduling/cycle/binding.h"
#include "scheduling/cycle/context.h"
#include "scheduling/cycle/reporter.h"
#include "scheduling/ports.h"

namespace stowage::scheduling {

class Evictions {
 public:
  Evictions(Context& context, Reporter& reporter, Binding& binding)
      : context_(context), reporter_(reporter), binding_(binding) {}

  // Room is to be made for a pod that was just put among the unschedulable ones. `patch` carries
  // the nomination. False when the server is too far behind: nothing has been done then.
  bool start(QueuedPod& entry, const Symbol& node, const std::vector<kubeapi::PodPtr>& victims,
             const PodStatusPatch& patch);
  void nominationFinished(const PodRef& pod, WriteOutcome outcome, const std::string& message);
  void evictionFinished(const Eviction& eviction, WriteOutcome outcome, const std::string& message);
  // The watch shows a pod on a node, or gone: it needs no more victims.
  void placedByWatch(const kubeapi::Pod& pod);
  void goneByWatch(const Symbol& uid);

  // The server has taken the deletion of this pod and the watch does not show it yet.
  [[nodiscard]] bool doomed(const Symbol& uid) const { return doomed_.contains(uid); }

  // Preemptors whose victims' calls are under way.
  [[nodiscard]] std::size_t running() const { return flights_.size(); }

 private:
  struct Flight {
    PodRef preemptor;
    std::uint32_t profile = 0;
    Symbol node;
    std::vector<PodRef> victims;
    std::size_t open = 0;  // evictions without an answer
    bool nominating = true;
    std::string failure;  // of one of the calls; empty: none so far
  };
  void settledByWatch(const Symbol& uid);
  void evictAll(Flight& flight);
  void evict(Flight& flight, const PodRef& victim);
  [[nodiscard]] bool fitsAlready(const Flight& flight) const;
  void finish(const Symbol& uid);
  void giveUp(QueuedPod& entry, const Flight& flight);
  void clearLesserPromises(const kubeapi::Pod& preemptor, const Symbol& node);

  Context& context_;
  Reporter& reporter_;
  Binding& binding_;
  std::unordered_map<Symbol, Flight> flights_;  // by uid of the preemptor
  std::unordered_set<Symbol> doomed_;
};

}  // namespace stowage::scheduling
