// App: the running scheduler: client, caches, scheduling thread, senders, lease, endpoint, wired
// together and stopped in order. start() and stop() from main; nothing here decides about pods.
#pragma once

#include <functional>
#include <memory>

#include "base/status.h"
#include "cmd/scheduler/startup.h"
#include "program/process.h"
#include "serving/metrics_registry.h"

namespace stowage::scheduler_cmd {

class App final : public program::Service {
 public:
  // Connects nothing yet; fails on credentials that cannot be read.
  static base::Result<std::unique_ptr<App>> create(Settings settings);
  ~App() override;
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  // Serves, watches, and schedules once it leads. `on_lost` is called on a thread of ours when the
  // lease is lost: the process must end at once.
  base::Status start(std::function<void()> on_lost) override;

  // No new pods; binds that are under way get their answers or are given up; events leave; the
  // lease is given away. Within three seconds.
  void stop() override;

  // Looks at the configuration file at once instead of within a second.
  void reload() override;

  // What it counts, for the documentation.
  [[nodiscard]] const serving::MetricsRegistry& metrics() const;

 private:
  class Impl;
  explicit App(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace stowage::scheduler_cmd
