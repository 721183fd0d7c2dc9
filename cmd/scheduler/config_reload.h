// ConfigReload: follows the file of --config while the scheduler runs. A file that has changed is
// read as strictly as at the start; what may change while running is handed on, what may not is
// told to need a restart, and a file that is wrong changes nothing. Each outcome is logged,
// counted, told as an event and shown at /configz. Thread safety: start() and stop() from one
// owner; look() and configz() from any thread. Ownership: events, clock and metrics outlive it.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/metric_sink.h"
#include "base/status.h"
#include "cmd/scheduler/self_events.h"
#include "config/scheduler_config.h"

namespace stowage::scheduler_cmd {

class ConfigReload {
 public:
  struct Source {
    std::string file;  // empty: there is nothing to follow
    config::ConfigOverrides overrides;
  };
  // Makes the new configuration hold from the next decision on. An error: it cannot, and the old
  // one holds.
  using Apply = std::function<base::Status(const config::SchedulerConfig&)>;
  ConfigReload(Source source, config::SchedulerConfig in_use, Apply apply, SelfEvents& events,
               base::Clock& clock, base::MetricSink& metrics);
  ~ConfigReload() { stop(); }
  ConfigReload(const ConfigReload&) = delete;
  ConfigReload& operator=(const ConfigReload&) = delete;

  // Looks at the file every second: a mounted ConfigMap changes by a rename that not every watch of
  // files sees.
  void start();
  void stop();
  // Reads the file now; true when it has changed since the last look.
  bool look();
  // The configuration in use as YAML, with a comment on what became of the last change.
  [[nodiscard]] std::string configz() const;

 private:
  void take(config::SchedulerConfig next);
  void refuse(const std::string& why);

  const Source source_;
  const Apply apply_;
  SelfEvents& events_;
  base::Clock& clock_;
  base::Counter& applied_;
  base::Counter& refused_;
  base::Gauge& successful_;
  base::Gauge& restart_;
  const config::SchedulerConfig at_start_;

  std::mutex looking_;  // one look at a time
  std::string last_seen_;
  mutable std::mutex mutex_;  // guards what follows
  config::SchedulerConfig in_use_;
  std::string remark_;  // lines for configz()
  std::jthread thread_;
};

// Fields of `next` that a running scheduler does not take over from `in_use`.
std::vector<std::string> restartFields(const config::SchedulerConfig& in_use,
                                       const config::SchedulerConfig& next);

}  // namespace stowage::scheduler_cmd
