// VolumeSteps: volumes of decided pods on their way to being bound: assume, write, wait until the
// cluster says that every claim is bound. The pods behind them go on meanwhile. Single-threaded.
//
//   start -> kWriting (one write at a time) -> kWaiting -> finished("")
//                |  refused or conflicting        |  timeout, provisioning failed, object gone
//                +--------------------------------+--> finished(why)
//
// Every write carries the version of the object that the decision saw, so that no volume goes to
// two claims: the API server refuses the second. What was written is not taken back: the next
// decision, of this process or another, finds it and goes on from there. Source of the semantics:
// kube-scheduler plugins/volumebinding (Reserve, PreBind, Unreserve), v1.36.3.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "scheduling/cycle/context.h"
#include "scheduling/ports.h"
#include "scheduling/volumes/bind_progress.h"
#include "scheduling/volumes/storage_change.h"
#include "scheduling/volumes/volume_plan.h"

namespace stowage::scheduling {

class VolumeSteps {
 public:
  // `error` empty: all volumes of the pod are bound.
  using Finished = std::function<void(const Symbol& pod, const std::string& error)>;
  VolumeSteps(Context& context, Finished finished)
      : context_(context), finished_(std::move(finished)) {}

  // Begins with a plan that is not empty. finished() may come before this returns.
  void start(const PodRef& pod, const Symbol& node, const VolumePlan& plan, base::Duration timeout);
  // The pod is gone: nobody waits any more. No finished() comes.
  void cancel(const Symbol& pod);

  void written(const VolumeWriteAnswer& answer);
  // An event that the cache has taken in.
  void changed(const StorageChange& change);
  // The node's labels changed, or it is gone.
  void nodeChanged(const Symbol& node);

  void runTimers();
  [[nodiscard]] base::SteadyTime nextTimer() const { return next_due_; }
  // Pods whose volumes are on their way.
  [[nodiscard]] std::size_t size() const { return flights_.size(); }

 private:
  struct Step {
    VolumeWrite write;
    bool done = false;  // written, or nothing to write
  };
  struct Flight {
    PodRef pod;
    Symbol node;
    std::vector<Step> steps;
    std::vector<BindTarget> targets;  // in the order of steps
    std::size_t next = 0;             // step that is being written
    std::uint64_t number = 0;         // tells answers to an earlier flight of the pod apart
    bool waiting = false;
    base::Duration timeout{};
    base::SteadyTime due{};  // kWriting: when to try a full writer again; kWaiting: the deadline
  };

  void add(Flight& flight, const VolumePlan::Binding& binding);
  void add(Flight& flight, const kubeapi::PersistentVolumeClaimPtr& provision);
  void setDue(Flight& flight, base::SteadyTime due);
  void writeNext(Flight& flight);
  void look(Flight& flight);
  void lookAt(const ClaimKey& claim);
  void end(const Symbol& pod, const std::string& error);
  void revert(const Flight& flight);
  void forget(const Symbol& pod);

  Context& context_;
  const Finished finished_;
  std::unordered_map<Symbol, Flight> flights_;                                // by uid of the pod
  std::unordered_map<ClaimKey, std::vector<Symbol>, ClaimKeyHash> by_claim_;  // uids
  std::uint64_t last_number_ = 0;
  base::SteadyTime next_due_ = base::SteadyTime::max();  // not after any flight's
};

}  // namespace stowage::scheduling
