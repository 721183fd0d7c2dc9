// RecordingMetricSink: keeps every value, by name and labels. Not thread safe.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/metric_sink.h"

namespace stowage::testing {

class RecordingMetricSink final : public base::MetricSink {
 public:
  base::Counter& counter(const std::string& name, const std::string&,
                         const base::MetricLabels& labels) override {
    return cell(name, labels);
  }
  base::Gauge& gauge(const std::string& name, const std::string&,
                     const base::MetricLabels& labels) override {
    return cell(name, labels);
  }
  base::Histogram& histogram(const std::string& name, const std::string&,
                             const base::MetricLabels& labels,
                             const std::vector<double>&) override {
    return cell(name, labels);
  }

  // Value of a counter or gauge, number of observations of a histogram; 0 when there is none.
  // `labels` as "result=scheduled,profile=p", in the order they were given.
  [[nodiscard]] double value(const std::string& name, const std::string& labels = "") const {
    const auto found = cells_.find(name + "{" + labels + "}");
    return found == cells_.end() ? 0 : found->second->total;
  }
  [[nodiscard]] bool hasFamily(const std::string& name) const {
    const auto found = cells_.lower_bound(name + "{");
    return found != cells_.end() && found->first.starts_with(name + "{");
  }
  // All cells as "name{labels}", for messages.
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& [name, unused] : cells_) all.push_back(name);
    return all;
  }

 private:
  struct Cell final : base::Counter, base::Gauge, base::Histogram {
    void add(double amount) override { total += amount; }
    void set(double value) override { total = value; }
    void observe(double) override { total += 1; }
    double total = 0;
  };
  Cell& cell(const std::string& name, const base::MetricLabels& labels) {
    std::string key = name + "{";
    for (std::size_t i = 0; i < labels.size(); ++i) {
      key += (i == 0 ? "" : ",") + labels[i].first + "=" + labels[i].second;
    }
    std::unique_ptr<Cell>& cell = cells_[key + "}"];
    if (cell == nullptr) cell = std::make_unique<Cell>();
    return *cell;
  }
  std::map<std::string, std::unique_ptr<Cell>> cells_;
};

}  // namespace stowage::testing
