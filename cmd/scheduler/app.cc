#include "cmd/scheduler/app.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "cmd/scheduler/api_binder.h"
#include "cmd/scheduler/api_event_sink.h"
#include "cmd/scheduler/api_evictor.h"
#include "cmd/scheduler/api_pod_reader.h"
#include "cmd/scheduler/api_status_writer.h"
#include "cmd/scheduler/api_volume_writer.h"
#include "cmd/scheduler/degraded_features.h"
#include "cmd/scheduler/extender_binder.h"
#include "cmd/scheduler/http_extenders.h"
#include "cmd/scheduler/profiles.h"
#include "cmd/scheduler/watches.h"
#include "k8sclient/lease/leader_election.h"
#include "k8sclient/rest/rest_api_client.h"
#include "program/cluster.h"
#include "program/endpoint.h"
#include "serving/metrics_registry.h"
#include "serving/process_metrics.h"

namespace stowage::scheduler_cmd {

namespace {

// An orderly stop has three seconds in all: binds first, then what waits to be sent, then events.
constexpr base::Duration kBindGrace = std::chrono::milliseconds(1500);
constexpr base::Duration kSendGrace = std::chrono::milliseconds(400);
constexpr base::Duration kEventGrace = std::chrono::milliseconds(300);
// Sender threads: a call to a healthy API server takes a few milliseconds, so eight of them carry
// more binds than one API server takes.
constexpr int kSenders = 8;
// Extenders take longer, and fewer calls at once.
constexpr int kExtenderSenders = 4;

base::Result<std::unique_ptr<k8sclient::RestApiClient>> connect(const Settings& settings,
                                                                base::Clock& clock,
                                                                base::MetricSink& metrics) {
  k8sclient::RestOptions options;
  options.qps = settings.config.client_connection.qps;
  options.burst = static_cast<int>(settings.config.client_connection.burst);
  return program::connect(settings.client, options, clock, metrics);
}

scheduling::SchedulerOptions schedulerOptions(const Settings& settings, std::uint64_t seed) {
  scheduling::SchedulerOptions options;
  options.seed = seed;
  options.profiles = schedulingProfiles(settings.config);
  options.extenders = extenderSpecs(settings.config);
  options.pod_initial_backoff = settings.config.pod_initial_backoff;
  options.pod_max_backoff = settings.config.pod_max_backoff;
  options.verify_caches = settings.options.verify_caches;
  return options;
}

base::Result<ExtenderClients> openExtenders(const config::SchedulerConfig& config,
                                            base::Clock& clock, base::MetricSink& metrics) {
  ExtenderClients clients;
  for (const std::size_t i : extenderOrder(config)) {
    auto client = ExtenderClient::open(config.extenders[i], "extenders[" + std::to_string(i) + "]",
                                       clock, metrics);
    if (!client) return base::fail(client.error());
    clients.push_back(std::move(*client));
  }
  return clients;
}

// Events about the scheduler itself are events of its lease, whether or not it holds one.
k8sclient::ObjectReference leaseOf(const Settings& settings) {
  k8sclient::ObjectReference lease;
  lease.kind = "Lease";
  lease.api_version = "coordination.k8s.io/v1";
  lease.ns = settings.lease_namespace;
  lease.name = settings.config.leader_election.resource_name;
  return lease;
}

}  // namespace

// Members are destroyed in reverse: threads (last) before what they use (first).
class App::Impl {
 public:
  explicit Impl(Settings settings)
      : settings_(std::move(settings)),
        seed_(program::freshSeed()),
        metrics_("stowage-scheduler") {}

  base::Status connectClients();
  void wire();
  base::Status start(std::function<void()> on_lost);
  void stop();

 private:
  void addHealthChecks();
  void elect(std::function<void()> on_lost);
  void endScheduling();

  const Settings settings_;
  const std::uint64_t seed_;
  base::SystemClock clock_;
  serving::MetricsRegistry metrics_;
  std::unique_ptr<k8sclient::RestApiClient> api_;
  std::unique_ptr<k8sclient::RestApiClient> lease_api_;  // a connection of its own
  ExtenderClients extender_clients_;

  std::unique_ptr<k8sclient::WriteDispatcher> writes_;
  std::unique_ptr<k8sclient::WriteDispatcher> reads_;
  std::unique_ptr<k8sclient::WriteDispatcher> extender_binds_;  // a slow extender delays no others
  std::unique_ptr<k8sclient::EventRecorder> recorder_;
  std::unique_ptr<ApiBinder> binder_;
  std::unique_ptr<ExtenderBinder> extender_binder_;
  std::unique_ptr<HttpExtenders> extenders_;
  std::unique_ptr<ApiEvictor> evictor_;
  std::unique_ptr<ApiStatusWriter> status_writer_;
  std::unique_ptr<ApiPodReader> reader_;
  std::unique_ptr<ApiVolumeWriter> volume_writer_;
  std::unique_ptr<ApiEventSink> events_;
  std::unique_ptr<scheduling::Scheduler> scheduler_;
  std::unique_ptr<scheduling::SchedulingLoop> loop_;
  std::unique_ptr<DegradedFeatures> degraded_;
  std::unique_ptr<Watches> watches_;
  std::unique_ptr<k8sclient::LeaderElector> elector_;
  std::unique_ptr<program::Endpoint> endpoint_;

  std::atomic<bool> stopping_{false};
  std::stop_source answers_stop_;  // ends waiting for room in the inbox once nobody reads it
  std::jthread loop_thread_;
  std::jthread elector_thread_;
};

base::Status App::Impl::connectClients() {
  auto api = connect(settings_, clock_, metrics_);
  if (!api) return api.error();
  serving::addProcessMetrics(metrics_);
  auto lease_api = connect(settings_, clock_, metrics_);
  if (!lease_api) return lease_api.error();
  auto extenders = openExtenders(settings_.config, clock_, metrics_);
  if (!extenders) return extenders.error();
  api_ = std::move(*api);
  lease_api_ = std::move(*lease_api);
  extender_clients_ = std::move(*extenders);
  return {};
}

void App::Impl::wire() {
  using k8sclient::WriteDispatcher;
  writes_ = std::make_unique<WriteDispatcher>(
      k8sclient::WriteDispatcherOptions{kSenders, 10'000},
      std::vector<std::string>{k8sclient::kBindCall, k8sclient::kStatusPatchCall,
                               k8sclient::kEvictionCall, kVolumeCall},
      clock_, metrics_);
  reads_ =
      std::make_unique<WriteDispatcher>(k8sclient::WriteDispatcherOptions{1, 10'000},
                                        std::vector<std::string>{kPodReadCall}, clock_, metrics_);
  recorder_ = std::make_unique<k8sclient::EventRecorder>(k8sclient::EventRecorderOptions{}, *api_,
                                                         clock_, seed_, metrics_);
  const ApiBinder::Done bound = [this](const auto& request, auto outcome,
                                       const std::string& message) {
    loop_->push(scheduling::BindAnswer{request, outcome, message}, answers_stop_.get_token());
  };
  binder_ = std::make_unique<ApiBinder>(*writes_, *api_, bound);
  extender_binds_ = std::make_unique<WriteDispatcher>(
      k8sclient::WriteDispatcherOptions{kExtenderSenders, 10'000},
      std::vector<std::string>{kExtenderBindCall}, clock_, metrics_);
  extender_binder_ = std::make_unique<ExtenderBinder>(*binder_, *writes_, *extender_binds_,
                                                      extender_clients_, bound);
  extenders_ = std::make_unique<HttpExtenders>(extender_clients_, *api_,
                                               [this](const scheduling::ExtenderAnswer& answer) {
                                                 loop_->push(answer, answers_stop_.get_token());
                                               });
  reader_ =
      std::make_unique<ApiPodReader>(*reads_, *api_, [this](const auto& ref, const auto& pod) {
        loop_->push(scheduling::PodReadAnswer{ref, pod}, answers_stop_.get_token());
      });
  volume_writer_ = std::make_unique<ApiVolumeWriter>(
      *writes_, *api_, [this](const scheduling::VolumeWriteAnswer& answer) {
        loop_->push(answer, answers_stop_.get_token());
      });
  evictor_ = std::make_unique<ApiEvictor>(
      *writes_, *api_,
      [this](const auto& pod, auto outcome, const std::string& message) {
        loop_->push(scheduling::NominationAnswer{pod, outcome, message}, answers_stop_.get_token());
      },
      [this](const auto& eviction, auto outcome, const std::string& message) {
        loop_->push(scheduling::EvictionAnswer{eviction, outcome, message},
                    answers_stop_.get_token());
      });
  status_writer_ = std::make_unique<ApiStatusWriter>(*writes_, *api_, metrics_);
  events_ = std::make_unique<ApiEventSink>(*recorder_, program::hostName());
  scheduler_ = std::make_unique<scheduling::Scheduler>(
      schedulerOptions(settings_, seed_),
      scheduling::SchedulerPorts{extender_binder_.get(), status_writer_.get(), events_.get(),
                                 reader_.get(), evictor_.get(), volume_writer_.get(),
                                 extenders_.get()},
      clock_, metrics_);
  scheduling::LoopOptions loop_options;
  loop_options.stop_grace = kBindGrace;
  loop_ = std::make_unique<scheduling::SchedulingLoop>(*scheduler_, clock_, metrics_, loop_options);
  endpoint_ = std::make_unique<program::Endpoint>(
      settings_.options, config::schedulerConfigYaml(settings_.config), *api_, clock_, metrics_);
  degraded_ = std::make_unique<DegradedFeatures>(endpoint_->health(), *recorder_, metrics_,
                                                 leaseOf(settings_), "stowage-scheduler",
                                                 program::hostName());
  const std::vector<scheduling::Profile> profiles = schedulingProfiles(settings_.config);
  const bool workloads =
      std::any_of(profiles.begin(), profiles.end(), scheduling::spreadsByDefault);
  watches_ = std::make_unique<Watches>(*api_, *loop_, clock_, seed_, metrics_, workloads,
                                       [this](const std::string& resource, const std::string& why) {
                                         degraded_->resourceRefused(resource, why);
                                       });
}

void App::Impl::addHealthChecks() {
  using serving::HealthGroup;
  serving::HealthRegistry& health = endpoint_->health();
  for (const std::string& resource : watches_->resources()) {
    health.add("informer-sync-" + resource, HealthGroup::kReadyz,
               [this, resource] { return watches_->synced(resource); });
  }
  health.add("sched-handler-sync", HealthGroup::kReadyz, [this]() -> base::Status {
    if (loop_->synced()) return {};
    return {base::Code::kUnavailable, "the scheduling thread has not taken in the first lists yet"};
  });
  health.add("shutdown", HealthGroup::kReadyz, [this]() -> base::Status {
    if (!stopping_) return {};
    return {base::Code::kUnavailable, "process is shutting down"};
  });
  health.add("scheduling-loop", HealthGroup::kLivez | HealthGroup::kHealthz,
             [this]() -> base::Status {
               // The loop comes round every second when all is quiet; a decision takes
               // milliseconds.
               if (loop_->sinceBeat() < std::chrono::seconds(30)) return {};
               return {base::Code::kTimeout, "the scheduling thread has not come round for 30 s"};
             });
  health.add("leader-election", HealthGroup::kAll, [this]() -> base::Status {
    return elector_ == nullptr ? base::Status() : elector_->check();
  });
}

base::Status App::Impl::start(std::function<void()> on_lost) {
  if (settings_.config.leader_election.leader_elect) elect(std::move(on_lost));
  addHealthChecks();
  if (base::Status served = endpoint_->start(); !served.ok()) return served;
  writes_->start();
  reads_->start();
  recorder_->start();
  if (!extender_clients_.empty()) {
    extenders_->start();
    extender_binds_->start();
  }
  loop_thread_ = std::jthread([this](const std::stop_token& stop) {
    const std::size_t open = loop_->run(stop);
    if (open > 0) base::log().warn("stopped with binds that got no answer", {{"binds", open}});
  });
  watches_->start();
  if (elector_ == nullptr) {
    loop_->setDeciding(true);
    return {};
  }
  elector_thread_ = std::jthread([this](const std::stop_token& stop) { elector_->run(stop); });
  return {};
}

void App::Impl::elect(std::function<void()> on_lost) {
  const config::LeaderElectionConfig& config = settings_.config.leader_election;
  k8sclient::LeaseOptions options;
  options.ns = settings_.lease_namespace;
  options.name = config.resource_name;
  options.lease_duration = config.lease_duration;
  options.renew_deadline = config.renew_deadline;
  options.retry_period = config.retry_period;
  const auto work = [this](const std::stop_token& stop) {
    base::log().info("leading: scheduling starts");
    loop_->setDeciding(true);
    // The leader's work is the loop's; hold leadership until it is to end, then end it first.
    clock_.sleepUntil(base::SteadyTime::max(), stop);
    endScheduling();
  };
  elector_ = program::makeElector(std::move(options), work, std::move(on_lost), *lease_api_, clock_,
                                  seed_, metrics_);
}

// Called once: by the leader's thread, or by stop() when there is no election or no leadership.
void App::Impl::endScheduling() {
  loop_->setDeciding(false);
  loop_thread_.request_stop();
  if (loop_thread_.joinable()) loop_thread_.join();
}

void App::Impl::stop() {
  stopping_ = true;
  if (elector_thread_.joinable()) {
    elector_thread_.request_stop();
    elector_thread_.join();
  }
  endScheduling();
  // Nobody reads answers any more: who still brings one must not wait for room.
  answers_stop_.request_stop();
  if (watches_ != nullptr) watches_->stop();
  if (extenders_ != nullptr) extenders_->stop();
  if (extender_binds_ != nullptr) extender_binds_->stop(base::Duration::zero());
  if (writes_ != nullptr) writes_->stop(kSendGrace);
  if (recorder_ != nullptr) recorder_->stop(kEventGrace);
  if (reads_ != nullptr) reads_->stop(base::Duration::zero());
  if (endpoint_ != nullptr) endpoint_->stop();
}

App::App(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
App::~App() = default;

base::Result<std::unique_ptr<App>> App::create(Settings settings) {
  auto impl = std::make_unique<Impl>(std::move(settings));
  if (base::Status connected = impl->connectClients(); !connected.ok())
    return base::fail(connected);
  impl->wire();
  return std::unique_ptr<App>(new App(std::move(impl)));
}

base::Status App::start(std::function<void()> on_lost) { return impl_->start(std::move(on_lost)); }
void App::stop() { impl_->stop(); }

}  // namespace stowage::scheduler_cmd
