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

// A thread is woken only when one waits for just that, and after the lock is free: at thousands of
// values a second, waking in vain would cost more than handing over. No call may be under way when
// the queue is destroyed.
template <typename T>
class BoundedQueue {
 public:
  explicit BoundedQueue(std::size_t capacity) : capacity_(capacity) {}

  // Waits for room until `stop`. Returns false, and leaves the value unsent, when stopped or
  // closed.
  bool push(T value, const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    if (!closed_ && items_.size() >= capacity_) {
      ++waiting_for_room_;
      room_.wait(lock, stop, [&] { return closed_ || items_.size() < capacity_; });
      --waiting_for_room_;
    }
    return pushLocked(std::move(value), lock);
  }

  // Never waits; false when full or closed.
  bool tryPush(T value) {
    std::unique_lock lock(mutex_);
    return pushLocked(std::move(value), lock);
  }

  // Waits for a value until `stop`, `deadline` (steady time) or close; nullopt then.
  std::optional<T> pop(const std::stop_token& stop, SteadyTime deadline = SteadyTime::max()) {
    std::unique_lock lock(mutex_);
    const auto ready = [&] { return closed_ || !items_.empty(); };
    if (!ready()) {
      ++waiting_for_values_;
      if (deadline == SteadyTime::max()) {
        values_.wait(lock, stop, ready);
      } else {
        values_.wait_until(lock, stop, deadline, ready);
      }
      --waiting_for_values_;
    }
    return takeLocked(lock);
  }

  std::optional<T> tryPop() {
    std::unique_lock lock(mutex_);
    return takeLocked(lock);
  }

  // Everything that is there, in order, in one lock. Does not wait.
  std::deque<T> drain() {
    std::unique_lock lock(mutex_);
    std::deque<T> all;
    all.swap(items_);
    const bool wake = waiting_for_room_ > 0;
    lock.unlock();
    if (wake) room_.notify_all();
    return all;
  }

  // No more pushes; pops empty the rest and then return nullopt.
  void close() {
    std::lock_guard lock(mutex_);
    closed_ = true;
    room_.notify_all();
    values_.notify_all();
  }

  [[nodiscard]] std::size_t size() const {
    std::lock_guard lock(mutex_);
    return items_.size();
  }

 private:
  // One value or place wakes one thread. That thread uses it even when it was stopped meanwhile, so
  // no wake-up is lost.
  bool pushLocked(T&& value, std::unique_lock<std::mutex>& lock) {
    if (closed_ || items_.size() >= capacity_) return false;
    items_.push_back(std::move(value));
    const bool wake = waiting_for_values_ > 0;
    lock.unlock();
    if (wake) values_.notify_one();
    return true;
  }

  std::optional<T> takeLocked(std::unique_lock<std::mutex>& lock) {
    if (items_.empty()) return std::nullopt;
    std::optional<T> value(std::move(items_.front()));
    items_.pop_front();
    const bool wake = waiting_for_room_ > 0;
    lock.unlock();
    if (wake) room_.notify_one();
    return value;
  }

  const std::size_t capacity_;
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable_any room_;
  std::condition_variable_any values_;
  std::size_t waiting_for_room_ = 0;
  std::size_t waiting_for_values_ = 0;
  std::deque<T> items_;
  bool closed_ = false;
};

}  // namespace stowage::base
