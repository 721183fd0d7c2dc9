#include "cmd/scheduler/app.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "base/version.h"
#include "cmd/scheduler/api_binder.h"
#include "cmd/scheduler/api_event_sink.h"
#include "cmd/scheduler/api_evictor.h"
#include "cmd/scheduler/api_pod_reader.h"
#include "cmd/scheduler/api_status_writer.h"
#include "cmd/scheduler/api_volume_writer.h"
#include "cmd/scheduler/config_reload.h"
#include "cmd/scheduler/debug_pages.h"
#include "cmd/scheduler/degraded_features.h"
#include "cmd/scheduler/extender_binder.h"
#include "cmd/scheduler/http_extenders.h"
#include "cmd/scheduler/profiles.h"
#include "cmd/scheduler/self_events.h"
#include "cmd/scheduler/watches.h"
#include "program/cluster.h"
#include "program/foundation.h"
#include "tracing/otlp_exporter.h"

namespace stowage::scheduler_cmd {

namespace {

// An orderly stop has three seconds in all: binds first, then what waits to be sent, then events.
constexpr base::Duration kBindGrace = std::chrono::milliseconds(1500);
constexpr base::Duration kSendGrace = std::chrono::milliseconds(400);
constexpr base::Duration kTraceGrace = std::chrono::milliseconds(200);
// Between two decisions there are milliseconds; a thread that hangs is for /livez to tell.
constexpr base::Duration kDebugPatience = std::chrono::seconds(5);
// Sender threads: a call to a healthy API server takes a few milliseconds, so eight of them carry
// more binds than one API server takes.
constexpr int kSenders = 8;
// Extenders take longer, and fewer calls at once.
constexpr int kExtenderSenders = 4;

scheduling::SchedulerOptions schedulerOptions(const config::SchedulerConfig& config) {
  scheduling::SchedulerOptions options;
  options.profiles = schedulingProfiles(config);
  options.extenders = extenderSpecs(config);
  options.pod_initial_backoff = config.pod_initial_backoff;
  options.pod_max_backoff = config.pod_max_backoff;
  return options;
}

bool needsWorkloads(const scheduling::SchedulerOptions& options) {
  return std::any_of(options.profiles.begin(), options.profiles.end(),
                     scheduling::spreadsByDefault);
}

base::Result<ExtenderClients> openExtenders(const config::SchedulerConfig& config,
                                            base::Clock& clock, base::MetricSink& metrics) {
  ExtenderClient::announceMetrics(metrics);
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
      : settings_(std::move(settings)), foundation_("stowage-scheduler") {}

  base::Status connectClients();
  void wire();
  base::Status start(std::function<void()> on_lost);
  void stop();
  serving::MetricsRegistry& metrics() { return foundation_.metrics(); }
  void reload() { reload_->look(); }

 private:
  base::Status openTraces();
  void makePorts();
  void makeScheduler(scheduling::SchedulerOptions options);
  void addHealthChecks();
  void elect(std::function<void()> on_lost);
  void endScheduling();
  void startExtenders();
  // From the configuration's own thread.
  base::Status reconfigure(const config::SchedulerConfig& config);

  const Settings settings_;
  program::Foundation foundation_;
  ExtenderClients extender_clients_;

  std::unique_ptr<tracing::OtlpExporter> traces_;  // null: no tracing

  std::unique_ptr<k8sclient::WriteDispatcher> writes_;
  std::unique_ptr<k8sclient::WriteDispatcher> reads_;
  std::unique_ptr<k8sclient::WriteDispatcher> extender_binds_;  // a slow extender delays no others
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
  std::unique_ptr<SelfEvents> self_events_;
  std::unique_ptr<DegradedFeatures> degraded_;
  std::unique_ptr<Watches> watches_;
  bool extenders_started_ = false;
  std::unique_ptr<ConfigReload> reload_;

  std::stop_source answers_stop_;  // ends waiting for room in the inbox once nobody reads it
  std::jthread loop_thread_;
};

base::Status App::Impl::connectClients() {
  k8sclient::RestOptions options;
  options.qps = settings_.config.client_connection.qps;
  options.burst = static_cast<int>(settings_.config.client_connection.burst);
  if (base::Status connected = foundation_.connect(settings_.client, options); !connected.ok())
    return connected;
  auto extenders = openExtenders(settings_.config, foundation_.clock(), foundation_.metrics());
  if (!extenders) return extenders.error();
  extender_clients_ = std::move(*extenders);
  return openTraces();
}

base::Status App::Impl::openTraces() {
  using tracing::OtlpExporter;
  OtlpExporter::announceMetrics(foundation_.metrics());
  const Options& options = settings_.options;
  if (options.tracing_endpoint.empty()) return {};
  tracing::OtlpOptions wanted;
  wanted.resource = {{"service.name", "stowage-scheduler"},
                     {"service.version", std::string(base::version())},
                     {"service.instance.id", program::hostName()}};
  wanted.per_million = options.tracing_per_million;
  auto traces = OtlpExporter::open(options.tracing_endpoint, std::move(wanted), foundation_.clock(),
                                   program::freshSeed(), foundation_.metrics());
  if (!traces) return traces.error().withPrefix("--tracing-endpoint");
  traces_ = std::move(*traces);
  return {};
}

void App::Impl::wire() {
  makePorts();
  scheduling::SchedulerOptions options = schedulerOptions(settings_.config);
  const bool workloads = needsWorkloads(options);
  makeScheduler(std::move(options));
  base::Clock& clock = foundation_.clock();
  serving::MetricsRegistry& metrics = foundation_.metrics();
  foundation_.prepareEndpoint(settings_.options, [this] { return reload_->configz(); });
  foundation_.serve("/debug/queue", queuePage(*loop_, kDebugPatience));
  foundation_.serve("/debug/cache", cachePage(*loop_, kDebugPatience));
  self_events_ = std::make_unique<SelfEvents>(foundation_.events(), leaseOf(settings_),
                                              "stowage-scheduler", program::hostName());
  degraded_ = std::make_unique<DegradedFeatures>(foundation_.health(), *self_events_, metrics);
  watches_ = std::make_unique<Watches>(foundation_.api(), *loop_, clock, foundation_.seed(),
                                       metrics, workloads,
                                       [this](const std::string& resource, const std::string& why) {
                                         degraded_->resourceRefused(resource, why);
                                       });
  reload_ = std::make_unique<ConfigReload>(
      ConfigReload::Source{settings_.options.config_file, overridesOf(settings_.options)},
      settings_.config,
      [this](const config::SchedulerConfig& config) { return reconfigure(config); }, *self_events_,
      clock, metrics);
  addHealthChecks();
}

// What the scheduler acts through. Answers come back into the loop's inbox.
void App::Impl::makePorts() {
  using k8sclient::WriteDispatcher;
  base::Clock& clock = foundation_.clock();
  serving::MetricsRegistry& metrics = foundation_.metrics();
  k8sclient::ApiClient& api = foundation_.api();
  writes_ = std::make_unique<WriteDispatcher>(
      k8sclient::WriteDispatcherOptions{kSenders, 10'000},
      std::vector<std::string>{k8sclient::kBindCall, k8sclient::kStatusPatchCall,
                               k8sclient::kEvictionCall, kVolumeCall},
      clock, metrics);
  reads_ =
      std::make_unique<WriteDispatcher>(k8sclient::WriteDispatcherOptions{1, 10'000},
                                        std::vector<std::string>{kPodReadCall}, clock, metrics);
  const ApiBinder::Done bound = [this](const auto& request, auto outcome,
                                       const std::string& message) {
    loop_->push(scheduling::BindAnswer{request, outcome, message}, answers_stop_.get_token());
  };
  binder_ = std::make_unique<ApiBinder>(*writes_, api, bound);
  extender_binds_ = std::make_unique<WriteDispatcher>(
      k8sclient::WriteDispatcherOptions{kExtenderSenders, 10'000},
      std::vector<std::string>{kExtenderBindCall}, clock, metrics);
  extender_binder_ = std::make_unique<ExtenderBinder>(*binder_, *writes_, *extender_binds_,
                                                      extender_clients_, bound);
  extenders_ = std::make_unique<HttpExtenders>(extender_clients_, api,
                                               [this](const scheduling::ExtenderAnswer& answer) {
                                                 loop_->push(answer, answers_stop_.get_token());
                                               });
  reader_ = std::make_unique<ApiPodReader>(*reads_, api, [this](const auto& ref, const auto& pod) {
    loop_->push(scheduling::PodReadAnswer{ref, pod}, answers_stop_.get_token());
  });
  volume_writer_ = std::make_unique<ApiVolumeWriter>(
      *writes_, api, [this](const scheduling::VolumeWriteAnswer& answer) {
        loop_->push(answer, answers_stop_.get_token());
      });
  evictor_ = std::make_unique<ApiEvictor>(
      *writes_, api,
      [this](const auto& pod, auto outcome, const std::string& message) {
        loop_->push(scheduling::NominationAnswer{pod, outcome, message}, answers_stop_.get_token());
      },
      [this](const auto& eviction, auto outcome, const std::string& message) {
        loop_->push(scheduling::EvictionAnswer{eviction, outcome, message},
                    answers_stop_.get_token());
      });
  status_writer_ = std::make_unique<ApiStatusWriter>(*writes_, api, metrics);
  events_ = std::make_unique<ApiEventSink>(foundation_.events(), program::hostName());
}

void App::Impl::makeScheduler(scheduling::SchedulerOptions options) {
  base::Clock& clock = foundation_.clock();
  serving::MetricsRegistry& metrics = foundation_.metrics();
  options.seed = foundation_.seed();
  options.verify_caches = settings_.options.verify_caches;
  scheduler_ = std::make_unique<scheduling::Scheduler>(
      std::move(options),
      scheduling::SchedulerPorts{extender_binder_.get(), status_writer_.get(), events_.get(),
                                 reader_.get(), evictor_.get(), volume_writer_.get(),
                                 extenders_.get(), traces_.get()},
      clock, metrics);
  scheduling::LoopOptions loop_options;
  loop_options.stop_grace = kBindGrace;
  loop_ = std::make_unique<scheduling::SchedulingLoop>(*scheduler_, clock, metrics, loop_options);
}

void App::Impl::startExtenders() {
  if (std::exchange(extenders_started_, true)) return;
  extenders_->start();
  extender_binds_->start();
}

base::Status App::Impl::reconfigure(const config::SchedulerConfig& config) {
  auto clients = openExtenders(config, foundation_.clock(), foundation_.metrics());
  if (!clients) return clients.error();
  if (!clients->empty()) startExtenders();
  scheduling::SchedulerOptions options = schedulerOptions(config);
  if (needsWorkloads(options)) watches_->watchWorkloads();
  // All of it between two decisions.
  loop_->push(
      [this, options = std::move(options),
       clients = std::move(*clients)](scheduling::Scheduler& scheduler) {
        extenders_->setClients(clients);
        extender_binder_->setClients(clients);
        scheduler.reconfigure(options);
      },
      answers_stop_.get_token());
  return {};
}

void App::Impl::addHealthChecks() {
  using serving::HealthGroup;
  serving::HealthRegistry& health = foundation_.health();
  foundation_.addHealthChecks(watches_->resources(), [this](const std::string& resource) {
    return watches_->synced(resource);
  });
  health.add("sched-handler-sync", HealthGroup::kReadyz, [this]() -> base::Status {
    if (loop_->synced()) return {};
    return {base::Code::kUnavailable, "the scheduling thread has not taken in the first lists yet"};
  });
  health.add("scheduling-loop", HealthGroup::kLivez | HealthGroup::kHealthz,
             [this]() -> base::Status {
               // The loop comes round every second when all is quiet; a decision takes
               // milliseconds.
               if (loop_->sinceBeat() < std::chrono::seconds(30)) return {};
               return {base::Code::kTimeout, "the scheduling thread has not come round for 30 s"};
             });
}

base::Status App::Impl::start(std::function<void()> on_lost) {
  if (settings_.config.leader_election.leader_elect) elect(std::move(on_lost));
  if (base::Status started = foundation_.start(); !started.ok()) return started;
  if (traces_ != nullptr) traces_->start();
  writes_->start();
  reads_->start();
  if (!extender_clients_.empty()) startExtenders();
  loop_thread_ = std::jthread([this](const std::stop_token& stop) {
    const std::size_t open = loop_->run(stop);
    if (open > 0) base::log().warn("stopped with binds that got no answer", {{"binds", open}});
  });
  watches_->start();
  reload_->start();
  if (foundation_.elects()) {
    foundation_.startElecting();
  } else {
    loop_->setDeciding(true);
  }
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
    foundation_.clock().sleepUntil(base::SteadyTime::max(), stop);
    endScheduling();
  };
  foundation_.elect(std::move(options), work, std::move(on_lost));
}

// Called once: by the leader's thread, or by stop() when there is no election or no leadership.
void App::Impl::endScheduling() {
  loop_->setDeciding(false);
  loop_thread_.request_stop();
  if (loop_thread_.joinable()) loop_thread_.join();
}

void App::Impl::stop() {
  if (reload_ != nullptr) reload_->stop();
  foundation_.stopElecting();
  endScheduling();
  // Nobody reads answers any more: who still brings one must not wait for room.
  answers_stop_.request_stop();
  if (watches_ != nullptr) watches_->stop();
  if (extenders_ != nullptr) extenders_->stop();
  if (extender_binds_ != nullptr) extender_binds_->stop(base::Duration::zero());
  if (writes_ != nullptr) writes_->stop(kSendGrace);
  if (reads_ != nullptr) reads_->stop(base::Duration::zero());
  if (traces_ != nullptr) traces_->stop(kTraceGrace);
  foundation_.stop();
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
const serving::MetricsRegistry& App::metrics() const { return impl_->metrics(); }
void App::reload() { impl_->reload(); }

}  // namespace stowage::scheduler_cmd
