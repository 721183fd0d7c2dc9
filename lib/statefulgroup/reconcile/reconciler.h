// Reconciler: brings groups, by key, a step nearer to what their specs want. A pass looks, plans,
// writes and reports; it keeps nothing in memory that the next pass could not do without.
// Thread safety: reconcile() from any number of threads, one per key at a time.
// Ownership: view, api, events, clock and metrics outlive it.
#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/metric_sink.h"
#include "controlloop/control_loop.h"
#include "statefulgroup/reconcile/pass_ports.h"
#include "statefulgroup/reconcile/write_log.h"

namespace stowage::statefulgroup {

class Reconciler {
 public:
  Reconciler(const GroupView& view, ObjectApi& api, HookCaller& hooks, EventSink& events,
             base::Clock& clock, base::MetricSink& metrics);
  ~Reconciler();
  Reconciler(const Reconciler&) = delete;
  Reconciler& operator=(const Reconciler&) = delete;

  // `key`: "ns/name". Stops between two writes when told to.
  controlloop::Outcome reconcile(const std::string& key, const std::stop_token& stop);

 private:
  // nullopt: the caches show what was written.
  std::optional<controlloop::Outcome> waitForCaches(const std::string& key,
                                                    const Observed& observed);

  const GroupView& view_;
  base::Clock& clock_;
  WriteLog log_;
  HandOvers hand_overs_;
  Tally tally_;
  const PassPorts ports_;
};

}  // namespace stowage::statefulgroup
