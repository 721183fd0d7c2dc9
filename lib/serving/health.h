// HealthRegistry: named checks behind /livez, /readyz and /healthz, answered in the format of
// Kubernetes' own servers (staging/src/k8s.io/apiserver/pkg/server/healthz of v1.36), and a list of
// degraded features. Why a check fails goes to the log, not to an open endpoint.
// Thread safety: everything from any thread. Checks are called by serving threads, several at once;
// they must not block.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "serving/metrics_registry.h"

namespace stowage::serving {

// Bits: a check may belong to several endpoints.
enum class HealthGroup : unsigned { kLivez = 1, kReadyz = 2, kHealthz = 4, kAll = 7 };
constexpr HealthGroup operator|(HealthGroup a, HealthGroup b) {
  return static_cast<HealthGroup>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}

struct HealthAnswer {
  int status = 200;  // 200, 404 for a check that is not there, 500 for a failed one
  std::string body;
};

class HealthRegistry {
 public:
  using Check = std::function<base::Status()>;

  // With the check "ping" in all groups, which always passes.
  HealthRegistry();

  // `name` appears in paths: letters, digits and '-'. A second check of a name replaces the first.
  void add(std::string name, HealthGroup groups, Check check);

  // A feature that works less well than it should, for a reason that people can act on. Shown by
  // ?verbose; fails no check.
  void setDegraded(const std::string& feature, const std::string& reason);
  void clearDegraded(const std::string& feature);
  [[nodiscard]] std::map<std::string, std::string> degraded() const;

  // How the checks of the endpoints have come out, in the families that Kubernetes' servers show at
  // /metrics/slis (component-base metrics/prometheus/slis, v0.36.3). A check that is asked for by
  // its own path does not count, as there.
  [[nodiscard]] const MetricsRegistry& slis() const { return slis_; }

  // Answers `path` (/livez, /readyz, /healthz, or one of them with a check's name below). `exclude`
  // names checks to leave out.
  [[nodiscard]] HealthAnswer answer(std::string_view path, bool verbose,
                                    const std::set<std::string>& exclude) const;

 private:
  struct Entry {
    std::string name;
    HealthGroup groups;
    std::shared_ptr<const Check> check;
  };
  base::Status run(const Entry& entry) const;
  void count(const std::string& check, const std::string& type, bool ok) const;
  std::vector<Entry> entriesOf(HealthGroup group) const;
  std::string degradedLines() const;

  mutable MetricsRegistry slis_;
  mutable std::mutex mutex_;
  std::vector<Entry> entries_;                   // in the order they were added
  std::map<std::string, std::string> degraded_;  // feature -> reason
  mutable std::set<std::string> failing_;        // names whose failure has been logged
};

}  // namespace stowage::serving
