// Watches: everything that scheduling needs to see, kept in step with the API server and handed to
// the scheduling loop in watch order: pods of all schedulers, nodes, namespaces, disruption
// budgets, storage objects, and Services and controllers where they decide. Without the first three
// there is no scheduling. What else the server does not give (no right, not served) is told, and
// the rest goes on. Thread safety: start() and stop() from one owner; the rest from any thread.
// Ownership: api, loop, clock and metrics outlive it.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/metric_sink.h"
#include "base/status.h"
#include "base/stop_tree.h"
#include "k8sclient/rest/api_client.h"
#include "scheduling/loop.h"

namespace stowage::scheduler_cmd {

class Watches {
 public:
  // Hears that a resource is not given, and why; "" when it is again. From watch threads.
  using Refused = std::function<void(const std::string& resource, const std::string& why)>;

  // `workloads`: also watch what default spreading needs to know (profile.h, spreadsByDefault).
  Watches(k8sclient::ApiClient& api, scheduling::SchedulingLoop& loop, base::Clock& clock,
          std::uint64_t seed, base::MetricSink& metrics, bool workloads, Refused refused = {});
  ~Watches();
  Watches(const Watches&) = delete;
  Watches& operator=(const Watches&) = delete;

  void start();
  void stop();
  // Services and controllers from now on, if they are not watched yet. After start(), from one
  // thread.
  void watchWorkloads();

  // Resources watched, by name, for health checks: ok once the first list has arrived, or been
  // refused where scheduling goes on without it; else what it waits for.
  [[nodiscard]] std::vector<std::string> resources() const;
  [[nodiscard]] base::Status synced(const std::string& resource) const;

 private:
  class Room;
  template <typename T>
  class RoomOf;
  void roomSynced();
  // Makes the rooms of workloads; nothing is watched yet.
  std::function<void()> workloadsMaker(k8sclient::ApiClient& api, base::Clock& clock,
                                       std::uint64_t seed, base::MetricSink& metrics);
  void addStorage(k8sclient::ApiClient& api, base::Clock& clock, std::uint64_t seed,
                  base::MetricSink& metrics);

  scheduling::SchedulingLoop& loop_;
  const Refused refused_;
  base::StopTree stop_;
  std::atomic<std::size_t> waiting_for_{0};
  std::vector<std::unique_ptr<Room>> rooms_;
  std::vector<std::unique_ptr<Room>> optional_rooms_;  // readiness does not depend on these
  std::vector<std::unique_ptr<Room>> workload_rooms_;  // likewise when they came after the start
  std::function<void()> make_workloads_;               // once
};

}  // namespace stowage::scheduler_cmd
