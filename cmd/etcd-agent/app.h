// App: the running agent: what it stands on, wired. Main's thread only.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>

#include "base/status.h"
#include "cmd/etcd-agent/options.h"
#include "program/process.h"

namespace stowage::etcd_agent {

class App final : public program::Service {
 public:
  // An error names what is wrong with flags, files or credentials. Starts nothing.
  static base::Result<std::unique_ptr<App>> create(const Options& options);
  ~App() override;

  base::Status start(std::function<void()> on_lost) override;
  void stop() override;

 private:
  class Impl;
  explicit App(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// The init step, from flags to its end.
base::Status runInit(const Options& options, const std::stop_token& stop);

}  // namespace stowage::etcd_agent
