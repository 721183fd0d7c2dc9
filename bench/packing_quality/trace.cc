#include "packing_quality/trace.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <map>
#include <sstream>
#include <utility>

#include "base/rng.h"

namespace stowage::packing_quality {
namespace {

using base::Code;
using base::Result;

// Rows of the named columns, as integers.
Result<std::vector<std::vector<std::int64_t>>> readColumns(const std::string& path,
                                                           const std::vector<std::string>& names) {
  std::ifstream file(path);
  if (!file) return base::fail(Code::kNotFound, path + ": cannot be read");
  const auto split = [](const std::string& line) {
    std::vector<std::string> fields;
    std::stringstream stream(line);
    for (std::string field; std::getline(stream, field, ',');) fields.push_back(field);
    return fields;
  };
  std::string line;
  std::getline(file, line);
  const std::vector<std::string> header = split(line);
  std::vector<std::size_t> columns;
  for (const std::string& name : names) {
    const auto found = std::find(header.begin(), header.end(), name);
    if (found == header.end()) {
      return base::fail(Code::kInvalidArgument, path + ": no column " + name);
    }
    columns.push_back(static_cast<std::size_t>(found - header.begin()));
  }
  std::vector<std::vector<std::int64_t>> rows;
  while (std::getline(file, line)) {
    const std::vector<std::string> fields = split(line);
    std::vector<std::int64_t> row;
    for (const std::size_t column : columns) {
      const std::string text = column < fields.size() ? fields[column] : "";
      std::int64_t value = 0;
      const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
      if (!text.empty() && parsed.ec != std::errc()) {
        return base::fail(Code::kInvalidArgument, path + ": not a number: " + text);
      }
      row.push_back(value);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

template <typename T>
void shuffle(std::vector<T>& items, base::Rng& rng) {
  for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[rng.below(i)]);
}

}  // namespace

Result<Workload> readTrace(const std::string& folder, const std::string& variant,
                           std::uint32_t arrived_percent, std::uint64_t seed) {
  const auto nodes =
      readColumns(folder + "/openb_node_list_gpu_node.csv", {"cpu_milli", "memory_mib", "gpu"});
  if (!nodes) return base::fail(nodes.error());
  const auto pods = readColumns(folder + "/openb_pod_list_" + variant + ".csv",
                                {"cpu_milli", "memory_mib", "num_gpu", "gpu_milli"});
  if (!pods) return base::fail(pods.error());
  if (pods->empty()) return base::fail(Code::kInvalidArgument, variant + ": no pods");

  base::Rng rng(seed);
  Workload workload;
  workload.name = "openb/" + variant;
  std::int64_t gpus = 0;
  for (const auto& row : *nodes) {
    workload.nodes.push_back({row[0], row[1], row[2] * 1000});
    gpus += row[2] * 1000;
  }
  shuffle(workload.nodes, rng);

  std::map<std::vector<std::int64_t>, std::uint32_t> known;
  std::vector<std::uint32_t> list;
  for (const auto& row : *pods) {
    const auto [found, added] =
        known.emplace(row, static_cast<std::uint32_t>(workload.shapes.size()));
    if (added) workload.shapes.push_back({row[0], row[1], row[2] * row[3]});
    list.push_back(found->second);
  }
  shuffle(list, rng);
  std::int64_t arrived = 0;
  constexpr std::size_t kMostPods = 1'000'000;  // pods without any GPU would never end
  for (std::uint32_t pod = 0; pod < kMostPods && arrived * 100 < gpus * arrived_percent; ++pod) {
    const std::uint32_t shape = pod < list.size() ? list[pod] : list[rng.below(list.size())];
    arrived += workload.shapes[shape].gpu;
    workload.shape_of_pod.push_back(shape);
    workload.events.push_back({false, pod});
  }
  return workload;
}

}  // namespace stowage::packing_quality
