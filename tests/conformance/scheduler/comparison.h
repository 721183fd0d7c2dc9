// Comparison: kube-scheduler's answer about one pod against ours, both in the form that oracle/
// scheduler/question.go describes. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace stowage::conformance {

struct Difference {
  // What kind it is, without names and numbers: a case that is made smaller must keep it.
  std::string kind;
  std::string detail;
};

// nullopt: they agree on every node's verdict, plugin, code and reasons, on every score, on the
// message, and our choice is one that upstream could have made.
std::optional<Difference> compareAnswers(const nlohmann::json& upstream,
                                         const nlohmann::json& ours);

// The name of the documented deviation (docs/deviations.md) that makes this question
// incomparable; empty: there is none.
std::string maskOf(const nlohmann::json& question);

}  // namespace stowage::conformance
