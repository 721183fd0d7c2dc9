// Outage: when the API server answers nobody, every watch and every call fails at once. This makes
// one story of it: that it began, with what to do, that it lasts, that it is over.
// Thread safe; owned by an ApiClient. Does not log itself.
#pragma once

#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"

namespace stowage::k8sclient {

class Outage {
 public:
  enum class Kind {
    kNoConnection,   // refused, unresolved, not trusted, lost
    kNoCredentials,  // we have nothing to show
    kRefused,        // 401: what we show is not taken
  };
  struct News {
    bool over = false;
    std::string advice;       // what to do, while it lasts
    base::Duration lasted{};  // so far
  };

  // Worth a line: the first failure, then one a minute. One that follows another within seconds
  // (a server that comes and goes) is not.
  std::optional<News> onFailure(Kind kind, const std::string& error, base::SteadyTime now);
  // Worth a line: the first answer after an outage that had one.
  std::optional<News> onAnswer(base::SteadyTime now);

 private:
  std::mutex mutex_;
  std::optional<base::SteadyTime> since_;
  std::optional<base::SteadyTime> said_at_;
  bool said_ = false;  // of the outage under way
};

}  // namespace stowage::k8sclient
