// WarningLog: what the API server tells clients in `Warning: 299` headers, logged once per text.
// Thread safe.
#pragma once

#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace stowage::k8sclient {

// The texts of code 299 in the value of a Warning header (RFC 7234 5.5), which may hold several.
// Malformed parts end the reading; what was found so far stands.
std::vector<std::string> parseWarnings(std::string_view header);

class WarningLog {
 public:
  explicit WarningLog(std::size_t max_texts = 1000) : max_texts_(max_texts) {}
  // Logs the new texts among those of `header`. After `max_texts` different ones nothing more is
  // logged, so that a server cannot fill memory or logs.
  void record(std::string_view header);
  [[nodiscard]] std::size_t seen() const;

 private:
  const std::size_t max_texts_;
  mutable std::mutex mutex_;
  std::unordered_set<std::string> seen_;
};

}  // namespace stowage::k8sclient
