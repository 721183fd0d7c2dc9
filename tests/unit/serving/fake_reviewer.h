// FakeReviewer: an AccessReviewer with a list of tokens. "good" is alice, who may get what
// `allowed` lists; "poor" is bob, who may nothing; other tokens are nobody's. Thread safe.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>
#include <string>

#include "serving/access_review.h"

namespace stowage::serving {

class FakeReviewer final : public AccessReviewer {
 public:
  std::set<std::string> allowed{"/metrics"};  // set before use
  std::set<std::string> may_put;              // likewise, by alice
  std::set<std::string> may_post;             // likewise
  std::atomic<bool> broken = false;           // the API server cannot be asked
  std::atomic<int> authentications = 0;
  std::atomic<int> authorizations = 0;

  base::Result<std::optional<Identity>> authenticate(const std::string& token,
                                                     const std::stop_token& stop) override {
    ++authentications;
    waitWhileHeld(stop);
    if (stop.stop_requested()) return base::fail(base::Code::kCancelled, "stopped");
    if (broken) return base::fail(base::Code::kUnavailable, "no connection");
    if (token == "good") return std::optional(Identity{"alice", "1", {"g"}, {}});
    if (token == "poor") return std::optional(Identity{"bob", "2", {}, {}});
    return std::optional<Identity>();
  }

  base::Result<bool> authorize(const Identity& who, const std::string& path,
                               const std::string& verb, const std::stop_token&) override {
    ++authorizations;
    if (broken) return base::fail(base::Code::kUnavailable, "no connection");
    if (who.user != "alice") return false;
    if (verb == "post") return may_post.contains(path);
    return verb == "put" ? may_put.contains(path) : verb == "get" && allowed.contains(path);
  }

  // Every authentication from now on waits until release() or its stop.
  void hold() {
    std::lock_guard lock(mutex_);
    held_ = true;
  }
  void release() {
    std::lock_guard lock(mutex_);
    held_ = false;
    changed_.notify_all();
  }
  // Waits (ten seconds) until so many authentications wait.
  bool waitForHeld(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return waiting_ >= count; });
  }

 private:
  void waitWhileHeld(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, stop, [&] { return !held_; });
    --waiting_;
  }

  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool held_ = false;
  int waiting_ = 0;
};

}  // namespace stowage::serving
