#include "cmd/operator/role_prober.h"

#include <utility>

#include "base/log.h"

namespace stowage::operator_cmd {

using controlloop::Outcome;
using kubeapi::group::RoleSource;
using statefulgroup::RoleSight;

namespace {

// A pod that does not answer holds up one of them for the hook's timeout.
constexpr int kWorkers = 8;
static_assert(RoleProber::kTurns.slow == kWorkers / 2);
// Until a pod is tried again whose turn it was not: short for those that share a namespace with a
// slow one, long for the processor.
constexpr base::Duration kNextTurn = std::chrono::milliseconds(100);

controlloop::ControlLoopOptions loopOptions() {
  controlloop::ControlLoopOptions options;
  options.name = "roleprobe";
  options.workers = kWorkers;
  options.resync = base::Duration::zero();
  return options;
}

}  // namespace

RoleProber::RoleProber(AgentClient& agents, Lookup lookup, Changed changed, base::Clock& clock,
                       std::uint64_t seed, base::MetricSink& metrics)
    : agents_(agents),
      lookup_(std::move(lookup)),
      changed_(std::move(changed)),
      failures_(metrics.counter("stowage_role_probe_failures_total",
                                "Role probes of pods that got no usable answer.", {})),
      loop_(
          loopOptions(),
          [this](const std::string& key, const std::stop_token& /*stop*/) { return probe(key); },
          {}, clock, seed, metrics) {}

std::optional<RoleSight> RoleProber::roleOf(const base::Symbol& uid) const {
  const std::scoped_lock lock(mutex_);
  const auto key = by_uid_.find(uid);
  if (key == by_uid_.end()) return std::nullopt;
  const Known& known = known_.at(key->second);
  return known.told ? std::optional(known.sight) : std::nullopt;
}

void RoleProber::forget(const std::string& pod_key) {
  const std::scoped_lock lock(mutex_);
  const auto found = known_.find(pod_key);
  if (found == known_.end()) return;
  by_uid_.erase(found->second.uid);
  known_.erase(found);
}

bool RoleProber::keep(const std::string& pod_key, const base::Symbol& uid, std::int32_t threshold,
                      const base::Result<kubeapi::hooks::Role>& answer) {
  const std::scoped_lock lock(mutex_);
  Known& known = known_[pod_key];
  if (!(known.uid == uid)) {
    by_uid_.erase(known.uid);
    known = {};
    known.uid = uid;
    by_uid_[uid] = pod_key;
  }
  const RoleSight before = known.sight;
  const bool told = known.told;
  if (answer) {
    known.failures = 0;
    // A late answer of an earlier term says nothing about now.
    if (known.told && answer->term < known.sight.term) return false;
    known.sight = {answer->role, answer->term};
    known.told = true;
  } else if (++known.failures >= threshold) {
    if (known.told) known.sight.role = {};
    // Said once for each time that a member falls silent.
    if (known.failures == threshold)
      base::log().warn("a member does not tell its role",
                       {{"pod", pod_key}, {"error", answer.error().message()}});
  }
  return told != known.told || !(before.role == known.sight.role) ||
         before.term != known.sight.term;
}

Outcome RoleProber::probe(const std::string& pod_key) {
  const Subject subject = lookup_(pod_key);
  if (subject.pod == nullptr || subject.group == nullptr ||
      subject.group->spec.role_probe.source != RoleSource::kHttp ||
      !subject.group->spec.role_probe.http) {
    forget(pod_key);
    return {};
  }
  const kubeapi::group::RoleProbe& rules = subject.group->spec.role_probe;
  Outcome again{Outcome::Next::kAfter, std::chrono::seconds(rules.period_seconds), {}};
  if (subject.pod->ip.empty() || subject.pod->phase != "Running") return again;
  const auto answer = agents_.role(*subject.pod, *rules.http);
  if (!answer && answer.error().code() == base::Code::kResourceExhausted)
    return {Outcome::Next::kAfter, kNextTurn, {}};
  if (!answer) failures_.increment();
  if (keep(pod_key, subject.pod->meta.uid, rules.failure_threshold, answer))
    changed_(kubeapi::objectKey(subject.group->meta));
  return again;
}

}  // namespace stowage::operator_cmd
