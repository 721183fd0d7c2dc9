// ApimachineryOracle: asks apimachinery itself (tests/controlplane/oracle/quantity, built with go
// on first use) what it makes of quantities, selectors and times. A batch of questions per process.
// Not thread safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stowage::conformance {

// Builds tests/controlplane/oracle/<name> and returns the program's path. Ends the test program
// with a clear message when that fails.
std::string buildOracle(const std::string& name);

// "Q" + texts as one question line.
std::string question(std::string_view verb, const std::vector<std::string>& texts);

// One answer per question, in order, split at blanks. Ends the test program with a clear message
// when go is missing or the oracle cannot be built or breaks off.
std::vector<std::vector<std::string>> askApimachinery(const std::vector<std::string>& questions);

// The same for oracle/pods, whose questions are "<pod> <node>" in hexadecimal; one line each.
std::vector<std::string> askKubeScheduler(const std::vector<std::string>& questions);

}  // namespace stowage::conformance
