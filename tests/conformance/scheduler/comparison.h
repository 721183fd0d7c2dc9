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
// message, on what preemption would do, and our choice is one that upstream could have made.
// `preemption` false: all but what preemption would do and say.
std::optional<Difference> compareAnswers(const nlohmann::json& upstream, const nlohmann::json& ours,
                                         bool preemption = true);

// A documented deviation (docs/deviations.md) that a question runs into.
struct Mask {
  std::string name;  // empty: none
  // What is not comparable.
  enum class Scope { kNothing, kPreemption, kPod } scope = Scope::kNothing;
};
// Of every pod of the question.
Mask maskOfCase(const nlohmann::json& question);
// Of one of its pods.
Mask maskOfPod(const nlohmann::json& question, const nlohmann::json& pod);

}  // namespace stowage::conformance
