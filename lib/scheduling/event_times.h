// EventTimes: how long it takes to take in news of the cluster, by kind of news: kube-scheduler's
// scheduler_event_handling_duration_seconds. One piece of news in ten is measured. Single-threaded:
// the scheduling thread's. Ownership: clock and sink outlive it. Source of name, buckets and
// labels: kube-scheduler metrics/metrics.go and eventhandlers.go, v1.36.3.
#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "base/metric_sink.h"
#include "scheduling/news.h"

namespace stowage::scheduling {

// The label of news about an object of the cluster, a literal; "" for all other news. A node's
// update is always "NodeUpdate", where upstream tells what of it changed.
std::string_view eventLabel(const News& news);

class EventTimes {
 public:
  EventTimes(base::MetricSink& sink, const base::Clock& clock);
  EventTimes(const EventTimes&) = delete;
  EventTimes& operator=(const EventTimes&) = delete;

  // Calls `take`, and measures it when its turn has come.
  template <typename Take>
  void measure(const News& news, const Take& take) {
    if (++turn_ % kOneIn != 0) return take();
    const std::string_view label = eventLabel(news);
    const base::SteadyTime begin = clock_.now();
    take();
    if (!label.empty()) took(label, clock_.now() - begin);
  }

 private:
  static constexpr std::uint32_t kOneIn = 10;
  base::Histogram& histogram(std::string_view label);
  void took(std::string_view label, base::Duration time);

  base::MetricSink& sink_;
  const base::Clock& clock_;
  std::uint32_t turn_ = 0;
  std::unordered_map<std::string_view, base::Histogram*> by_label_;  // labels are literals
};

}  // namespace stowage::scheduling
