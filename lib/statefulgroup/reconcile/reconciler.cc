#include "statefulgroup/reconcile/reconciler.h"

#include <algorithm>

#include "statefulgroup/reconcile/pass.h"

namespace stowage::statefulgroup {

using controlloop::Outcome;

namespace {

// A watch is a few milliseconds behind; a cache that does not show a write for this long is asked
// about.
constexpr base::Duration kPatience = std::chrono::seconds(10);
constexpr base::Duration kFirstLook = std::chrono::milliseconds(20);
constexpr base::Duration kLaterLook = std::chrono::milliseconds(500);

}  // namespace

Reconciler::Reconciler(const GroupView& view, ObjectApi& api, HookCaller& hooks, EventSink& events,
                       base::Clock& clock, base::MetricSink& metrics)
    : view_(view),
      clock_(clock),
      tally_(metrics),
      ports_{api, hooks, events, hand_overs_, tally_} {}

Reconciler::~Reconciler() = default;

std::optional<Outcome> Reconciler::waitForCaches(const std::string& key, const Observed& observed) {
  const auto missing = log_.behind(key, observed);
  if (!missing) return std::nullopt;
  const base::Duration waited = clock_.now() - missing->since;
  if (waited >= kPatience) {
    // What the server has may contradict what is waited for: then it will not come any more.
    const Answer answer = ports_.api.get(missing->object);
    if (answer.ok() ? missing->removed : answer.code == base::Code::kNotFound) {
      log_.settle(key, missing->object);
      return waitForCaches(key, observed);
    }
  }
  tally_.skippedAsStale();
  return Outcome{Outcome::Next::kAfter, std::clamp(waited, kFirstLook, kLaterLook), {}};
}

Outcome Reconciler::reconcile(const std::string& key, const std::stop_token& stop) {
  const std::size_t slash = key.find('/');
  if (slash == std::string::npos) return {Outcome::Next::kGivenUp, {}, "not a group's key: " + key};
  const auto observed = view_.observe(key.substr(0, slash), key.substr(slash + 1));
  if (!observed) {
    log_.forget(key);
    return {};
  }
  if (auto wait = waitForCaches(key, *observed)) return *wait;
  GroupWrites writes(key, key.substr(0, slash), ports_.api, log_, clock_);
  return Pass(*observed, writes, ports_, clock_.wallNow(), stop).run();
}

}  // namespace stowage::statefulgroup
