// HintObserver: hears how long each queueing hint took. Implemented by the metrics.
#pragma once

#include <string_view>

#include "base/clock.h"
#include "scheduling/plugins/registry.h"

namespace stowage::scheduling {

class HintObserver {
 public:
  virtual ~HintObserver() = default;
  // `event` is a literal. `queue`: the hint was to wake the pod.
  virtual void hinted(PluginId plugin, std::string_view event, bool queue, base::Duration time) = 0;
};

}  // namespace stowage::scheduling
