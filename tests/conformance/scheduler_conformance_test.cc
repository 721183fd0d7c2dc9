// Generated clusters and pods through kube-scheduler's own framework and through ours: every
// verdict, plugin, code, reason, score and message must be the same. `make conformance N=...
// SEED=...` runs more of them, stores a minimal case of a difference, and prints what was covered.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "conformance/scheduler/runner.h"
#include "stowage_paths.h"

namespace stowage::conformance {
namespace {

const std::filesystem::path kGoldens = STOWAGE_SOURCE_DIR "/tests/golden/conformance";

std::uint64_t setting(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr || *text == 0 ? otherwise : std::strtoull(text, nullptr, 10);
}

Runner& runner() {
  static Runner one;
  return one;
}

void store(const Runner::Finding& finding, std::uint64_t seed) {
  if (std::getenv("STOWAGE_CONFORMANCE_STORE") == nullptr) return;
  std::filesystem::create_directories(kGoldens);
  const auto path =
      kGoldens / (std::to_string(seed) + "-" + std::to_string(finding.index) + ".json");
  std::ofstream(path) << finding.smallest.dump(2) << "\n";
  std::cout << "stored as " << path << "\n";
}

TEST(SchedulerConformance, StoredCases) {
  int cases = 0;
  for (const auto& file : std::filesystem::directory_iterator(kGoldens)) {
    if (file.path().extension() != ".json") continue;
    ++cases;
    std::ifstream stream(file.path());
    const json question = json::parse(stream);
    for (std::uint64_t history = 0; history < 8; ++history) {
      const auto found = runner().compareOne(question, history);
      EXPECT_FALSE(found.has_value())
          << file.path() << ": " << found->kind << ": " << found->detail;
    }
  }
  EXPECT_GT(cases, 0);
}

TEST(SchedulerConformance, GeneratedCases) {
  const std::uint64_t seed = setting("STOWAGE_CONFORMANCE_SEED", 20261126);
  const std::uint64_t first = setting("STOWAGE_CONFORMANCE_FIRST", 0);
  const std::uint64_t cases = setting("STOWAGE_CONFORMANCE_CASES", 2000);
  const auto begin = std::chrono::steady_clock::now();
  const auto finding = runner().run(seed, first, cases, builtFeatures());
  std::cout << "seed " << seed << ": "
            << runner().statistics().table(std::chrono::steady_clock::now() - begin);
  if (finding) {
    store(*finding, seed);
    FAIL() << "case " << finding->index << " of seed " << seed << ": " << finding->difference.kind
           << ": " << finding->difference.detail << "\n"
           << finding->smallest.dump();
  }
  if (cases < 1000 || first != 0) return;
  // The generator must make every filter say no often enough to mean something.
  for (const std::string& plugin : filtersThatMustSayNo(builtFeatures())) {
    EXPECT_GE(runner().statistics().rejectedPerMille(plugin), 10U) << plugin;
  }
  for (const char* turn : {"not eligible", "nobody helps", "several candidates", "several victims",
                           "a budget is overdrawn"}) {
    EXPECT_GE(runner().statistics().preemptionPerMille(turn), 10U) << turn;
  }
}

}  // namespace
}  // namespace stowage::conformance
