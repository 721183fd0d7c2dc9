#include "serving/metrics_registry.h"

#include <prometheus/check_names.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>
#include <set>
#include <sstream>
#include <tuple>
#include <utility>

#include "base/check.h"
#include "base/version.h"
#include "serving/open_metrics.h"

namespace stowage::serving {

namespace {

using base::MetricFamily;
using base::MetricType;

constexpr std::size_t kMaxLabelBytes = 200;

constexpr MetricType typeOf(const prometheus::Counter*) { return MetricType::kCounter; }
constexpr MetricType typeOf(const prometheus::Gauge*) { return MetricType::kGauge; }
constexpr MetricType typeOf(const prometheus::Histogram*) { return MetricType::kHistogram; }

std::vector<double> bucketsOf() { return {}; }
std::vector<double> bucketsOf(const std::vector<double>& buckets) { return buckets; }

std::vector<std::string> namesOf(const base::MetricLabels& labels) {
  std::vector<std::string> names;
  for (const auto& [name, value] : labels) names.push_back(name);
  std::sort(names.begin(), names.end());
  return names;
}

std::string cleanValue(std::string_view value) {
  std::string out(value.substr(0, kMaxLabelBytes));
  for (char& c : out)
    if (c < ' ' || c > '~') c = '?';
  return out;
}

prometheus::Labels cleanLabels(const base::MetricLabels& labels) {
  prometheus::Labels out;
  for (const auto& [name, value] : labels) {
    STOWAGE_CHECK(prometheus::CheckLabelName(name) && name != "le" && name != "quantile",
                  name.c_str());
    out[name] = cleanValue(value);
  }
  return out;
}

// Counts what could not be counted; never dropped itself.
class DropCounter {
 public:
  void bind(prometheus::Counter* counter) { counter_ = counter; }
  // Counts where nobody sees it.
  void own() { bind(&own_); }
  void increment() const { counter_->Increment(); }

 private:
  prometheus::Counter own_;
  prometheus::Counter* counter_ = nullptr;
};

class PrometheusCounter final : public base::Counter {
 public:
  PrometheusCounter(prometheus::Counter* metric, const DropCounter& dropped)
      : metric_(metric), dropped_(dropped) {}
  void add(double amount) override {
    if (!std::isfinite(amount) || amount < 0) return dropped_.increment();
    metric_->Increment(amount);
  }

 private:
  prometheus::Counter* metric_;
  const DropCounter& dropped_;
};

class PrometheusGauge final : public base::Gauge {
 public:
  PrometheusGauge(prometheus::Gauge* metric, const DropCounter& dropped)
      : metric_(metric), dropped_(dropped) {}
  void set(double value) override {
    if (!std::isfinite(value)) return dropped_.increment();
    metric_->Set(value);
  }
  void add(double amount) override {
    if (!std::isfinite(amount)) return dropped_.increment();
    metric_->Increment(amount);
  }

 private:
  prometheus::Gauge* metric_;
  const DropCounter& dropped_;
};

class PrometheusHistogram final : public base::Histogram {
 public:
  PrometheusHistogram(prometheus::Histogram* metric, const DropCounter& dropped)
      : metric_(metric), dropped_(dropped) {}
  void observe(double value) override {
    if (!std::isfinite(value)) return dropped_.increment();
    metric_->Observe(value);
  }

 private:
  prometheus::Histogram* metric_;
  const DropCounter& dropped_;
};

}  // namespace

class MetricsRegistry::Impl {
 public:
  // One family with all its handles; the type parameters tie facade and product together.
  template <typename Metric, typename Handle>
  struct Family {
    prometheus::Family<Metric>* family = nullptr;
    std::map<prometheus::Labels, std::unique_ptr<Handle>> handles;
    std::unique_ptr<Metric> spare_metric;
    std::unique_ptr<Handle> spare;
  };
  template <typename Metric, typename Handle>
  using Families = std::map<std::string, Family<Metric, Handle>>;

  Impl() { dropped_values_.own(), dropped_series_.own(); }
  explicit Impl(const std::string& program) {
    const MetricFamily drops{MetricType::kCounter,
                             "stowage_metrics_dropped_total",
                             "Measurements that were not kept, by reason: value (not finite, or a "
                             "counter going down) or series (too many label sets).",
                             {"reason"},
                             {}};
    auto& dropped =
        prometheus::BuildCounter().Name(drops.name).Help(drops.help).Register(registry_);
    claim(drops, true);
    dropped_values_.bind(&dropped.Add({{"reason", "value"}}));
    dropped_series_.bind(&dropped.Add({{"reason", "series"}}));
    const MetricFamily build{MetricType::kGauge,
                             "stowage_build_info",
                             "Constant 1; version, commit and name of this program.",
                             {"commit", "program", "version"},
                             {}};
    claim(build, true);
    prometheus::BuildGauge()
        .Name(build.name)
        .Help(build.help)
        .Register(registry_)
        .Add({{"version", std::string(base::version())},
              {"commit", std::string(base::commit())},
              {"program", cleanValue(program)}})
        .Set(1);
  }

  template <typename Handle, typename Metric, typename Builder, typename... Args>
  Handle& series(Families<Metric, Handle>& families, Builder builder, const std::string& name,
                 const std::string& help, const base::MetricLabels& labels, const Args&... args) {
    prometheus::Labels clean = cleanLabels(labels);
    std::lock_guard lock(mutex_);
    auto& family = families[name];
    if (family.family == nullptr) {
      claim(
          {typeOf(static_cast<Metric*>(nullptr)), name, help, namesOf(labels), bucketsOf(args...)},
          true);
      family.family = &builder.Name(name).Help(help).Register(registry_);
    }
    const auto found = family.handles.find(clean);
    if (found != family.handles.end()) return *found->second;
    if (family.handles.size() >= kMaxSeries) {
      dropped_series_.increment();
      return spare(family, args...);
    }
    Metric& metric = family.family->Add(clean, args...);
    return *family.handles
                .emplace(std::move(clean), std::make_unique<Handle>(&metric, dropped_values_))
                .first->second;
  }

  std::string render(Exposition form) const {
    std::lock_guard lock(render_mutex_);
    for (const auto& refresh : refreshers_) refresh();
    std::vector<prometheus::MetricFamily> families = registry_.Collect();
    for (const auto& collect : collectors_) {
      for (const GaugeFamily& family : collect()) families.push_back(collected(family));
    }
    std::sort(families.begin(), families.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    for (auto& family : families) {
      std::sort(family.metric.begin(), family.metric.end(), [](const auto& a, const auto& b) {
        return std::lexicographical_compare(a.label.begin(), a.label.end(), b.label.begin(),
                                            b.label.end(), [](const auto& x, const auto& y) {
                                              return std::tie(x.name, x.value) <
                                                     std::tie(y.name, y.value);
                                            });
      });
    }
    if (form == Exposition::kOpenMetrics) return openMetricsText(families);
    std::ostringstream out;
    prometheus::TextSerializer().Serialize(out, families);
    return std::move(out).str();
  }

  void beforeRender(std::function<void()> refresh) {
    std::lock_guard lock(render_mutex_);
    refreshers_.push_back(std::move(refresh));
  }

  void announce(const MetricFamily& family) {
    std::lock_guard lock(mutex_);
    claim(family, false);
  }

  void collectGauges(const std::vector<MetricFamily>& families,
                     std::function<std::vector<GaugeFamily>()> collect) {
    {
      std::lock_guard lock(mutex_);
      for (const MetricFamily& family : families) {
        claim(family, false);
        STOWAGE_CHECK(made_.insert(family.name).second, family.name.c_str());
      }
    }
    std::lock_guard lock(render_mutex_);
    collectors_.push_back(std::move(collect));
  }

  std::vector<Described> describe() const {
    std::lock_guard lock(mutex_);
    std::vector<Described> all;
    for (const auto& [name, described] : families_) all.push_back(described);
    return all;
  }

  Families<prometheus::Counter, PrometheusCounter> counters;
  Families<prometheus::Gauge, PrometheusGauge> gauges;
  Families<prometheus::Histogram, PrometheusHistogram> histograms;

 private:
  // A name is of one type, and of one family. What was announced may be made later.
  void claim(const MetricFamily& family, bool made) {
    STOWAGE_CHECK(prometheus::CheckMetricName(family.name), family.name.c_str());
    STOWAGE_CHECK(!made || made_.insert(family.name).second, family.name.c_str());
    const auto known = families_.emplace(family.name, Described{family, made}).first;
    STOWAGE_CHECK(known->second.family.type == family.type, family.name.c_str());
  }

  // A handle that works and is never rendered: one per family, for label sets above the limit, so
  // that an endless stream of them costs no memory.
  template <typename Metric, typename Handle, typename... Args>
  Handle& spare(Family<Metric, Handle>& family, const Args&... args) {
    if (family.spare == nullptr) {
      family.spare_metric = std::make_unique<Metric>(args...);
      family.spare = std::make_unique<Handle>(family.spare_metric.get(), dropped_values_);
    }
    return *family.spare;
  }

  prometheus::MetricFamily collected(const GaugeFamily& family) const {
    prometheus::MetricFamily out;
    out.name = family.name;
    out.help = family.help;
    out.type = prometheus::MetricType::Gauge;
    for (const auto& [labels, value] : family.series) {
      if (out.metric.size() >= kMaxSeries) {
        dropped_series_.increment();
        continue;
      }
      prometheus::ClientMetric& metric = out.metric.emplace_back();
      for (const auto& [name, text] : cleanLabels(labels)) metric.label.push_back({name, text});
      metric.gauge.value = value;
    }
    return out;
  }

  mutable std::mutex mutex_;
  mutable std::mutex render_mutex_;
  prometheus::Registry registry_;
  std::map<std::string, Described> families_;
  std::set<std::string> made_;  // have a place where their series come from
  std::vector<std::function<void()>> refreshers_;
  std::vector<std::function<std::vector<GaugeFamily>()>> collectors_;
  DropCounter dropped_values_;
  DropCounter dropped_series_;
};

MetricsRegistry::MetricsRegistry(const std::string& program)
    : impl_(std::make_unique<Impl>(program)) {}
MetricsRegistry::MetricsRegistry() : impl_(std::make_unique<Impl>()) {}
MetricsRegistry::~MetricsRegistry() = default;

base::Counter& MetricsRegistry::counter(const std::string& name, const std::string& help,
                                        const base::MetricLabels& labels) {
  return impl_->series(impl_->counters, prometheus::BuildCounter(), name, help, labels);
}

base::Gauge& MetricsRegistry::gauge(const std::string& name, const std::string& help,
                                    const base::MetricLabels& labels) {
  return impl_->series(impl_->gauges, prometheus::BuildGauge(), name, help, labels);
}

base::Histogram& MetricsRegistry::histogram(const std::string& name, const std::string& help,
                                            const base::MetricLabels& labels,
                                            const std::vector<double>& buckets) {
  return impl_->series(impl_->histograms, prometheus::BuildHistogram(), name, help, labels,
                       buckets);
}

void MetricsRegistry::beforeRender(std::function<void()> refresh) {
  impl_->beforeRender(std::move(refresh));
}

void MetricsRegistry::announce(const base::MetricFamily& family) { impl_->announce(family); }

void MetricsRegistry::collectGauges(const std::vector<base::MetricFamily>& families,
                                    std::function<std::vector<GaugeFamily>()> collect) {
  impl_->collectGauges(families, std::move(collect));
}

std::string MetricsRegistry::render(Exposition form) const { return impl_->render(form); }

std::string_view MetricsRegistry::contentType(Exposition form) {
  return form == Exposition::kOpenMetrics ? kOpenMetricsContentType
                                          : "text/plain; version=0.0.4; charset=utf-8";
}

std::vector<MetricsRegistry::Described> MetricsRegistry::families() const {
  return impl_->describe();
}

}  // namespace stowage::serving
