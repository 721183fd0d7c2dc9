// A scenario: what is done to a cluster and what must come of it, read from cases/*.yaml
// (cases/README.md tells the form).
#pragma once

#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <vector>

namespace stowage::testing {

using Json = nlohmann::json;

// A text that is another one on purpose: a line of docs/deviations.md.
struct Deviation {
  std::string line;  // words of that document
  std::string kube;  // what kube-scheduler's side says
  std::string stowage;
  // Instead of the two: the note of an event that kube-scheduler may write, or not, by timing.
  std::string kube_may_say;
};

struct Scenario {
  std::string name;   // a DNS label; also the namespace
  std::string shows;  // one sentence
  Json steps;         // array of objects with one key each
  std::vector<Deviation> deviations;
};

// For gtest, which names a failed test's parameter.
inline void PrintTo(const Scenario& scenario, std::ostream* out) { *out << scenario.name; }

// All scenarios of the folder, by file and place. Ends the program for a file that cannot be read.
std::vector<Scenario> loadScenarios(const std::string& folder);

}  // namespace stowage::testing
