#include "statefulgroup/reconcile/hand_overs.h"

#include <utility>

namespace stowage::statefulgroup {

void HandOvers::makeRoom(const std::string& operation_id) {
  if (begun_.size() >= kMost && !begun_.contains(operation_id)) begun_.clear();
}

bool HandOvers::begin(const std::string& operation_id) {
  const std::scoped_lock lock(mutex_);
  makeRoom(operation_id);
  return begun_.try_emplace(operation_id, false).second;
}

bool HandOvers::fail(const std::string& operation_id) {
  const std::scoped_lock lock(mutex_);
  makeRoom(operation_id);
  return !std::exchange(begun_[operation_id], true);
}

bool HandOvers::end(const std::string& operation_id) {
  const std::scoped_lock lock(mutex_);
  return begun_.erase(operation_id) > 0;
}

std::size_t HandOvers::size() const {
  const std::scoped_lock lock(mutex_);
  return begun_.size();
}

}  // namespace stowage::statefulgroup
