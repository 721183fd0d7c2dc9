// Consultations: pods whose attempt waits for extenders. One question is under way at a time, as
// services like these expect; other pods are decided meanwhile. A pod whose answer is there, or
// whose turn to ask has come, is tried anew from the start on the cluster as it then is: nothing is
// decided on a view that has passed. Single-threaded; refers to the Context.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "scheduling/cycle/context.h"
#include "scheduling/extenders/extender_interest.h"
#include "scheduling/extenders/extender_port.h"

namespace stowage::scheduling {

class Consultations {
 public:
  explicit Consultations(Context& context) : context_(context) {}

  // What extenders have said in this attempt of a pod.
  struct Said {
    // About one node that was promised to the pod, if that was asked first.
    std::optional<Symbol> promised;
    bool promised_allowed = false;
    std::optional<ExtenderAnswer> nodes;
    std::optional<ExtenderAnswer> candidates;
    base::SteadyTime attempt_started{};
    std::uint64_t events = 0;  // Context::events when they were asked last
  };

  // Pods whose extenders have to be asked wait in their order; more than this are not popped.
  [[nodiscard]] bool full() const { return waiting_ >= kMostWaiting; }
  // A pod in flight to go on with; nullptr: none. What it said stays until end().
  QueuedPod* next();
  // nullptr: nothing has been asked in this attempt.
  [[nodiscard]] const Said* of(const Symbol& uid) const;

  // Parks the pod until the answer is there. When another question is under way it is only
  // parked, and asks when it is tried again. False: the extenders take no question.
  enum class About { kPromised, kNodes, kCandidates };
  bool ask(const QueuedPod& entry, About about, ExtenderQuestion question,
           base::SteadyTime attempt_started);
  void answered(const ExtenderAnswer& answer);
  // The attempt ended, well or not, unless the pod waits here.
  void attempted(const Symbol& uid);
  // There are other extenders now: what the old ones said or were asked counts no more, and pods
  // that waited for it ask anew.
  void startOver();
  // Whatever the pod waits for, it waits no more.
  void end(const Symbol& uid);

 private:
  static constexpr std::size_t kMostWaiting = 256;
  enum class State : std::uint8_t {
    kTurn,      // waits until it may ask
    kAsked,     // its question is under way
    kAnswered,  // can go on
    kTrying,    // goes on now
  };
  struct Pod {
    State state = State::kTurn;
    About about = About::kNodes;
    ShapeId shape = kNoShape;  // of `pod`
    kubeapi::PodPtr pod;       // as the extenders know it
    Said said;
  };
  void setState(Pod& pod, State state);
  QueuedPod* firstIn(State wanted);

  Context& context_;
  std::unordered_map<Symbol, Pod> pods_;  // by uid
  std::size_t waiting_ = 0;               // of them, those in kTurn
  std::size_t answered_ = 0;              // of them, those in kAnswered
  std::optional<std::uint64_t> under_way_;
  std::uint64_t last_number_ = 0;
};

}  // namespace stowage::scheduling
