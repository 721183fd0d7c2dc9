// Gate: counts work in progress so that an orderly stop can refuse new work and wait for what runs.
// Thread safe. Destroying a gate with somebody inside is a bug and ends the process.
#pragma once

#include <condition_variable>
#include <mutex>

#include "base/check.h"
#include "base/clock.h"

namespace stowage::base {

class Gate {
 public:
  // Holds the gate open for one piece of work; empty when the gate was already closed.
  class Pass {
   public:
    Pass() = default;
    explicit Pass(Gate* gate) : gate_(gate) {}
    Pass(Pass&& other) noexcept : gate_(other.gate_) { other.gate_ = nullptr; }
    Pass& operator=(Pass&& other) noexcept {
      if (this != &other) {
        release();
        gate_ = other.gate_;
        other.gate_ = nullptr;
      }
      return *this;
    }
    ~Pass() { release(); }
    explicit operator bool() const { return gate_ != nullptr; }

   private:
    void release() {
      if (gate_ != nullptr) gate_->leave();
      gate_ = nullptr;
    }
    Gate* gate_ = nullptr;
  };

  Gate() = default;
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;
  ~Gate() { STOWAGE_CHECK(inside_ == 0, "gate destroyed while work is inside"); }

  Pass enter() {
    std::lock_guard lock(mutex_);
    if (closed_) return {};
    ++inside_;
    return Pass(this);
  }
  // Refuses new work and waits for the rest; false when `limit` passes first.
  bool closeAndWait(Duration limit) {
    std::unique_lock lock(mutex_);
    closed_ = true;
    return empty_.wait_for(lock, limit, [&] { return inside_ == 0; });
  }

 private:
  void leave() {
    std::lock_guard lock(mutex_);
    if (--inside_ == 0) empty_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable empty_;
  int inside_ = 0;
  bool closed_ = false;
};

}  // namespace stowage::base
