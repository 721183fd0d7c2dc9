#include "cmd/operator/app.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "cmd/operator/agent_client.h"
#include "cmd/operator/api_objects.h"
#ifdef STOWAGE_FAILPOINTS
#include "cmd/operator/failpoints.h"
#endif
#include "cmd/operator/group_caches.h"
#include "cmd/operator/group_events.h"
#include "cmd/operator/group_metrics.h"
#include "cmd/operator/hook_tokens.h"
#include "cmd/operator/role_prober.h"
#include "controlloop/control_loop.h"
#include "program/cluster.h"
#include "program/foundation.h"
#include "statefulgroup/reconcile/reconciler.h"

namespace stowage::operator_cmd {

namespace {

// A call that is under way when we are told to stop gets so long; a write whose answer is not
// waited for is found by the next operator.
constexpr base::Duration kCallGrace = std::chrono::milliseconds(1500);
// How often the caches are looked at before work begins.
constexpr base::Duration kSyncCheck = std::chrono::milliseconds(50);

controlloop::ControlLoopOptions loopOptions(const Options& options) {
  controlloop::ControlLoopOptions loop;
  loop.name = "statefulgroup";
  loop.workers = options.workers;
  loop.resync = std::chrono::seconds(options.resync_seconds);
  return loop;
}

// Half of the workers are there for groups whose agents answer, or that have none.
AgentTurns::Limits askingLimits(const Options& options) {
  const int slow = std::max(1, options.workers / 2);
  return {slow, std::max(1, slow / 2)};
}

}  // namespace

base::Result<Settings> loadSettings(const Options& options) {
  Settings settings;
  settings.options = options;
  auto client = k8sclient::loadClientConfig(options.kubeconfig, k8sclient::processEnvironment());
  if (!client) return base::fail(client.error());
  settings.client = std::move(*client);
  settings.lease_namespace = program::leaseNamespace(options.lease_namespace.value_or(""));
#ifdef STOWAGE_FAILPOINTS
  if (auto failpoint = failpointOfEnvironment(); !failpoint) return base::fail(failpoint.error());
#endif
  return settings;
}

// Members are destroyed in reverse: threads (last) before what they use (first).
class App::Impl {
 public:
  explicit Impl(Settings settings)
      : settings_(std::move(settings)), foundation_("stowage-operator") {}

  base::Status connectClients();
  void wire();
  base::Status start(std::function<void()> on_lost);
  void stop();
  serving::MetricsRegistry& metrics() { return foundation_.metrics(); }

 private:
  void makeReconciler();
  void elect(std::function<void()> on_lost);
  void work(const std::stop_token& stop);

  const Settings settings_;
  program::Foundation foundation_;
  std::stop_source calls_stop_;  // ends calls that are under way when time is up

  std::unique_ptr<GroupEvents> events_;
  std::unique_ptr<ApiObjects> objects_;
  std::unique_ptr<HookTokens> hook_tokens_;
  std::unique_ptr<AgentClient> agents_;
#ifdef STOWAGE_FAILPOINTS
  std::unique_ptr<Failpoints> failpoints_;
#endif
  std::unique_ptr<RoleProber> prober_;
  std::unique_ptr<GroupCaches> caches_;
  std::unique_ptr<statefulgroup::Reconciler> reconciler_;
  std::unique_ptr<controlloop::ControlLoop> loop_;

  std::jthread work_thread_;  // of the only one, without an election
};

base::Status App::Impl::connectClients() {
  k8sclient::RestOptions options;
  options.qps = settings_.options.qps;
  options.burst = settings_.options.burst;
  return foundation_.connect(settings_.client, options);
}

void App::Impl::wire() {
  base::Clock& clock = foundation_.clock();
  serving::MetricsRegistry& metrics = foundation_.metrics();
  k8sclient::ApiClient& api = foundation_.api();
  const std::uint64_t seed = foundation_.seed();
  events_ = std::make_unique<GroupEvents>(foundation_.events(), program::hostName());
  objects_ = std::make_unique<ApiObjects>(api, calls_stop_.get_token());
  hook_tokens_ = std::make_unique<HookTokens>(
      api, kubeapi::hooks::parseServiceAccount(settings_.options.hook_service_account), clock,
      calls_stop_.get_token());
  agents_ =
      std::make_unique<AgentClient>(*hook_tokens_, askingLimits(settings_.options),
                                    RoleProber::kTurns, metrics, clock, calls_stop_.get_token());
  caches_ = std::make_unique<GroupCaches>(
      api, settings_.options.ns, clock, seed, metrics,
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
      [this](const std::string& key) { loop_->add(key); }, clock, seed, metrics);
  metrics.collectGauges(groupMetricFamilies(), [this] { return groupMetrics(caches_->groups()); });
  makeReconciler();
  loop_ = std::make_unique<controlloop::ControlLoop>(
      loopOptions(settings_.options),
      [this](const std::string& key, const std::stop_token& stop) {
        return reconciler_->reconcile(key, stop);
      },
      [this] { return caches_->keys(); }, clock, seed, metrics);
  foundation_.prepareEndpoint(settings_.options,
                              [text = optionsYaml(settings_.options)] { return text; });
  foundation_.addHealthChecks(caches_->resources(), [this](const std::string& resource) {
    return caches_->synced(resource);
  });
}

void App::Impl::makeReconciler() {
  statefulgroup::ObjectApi* objects = objects_.get();
  statefulgroup::HookCaller* hooks = agents_.get();
#ifdef STOWAGE_FAILPOINTS
  // Looked at in loadSettings(); nowhere, unless a test wants it.
  failpoints_ = std::make_unique<Failpoints>(*objects, *hooks,
                                             failpointOfEnvironment().value_or(Failpoint{}));
  objects = &failpoints_->objects();
  hooks = &failpoints_->hooks();
#endif
  reconciler_ = std::make_unique<statefulgroup::Reconciler>(
      *caches_, *objects, *hooks, *events_, foundation_.clock(), foundation_.metrics());
}

base::Status App::Impl::start(std::function<void()> on_lost) {
  if (settings_.options.leader_elect.value_or(true)) elect(std::move(on_lost));
  if (base::Status started = foundation_.start(); !started.ok()) return started;
  // Also without the lease: who takes over has everything at hand.
  caches_->start();
  if (foundation_.elects()) {
    foundation_.startElecting();
  } else {
    work_thread_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
  }
  return {};
}

void App::Impl::elect(std::function<void()> on_lost) {
  k8sclient::LeaseOptions lease;
  lease.ns = settings_.lease_namespace;
  lease.name = settings_.options.lease_name.value_or("stowage-operator");
  lease.lease_duration = std::chrono::seconds(settings_.options.lease_seconds);
  lease.renew_deadline = std::chrono::seconds(settings_.options.renew_seconds);
  lease.retry_period = std::chrono::seconds(settings_.options.retry_seconds);
  foundation_.elect(
      std::move(lease), [this](const std::stop_token& stop) { work(stop); }, std::move(on_lost));
}

// The leader's work: begins when the caches show everything, and ends with `stop`.
void App::Impl::work(const std::stop_token& stop) {
  while (!caches_->allSynced()) {
    if (!foundation_.clock().sleepFor(kSyncCheck, stop)) return;
  }
  base::log().info("working on groups", {{"workers", settings_.options.workers}});
  prober_->start();
  loop_->start();
  foundation_.clock().sleepUntil(base::SteadyTime::max(), stop);
  loop_->stop();
  prober_->stop();
}

void App::Impl::stop() {
  const std::jthread limit([this](const std::stop_token& done) {
    if (foundation_.clock().sleepFor(kCallGrace, done)) calls_stop_.request_stop();
  });
  foundation_.stopElecting();
  work_thread_.request_stop();
  if (work_thread_.joinable()) work_thread_.join();
  if (caches_ != nullptr) caches_->stop();
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

}  // namespace stowage::operator_cmd
