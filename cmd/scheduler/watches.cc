#include "cmd/scheduler/watches.h"

#include <optional>
#include <type_traits>
#include <utility>

#include "base/log.h"
#include "k8sclient/cache/object_cache.h"
#include "k8sclient/watch/reflector.h"
#include "kubeapi/node.h"
#include "kubeapi/pod.h"
#include "kubeapi/policy.h"
#include "kubeapi/storage.h"
#include "kubeapi/workloads.h"

namespace stowage::scheduler_cmd {

namespace {

using scheduling::News;

template <typename T>
constexpr bool kIsWorkload =
    std::is_constructible_v<scheduling::WorkloadChange, scheduling::ObjectChange<T>>;

// What a change of each type becomes in the loop's inbox.
News changed(const kubeapi::PodPtr& before, const kubeapi::PodPtr& after) {
  return scheduling::PodChange{before, after};
}
News removed(const kubeapi::PodPtr& last) { return scheduling::PodRemoval{last}; }
News changed(const kubeapi::NodePtr& before, const kubeapi::NodePtr& after) {
  return scheduling::NodeChangeNews{before, after};
}
News removed(const kubeapi::NodePtr& last) { return scheduling::NodeRemoval{last}; }
News changed(const kubeapi::NamespacePtr& /*before*/, const kubeapi::NamespacePtr& after) {
  return scheduling::NamespaceChange{after};
}
News removed(const kubeapi::NamespacePtr& last) { return scheduling::NamespaceRemoval{last}; }

News changed(const kubeapi::PodDisruptionBudgetPtr& /*before*/,
             const kubeapi::PodDisruptionBudgetPtr& after) {
  return scheduling::BudgetChange{after};
}
News removed(const kubeapi::PodDisruptionBudgetPtr& last) {
  return scheduling::BudgetRemoval{last};
}
// Storage objects and workloads.
template <typename T>
News changed(const std::shared_ptr<const T>& before, const std::shared_ptr<const T>& after) {
  const scheduling::ObjectChange<T> change{before, after};
  if constexpr (kIsWorkload<T>) {
    return scheduling::WorkloadChange(change);
  } else {
    return scheduling::StorageChange(change);
  }
}
template <typename T>
News removed(const std::shared_ptr<const T>& last) {
  return changed(last, std::shared_ptr<const T>());
}

k8sclient::ReflectorOptions optionsFor(const char* plural, const char* group = "") {
  k8sclient::ReflectorOptions options;
  options.type = {group, "v1", plural};
  return options;
}

k8sclient::ReflectorOptions budgetOptions() {
  k8sclient::ReflectorOptions options;
  options.type = {"policy", "v1", "poddisruptionbudgets"};
  return options;
}

// Pods that have ended hold nothing: the server leaves them out, as for kube-scheduler.
k8sclient::ReflectorOptions podOptions() {
  k8sclient::ReflectorOptions options = optionsFor("pods");
  // Each pod is heard of at least twice: when it comes and when it is bound.
  options.lane = k8sclient::CallOptions::Lane::kFast;
  options.field_selector = "status.phase!=Succeeded,status.phase!=Failed";
  return options;
}

}  // namespace

// One resource: reflector -> cache -> inbox.
class Watches::Room {
 public:
  virtual ~Room() = default;
  virtual void start() = 0;
  virtual void stop() = 0;
  [[nodiscard]] virtual std::string name() const = 0;
  [[nodiscard]] virtual base::Status synced() const = 0;
};

template <typename T>
class Watches::RoomOf final : public Room, private k8sclient::CacheHandler<T> {
 public:
  using Object = std::shared_ptr<const T>;
  static constexpr bool kBudgets = std::is_same_v<T, kubeapi::PodDisruptionBudget>;

  // `needed`: without its first list nothing is decided. Otherwise the first error is enough to go
  // on without it. `kind` is set for storage objects. A refusal of those, of budgets
  // and of workloads is told.
  RoomOf(Watches& house, bool needed, k8sclient::ReflectorOptions options,
         k8sclient::ApiClient& api, base::Clock& clock, std::uint64_t seed,
         base::MetricSink& metrics, std::optional<scheduling::StorageKind> kind = {})
      : house_(house),
        name_(options.type.plural),
        kind_(kind),
        stop_(house.stop_.token()),
        reflector_(withRefusal(needed ? std::move(options) : goingOnWithout(std::move(options))),
                   api, cache_, clock, seed, metrics) {
    cache_.addHandler(*this);
  }

  void start() override { reflector_.start(); }
  void stop() override { reflector_.stop(); }
  [[nodiscard]] std::string name() const override { return name_; }

  [[nodiscard]] base::Status synced() const override {
    if (cache_.synced() || settled_) return {};
    const std::string error = reflector_.health().last_error;
    return {base::Code::kUnavailable, error.empty() ? "the first list has not arrived yet"
                                                    : "waiting for the first list: " + error};
  }

 private:
  k8sclient::ReflectorOptions goingOnWithout(k8sclient::ReflectorOptions options) {
    options.on_error = [this](const std::string& error) {
      if (settled_) return;
      base::log().warn("going on without a resource that cannot be listed",
                       {{"resource", name_}, {"error", error}});
      settle();
    };
    return options;
  }
  void onAdd(const Object& object) override { push(changed(Object(), object)); }
  void onUpdate(const Object& before, const Object& after) override {
    push(changed(before, after));
  }
  void onDelete(const Object& last, bool /*final_state_unknown*/) override { push(removed(last)); }
  void onSynced() override {
    base::log().info("cache synced", {{"resource", name_}, {"objects", cache_.size()}});
    if (kBudgets) push(scheduling::BudgetsSynced{});
    settle();
  }
  k8sclient::ReflectorOptions withRefusal(k8sclient::ReflectorOptions options) {
    if (kind_ || kBudgets || kIsWorkload<T>)
      options.on_refusal = [this](const std::string& why) { refused(why); };
    return options;
  }
  void refused(const std::string& why) {
    if (kind_) push(scheduling::StorageOutage{*kind_, why});
    if (kBudgets) push(scheduling::BudgetsSynced{why.empty()});
    if (house_.refused_) house_.refused_(name_, why);
    if (!why.empty()) settle();
  }
  // The first list has come, or nobody is to wait for it any longer.
  void settle() {
    if (!settled_.exchange(true)) house_.roomSynced();
  }
  // Waits while the inbox is full: the watch stands still meanwhile, and that is the back-pressure.
  void push(News news) { house_.loop_.push(std::move(news), stop_); }

  Watches& house_;
  const std::string name_;
  const std::optional<scheduling::StorageKind> kind_;
  const std::stop_token stop_;
  std::atomic<bool> settled_{false};
  k8sclient::ObjectCache<T> cache_;
  k8sclient::Reflector<T> reflector_;
};

Watches::Watches(k8sclient::ApiClient& api, scheduling::SchedulingLoop& loop, base::Clock& clock,
                 std::uint64_t seed, base::MetricSink& metrics, bool workloads, Refused refused)
    : loop_(loop), refused_(std::move(refused)) {
  rooms_.push_back(std::make_unique<RoomOf<kubeapi::Namespace>>(
      *this, true, optionsFor("namespaces"), api, clock, seed, metrics));
  rooms_.push_back(std::make_unique<RoomOf<kubeapi::Node>>(*this, true, optionsFor("nodes"), api,
                                                           clock, seed + 1, metrics));
  rooms_.push_back(std::make_unique<RoomOf<kubeapi::Pod>>(*this, true, podOptions(), api, clock,
                                                          seed + 2, metrics));
  // As long as the budgets cannot be listed nobody is preempted, and the rest goes on.
  optional_rooms_.push_back(std::make_unique<RoomOf<kubeapi::PodDisruptionBudget>>(
      *this, false, budgetOptions(), api, clock, seed + 3, metrics));
  addStorage(api, clock, seed + 4, metrics);
  make_workloads_ = workloadsMaker(api, clock, seed + 16, metrics);
  if (workloads) {
    std::exchange(make_workloads_, nullptr)();
    for (auto& room : workload_rooms_) rooms_.push_back(std::move(room));
    workload_rooms_.clear();
  }
  waiting_for_ = rooms_.size() + optional_rooms_.size();
}

void Watches::addStorage(k8sclient::ApiClient& api, base::Clock& clock, std::uint64_t seed,
                         base::MetricSink& metrics) {
  const auto add = [&]<typename T>(scheduling::StorageKind kind, const char* plural,
                                   const char* group) {
    rooms_.push_back(std::make_unique<RoomOf<T>>(*this, true, optionsFor(plural, group), api, clock,
                                                 seed + rooms_.size(), metrics, kind));
  };
  using scheduling::StorageKind;
  constexpr const char* kStorage = "storage.k8s.io";
  add.operator()<kubeapi::PersistentVolumeClaim>(StorageKind::kClaims, "persistentvolumeclaims",
                                                 "");
  add.operator()<kubeapi::PersistentVolume>(StorageKind::kVolumes, "persistentvolumes", "");
  add.operator()<kubeapi::StorageClass>(StorageKind::kClasses, "storageclasses", kStorage);
  add.operator()<kubeapi::CsiNode>(StorageKind::kCsiNodes, "csinodes", kStorage);
  add.operator()<kubeapi::CsiDriver>(StorageKind::kCsiDrivers, "csidrivers", kStorage);
  add.operator()<kubeapi::CsiStorageCapacity>(StorageKind::kCapacities, "csistoragecapacities",
                                              kStorage);
  add.operator()<kubeapi::VolumeAttachment>(StorageKind::kAttachments, "volumeattachments",
                                            kStorage);
}

// Spreading by default does without those that are not given.
std::function<void()> Watches::workloadsMaker(k8sclient::ApiClient& api, base::Clock& clock,
                                              std::uint64_t seed, base::MetricSink& metrics) {
  return [this, &api, &clock, seed, &metrics] {
    const auto add = [&]<typename T>(const char* plural, const char* group) {
      workload_rooms_.push_back(
          std::make_unique<RoomOf<T>>(*this, true, optionsFor(plural, group), api, clock,
                                      seed + workload_rooms_.size(), metrics));
    };
    add.operator()<kubeapi::Service>("services", "");
    add.operator()<kubeapi::ReplicationController>("replicationcontrollers", "");
    add.operator()<kubeapi::ReplicaSet>("replicasets", "apps");
    add.operator()<kubeapi::StatefulSet>("statefulsets", "apps");
  };
}

void Watches::watchWorkloads() {
  if (make_workloads_ == nullptr) return;
  std::exchange(make_workloads_, nullptr)();
  // Before they start: else the mark of the first lists could be set too early.
  waiting_for_ += workload_rooms_.size();
  for (const auto& room : workload_rooms_) room->start();
}

Watches::~Watches() { stop(); }

void Watches::start() {
  for (const auto& room : rooms_) room->start();
  for (const auto& room : optional_rooms_) room->start();
}

void Watches::stop() {
  stop_.requestStop();
  for (const auto& room : rooms_) room->stop();
  for (const auto& room : optional_rooms_) room->stop();
  for (const auto& room : workload_rooms_) room->stop();
}

// Each room pushed its whole first list before it called this, so when the last one calls, all of
// them are in the inbox ahead of the mark.
void Watches::roomSynced() {
  if (waiting_for_.fetch_sub(1) == 1) loop_.push(scheduling::CachesSynced{}, stop_.token());
}

std::vector<std::string> Watches::resources() const {
  std::vector<std::string> names;
  names.reserve(rooms_.size());
  for (const auto& room : rooms_) names.push_back(room->name());
  return names;
}

base::Status Watches::synced(const std::string& resource) const {
  for (const auto& room : rooms_) {
    if (room->name() == resource) return room->synced();
  }
  return {base::Code::kNotFound, "no such resource: " + resource};
}

}  // namespace stowage::scheduler_cmd
