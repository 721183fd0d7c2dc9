// BoundedQueue: hand-over of values between threads with a limit, so that a slow consumer slows the
// producer instead of filling memory. Any number of producers and consumers.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>

#include "base/clock.h"

namespace stowage::base {

template <typename T>
class BoundedQueue {
 public:
  explicit BoundedQueue(std::size_t capacity) : capacity_(capacity) {}

  // Waits for room until `stop`. Returns false, and leaves the value unsent, when stopped or
  // closed.
  bool push(T value, const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, stop, [&] { return closed_ || items_.size() < capacity_; });
    if (closed_ || items_.size() >= capacity_) return false;
    items_.push_back(std::move(value));
    changed_.notify_all();
    return true;
  }

  // Never waits; false when full or closed.
  bool tryPush(T value) {
    std::lock_guard lock(mutex_);
    if (closed_ || items_.size() >= capacity_) return false;
    items_.push_back(std::move(value));
    changed_.notify_all();
    return true;
  }

  // Waits for a value until `stop`, `deadline` (steady time) or close; nullopt then.
  std::optional<T> pop(const std::stop_token& stop, SteadyTime deadline = SteadyTime::max()) {
    std::unique_lock lock(mutex_);
    const auto ready = [&] { return closed_ || !items_.empty(); };
    if (deadline == SteadyTime::max()) {
      changed_.wait(lock, stop, ready);
    } else {
      changed_.wait_until(lock, stop, deadline, ready);
    }
    return takeLocked();
  }

  std::optional<T> tryPop() {
    std::lock_guard lock(mutex_);
    return takeLocked();
  }

  // Everything that is there, in order, in one lock. Does not wait.
  std::deque<T> drain() {
    std::lock_guard lock(mutex_);
    std::deque<T> all;
    all.swap(items_);
    changed_.notify_all();
    return all;
  }

  // No more pushes; pops empty the rest and then return nullopt.
  void close() {
    std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

  [[nodiscard]] std::size_t size() const {
    std::lock_guard lock(mutex_);
    return items_.size();
  }

 private:
  std::optional<T> takeLocked() {
    if (items_.empty()) return std::nullopt;
    std::optional<T> value(std::move(items_.front()));
    items_.pop_front();
    changed_.notify_all();
    return value;
  }

  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<T> items_;
  bool closed_ = false;
};

}  // namespace stowage::base
