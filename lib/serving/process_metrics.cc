#include "serving/process_metrics.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <sstream>
#include <utility>
#include <vector>

namespace stowage::serving {

namespace {

// Field numbers of proc(5) /proc/[pid]/stat, counted from the one after the command name (field 3).
constexpr std::size_t kUserTicks = 14 - 3;
constexpr std::size_t kSystemTicks = 15 - 3;
constexpr std::size_t kThreads = 20 - 3;
constexpr std::size_t kStartTicks = 22 - 3;
constexpr std::size_t kVirtualBytes = 23 - 3;
constexpr std::size_t kResidentPages = 24 - 3;

std::vector<double> readStat(const std::string& proc) {
  std::ifstream file(proc + "/self/stat");
  std::string line;
  std::getline(file, line);
  const std::size_t end_of_name = line.rfind(')');  // the name may contain anything
  if (end_of_name == std::string::npos) return {};
  std::istringstream rest(line.substr(end_of_name + 1));
  std::string state;
  rest >> state;
  std::vector<double> fields{0};  // the state, a letter
  for (double value = 0; fields.size() <= kResidentPages && rest >> value;) fields.push_back(value);
  return fields.size() > kResidentPages ? fields : std::vector<double>();
}

std::optional<double> readBootTime(const std::string& proc) {
  std::ifstream file(proc + "/stat");
  for (std::string line; std::getline(file, line);) {
    double seconds = 0;
    if (line.starts_with("btime ") && std::istringstream(line.substr(6)) >> seconds) return seconds;
  }
  return std::nullopt;
}

std::optional<double> countOpenFiles(const std::string& proc) {
  DIR* directory = opendir((proc + "/self/fd").c_str());
  if (directory == nullptr) return std::nullopt;
  int count = 0;
  while (const dirent* entry = readdir(directory))
    if (entry->d_name[0] != '.') ++count;
  closedir(directory);
  return count - 1;  // the directory itself was open
}

struct Handles {
  base::Counter& cpu;
  base::Gauge& resident;
  base::Gauge& virtual_memory;
  base::Gauge& open_fds;
  base::Gauge& threads;
  double counted_cpu = 0;
};

void refresh(const std::string& proc, Handles& handles) {
  if (const auto open = countOpenFiles(proc)) handles.open_fds.set(*open);
  const std::vector<double> stat = readStat(proc);
  if (stat.empty()) return;
  const double ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  const double cpu = (stat[kUserTicks] + stat[kSystemTicks]) / ticks;
  handles.cpu.add(std::max(0.0, cpu - handles.counted_cpu));
  handles.counted_cpu = std::max(handles.counted_cpu, cpu);
  handles.resident.set(stat[kResidentPages] * static_cast<double>(sysconf(_SC_PAGESIZE)));
  handles.virtual_memory.set(stat[kVirtualBytes]);
  handles.threads.set(stat[kThreads]);
}

void setConstants(MetricsRegistry& registry, const std::string& proc) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    registry.gauge("process_max_fds", "Maximum number of open file descriptors.", {})
        .set(static_cast<double>(limit.rlim_cur));
  }
  const auto boot = readBootTime(proc);
  const std::vector<double> stat = readStat(proc);
  if (boot && !stat.empty()) {
    registry
        .gauge("process_start_time_seconds", "Start time of the process, in seconds since 1970.",
               {})
        .set(*boot + stat[kStartTicks] / static_cast<double>(sysconf(_SC_CLK_TCK)));
  }
}

}  // namespace

void addProcessMetrics(MetricsRegistry& registry, const std::string& proc) {
  setConstants(registry, proc);
  auto handles = std::make_shared<Handles>(
      Handles{registry.counter("process_cpu_seconds_total",
                               "User and system CPU time spent, in seconds.", {}),
              registry.gauge("process_resident_memory_bytes", "Resident memory size in bytes.", {}),
              registry.gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.", {}),
              registry.gauge("process_open_fds", "Number of open file descriptors.", {}),
              registry.gauge("process_threads", "Number of threads.", {})});
  registry.beforeRender([proc, handles] { refresh(proc, *handles); });
}

}  // namespace stowage::serving
