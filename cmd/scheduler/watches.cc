#include "cmd/scheduler/watches.h"

#include <type_traits>
#include <utility>

#include "base/log.h"
#include "k8sclient/cache/object_cache.h"
#include "k8sclient/watch/reflector.h"
#include "kubeapi/node.h"
#include "kubeapi/pod.h"
#include "kubeapi/policy.h"

namespace stowage::scheduler_cmd {

namespace {

using scheduling::News;

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

k8sclient::ReflectorOptions optionsFor(const char* plural) {
  k8sclient::ReflectorOptions options;
  options.type = {"", "v1", plural};
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

  // `needed`: without its first list nothing is decided. Otherwise the first error is enough to go
  // on without it.
  RoomOf(Watches& house, bool needed, k8sclient::ReflectorOptions options,
         k8sclient::ApiClient& api, base::Clock& clock, std::uint64_t seed,
         base::MetricSink& metrics)
      : house_(house),
        name_(options.type.plural),
        stop_(house.stop_.token()),
        reflector_(needed ? std::move(options) : goingOnWithout(std::move(options)), api, cache_,
                   clock, seed, metrics) {
    cache_.addHandler(*this);
  }

  void start() override { reflector_.start(); }
  void stop() override { reflector_.stop(); }
  [[nodiscard]] std::string name() const override { return name_; }

  [[nodiscard]] base::Status synced() const override {
    if (cache_.synced()) return {};
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
    if constexpr (std::is_same_v<T, kubeapi::PodDisruptionBudget>) {
      push(scheduling::BudgetsSynced{});
    }
    settle();
  }
  // The first list has come, or nobody is to wait for it any longer.
  void settle() {
    if (!std::exchange(settled_, true)) house_.roomSynced();
  }
  // Waits while the inbox is full: the watch stands still meanwhile, and that is the back-pressure.
  void push(News news) { house_.loop_.push(std::move(news), stop_); }

  Watches& house_;
  const std::string name_;
  const std::stop_token stop_;
  bool settled_ = false;  // the reflector's thread alone
  k8sclient::ObjectCache<T> cache_;
  k8sclient::Reflector<T> reflector_;
};

Watches::Watches(k8sclient::ApiClient& api, scheduling::SchedulingLoop& loop, base::Clock& clock,
                 std::uint64_t seed, base::MetricSink& metrics)
    : loop_(loop), waiting_for_(4) {
  rooms_.push_back(std::make_unique<RoomOf<kubeapi::Namespace>>(
      *this, true, optionsFor("namespaces"), api, clock, seed, metrics));
  rooms_.push_back(std::make_unique<RoomOf<kubeapi::Node>>(*this, true, optionsFor("nodes"), api,
                                                           clock, seed + 1, metrics));
  rooms_.push_back(std::make_unique<RoomOf<kubeapi::Pod>>(*this, true, podOptions(), api, clock,
                                                          seed + 2, metrics));
  // As long as the budgets cannot be listed nobody is preempted, and the rest goes on.
  optional_rooms_.push_back(std::make_unique<RoomOf<kubeapi::PodDisruptionBudget>>(
      *this, false, budgetOptions(), api, clock, seed + 3, metrics));
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
