// StopTree: cancellation that flows from a parent to its children. Stopping a node stops everything
// below it; stopping a child leaves the parent running. Thread safe.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>

namespace stowage::base {

class StopTree {
 public:
  StopTree() = default;
  // A child of whatever `parent` belongs to. The parent's source must not die inside the callback.
  explicit StopTree(const std::stop_token& parent) {
    link_.emplace(parent, [this] { source_.request_stop(); });
  }
  StopTree(const StopTree&) = delete;
  StopTree& operator=(const StopTree&) = delete;

  [[nodiscard]] std::stop_token token() const { return source_.get_token(); }
  bool requestStop() { return source_.request_stop(); }
  [[nodiscard]] bool stopped() const { return source_.stop_requested(); }

 private:
  std::stop_source source_;
  std::optional<std::stop_callback<std::function<void()>>> link_;
};

}  // namespace stowage::base
