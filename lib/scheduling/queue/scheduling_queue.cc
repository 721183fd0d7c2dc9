#include "scheduling/queue/scheduling_queue.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "scheduling/plugins/scheduling_gates/scheduling_gates.h"

namespace stowage::scheduling {
namespace {

using base::Duration;
using base::SteadyTime;

constexpr Duration kFlushPeriod = std::chrono::seconds(30);
// Backoffs end on whole seconds, so that pods of one second are tried by priority.
constexpr Duration kBackoffWindow = std::chrono::seconds(1);

constexpr std::string_view kPodAdd = "UnschedulablePodAdd";
constexpr std::string_view kPodUpdate = "UnschedulablePodUpdate";
constexpr std::string_view kAttemptFailure = "ScheduleAttemptFailure";
constexpr std::string_view kBackoffComplete = "BackoffComplete";
constexpr std::string_view kPopFromBackoff = "PopFromBackoffQ";
constexpr std::string_view kTimeout = "UnschedulableTimeout";

}  // namespace

SchedulingQueue::SchedulingQueue(QueueOptions options, base::Clock& clock, Entered entered)
    : options_(options),
      clock_(clock),
      entered_(std::move(entered)),
      next_flush_(clock.now() + kFlushPeriod) {}

SteadyTime SchedulingQueue::backoffEnd(std::uint32_t failures) const {
  Duration backoff = options_.initial_backoff;
  for (std::uint32_t i = 1; i < failures && backoff < options_.max_backoff; ++i) backoff *= 2;
  backoff = std::min(backoff, options_.max_backoff);
  const Duration end = (clock_.now() + backoff).time_since_epoch();
  // Windows do not apply to backoffs shorter than one (tests, simulations).
  if (backoff < kBackoffWindow) return SteadyTime(end);
  return SteadyTime(end - end % kBackoffWindow);
}

void SchedulingQueue::stamp(QueuedPod& entry) {
  entry.queued_at = clock_.now();
  entry.sequence = next_sequence_++;
}

void SchedulingQueue::leave(QueuedPod& entry) {
  switch (std::exchange(entry.place, Place::kNone)) {
    case Place::kActive:
      active_.remove(&entry);
      break;
    case Place::kBackoff:
      backoff_.remove(&entry);
      break;
    case Place::kErrorBackoff:
      error_backoff_.remove(&entry);
      break;
    case Place::kUnschedulable:
      unschedulable_[entry.heap_position] = unschedulable_.back();
      unschedulable_[entry.heap_position]->heap_position = entry.heap_position;
      unschedulable_.pop_back();
      countRejectors(entry.rejectors, false);
      break;
    case Place::kGated:
      --gated_;
      break;
    case Place::kInFlight:
    case Place::kNone:
      break;
  }
}

void SchedulingQueue::countRejectors(PluginSet rejectors, bool more) {
  for (; rejectors != 0; rejectors &= rejectors - 1) {
    const auto plugin = static_cast<std::size_t>(std::countr_zero(rejectors));
    rejected_by_[plugin] += more ? 1 : -1;
    const PluginSet bit = PluginSet{1} << plugin;
    waiting_for_ = rejected_by_[plugin] > 0 ? waiting_for_ | bit : waiting_for_ & ~bit;
  }
}

void SchedulingQueue::enter(QueuedPod& entry, Place place, std::string_view event) {
  entry.place = place;
  switch (place) {
    case Place::kActive:
      active_.push(&entry);
      break;
    case Place::kBackoff:
      backoff_.push(&entry);
      break;
    case Place::kErrorBackoff:
      error_backoff_.push(&entry);
      break;
    case Place::kUnschedulable:
      entry.heap_position = unschedulable_.size();
      unschedulable_.push_back(&entry);
      countRejectors(entry.rejectors, true);
      break;
    case Place::kGated:
      ++gated_;
      break;
    case Place::kInFlight:
    case Place::kNone:
      return;
  }
  entered_(place, event);
}

QueuedPod& SchedulingQueue::add(const kubeapi::PodPtr& pod, std::uint32_t profile, ShapeId shape) {
  auto owned = std::make_unique<QueuedPod>();
  QueuedPod& entry = *owned;
  entry.pod = pod;
  entry.profile = profile;
  entry.shape = shape;
  entries_.insert_or_assign(pod->meta.uid, std::move(owned));
  stamp(entry);
  enter(entry, isGated(*pod) ? Place::kGated : Place::kActive, kPodAdd);
  return entry;
}

QueuedPod* SchedulingQueue::find(const base::Symbol& uid) {
  const auto found = entries_.find(uid);
  return found == entries_.end() ? nullptr : found->second.get();
}

void SchedulingQueue::erase(QueuedPod& entry) {
  leave(entry);
  entries_.erase(base::Symbol(entry.pod->meta.uid));
}

QueuedPod* SchedulingQueue::pop() {
  QueuedPod* entry = nullptr;
  if (!active_.empty()) {
    entry = active_.top();
  } else if (!backoff_.empty()) {
    entry = backoff_.top();
    entered_(Place::kActive, kPopFromBackoff);
  } else {
    return nullptr;
  }
  leave(*entry);
  entry->place = Place::kInFlight;
  ++entry->attempts;
  if (!entry->first_attempt) entry->first_attempt = clock_.now();
  return entry;
}

void SchedulingQueue::addUnschedulable(QueuedPod& entry, PluginSet rejectors) {
  leave(entry);
  stamp(entry);
  entry.rejectors = rejectors;
  entry.moved_by_flush = false;
  entry.consecutive_errors = 0;
  ++entry.unschedulable_count;
  entry.backoff_until = backoffEnd(entry.unschedulable_count);
  enter(entry, Place::kUnschedulable, kAttemptFailure);
}

void SchedulingQueue::addAfterError(QueuedPod& entry) {
  leave(entry);
  stamp(entry);
  entry.rejectors = 0;
  entry.moved_by_flush = false;
  ++entry.consecutive_errors;
  entry.backoff_until = backoffEnd(entry.consecutive_errors);
  enter(entry, Place::kErrorBackoff, kAttemptFailure);
}

void SchedulingQueue::putBack(QueuedPod& entry) {
  leave(entry);
  if (entry.attempts > 0) --entry.attempts;
  enter(entry, Place::kActive, kAttemptFailure);
}

void SchedulingQueue::replacePod(QueuedPod& entry, const kubeapi::PodPtr& pod) {
  const bool released = entry.place == Place::kGated && !isGated(*pod);
  const bool gated =
      entry.place != Place::kGated && entry.place != Place::kInFlight && isGated(*pod);
  const bool reorder = pod->spec.priority != entry.pod->spec.priority &&
                       (entry.place == Place::kActive || entry.place == Place::kBackoff ||
                        entry.place == Place::kErrorBackoff);
  if (!released && !gated && !reorder) {
    entry.pod = pod;
    return;
  }
  const Place before = entry.place;
  leave(entry);
  entry.pod = pod;
  if (released) stamp(entry);
  enter(entry, released ? Place::kActive : (gated ? Place::kGated : before), kPodUpdate);
}

void SchedulingQueue::setBackoff(base::Duration initial, base::Duration max) {
  options_.initial_backoff = initial;
  options_.max_backoff = max;
}

void SchedulingQueue::forEach(const std::function<void(QueuedPod&)>& visit) {
  for (auto at = entries_.begin(); at != entries_.end();) visit(*(at++)->second);
}

void SchedulingQueue::hold(QueuedPod& entry) {
  entry.held = entry.place == Place::kUnschedulable;
  entry.changed_in_hold = false;
}

void SchedulingQueue::release(QueuedPod& entry) {
  entry.held = false;
  if (std::exchange(entry.changed_in_hold, false)) wake(entry, kPodUpdate);
}

void SchedulingQueue::wake(QueuedPod& entry, std::string_view event) {
  if (entry.place != Place::kUnschedulable) return;
  if (entry.held) {
    entry.changed_in_hold |= event == kPodUpdate;
    return;
  }
  leave(entry);
  enter(entry, entry.backoff_until > clock_.now() ? Place::kBackoff : Place::kActive, event);
}

void SchedulingQueue::wakeWhere(std::string_view event,
                                const std::function<bool(const QueuedPod&)>& helped) {
  // From the back: leaving swaps the last one into the gap, which has been looked at already.
  for (std::size_t i = unschedulable_.size(); i-- > 0;) {
    QueuedPod& entry = *unschedulable_[i];
    if (helped(entry)) wake(entry, event);
  }
}

void SchedulingQueue::endBackoffs(IndexedHeap<QueuedPod, BackoffOrder>& heap) {
  const SteadyTime now = clock_.now();
  while (!heap.empty() && heap.top()->backoff_until <= now) {
    QueuedPod& entry = *heap.top();
    leave(entry);
    enter(entry, Place::kActive, kBackoffComplete);
  }
}

void SchedulingQueue::runTimers() {
  endBackoffs(backoff_);
  endBackoffs(error_backoff_);
  const SteadyTime now = clock_.now();
  if (now < next_flush_) return;
  next_flush_ = now + kFlushPeriod;
  for (std::size_t i = unschedulable_.size(); i-- > 0;) {
    QueuedPod& entry = *unschedulable_[i];
    if (entry.held || now - entry.queued_at <= options_.unschedulable_flush) continue;
    entry.moved_by_flush = true;
    wake(entry, kTimeout);
  }
}

SteadyTime SchedulingQueue::nextTimer() const {
  SteadyTime next = SteadyTime::max();
  if (!backoff_.empty()) next = std::min(next, backoff_.top()->backoff_until);
  if (!error_backoff_.empty()) next = std::min(next, error_backoff_.top()->backoff_until);
  if (!unschedulable_.empty()) next = std::min(next, next_flush_);
  return next;
}

QueueCounts SchedulingQueue::counts() const {
  return {active_.size(), backoff_.size() + error_backoff_.size(), unschedulable_.size(), gated_};
}

}  // namespace stowage::scheduling
