// App: the running operator: client, caches, workers, lease, endpoint, wired together and stopped
// in order. start() and stop() from main; nothing here decides about groups.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/status.h"
#include "cmd/operator/options.h"
#include "k8sclient/config/client_config.h"
#include "program/process.h"
#include "serving/metrics_registry.h"

namespace stowage::operator_cmd {

struct Settings {
  Options options;
  k8sclient::ClientConfig client;
  std::string lease_namespace;
};
base::Result<Settings> loadSettings(const Options& options);

class App final : public program::Service {
 public:
  // Connects nothing yet; fails on credentials that cannot be read.
  static base::Result<std::unique_ptr<App>> create(Settings settings);
  ~App() override;
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  // Serves and watches, and works on groups once it leads.
  base::Status start(std::function<void()> on_lost) override;
  // Passes end after the write they are at; events leave; the lease is given away.
  void stop() override;

  // What it counts, for the documentation.
  [[nodiscard]] const serving::MetricsRegistry& metrics() const;

 private:
  class Impl;
  explicit App(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace stowage::operator_cmd
