// Statistics: what a run has looked at: how often each plugin said no or told nodes apart, which
// deviations were met. Not thread safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "conformance/scheduler/comparison.h"

namespace stowage::conformance {

class Statistics {
 public:
  void countCase(const nlohmann::json& answers);
  void countMasked(const Mask& mask, std::uint64_t pods);
  // Verdicts compared: one per pod and node.
  void countVerdicts(std::uint64_t number) { verdicts_ += number; }

  [[nodiscard]] std::uint64_t cases() const { return cases_; }
  // Cases in which the plugin said no, per thousand.
  [[nodiscard]] std::uint64_t rejectedPerMille(const std::string& plugin) const;
  // Cases in which preemption came to that, per thousand: see statistics.cc for the names.
  [[nodiscard]] std::uint64_t preemptionPerMille(const std::string& what) const;
  [[nodiscard]] std::string table(std::chrono::duration<double> elapsed) const;

 private:
  std::uint64_t cases_ = 0;
  std::uint64_t verdicts_ = 0;
  std::uint64_t feasible_ = 0;
  std::map<std::string, std::uint64_t> rejected_in_;    // plugin -> cases
  std::map<std::string, std::uint64_t> scored_in_;      // plugin -> cases
  std::map<std::string, std::uint64_t> preemption_in_;  // what it came to -> cases
  std::map<std::string, std::uint64_t> masked_;         // deviation -> pods
  std::uint64_t pods_ = 0;
};

}  // namespace stowage::conformance
