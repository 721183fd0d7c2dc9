// Binding: pods between the decision and its confirmation. Assumes, has volumes bound first where
// the pod needs that (volume_steps.h), binds, and makes sense of every answer, so that no pod is
// bound twice and none is lost. Single-threaded.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/clock.h"
#include "scheduling/cycle/context.h"
#include "scheduling/cycle/reporter.h"
#include "scheduling/cycle/volume_steps.h"

namespace stowage::scheduling {

class Binding {
 public:
  Binding(Context& context, Reporter& reporter);

  // Assumes the popped pod on the node and hands it to the binder. False when the binder is full:
  // nothing is changed then and the pod is back in its queue.
  bool start(QueuedPod& entry, placement::NodeIndex node, base::SteadyTime attempt_started);
  // Takes back an assumption that the binder never heard of (after a fault).
  void abandon(const Symbol& uid);
  // Takes back a decision whose bind has not been sent: true when the node is free again and the
  // pod backs off. For pods that are to make room.
  bool takeBack(const Symbol& uid);

  // There are other extenders now: who binds a pod whose bind has not been sent is found anew.
  void extendersChanged();

  void finished(const BindRequest& request, BindOutcome outcome, const std::string& message);
  void refetched(const PodRef& ref, const std::optional<kubeapi::PodPtr>& pod);
  // The watch shows the pod on a node, or gone: questions about it are settled.
  void placedByWatch(const Symbol& uid);
  void goneByWatch(const Symbol& uid);

  // Questions to ask again.
  void runTimers();
  [[nodiscard]] base::SteadyTime nextTimer() const;
  // Until then the binder is full.
  [[nodiscard]] bool binderFull() const;
  [[nodiscard]] std::size_t outstanding() const { return outstanding_; }
  // Events go here after the cache has taken them in.
  [[nodiscard]] VolumeSteps& volumes() { return volumes_; }

 private:
  enum class State : std::uint8_t {
    kVolumes,     // its volumes are being bound
    kReady,       // its volumes are bound, the binder was full
    kBinding,     // no answer yet
    kAsking,      // the pod is being read anew
    kAskLater,    // the question could not be asked or answered
    kWatchTells,  // no way to ask: only the watch can settle it
  };
  struct Flight {
    BindRequest request;
    State state = State::kBinding;
    bool seen_placed = false;  // the watch was faster than the answer
    std::uint32_t profile = 0;
    std::uint32_t attempts = 0;
    std::uint32_t asked = 0;
    bool moved_by_flush = false;
    bool expected = false;  // others were told of the node
    base::SteadyTime first_attempt{};
    base::SteadyTime attempt_started{};
    base::SteadyTime bind_started{};
    base::SteadyTime ask_at{};
    DecisionTimes decision;
    std::string resource_version;
    std::string extender_silence;  // what was heard instead of an extender's answer
  };
  [[nodiscard]] Flight flightOf(const QueuedPod& entry, placement::NodeIndex node,
                                base::SteadyTime attempt_started) const;
  void bindVolumes(Flight& flight, const VolumePlan& plan);
  void volumesDone(const Symbol& uid, const std::string& error);
  bool send(Flight& flight);
  void sendReady();
  void bound(const Flight& flight);
  void trace(const Flight& flight, AttemptResult result, std::string_view message,
             base::SteadyTime now);
  void measure(const Flight& flight, BindOutcome outcome);
  void ask(Flight& flight);
  void askLater(Flight& flight);
  void answered(Flight& flight);
  // Frees the node and puts the pod back as failed by an error; quiet: without condition and event.
  void failed(const Symbol& uid, const Flight& flight, const std::string& message, bool quiet);
  void failedBinding(const Symbol& uid, const Flight& flight, const std::string& message,
                     bool quiet);
  void release(const Symbol& uid);
  void drop(const Symbol& uid);

  Context& context_;
  Reporter& reporter_;
  VolumeSteps volumes_;
  std::unordered_map<Symbol, Flight> flights_;  // by uid
  std::size_t outstanding_ = 0;                 // flights in kBinding
  std::size_t to_ask_ = 0;                      // upper bound of flights in kAskLater
  std::size_t ready_ = 0;                       // flights in kReady
  base::SteadyTime full_until_{};
};

}  // namespace stowage::scheduling
