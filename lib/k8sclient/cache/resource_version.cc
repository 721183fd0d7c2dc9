#include "k8sclient/cache/resource_version.h"

#include <algorithm>

namespace stowage::k8sclient {

bool isOrderedVersion(std::string_view version) {
  return !version.empty() && version.front() != '0' &&
         std::all_of(version.begin(), version.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::partial_ordering compareVersions(std::string_view a, std::string_view b) {
  if (!isOrderedVersion(a) || !isOrderedVersion(b)) return std::partial_ordering::unordered;
  if (a.size() != b.size()) return a.size() <=> b.size();
  return a.compare(b) <=> 0;
}

}  // namespace stowage::k8sclient
