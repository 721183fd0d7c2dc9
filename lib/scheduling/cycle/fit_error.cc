#include "scheduling/cycle/fit_error.h"

#include <algorithm>
#include <vector>

#include "base/text.h"

namespace stowage::scheduling {
namespace {

// An etcd request ends at 1.5 MiB: a pod that names thousands of resources must still get its
// condition. kube-scheduler does not cut (docs/deviations.md).
constexpr std::size_t kLongestMessage = std::size_t{64} << 10;

std::string head(std::size_t nodes) {
  return "0/" + std::to_string(nodes) + " nodes are available:";
}

std::string bounded(std::string message) {
  if (message.size() <= kLongestMessage) return message;
  return std::string(base::utf8Prefix(message, kLongestMessage - 4)) + " ...";
}

}  // namespace

std::string fitErrorMessage(std::size_t nodes, const ReasonCounts& reasons) {
  std::vector<std::string> parts;
  parts.reserve(reasons.size());
  for (const auto& [reason, count] : reasons) parts.push_back(std::to_string(count) + " " + reason);
  std::sort(parts.begin(), parts.end());
  std::string message = head(nodes);
  for (std::size_t i = 0; i < parts.size(); ++i) message += (i == 0 ? " " : ", ") + parts[i];
  if (!parts.empty()) message += ".";
  return bounded(std::move(message));
}

std::string fitErrorMessage(std::size_t nodes, std::string_view why) {
  std::string message = head(nodes);
  message.append(" ").append(why).append(".");
  return bounded(std::move(message));
}

}  // namespace stowage::scheduling
