#include "program/foundation.h"

#include <utility>

#include "program/cluster.h"
#include "serving/process_metrics.h"

namespace stowage::program {

namespace {
// Of the three seconds that an orderly stop has in all.
constexpr base::Duration kEventGrace = std::chrono::milliseconds(300);
}  // namespace

Foundation::Foundation(const std::string& program)
    : program_(program), seed_(freshSeed()), metrics_(program) {}

base::Status Foundation::connect(const k8sclient::ClientConfig& config,
                                 k8sclient::RestOptions options) {
  k8sclient::LeaderElector::announceMetrics(metrics_);
  options.user_agent = k8sclient::userAgent(program_);
  options.tell_outages = true;  // the other client's would be the same story
  auto api = program::connect(config, options, clock_, metrics_);
  options.tell_outages = false;
  if (!api) return api.error();
  serving::addProcessMetrics(metrics_);
  auto lease_api = program::connect(config, options, clock_, metrics_);
  if (!lease_api) return lease_api.error();
  api_ = std::move(*api);
  lease_api_ = std::move(*lease_api);
  recorder_ = std::make_unique<k8sclient::EventRecorder>(k8sclient::EventRecorderOptions{}, *api_,
                                                         clock_, seed_, metrics_);
  return {};
}

void Foundation::prepareEndpoint(const CommonOptions& common,
                                 std::function<std::string()> configz) {
  endpoint_ = std::make_unique<Endpoint>(common, std::move(configz), *api_, clock_, metrics_);
}

void Foundation::addHealthChecks(const std::vector<std::string>& resources,
                                 const std::function<base::Status(const std::string&)>& synced) {
  using serving::HealthGroup;
  for (const std::string& resource : resources) {
    health().add("informer-sync-" + resource, HealthGroup::kReadyz,
                 [synced, resource] { return synced(resource); });
  }
  health().add("shutdown", HealthGroup::kReadyz, [this]() -> base::Status {
    if (!stopping_) return {};
    return {base::Code::kUnavailable, "process is shutting down"};
  });
  health().add("leader-election", HealthGroup::kAll, [this]() -> base::Status {
    return elector_ == nullptr ? base::Status() : elector_->check();
  });
}

void Foundation::elect(k8sclient::LeaseOptions lease,
                       std::function<void(const std::stop_token&)> work,
                       std::function<void()> on_lost) {
  elector_ = makeElector(std::move(lease), std::move(work), std::move(on_lost), *lease_api_, clock_,
                         seed_, metrics_);
}

base::Status Foundation::start() {
  if (base::Status served = endpoint_->start(); !served.ok()) return served;
  recorder_->start();
  return {};
}

void Foundation::startElecting() {
  elector_thread_ = std::jthread([this](const std::stop_token& stop) { elector_->run(stop); });
}

void Foundation::stopElecting() {
  stopping_ = true;
  elector_thread_.request_stop();
  if (elector_thread_.joinable()) elector_thread_.join();
}

void Foundation::stop() {
  if (recorder_ != nullptr) recorder_->stop(kEventGrace);
  if (endpoint_ != nullptr) endpoint_->stop();
}

}  // namespace stowage::program
