#include "statefulgroup/plan/wanted.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

namespace stowage::statefulgroup {

using kubeapi::group::Spec;

namespace {

std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// "0/1" or "*/1".
bool names(std::string_view entry, Replica replica) {
  const std::size_t slash = entry.find('/');
  if (slash == std::string_view::npos) return false;
  const std::string_view shard = entry.substr(0, slash);
  return number(entry.substr(slash + 1)) == replica.ordinal &&
         (shard == "*" || number(shard) == replica.shard);
}

}  // namespace

bool isOffline(const Spec& spec, Replica replica) {
  return std::any_of(spec.offline_replicas.begin(), spec.offline_replicas.end(),
                     [&](const std::string& entry) { return names(entry, replica); });
}

std::vector<int> wantedOrdinals(const Spec& spec, int shard) {
  std::vector<int> ordinals;
  if (shard < 0 || shard >= spec.shards) return ordinals;
  for (int ordinal = spec.ordinals.start; static_cast<int>(ordinals.size()) < spec.replicas;
       ++ordinal) {
    if (!isOffline(spec, {shard, ordinal})) ordinals.push_back(ordinal);
  }
  return ordinals;
}

const kubeapi::group::ClaimTemplate* claimTemplate(const Spec& spec, const Symbol& name) {
  const auto found = std::find_if(spec.claim_templates.begin(), spec.claim_templates.end(),
                                  [&](const auto& known) { return known.name == name; });
  return found == spec.claim_templates.end() ? nullptr : &*found;
}

bool reusesClaims(const Spec& spec) {
  using kubeapi::group::RetainedClaim;
  const bool members = spec.membership.mode != kubeapi::group::HookMode::kNone;
  return spec.retained_claims.value_or(members ? RetainedClaim::kQuarantine
                                               : RetainedClaim::kReuse) == RetainedClaim::kReuse;
}

const kubeapi::group::RollingUpdate& rollingUpdateOf(const Spec& spec) {
  static const kubeapi::group::RollingUpdate kDefault;
  return spec.update_strategy.rolling_update ? *spec.update_strategy.rolling_update : kDefault;
}

Symbol targetOf(const Spec& spec, const Targets& targets, Replica replica) {
  if (targets.update.empty()) return targets.current;
  if (targets.current.empty() || spec.update_strategy.type == kubeapi::group::UpdateType::kOnDelete)
    return targets.update;
  const kubeapi::group::RollingUpdate& rules = rollingUpdateOf(spec);
  const bool held = replica.shard < rules.shard_partition ||
                    replica.ordinal - spec.ordinals.start < rules.partition;
  return held ? targets.current : targets.update;
}

int maxUnavailableShards(const Spec& spec) {
  const kubeapi::group::IntOrString& limit = rollingUpdateOf(spec).max_unavailable_shards;
  int shards = limit.number;
  if (!limit.text.empty()) {
    const auto percent = number(std::string_view(limit.text).substr(0, limit.text.size() - 1));
    shards = limit.text.back() == '%' && percent ? spec.shards * std::min(*percent, 100) / 100 : 1;
  }
  return std::max(shards, 1);
}

}  // namespace stowage::statefulgroup
