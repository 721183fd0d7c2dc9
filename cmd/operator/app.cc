#include "cmd/operator/app.h"

#include <atomic>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "cmd/operator/agent_client.h"
#include "cmd/operator/api_objects.h"
#include "cmd/operator/group_caches.h"
#include "cmd/operator/group_events.h"
#include "cmd/operator/group_metrics.h"
#include "cmd/operator/hook_tokens.h"
#include "cmd/operator/role_prober.h"
#include "controlloop/control_loop.h"
#include "k8sclient/lease/leader_election.h"
#include "program/cluster.h"
#include "program/endpoint.h"
#include "serving/metrics_registry.h"
#include "serving/process_metrics.h"
#include "statefulgroup/reconcile/reconciler.h"

namespace stowage::operator_cmd {

namespace {

constexpr base::Duration kEventGrace = std::chrono::milliseconds(300);
// How often the caches are looked at before work begins.
constexpr base::Duration kSyncCheck = std::chrono::milliseconds(50);

controlloop::ControlLoopOptions loopOptions(const Options& options) {
  controlloop::ControlLoopOptions loop;
  loop.name = "statefulgroup";
  loop.workers = options.workers;
  loop.resync = std::chrono::seconds(options.resync_seconds);
  return loop;
}

}  // namespace

base::Result<Settings> loadSettings(const Options& options) {
  Settings settings;
  settings.options = options;
  auto client = k8sclient::loadClientConfig(options.kubeconfig, k8sclient::processEnvironment());
  if (!client) return base::fail(client.error());
  settings.client = std::move(*client);
  settings.lease_namespace = program::leaseNamespace(options.lease_namespace.value_or(""));
  return settings;
}

// Members are destroyed in reverse: threads (last) before what they use (first).
class App::Impl {
 public:
  explicit Impl(Settings settings)
      : settings_(std::move(settings)), seed_(program::freshSeed()), metrics_("stowage-operator") {}

  base::Status connectClients();
  void wire();
  base::Status start(std::function<void()> on_lost);
  void stop();

 private:
  void addHealthChecks();
  void elect(std::function<void()> on_lost);
  void work(const std::stop_token& stop);

  const Settings settings_;
  const std::uint64_t seed_;
  base::SystemClock clock_;
  serving::MetricsRegistry metrics_;
  std::unique_ptr<k8sclient::RestApiClient> api_;
  std::unique_ptr<k8sclient::RestApiClient> lease_api_;  // a connection of its own
  std::stop_source calls_stop_;  // ends calls that are under way when time is up

  std::unique_ptr<k8sclient::EventRecorder> recorder_;
  std::unique_ptr<GroupEvents> events_;
  std::unique_ptr<ApiObjects> objects_;
  std::unique_ptr<HookTokens> hook_tokens_;
  std::unique_ptr<AgentClient> agents_;
  std::unique_ptr<RoleProber> prober_;
  std::unique_ptr<GroupCaches> caches_;
  std::unique_ptr<statefulgroup::Reconciler> reconciler_;
  std::unique_ptr<controlloop::ControlLoop> loop_;
  std::unique_ptr<k8sclient::LeaderElector> elector_;
  std::unique_ptr<program::Endpoint> endpoint_;

  std::atomic<bool> stopping_{false};
  std::jthread work_thread_;  // the leader's, or the only one's
  std::jthread elector_thread_;
};

base::Status App::Impl::connectClients() {
  k8sclient::RestOptions options;
  options.user_agent = k8sclient::userAgent("stowage-operator");
  options.qps = settings_.options.qps;
  options.burst = settings_.options.burst;
  auto api = program::connect(settings_.client, options, clock_, metrics_);
  if (!api) return api.error();
  serving::addProcessMetrics(metrics_);
  auto lease_api = program::connect(settings_.client, options, clock_, metrics_);
  if (!lease_api) return lease_api.error();
  api_ = std::move(*api);
  lease_api_ = std::move(*lease_api);
  return {};
}

void App::Impl::wire() {
  recorder_ = std::make_unique<k8sclient::EventRecorder>(k8sclient::EventRecorderOptions{}, *api_,
                                                         clock_, seed_, metrics_);
  events_ = std::make_unique<GroupEvents>(*recorder_, program::hostName());
  objects_ = std::make_unique<ApiObjects>(*api_, calls_stop_.get_token());
  hook_tokens_ = std::make_unique<HookTokens>(
      *api_, parseServiceAccount(settings_.options.hook_service_account), clock_,
      calls_stop_.get_token());
  agents_ = std::make_unique<AgentClient>(*hook_tokens_, metrics_, clock_, calls_stop_.get_token());
  caches_ = std::make_unique<GroupCaches>(
      *api_, settings_.options.ns, clock_, seed_, metrics_,
      [this](const std::string& key, bool first) {
        loop_->add(key, first ? controlloop::Priority::kLow : controlloop::Priority::kNormal);
      },
      [this](const std::string& pod_key) { prober_->look(pod_key); },
      [this](const base::Symbol& uid) { return prober_->roleOf(uid); });
  prober_ = std::make_unique<RoleProber>(
      *agents_,
      [this](const std::string& pod_key) {
        RoleProber::Subject subject;
        subject.pod = caches_->pod(pod_key);
        if (subject.pod != nullptr) subject.group = caches_->groupOf(*subject.pod);
        return subject;
      },
      [this](const std::string& key) { loop_->add(key); }, clock_, seed_, metrics_);
  metrics_.collectGauges(groupMetricNames(), [this] { return groupMetrics(caches_->groups()); });
  reconciler_ = std::make_unique<statefulgroup::Reconciler>(*caches_, *objects_, *agents_, *events_,
                                                            clock_, metrics_);
  loop_ = std::make_unique<controlloop::ControlLoop>(
      loopOptions(settings_.options),
      [this](const std::string& key, const std::stop_token& stop) {
        return reconciler_->reconcile(key, stop);
      },
      [this] { return caches_->keys(); }, clock_, seed_, metrics_);
  endpoint_ = std::make_unique<program::Endpoint>(settings_.options, optionsYaml(settings_.options),
                                                  *api_, clock_, metrics_);
}

void App::Impl::addHealthChecks() {
  using serving::HealthGroup;
  serving::HealthRegistry& health = endpoint_->health();
  for (const std::string& resource : caches_->resources()) {
    health.add("informer-sync-" + resource, HealthGroup::kReadyz,
               [this, resource] { return caches_->synced(resource); });
  }
  health.add("shutdown", HealthGroup::kReadyz, [this]() -> base::Status {
    if (!stopping_) return {};
    return {base::Code::kUnavailable, "process is shutting down"};
  });
  health.add("leader-election", HealthGroup::kAll, [this]() -> base::Status {
    return elector_ == nullptr ? base::Status() : elector_->check();
  });
}

base::Status App::Impl::start(std::function<void()> on_lost) {
  if (settings_.options.leader_elect.value_or(true)) elect(std::move(on_lost));
  addHealthChecks();
  if (base::Status served = endpoint_->start(); !served.ok()) return served;
  recorder_->start();
  // Also without the lease: who takes over has everything at hand.
  caches_->start();
  if (elector_ == nullptr) {
    work_thread_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
    return {};
  }
  elector_thread_ = std::jthread([this](const std::stop_token& stop) { elector_->run(stop); });
  return {};
}

void App::Impl::elect(std::function<void()> on_lost) {
  k8sclient::LeaseOptions options;
  options.ns = settings_.lease_namespace;
  options.name = settings_.options.lease_name.value_or("stowage-operator");
  elector_ = program::makeElector(
      std::move(options), [this](const std::stop_token& stop) { work(stop); }, std::move(on_lost),
      *lease_api_, clock_, seed_, metrics_);
}

// The leader's work: begins when the caches show everything, and ends with `stop`.
void App::Impl::work(const std::stop_token& stop) {
  while (!caches_->allSynced()) {
    if (!clock_.sleepFor(kSyncCheck, stop)) return;
  }
  base::log().info("working on groups", {{"workers", settings_.options.workers}});
  prober_->start();
  loop_->start();
  clock_.sleepUntil(base::SteadyTime::max(), stop);
  loop_->stop();
  prober_->stop();
}

void App::Impl::stop() {
  stopping_ = true;
  for (std::jthread* thread : {&elector_thread_, &work_thread_}) {
    thread->request_stop();
    if (thread->joinable()) thread->join();
  }
  if (caches_ != nullptr) caches_->stop();
  if (recorder_ != nullptr) recorder_->stop(kEventGrace);
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

}  // namespace stowage::operator_cmd
