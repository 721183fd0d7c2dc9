// What has to be right before anything runs: options and files become one checked Settings value,
// or one message that says what to do. Reads files; starts nothing.
#pragma once

#include <string>

#include "base/status.h"
#include "cmd/scheduler/options.h"
#include "config/scheduler_config.h"
#include "k8sclient/config/client_config.h"

namespace stowage::scheduler_cmd {

struct Settings {
  Options options;
  config::SchedulerConfig config;
  k8sclient::ClientConfig client;
  std::string lease_namespace;
};

// What the command line says against the file.
config::ConfigOverrides overridesOf(const Options& options);
base::Result<Settings> loadSettings(const Options& options);

}  // namespace stowage::scheduler_cmd
