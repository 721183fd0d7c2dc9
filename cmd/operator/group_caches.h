// GroupCaches: everything that groups consist of, kept in step with the API server; what a pass
// sees. Tells which groups to look at when something of theirs changes. First lists are consistent:
// a list out of a watch cache that lags could show what is long deleted.
// Thread safety: start() and stop() from one owner; the rest from any thread.
// Ownership: api, clock and metrics outlive it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/metric_sink.h"
#include "base/status.h"
#include "k8sclient/rest/api_client.h"
#include "statefulgroup/observed.h"

namespace stowage::operator_cmd {

class GroupCaches final : public statefulgroup::GroupView {
 public:
  // Hears "ns/name" of a group to look at, on watch threads; must not block. `first`: it only
  // appeared with the first list.
  using Changed = std::function<void(const std::string& key, bool first)>;
  // Hears "ns/name" of a pod that came or changed; may be empty.
  using PodChanged = std::function<void(const std::string& pod_key)>;
  // What the pod with that uid told of its role; may be empty.
  using RoleOf =
      std::function<std::optional<statefulgroup::RoleSight>(const base::Symbol& pod_uid)>;

  // `ns`: of all groups; empty: any.
  GroupCaches(k8sclient::ApiClient& api, const std::string& ns, base::Clock& clock,
              std::uint64_t seed, base::MetricSink& metrics, Changed changed,
              PodChanged pod_changed, RoleOf role_of);
  ~GroupCaches() override;
  GroupCaches(const GroupCaches&) = delete;
  GroupCaches& operator=(const GroupCaches&) = delete;

  void start();
  void stop();

  // Each resource by name, for health checks: ok once its first list has arrived.
  [[nodiscard]] std::vector<std::string> resources() const;
  [[nodiscard]] base::Status synced(const std::string& resource) const;
  [[nodiscard]] bool allSynced() const;

  [[nodiscard]] std::optional<statefulgroup::Observed> observe(
      const std::string& ns, const std::string& name) const override;
  // A pod by "ns/name", and the group whose name is on its label; null: not there.
  [[nodiscard]] kubeapi::MemberPodPtr pod(const std::string& key) const;
  [[nodiscard]] kubeapi::StatefulGroupPtr groupOf(const kubeapi::MemberPod& pod) const;
  // All groups, as keys and as they are.
  [[nodiscard]] std::vector<std::string> keys() const;
  [[nodiscard]] std::vector<kubeapi::StatefulGroupPtr> groups() const;

 private:
  class Rooms;
  std::unique_ptr<Rooms> rooms_;
};

}  // namespace stowage::operator_cmd
