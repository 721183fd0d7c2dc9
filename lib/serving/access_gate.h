// AccessGate: decides about one request with an AccessReviewer, remembers decisions for ten seconds
// and never asks more than a few questions at once. Fails closed.
// Thread safety: decide() from any thread; it may block for the reviewer.
#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/metric_sink.h"
#include "serving/access_review.h"

namespace stowage::serving {

enum class Access {
  kAllowed,
  kUnauthenticated,  // 401: no token, or nobody's
  kForbidden,        // 403: somebody's, without the right
  kUnavailable,      // 503: could not be found out, or too many wait
};

struct AccessLimits {
  base::Duration remember = std::chrono::seconds(10);  // both yes and no
  std::size_t entries = 1024;                          // of each kind; the oldest goes first
  std::size_t concurrent_reviews = 4;
  std::size_t token_bytes = 8192;
};

// Decisions by key for a while. Not thread safe.
template <typename Value>
class DecisionCache {
 public:
  explicit DecisionCache(std::size_t capacity) : capacity_(capacity) {}
  std::optional<Value> find(const std::string& key, base::SteadyTime now) {
    const auto found = entries_.find(key);
    if (found == entries_.end() || found->second.until <= now) return std::nullopt;
    return found->second.value;
  }
  void put(const std::string& key, Value value, base::SteadyTime until) {
    const auto found = entries_.find(key);
    if (found != entries_.end()) {
      order_.erase(found->second.position);
      entries_.erase(found);
    }
    while (entries_.size() >= capacity_ && !order_.empty()) {
      entries_.erase(order_.front());
      order_.pop_front();
    }
    order_.push_back(key);
    entries_.emplace(key, Entry{std::move(value), until, std::prev(order_.end())});
  }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    Value value;
    base::SteadyTime until;
    std::list<std::string>::iterator position;
  };
  const std::size_t capacity_;
  std::map<std::string, Entry> entries_;
  std::list<std::string> order_;  // oldest first
};

class AccessGate {
 public:
  AccessGate(AccessReviewer& reviewer, base::Clock& clock, base::MetricSink& metrics,
             const AccessLimits& limits = {});

  // `authorization` is the header's value ("Bearer ..."), `verb` the lower-case HTTP verb.
  Access decide(const std::string& authorization, const std::string& path, const std::string& verb,
                const std::stop_token& stop);

 private:
  class Slot;
  std::optional<Access> recall(const std::string& token_key, const std::string& decision_key);
  Access review(const std::string& token, const std::string& token_key,
                const std::string& decision_key, const std::string& path, const std::string& verb,
                const std::stop_token& stop);
  std::optional<std::optional<Identity>> identify(const std::string& token,
                                                  const std::string& token_key,
                                                  const std::stop_token& stop);
  void warnOnce(const base::Status& why);

  AccessReviewer& reviewer_;
  base::Clock& clock_;
  const AccessLimits limits_;
  base::Counter& allowed_;
  base::Counter& unauthenticated_;
  base::Counter& forbidden_;
  base::Counter& unavailable_;

  std::mutex mutex_;
  std::size_t reviewing_ = 0;
  bool warned_ = false;                                // reviews fail and the log says so
  DecisionCache<std::optional<Identity>> identities_;  // by hash of the token
  DecisionCache<Access> decisions_;                    // by hash of the token, verb and path
};

}  // namespace stowage::serving
