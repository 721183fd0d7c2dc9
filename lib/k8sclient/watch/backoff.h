// Backoff: how long to wait before asking the API server again. Doubles from 0.8 s to 30 s, each
// wait drawn uniformly from [d, 2d), and starts over after two minutes without a wait.
// Pure: time comes in as an argument. Not thread safe. Source: client-go tools/cache/reflector.go.
#pragma once

#include <chrono>
#include <optional>

#include "base/clock.h"
#include "base/rng.h"

namespace stowage::k8sclient {

struct BackoffOptions {
  base::Duration initial = std::chrono::milliseconds(800);
  base::Duration cap = std::chrono::seconds(30);
  base::Duration reset_after = std::chrono::minutes(2);
};

class Backoff {
 public:
  explicit Backoff(BackoffOptions options) : options_(options), next_(options.initial) {}

  // The wait that starts at `now`.
  base::Duration next(base::SteadyTime now, base::Rng& rng);

 private:
  BackoffOptions options_;
  base::Duration next_;
  std::optional<base::SteadyTime> last_;  // end of the last wait
};

}  // namespace stowage::k8sclient
