// SchedulingQueue: every pod of ours that is not bound, in one of five places (queued_pod.h).
// Single-threaded: the scheduling thread owns it. Because one thread applies events and decides, no
// event can pass between a pod's decision and its return to the queue: kube-scheduler's list of
// in-flight events has no counterpart here, and what arrives while a bind is under way finds the
// pod either in flight (its failure retries by time) or back in a queue. Source of the semantics:
// kube-scheduler backend/queue, v1.36.3.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "scheduling/plugins/priority_sort/priority_sort.h"
#include "scheduling/queue/indexed_heap.h"
#include "scheduling/queue/queued_pod.h"

namespace stowage::scheduling {

struct QueueOptions {
  base::Duration initial_backoff = std::chrono::seconds(1);
  base::Duration max_backoff = std::chrono::seconds(10);
  base::Duration unschedulable_flush = std::chrono::minutes(5);
};

struct QueueCounts {
  std::size_t active = 0, backoff = 0, unschedulable = 0, gated = 0;
};

class SchedulingQueue {
 public:
  // `entered` hears of every pod that enters a place, with the event that brought it there.
  using Entered = std::function<void(Place place, std::string_view event)>;
  SchedulingQueue(QueueOptions options, base::Clock& clock, Entered entered);
  SchedulingQueue(const SchedulingQueue&) = delete;
  SchedulingQueue& operator=(const SchedulingQueue&) = delete;

  // A pod that is not known here: to active, or to gated.
  QueuedPod& add(const kubeapi::PodPtr& pod, std::uint32_t profile, ShapeId shape);
  [[nodiscard]] QueuedPod* find(const base::Symbol& uid);
  // Forgets the pod wherever it is.
  void erase(QueuedPod& entry);

  // The next pod to try, now in flight and one attempt older; nullptr when none is due. When
  // nothing is active, a pod whose backoff has not ended is taken early (never after an error).
  QueuedPod* pop();
  // A popped pod comes back: no node took it; `rejectors` (not empty) says who may be asked again.
  void addUnschedulable(QueuedPod& entry, PluginSet rejectors);
  // A popped pod comes back: something went wrong.
  void addAfterError(QueuedPod& entry);
  // A popped pod comes back as if it had not been popped.
  void putBack(QueuedPod& entry);

  // An unschedulable pod is left alone by events and timers until release(): room is being made for
  // it.
  void hold(QueuedPod& entry);
  // Ends that. Wakes the pod when it was updated meanwhile.
  void release(QueuedPod& entry);

  // Backoffs that begin from now on.
  void setBackoff(base::Duration initial, base::Duration max);
  // Every entry, in no order. `visit` may erase the one that it is given.
  void forEach(const std::function<void(QueuedPod&)>& visit);

  // Replaces the pod object of an entry. Keeps the order of its queue right; releases from gated
  // when the gates are gone.
  void replacePod(QueuedPod& entry, const kubeapi::PodPtr& pod);
  // Moves an unschedulable pod to active, or to backoff while that lasts. No effect elsewhere.
  void wake(QueuedPod& entry, std::string_view event);
  // Moves those unschedulable pods of which `helped` says that the event may have helped.
  void wakeWhere(std::string_view event, const std::function<bool(const QueuedPod&)>& helped);

  // Ends backoffs and flushes pods that waited too long for an event.
  void runTimers();
  [[nodiscard]] base::SteadyTime nextTimer() const;
  [[nodiscard]] QueueCounts counts() const;
  // Every plugin that rejected some pod which waits for an event.
  [[nodiscard]] PluginSet waitingFor() const { return waiting_for_; }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] bool hasDue() const { return !active_.empty() || !backoff_.empty(); }

 private:
  struct BackoffOrder {
    bool operator()(const QueuedPod& a, const QueuedPod& b) const {
      if (a.backoff_until != b.backoff_until) return a.backoff_until < b.backoff_until;
      return PrioritySort()(a, b);
    }
  };
  [[nodiscard]] base::SteadyTime backoffEnd(std::uint32_t failures) const;
  void leave(QueuedPod& entry);
  void enter(QueuedPod& entry, Place place, std::string_view event);
  void countRejectors(PluginSet rejectors, bool more);
  void stamp(QueuedPod& entry);
  void endBackoffs(IndexedHeap<QueuedPod, BackoffOrder>& heap);

  QueueOptions options_;
  base::Clock& clock_;
  const Entered entered_;
  std::unordered_map<base::Symbol, std::unique_ptr<QueuedPod>> entries_;  // by uid
  IndexedHeap<QueuedPod, PrioritySort> active_;
  IndexedHeap<QueuedPod, BackoffOrder> backoff_;
  IndexedHeap<QueuedPod, BackoffOrder> error_backoff_;
  std::vector<QueuedPod*> unschedulable_;      // unordered; heap_position is the index
  std::array<std::size_t, 64> rejected_by_{};  // unschedulable pods, by plugin
  PluginSet waiting_for_ = 0;                  // bits of those above zero
  std::size_t gated_ = 0;
  std::uint64_t next_sequence_ = 0;
  base::SteadyTime next_flush_;
};

}  // namespace stowage::scheduling
