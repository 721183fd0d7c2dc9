// SpamFilter: a token bucket per object, for the objects seen last. Pure; not thread safe.
// Source: client-go tools/record/events_cache.go EventSourceObjectSpamFilter.
#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <string>
#include <unordered_map>

#include "base/clock.h"

namespace stowage::k8sclient {

struct SpamFilterOptions {
  int burst = 25;
  base::Duration refill = std::chrono::minutes(5);  // one more write per object
  std::size_t objects = 4096;
};

class SpamFilter {
 public:
  explicit SpamFilter(SpamFilterOptions options) : options_(options) {}
  // Takes one token of `object`; false when there is none.
  bool allow(const std::string& object, base::SteadyTime now);

 private:
  struct Bucket {
    double tokens;
    base::SteadyTime filled;
    std::list<std::string>::iterator age;
  };
  const SpamFilterOptions options_;
  std::unordered_map<std::string, Bucket> buckets_;
  std::list<std::string> ages_;  // longest not used first
};

}  // namespace stowage::k8sclient
