#include "serving/open_metrics.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>

namespace stowage::serving {

namespace {

constexpr std::string_view kTotal = "_total";

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out;
}

std::string charsOf(double value, std::chars_format format) {
  std::array<char, 400> buffer{};  // the longest fixed double has 309 digits before the point
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, format).ptr;
  return {buffer.data(), end};
}

// The canonical form that bounds of buckets have to have: as few digits as tell the number, with a
// point or an exponent ("1.0", "0.005", "1e+06"), so that every exposer names a bucket alike.
std::string number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  std::string text = charsOf(value, std::chars_format::scientific);
  const std::size_t e = text.find('e');
  int exponent = 0;
  const char* digits = text.data() + e + (text[e + 1] == '+' ? 2 : 1);
  std::from_chars(digits, text.data() + text.size(), exponent);
  if (exponent < -4 || exponent >= 6) return text;
  text = charsOf(value, std::chars_format::fixed);
  return text.find('.') == std::string::npos ? text + ".0" : text;
}

// The value of a sample may be an integer: shorter, and most are.
std::string sampleValue(double value) {
  constexpr double kExact = 9007199254740992;  // above it not every integer is a double
  if (value == std::floor(value) && std::fabs(value) < kExact) {
    return std::to_string(static_cast<std::int64_t>(value));
  }
  return number(value);
}

class Writer {
 public:
  void family(const prometheus::MetricFamily& family) {
    name_ = family.name;
    const bool counter = family.type == prometheus::MetricType::Counter;
    const bool total = counter && name_.ends_with(kTotal);
    if (total) name_.resize(name_.size() - kTotal.size());
    const bool histogram = family.type == prometheus::MetricType::Histogram;
    const char* type = histogram ? "histogram" : total ? "counter" : counter ? "unknown" : "gauge";
    out_ +=
        "# HELP " + name_ + ' ' + escaped(family.help) + "\n# TYPE " + name_ + ' ' + type + '\n';
    for (const prometheus::ClientMetric& metric : family.metric) {
      labels_ = labelsOf(metric);
      if (histogram) {
        buckets(metric.histogram);
      } else {
        sample(total ? kTotal : "",
               counter ? sampleValue(metric.counter.value) : sampleValue(metric.gauge.value));
      }
    }
  }

  std::string end() { return std::move(out_) + "# EOF\n"; }

 private:
  static std::string labelsOf(const prometheus::ClientMetric& metric) {
    std::string out;
    for (const auto& label : metric.label) {
      if (!out.empty()) out += ',';
      out += label.name + "=\"" + escaped(label.value) + '"';
    }
    return out;
  }

  void sample(std::string_view suffix, const std::string& value, const std::string& bound = {}) {
    out_ += name_;
    out_ += suffix;
    if (!labels_.empty() || !bound.empty()) {
      out_ += '{' + labels_;
      if (!bound.empty()) out_ += (labels_.empty() ? "le=\"" : ",le=\"") + bound + '"';
      out_ += '}';
    }
    out_ += ' ' + value + '\n';
  }

  void buckets(const prometheus::ClientMetric::Histogram& histogram) {
    bool infinite = false;
    for (const auto& bucket : histogram.bucket) {
      infinite = std::isinf(bucket.upper_bound);
      sample("_bucket", std::to_string(bucket.cumulative_count), number(bucket.upper_bound));
    }
    if (!infinite) sample("_bucket", std::to_string(histogram.sample_count), "+Inf");
    sample("_count", std::to_string(histogram.sample_count));
    sample("_sum", sampleValue(histogram.sample_sum));
  }

  std::string out_;
  std::string name_;    // of the family
  std::string labels_;  // of the metric being written
};

}  // namespace

std::string openMetricsText(const std::vector<prometheus::MetricFamily>& families) {
  Writer writer;
  for (const auto& family : families) writer.family(family);
  return writer.end();
}

}  // namespace stowage::serving
