// Runner: cases through oracle and subject, counted and compared; a difference is made small. Not
// thread safe.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "conformance/scheduler/comparison.h"
#include "conformance/scheduler/generator.h"
#include "conformance/scheduler/oracle_process.h"
#include "conformance/scheduler/statistics.h"

namespace stowage::conformance {

class Runner {
 public:
  // Builds the oracle on first use.
  Runner();

  struct Finding {
    std::uint64_t index = 0;
    Difference difference;
    nlohmann::json smallest;  // the case, as small as it shows the same kind of difference
  };
  // Cases [first, first + number) of the seed. Ends with the first difference.
  std::optional<Finding> run(std::uint64_t seed, std::uint64_t first, std::uint64_t number,
                             const GeneratorOptions& options);
  // One case of any origin.
  std::optional<Difference> compareOne(const nlohmann::json& question, std::uint64_t history);

  [[nodiscard]] const Statistics& statistics() const { return statistics_; }

 private:
  std::optional<Difference> compareAll(const nlohmann::json& question, const nlohmann::json& ours,
                                       const nlohmann::json& upstream);
  void count(const nlohmann::json& question, const nlohmann::json& answers);
  Finding madeSmall(std::uint64_t index, nlohmann::json question, Difference difference);

  OracleProcess oracle_;
  Statistics statistics_;
};

}  // namespace stowage::conformance
