#include "packing_quality/workload.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <queue>
#include <span>
#include <utility>

#include "base/rng.h"

namespace stowage::packing_quality {
namespace {

using base::Rng;

constexpr std::int64_t kCore = 1000;
constexpr std::int64_t kGiB = 1024;

template <typename T>
const T& pick(Rng& rng, std::span<const T> from) {
  return from[rng.below(from.size())];
}

// Index drawn with the given weights.
std::size_t pickWeighted(Rng& rng, std::span<const double> cumulative) {
  const double at = rng.uniform() * cumulative.back();
  const auto found = std::upper_bound(cumulative.begin(), cumulative.end(), at);
  return std::min<std::size_t>(static_cast<std::size_t>(found - cumulative.begin()),
                               cumulative.size() - 1);
}

double exponential(Rng& rng, double mean) { return -mean * std::log(1 - rng.uniform()); }

Resources cpuShape(Rng& rng) {
  constexpr std::array<std::int64_t, 9> kMilli = {100, 250, 500, 500, 1000, 1000, 2000, 4000, 8000};
  constexpr std::array<std::int64_t, 7> kMibPerCore = {1024, 2048, 2048, 4096, 4096, 8192, 12288};
  const std::int64_t cpu = pick<std::int64_t>(rng, kMilli);
  const std::int64_t memory = cpu * pick<std::int64_t>(rng, kMibPerCore) / 1000;
  return {cpu, std::max<std::int64_t>(memory / 128 * 128, 128), 0};
}

Resources gpuShape(Rng& rng) {
  constexpr std::array<std::int64_t, 8> kGpus = {1, 1, 1, 1, 2, 2, 4, 8};
  constexpr std::array<std::int64_t, 5> kCoresPerGpu = {4, 6, 8, 10, 14};
  constexpr std::array<std::int64_t, 4> kGibPerGpu = {24, 48, 64, 96};
  const std::int64_t gpu = pick<std::int64_t>(rng, kGpus);
  const std::int64_t cores =
      std::min<std::int64_t>(gpu * pick<std::int64_t>(rng, kCoresPerGpu), 92);
  const std::int64_t gib = std::min<std::int64_t>(gpu * pick<std::int64_t>(rng, kGibPerGpu), 700);
  return {cores * kCore, gib * kGiB, gpu};
}

bool fits(const Resources& pod, const Resources& node) {
  return pod.cpu_milli <= node.cpu_milli && pod.memory_mib <= node.memory_mib &&
         pod.gpu <= node.gpu;
}

// Shapes that at least half of the nodes that have what they need (GPUs or none) can take: what
// hardly any node can take says nothing about placement.
std::vector<Resources> makeShapes(PodKind kind, const std::vector<Resources>& nodes, Rng& rng) {
  std::vector<Resources> shapes;
  const std::size_t count = 8 + rng.below(17);
  while (shapes.size() < count) {
    const std::size_t i = shapes.size();
    const bool gpu = kind == PodKind::kGpu ? i % 4 != 3 : kind == PodKind::kMixed && i % 3 == 0;
    const Resources shape = gpu ? gpuShape(rng) : cpuShape(rng);
    std::size_t of_its_kind = 0;
    std::size_t fitting = 0;
    for (const Resources& node : nodes) {
      if ((node.gpu > 0) != gpu && kind != PodKind::kGpu) continue;
      ++of_its_kind;
      if (fits(shape, node)) ++fitting;
    }
    if (2 * fitting >= of_its_kind) shapes.push_back(shape);
  }
  return shapes;
}

std::vector<Resources> makeNodes(const Recipe& recipe, Rng& rng) {
  using Kinds = std::vector<Resources>;
  const Kinds cpu_kinds = recipe.nodes == NodeKind::kUniform ? Kinds{{16 * kCore, 64 * kGiB, 0}}
                          : recipe.nodes == NodeKind::kSizes ? Kinds{{8 * kCore, 32 * kGiB, 0},
                                                                     {16 * kCore, 64 * kGiB, 0},
                                                                     {32 * kCore, 128 * kGiB, 0}}
                                                             : Kinds{{16 * kCore, 32 * kGiB, 0},
                                                                     {16 * kCore, 64 * kGiB, 0},
                                                                     {16 * kCore, 128 * kGiB, 0}};
  const Kinds gpu_kinds = recipe.nodes == NodeKind::kUniform ? Kinds{{96 * kCore, 768 * kGiB, 8}}
                          : recipe.nodes == NodeKind::kSizes ? Kinds{{96 * kCore, 768 * kGiB, 8},
                                                                     {48 * kCore, 384 * kGiB, 4},
                                                                     {24 * kCore, 192 * kGiB, 2}}
                                                             : Kinds{{64 * kCore, 512 * kGiB, 8},
                                                                     {96 * kCore, 768 * kGiB, 8},
                                                                     {128 * kCore, 1536 * kGiB, 8}};
  std::vector<Resources> nodes;
  for (std::uint32_t i = 0; i < recipe.node_count; ++i) {
    const bool gpu = recipe.pods == PodKind::kGpu || (recipe.pods == PodKind::kMixed && i % 3 == 0);
    const Kinds& kinds = gpu ? gpu_kinds : cpu_kinds;
    nodes.push_back(pick<Resources>(rng, kinds));
  }
  for (std::size_t i = nodes.size(); i > 1; --i) std::swap(nodes[i - 1], nodes[rng.below(i)]);
  return nodes;
}

// Fill of the scarcest resource, 0..1 and more.
class Fill {
 public:
  explicit Fill(const std::vector<Resources>& nodes) {
    for (const Resources& node : nodes) add(whole_, node, 1);
  }
  void place(const Resources& pod, double sign) { add(used_, pod, sign); }
  [[nodiscard]] double level() const {
    double level = 0;
    for (std::size_t r = 0; r < whole_.size(); ++r) {
      if (whole_[r] > 0) level = std::max(level, used_[r] / whole_[r]);
    }
    return level;
  }

 private:
  using Sums = std::array<double, 3>;
  static void add(Sums& sums, const Resources& amount, double sign) {
    sums[0] += sign * static_cast<double>(amount.cpu_milli);
    sums[1] += sign * static_cast<double>(amount.memory_mib);
    sums[2] += sign * static_cast<double>(amount.gpu);
  }
  Sums whole_{};
  Sums used_{};
};

// Pods in bursts of one shape, as replicated services and jobs create them.
class PodStream {
 public:
  PodStream(Workload& workload, Rng& rng) : workload_(workload), rng_(rng) {
    double sum = 0;
    for (std::size_t i = 0; i < workload.shapes.size(); ++i) {
      // Zipf, and big pods come in smaller numbers.
      const Resources& shape = workload.shapes[i];
      const double size =
          static_cast<double>(shape.cpu_milli) / 1000 + static_cast<double>(shape.gpu);
      sum += 1 / (1 + static_cast<double>(i)) / std::sqrt(1 + size);
      cumulative_.push_back(sum);
    }
  }
  std::uint32_t next() {
    if (burst_ == 0) {
      shape_ = static_cast<std::uint32_t>(pickWeighted(rng_, cumulative_));
      burst_ = 1 + static_cast<std::uint32_t>(exponential(rng_, 4));
    }
    --burst_;
    workload_.shape_of_pod.push_back(shape_);
    return static_cast<std::uint32_t>(workload_.shape_of_pod.size() - 1);
  }

 private:
  Workload& workload_;
  Rng& rng_;
  std::vector<double> cumulative_;
  std::uint32_t shape_ = 0;
  std::uint32_t burst_ = 0;
};

void addArrivals(Workload& workload, Fill& fill, double load, Rng& rng) {
  PodStream stream(workload, rng);
  while (fill.level() < load) {
    const std::uint32_t pod = stream.next();
    fill.place(workload.shapes[workload.shape_of_pod[pod]], 1);
    workload.events.push_back({false, pod});
  }
}

// A pod arrives whenever there is room below the load; otherwise time goes on to the next
// departure. One pod in four lives ten times as long as the others.
void addTurnover(Workload& workload, Fill& fill, const Recipe& recipe, Rng& rng) {
  using Departure = std::pair<double, std::uint32_t>;
  std::priority_queue<Departure, std::vector<Departure>, std::greater<>> departures;
  PodStream stream(workload, rng);
  const double load = recipe.load_percent / 100.0;
  double now = 0;
  std::size_t first_fill = 0;
  while (first_fill == 0 || workload.shape_of_pod.size() < first_fill * (1 + recipe.turnovers)) {
    if (fill.level() < load) {
      const std::uint32_t pod = stream.next();
      fill.place(workload.shapes[workload.shape_of_pod[pod]], 1);
      workload.events.push_back({false, pod});
      departures.emplace(now + exponential(rng, rng.below(4) == 0 ? 10.0 : 1.0), pod);
      continue;
    }
    if (first_fill == 0) first_fill = workload.shape_of_pod.size();
    const auto [time, pod] = departures.top();
    departures.pop();
    now = time;
    fill.place(workload.shapes[workload.shape_of_pod[pod]], -1);
    workload.events.push_back({true, pod});
  }
}

}  // namespace

std::string nameOf(const Recipe& recipe) {
  constexpr std::array<const char*, 3> kPods = {"cpu", "gpu", "mixed"};
  constexpr std::array<const char*, 3> kNodes = {"uniform", "sizes", "ratios"};
  return std::string(kPods[static_cast<std::size_t>(recipe.pods)]) + "/" +
         kNodes[static_cast<std::size_t>(recipe.nodes)] +
         (recipe.departures ? "/departures" : "/arrivals");
}

Workload generate(const Recipe& recipe, std::uint64_t seed) {
  Rng rng(seed * 1000003 + static_cast<std::uint64_t>(recipe.pods) * 101 +
          static_cast<std::uint64_t>(recipe.nodes) * 11 + (recipe.departures ? 1 : 0));
  Workload workload;
  workload.name = nameOf(recipe);
  workload.nodes = makeNodes(recipe, rng);
  workload.shapes = makeShapes(recipe.pods, workload.nodes, rng);
  Fill fill(workload.nodes);
  if (recipe.departures) {
    addTurnover(workload, fill, recipe, rng);
  } else {
    addArrivals(workload, fill, recipe.load_percent / 100.0, rng);
  }
  return workload;
}

}  // namespace stowage::packing_quality
