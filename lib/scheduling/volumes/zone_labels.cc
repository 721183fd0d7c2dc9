#include "scheduling/volumes/zone_labels.h"

#include <algorithm>

namespace stowage::scheduling {
namespace {

constexpr std::string_view kDelimiter = "__";

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\v\f";
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

}  // namespace

const std::array<base::Symbol, 4>& zoneAndRegionLabels() {
  static const std::array<base::Symbol, 4> labels = {kBetaZoneLabel, kBetaRegionLabel, kZoneLabel,
                                                     kRegionLabel};
  return labels;
}

std::vector<base::Symbol> zonesIn(std::string_view value, bool& had_empty) {
  std::vector<base::Symbol> zones;
  had_empty = false;
  for (bool more = true; more;) {
    const auto end = value.find(kDelimiter);
    more = end != std::string_view::npos;
    const std::string_view zone = trimmed(value.substr(0, end));
    if (more) value.remove_prefix(end + kDelimiter.size());
    if (zone.empty()) {
      had_empty = true;
    } else {
      zones.emplace_back(zone);
    }
  }
  std::sort(zones.begin(), zones.end());
  zones.erase(std::unique(zones.begin(), zones.end()), zones.end());
  return zones;
}

}  // namespace stowage::scheduling
