// packing_quality: how many nodes each policy needs for the same pods. Prints tables for people.
//   packing_quality [--seeds N] [--first-seed S] [--trace FOLDER] [--weights Q,W,O,S,F,C]
// Weights were chosen on seeds 1-15 and 101-120 and are judged on seeds 301-320 (the default).
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "packing_quality/replay.h"
#include "packing_quality/trace.h"

namespace stowage::packing_quality {
namespace {

struct Options {
  std::uint64_t seeds = 20;
  std::uint64_t first_seed = 301;
  std::string trace;
  placement::PackingWeights weights;
};

constexpr std::size_t kPolicies = 4;
constexpr std::array<const char*, kPolicies> kNames = {"FirstFit", "MostAlloc", "MostAlloc+gpu",
                                                       "Packing"};
using Outcomes = std::array<Outcome, kPolicies>;

Outcomes replayAll(const Workload& workload, const Options& options, double count_from) {
  Outcomes outcomes;
  for (std::size_t i = 0; i < kPolicies; ++i) {
    outcomes[i] = replay(workload, {static_cast<Policy::Kind>(i), options.weights}, count_from);
  }
  return outcomes;
}

std::vector<Recipe> recipes(bool with_departures) {
  std::vector<Recipe> all;
  for (const PodKind pods : {PodKind::kCpu, PodKind::kGpu, PodKind::kMixed}) {
    for (const NodeKind nodes : {NodeKind::kUniform, NodeKind::kSizes, NodeKind::kRatios}) {
      for (const bool departures : {false, true}) {
        if (departures && !with_departures) continue;
        Recipe recipe;
        recipe.pods = pods;
        recipe.nodes = nodes;
        recipe.departures = departures;
        all.push_back(recipe);
      }
    }
  }
  return all;
}

void printHeader(const char* first, const char* last) {
  std::printf("%-26s", first);
  for (const char* name : kNames) std::printf("%20s", name);
  std::printf("  %s\n", last);
}

void printNodesUsed(const Options& options) {
  std::printf(
      "Nodes in use / their capacity in mean nodes (of 200, mean over seeds; in brackets pods "
      "that fitted nowhere)\n");
  printHeader("", "seeds where Packing used more than the best other, and by how much at most");
  for (const Recipe& recipe : recipes(true)) {
    std::array<double, kPolicies> nodes{};
    std::array<double, kPolicies> capacity{};
    std::array<std::uint32_t, kPolicies> failed{};
    std::uint32_t worse = 0;
    double most = 0;
    for (std::uint64_t s = 0; s < options.seeds; ++s) {
      const Workload workload = generate(recipe, options.first_seed + s);
      const Outcomes outcomes = replayAll(workload, options, recipe.departures ? 0.4 : 0);
      double best = outcomes[0].nodes_mean;
      for (std::size_t i = 0; i < kPolicies; ++i) {
        nodes[i] += outcomes[i].nodes_mean / static_cast<double>(options.seeds);
        capacity[i] += outcomes[i].capacity_mean / static_cast<double>(options.seeds);
        failed[i] += outcomes[i].failed;
        if (i + 1 < kPolicies) best = std::min(best, outcomes[i].nodes_mean);
      }
      const double excess = outcomes[kPolicies - 1].nodes_mean - best;
      if (excess > 1e-9) ++worse;
      most = std::max(most, excess);
    }
    std::printf("%-26s", nameOf(recipe).c_str());
    for (std::size_t i = 0; i < kPolicies; ++i) {
      std::printf("%8.2f /%6.1f (%u)", nodes[i], capacity[i], failed[i]);
    }
    std::printf("  %u of %u, +%.2f\n", worse, static_cast<unsigned>(options.seeds), most);
  }
}

// How far a cluster fills: pods placed before the first one fits nowhere, and in all, when demand
// goes on to 110 %.
void printCapacity(const Options& options) {
  std::printf("\nPods placed before the first that fits nowhere / in all, demand up to 110 %%\n");
  printHeader("", "");
  for (Recipe recipe : recipes(false)) {
    recipe.load_percent = 110;
    std::array<double, kPolicies> first{};
    std::array<double, kPolicies> placed{};
    for (std::uint64_t s = 0; s < options.seeds; ++s) {
      const Outcomes outcomes = replayAll(generate(recipe, options.first_seed + s), options, 0);
      for (std::size_t i = 0; i < kPolicies; ++i) {
        first[i] += outcomes[i].first_failure / static_cast<double>(options.seeds);
        placed[i] += outcomes[i].placed / static_cast<double>(options.seeds);
      }
    }
    std::printf("%-26s", nameOf(recipe).c_str());
    for (std::size_t i = 0; i < kPolicies; ++i) std::printf("%11.0f /%7.0f", first[i], placed[i]);
    std::printf("\n");
  }
}

bool printTrace(const Options& options) {
  constexpr std::uint64_t kSeeds = 3;
  std::printf(
      "\nTrace: nodes in use when GPU demand of 25/50/75 %% has arrived, GPUs placed at 100 %%\n");
  for (const char* variant : {"default", "cpu250", "multigpu50", "gpushare100"}) {
    std::array<std::array<double, 4>, kPolicies> rows{};
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
      std::size_t column = 0;
      for (const std::uint32_t percent : {25U, 50U, 75U, 100U}) {
        const auto workload = readTrace(options.trace, variant, percent, seed);
        if (!workload) {
          std::fprintf(stderr, "%s\n", workload.error().toString().c_str());
          return false;
        }
        const Outcomes outcomes = replayAll(*workload, options, 0);
        for (std::size_t i = 0; i < kPolicies; ++i) {
          rows[i][column] +=
              (percent < 100 ? outcomes[i].nodes_end : outcomes[i].gpu_placed_percent) / kSeeds;
        }
        ++column;
      }
    }
    for (std::size_t i = 0; i < kPolicies; ++i) {
      std::printf("%-14s%-14s %8.1f %8.1f %8.1f  %6.2f %%\n", variant, kNames[i], rows[i][0],
                  rows[i][1], rows[i][2], rows[i][3]);
    }
  }
  return true;
}

bool parseWeights(const std::string& text, placement::PackingWeights& weights) {
  std::stringstream stream(text);
  for (std::int64_t* value : {&weights.quantum, &weights.imbalance_permille, &weights.opening,
                              &weights.opening_size, &weights.fullness, &weights.scarcity}) {
    if (!(stream >> *value)) return false;
    stream.ignore(1);
  }
  return true;
}

bool parse(int argc, char** argv, Options& options) {
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string flag = argv[i];
    const std::string value = argv[i + 1];
    if (flag == "--seeds") {
      options.seeds = std::max<std::uint64_t>(std::strtoull(value.c_str(), nullptr, 10), 1);
    } else if (flag == "--first-seed") {
      options.first_seed = std::strtoull(value.c_str(), nullptr, 10);
    } else if (flag == "--trace") {
      options.trace = value;
    } else if (flag != "--weights" || !parseWeights(value, options.weights)) {
      return false;
    }
  }
  return argc % 2 == 1;
}

}  // namespace
}  // namespace stowage::packing_quality

int main(int argc, char** argv) {
  using namespace stowage::packing_quality;
  Options options;
  if (!parse(argc, argv, options)) {
    std::fprintf(stderr,
                 "usage: %s [--seeds N] [--first-seed S] [--trace FOLDER]\n"
                 "       [--weights QUANTUM,IMBALANCE,OPENING,SIZE,FULLNESS,SCARCITY]\n",
                 argv[0]);
    return 2;
  }
  printNodesUsed(options);
  printCapacity(options);
  return options.trace.empty() || printTrace(options) ? 0 : 1;
}
