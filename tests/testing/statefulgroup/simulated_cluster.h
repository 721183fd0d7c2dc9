// SimulatedCluster: what reconciling a group meets, in memory and under a test's command: an API
// server (versions, uids, fences, finalizers, evictions judged by budgets), caches that show what
// the test lets them show, and events that happen to pods. It is no substitute for the real API
// server, on which the integration tests run: it is what can be brought into every state, and be
// copied. Not thread safe.
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "statefulgroup/observed.h"
#include "statefulgroup/ports.h"

namespace stowage::testing {

using Json = nlohmann::json;

// Thrown by a write when the operator is to die before it.
struct OperatorDies {};

class SimulatedCluster final : public statefulgroup::ObjectApi {
 public:
  using Key = std::pair<statefulgroup::Resource, std::string>;
  using Objects = std::map<Key, Json>;  // of one namespace, "ns"

  explicit SimulatedCluster(const base::Clock& clock) : clock_(&clock) {}

  // ---- ObjectApi
  statefulgroup::Answer get(const statefulgroup::ObjectName& object) override;
  statefulgroup::Answer create(const statefulgroup::ObjectName& object, std::string_view json,
                               statefulgroup::DryRun dry_run) override;
  statefulgroup::Answer patch(const statefulgroup::ObjectName& object, std::string_view subresource,
                              std::string_view json) override;
  statefulgroup::Answer replace(const statefulgroup::ObjectName& object,
                                std::string_view subresource, std::string_view json) override;
  statefulgroup::Answer remove(const statefulgroup::ObjectName& object,
                               const statefulgroup::Fence& fence) override;
  statefulgroup::Answer evict(const statefulgroup::ObjectName& pod,
                              const statefulgroup::Fence& fence) override;

  // ---- What a user does. The spec is a whole one; its generation moves on.
  void putGroup(const std::string& name, const Json& spec);
  void deleteGroup(const std::string& name);
  void orphanAll(const std::string& name);  // deletes the group and leaves what it owns

  // ---- What happens to pods. Each does nothing when the pod is not in the state for it.
  void schedule(const std::string& pod);              // bound to a node, and running
  void setReady(const std::string& pod, bool ready);  // of a running one
  void setRole(const std::string& pod, const std::string& role);
  void finish(const std::string& pod);  // a terminating one is gone
  void end(const std::string& pod, const std::string& phase);
  void drain(const std::string& pod);  // somebody evicts it
  // Containers whose images have changed are restarted: the pod is not ready, and runs the new
  // ones.
  void restartContainers(const std::string& pod);
  enum class Resize { kDone, kDeferred, kInfeasible };
  // What its node does about amounts that have changed.
  void resize(const std::string& pod, Resize what = Resize::kDone);
  // What a storage driver says of a claim.
  void setClaimStatus(const std::string& claim, const Json& status);
  // A claim is bound to a volume of that name; what the volume is (null: it is gone).
  void bindClaim(const std::string& claim, const std::string& volume);
  void setVolume(const std::string& volume, const Json& object);
  void setNode(const std::string& node, bool there);
  // What the disruption controller counts.
  void countHealthy();
  // Budgets remember evicted pods by name until they are counted without them, as the real ones do.
  bool remembers_evictions = false;

  // ---- Looking
  [[nodiscard]] const Objects& objects() const { return objects_; }
  [[nodiscard]] const Json* find(statefulgroup::Resource resource, const std::string& name) const;
  [[nodiscard]] std::vector<std::string> names(statefulgroup::Resource resource) const;
  [[nodiscard]] bool isReady(const std::string& pod) const;
  [[nodiscard]] bool isTerminating(const std::string& pod) const;
  // Its containers run what it says, and it is ready.
  [[nodiscard]] bool serves(const std::string& pod) const;

  // ---- The operator's writes
  [[nodiscard]] int writes() const { return writes_; }
  // The operator dies before its next write but `count`; nullopt: it lives.
  void dieAfter(std::optional<int> count) { lives_ = count; }
  // What a pod of these says about the template: an error text, or none.
  std::function<std::string(const Json& pod)> admission;
  // Why no claim's spec may change; empty: it may.
  std::string claims_are_fixed;
  // Told right before each change that a write makes: with what is written, where it is a whole
  // object, and the state before it.
  using OnWrite = std::function<void(const std::string& verb, const Key& object, const Json& body,
                                     const SimulatedCluster& before)>;
  OnWrite on_write;

 private:
  statefulgroup::Answer taken(const Json& object);
  void beginWrite(const char* verb, const Key& key, const Json& body = {});
  Json* at(const statefulgroup::ObjectName& object);
  void touch(Json& object);
  void erase(const Key& key);
  void collectGarbage(const std::string& owner_uid);
  statefulgroup::Answer removeObject(const Key& key, Json& object);
  [[nodiscard]] bool budgetsAllow(const Json& pod, std::string& why) const;
  [[nodiscard]] static bool takenForEvicted(const Json& budget, const std::string& pod);
  void rememberEviction(const Json& pod);
  void forgetEvicted(Json& budget);

  const base::Clock* clock_;
  Objects objects_;
  std::int64_t version_ = 100;
  std::int64_t uids_ = 0;
  int writes_ = 0;
  std::optional<int> lives_;
};

// Caches that show the cluster as of the last sync().
class SimulatedView final : public statefulgroup::GroupView {
 public:
  void sync(const SimulatedCluster& cluster) { objects_ = cluster.objects(); }
  void show(SimulatedCluster::Objects objects) { objects_ = std::move(objects); }
  [[nodiscard]] std::optional<statefulgroup::Observed> observe(
      const std::string& ns, const std::string& name) const override;
  [[nodiscard]] const SimulatedCluster::Objects& objects() const { return objects_; }
  // What is known of nodes, by name; of others nothing.
  std::map<base::Symbol, statefulgroup::NodeSight> nodes;

 private:
  SimulatedCluster::Objects objects_;
};

class RecordedEvents final : public statefulgroup::EventSink {
 public:
  void record(const kubeapi::StatefulGroup& group, const statefulgroup::GroupEvent& event) override;
  std::vector<std::string> lines;  // "Normal SuccessfulCreate created pod ..."
};

// A whole spec of that many members, all other fields at their defaults, merged with `more`.
Json groupSpec(int shards, int replicas, const Json& more = Json::object());
// What groupSpec() can be given more: a container of this image, which pods get by being made anew
// or by another podUpdatePolicy; a claim "data" for each replica.
Json withImage(const std::string& image, const std::string& policy = "Recreate");
Json withClaims(Json more = Json::object());

}  // namespace stowage::testing
