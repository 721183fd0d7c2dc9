// HandOvers: which hand-overs of a role people have been told of, so that each is told once
// although it is asked for pass by pass. Only events hang on it: what a restart forgets is told
// again. Thread safety: all methods from any thread.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <string>

namespace stowage::statefulgroup {

class HandOvers {
 public:
  // True the first time for an operation.
  bool begin(const std::string& operation_id);
  // True the first time for an operation, whether or not it had begun.
  bool fail(const std::string& operation_id);
  // True when it had begun, or failed; it is forgotten.
  bool end(const std::string& operation_id);

  [[nodiscard]] std::size_t size() const;
  // Of operations that are given up nobody tells; more than this, and all are forgotten.
  static constexpr std::size_t kMost = 4096;

 private:
  void makeRoom(const std::string& operation_id);  // under mutex_

  mutable std::mutex mutex_;           // guards what follows
  std::map<std::string, bool> begun_;  // whether its failure was told
};

}  // namespace stowage::statefulgroup
