// A RestApiClient over a transport and credentials that do as they are told.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "k8sclient/rest/rest_api_client.h"

namespace stowage::k8sclient {

// Sleeps by moving on, and remembers for how long.
class JumpingClock final : public base::Clock {
 public:
  [[nodiscard]] base::SteadyTime now() const override { return now_; }
  [[nodiscard]] base::WallTime wallNow() const override { return {}; }
  bool sleepUntil(base::SteadyTime deadline, const std::stop_token& stop) override {
    if (stop.stop_requested()) return false;
    slept.push_back(std::chrono::duration_cast<std::chrono::milliseconds>(deadline - now_).count());
    now_ = std::max(now_, deadline);
    return true;
  }
  void advance(base::Duration by) { now_ += by; }
  std::vector<std::int64_t> slept;

 private:
  base::SteadyTime now_{std::chrono::seconds(1000)};
};

class FakeTransport final : public HttpTransport {
 public:
  TransportResult<HttpResponse> send(const HttpRequest& request, base::Duration timeout,
                                     const std::stop_token& /*stop*/) override {
    requests.push_back(request);
    timeouts.push_back(std::chrono::duration_cast<std::chrono::milliseconds>(timeout).count());
    if (answers.empty()) return HttpResponse{.status = 200, .headers = {}, .body = "{}"};
    auto answer = std::move(answers.front());
    answers.pop_front();
    return answer;
  }
  TransportResult<StreamEnd> stream(const HttpRequest& request, base::Duration /*header_timeout*/,
                                    base::Duration /*idle*/, const std::stop_token& stop,
                                    const StreamHandlers& handlers) override {
    requests.push_back(request);
    return on_stream(stop, handlers);
  }
  std::vector<HttpRequest> requests;
  std::vector<std::int64_t> timeouts;
  std::deque<TransportResult<HttpResponse>> answers;
  std::function<TransportResult<StreamEnd>(const std::stop_token&, const StreamHandlers&)>
      on_stream;
};

class FakeSessions final : public SessionSource {
 public:
  base::Result<std::shared_ptr<const Session>> session(const std::stop_token& /*stop*/) override {
    if (!error.ok()) return base::fail(error);
    return current;
  }
  void unauthorized(base::SteadyTime started) override { refused.push_back(started); }
  std::shared_ptr<Session> current = std::make_shared<Session>();
  base::Status error;
  std::vector<base::SteadyTime> refused;
};

// Counts by "name{labels}".
class CountingSink final : public base::MetricSink {
 public:
  struct Value final : base::Counter, base::Histogram {
    void add(double amount) override { total += amount; }
    void observe(double /*value*/) override { total += 1; }
    double total = 0;
  };
  base::Counter& counter(const std::string& name, const std::string& /*help*/,
                         const base::MetricLabels& labels) override {
    return values[key(name, labels)];
  }
  base::Gauge& gauge(const std::string& name, const std::string& help,
                     const base::MetricLabels& labels) override {
    return base::nullMetricSink().gauge(name, help, labels);
  }
  base::Histogram& histogram(const std::string& name, const std::string& /*help*/,
                             const base::MetricLabels& labels,
                             const std::vector<double>& /*buckets*/) override {
    return values[key(name, labels)];
  }
  static std::string key(const std::string& name, const base::MetricLabels& labels) {
    std::string out = name;
    for (const auto& [label, value] : labels) out += " " + label + "=" + value;
    return out;
  }
  std::map<std::string, Value> values;
};

inline TransportResult<HttpResponse> answer(int status, std::string body = "{}",
                                            std::vector<Header> headers = {}) {
  return HttpResponse{.status = status, .headers = std::move(headers), .body = std::move(body)};
}
inline TransportResult<HttpResponse> lost(Phase phase, base::Code code = base::Code::kUnavailable) {
  return tl::unexpected(TransportError{code, phase, "scripted loss"});
}

class RestApiClientTest : public ::testing::Test {
 protected:
  JumpingClock clock_;
  CountingSink sink_;
  std::shared_ptr<FakeTransport> calls_ = std::make_shared<FakeTransport>();
  std::shared_ptr<FakeTransport> fast_ = std::make_shared<FakeTransport>();
  FakeSessions* sessions_ = nullptr;

  std::unique_ptr<RestApiClient> client(RestOptions options = {}) {
    auto sessions = std::make_unique<FakeSessions>();
    sessions_ = sessions.get();
    sessions_->current->calls = calls_;
    sessions_->current->fast = fast_;
    sessions_->current->host = "h:1";
    sessions_->current->headers = {{"Authorization", "Bearer t"}};
    return std::make_unique<RestApiClient>(std::move(sessions), clock_, sink_, std::move(options));
  }
};

}  // namespace stowage::k8sclient
