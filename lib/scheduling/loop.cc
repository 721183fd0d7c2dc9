#include "scheduling/loop.h"

#include <algorithm>
#include <utility>

namespace stowage::scheduling {
namespace {

using base::SteadyTime;

// Decisions in a row before the inbox is looked at without having been asked to.
constexpr int kDecisionsInARow = 64;
// As often as a scraper looks.
constexpr base::Duration kPackingPeriod = std::chrono::seconds(15);

template <typename... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};
template <typename... Handlers>
Overloaded(Handlers...) -> Overloaded<Handlers...>;

}  // namespace

SchedulingLoop::SchedulingLoop(Scheduler& scheduler, base::Clock& clock, base::MetricSink& metrics,
                               LoopOptions options)
    : scheduler_(scheduler),
      clock_(clock),
      options_(options),
      inbox_(options.inbox_capacity),
      inbox_size_(metrics.gauge("stowage_scheduler_inbox_size",
                                "News taken from the inbox in the last round.", {})),
      times_(metrics, clock) {}

bool SchedulingLoop::push(News news, const std::stop_token& stop) {
  return inbox_.push(std::move(news), stop);
}

bool SchedulingLoop::tryPush(News news) { return inbox_.tryPush(std::move(news)); }

void SchedulingLoop::setDeciding(bool deciding) {
  deciding_.store(deciding, std::memory_order_release);
  // Wakes the thread; a full inbox means that it is awake.
  (void)inbox_.tryPush(Inspection([](Scheduler&) {}));
}

void SchedulingLoop::beat() {
  last_beat_.store(clock_.now().time_since_epoch().count(), std::memory_order_release);
}

base::Duration SchedulingLoop::sinceBeat() const {
  const std::int64_t last = last_beat_.load(std::memory_order_acquire);
  if (last == 0) return base::Duration::zero();
  return clock_.now().time_since_epoch() - base::Duration(last);
}

void SchedulingLoop::apply(News& news) {
  std::visit(Overloaded{
                 [&](PodChange& change) {
                   if (change.before == nullptr) {
                     scheduler_.podAdded(change.after);
                   } else {
                     scheduler_.podUpdated(change.before, change.after);
                   }
                 },
                 [&](PodRemoval& removal) { scheduler_.podDeleted(removal.last_known); },
                 [&](NodeChangeNews& change) {
                   if (change.before == nullptr) {
                     scheduler_.nodeAdded(change.after);
                   } else {
                     scheduler_.nodeUpdated(change.before, change.after);
                   }
                 },
                 [&](NodeRemoval& removal) { scheduler_.nodeDeleted(removal.last_known); },
                 [&](NamespaceChange& change) { scheduler_.namespaceSet(change.ns); },
                 [&](NamespaceRemoval& removal) { scheduler_.namespaceDeleted(removal.ns); },
                 [&](BudgetChange& change) { scheduler_.budgetSet(change.budget); },
                 [&](BudgetRemoval& removal) { scheduler_.budgetDeleted(removal.last_known); },
                 [&](BudgetsSynced& budgets) { scheduler_.budgetsKnown(budgets.known); },
                 [&](NominationAnswer& answer) {
                   scheduler_.nominationFinished(answer.pod, answer.outcome, answer.message);
                 },
                 [&](EvictionAnswer& answer) {
                   scheduler_.evictionFinished(answer.eviction, answer.outcome, answer.message);
                 },
                 [&](StorageChange& change) { scheduler_.storageChanged(change); },
                 [&](WorkloadChange& change) { scheduler_.workloadChanged(change); },
                 [&](StorageOutage& outage) { scheduler_.storageOutage(outage); },
                 [&](BindAnswer& answer) {
                   scheduler_.bindFinished(answer.request, answer.outcome, answer.message);
                 },
                 [&](PodReadAnswer& answer) { scheduler_.podRefetched(answer.ref, answer.pod); },
                 [&](VolumeWriteAnswer& answer) { scheduler_.volumeWritten(answer); },
                 [&](ExtenderAnswer& answer) { scheduler_.extendersAnswered(answer); },
                 [&](CachesSynced&) { synced_.store(true, std::memory_order_release); },
                 [&](Inspection& inspect) { inspect(scheduler_); },
             },
             news);
}

void SchedulingLoop::applyAll() {
  std::deque<News> all = inbox_.drain();
  inbox_size_.set(static_cast<double>(all.size()));
  for (News& news : all) {
    times_.measure(news, [&] { apply(news); });
    beat();
  }
}

// False when no pod is due.
bool SchedulingLoop::decideUntilNews() {
  for (int i = 0; i < kDecisionsInARow; ++i) {
    if (!deciding_.load(std::memory_order_acquire) || !scheduler_.scheduleOne()) return false;
    beat();
    if (inbox_.size() > 0) return true;
  }
  return true;
}

SteadyTime SchedulingLoop::wakeAt() const {
  const SteadyTime beat = clock_.now() + options_.longest_sleep;
  // A standby has nothing to do at a queue's timer.
  return deciding_.load(std::memory_order_acquire) ? std::min(beat, scheduler_.nextTimer()) : beat;
}

std::size_t SchedulingLoop::run(const std::stop_token& stop) {
  running_.store(true, std::memory_order_release);
  while (!stop.stop_requested()) {
    beat();
    applyAll();
    const SteadyTime now = clock_.now();
    if (now >= scheduler_.nextTimer()) scheduler_.runTimers();
    const bool may_decide = synced() && deciding_.load(std::memory_order_acquire);
    if (now >= packing_due_ || may_decide != packing_shown_) {
      // Sums over replicas are right when those that do not decide show zeros.
      scheduler_.reportPacking(may_decide);
      scheduler_.checkSome();
      packing_shown_ = may_decide;
      packing_due_ = now + kPackingPeriod;
    }
    if (may_decide && !stop.stop_requested() && decideUntilNews()) continue;
    if (auto news = inbox_.pop(stop, wakeAt())) {
      times_.measure(*news, [&] { apply(*news); });
    }
  }
  setDeciding(false);
  const SteadyTime deadline = clock_.now() + options_.stop_grace;
  while (scheduler_.outstandingBinds() > 0 && clock_.now() < deadline) {
    beat();
    if (auto news = inbox_.pop(std::stop_token(), deadline)) apply(*news);
  }
  const std::size_t unanswered = scheduler_.outstandingBinds();
  inbox_.close();
  running_.store(false, std::memory_order_release);
  return unanswered;
}

}  // namespace stowage::scheduling
