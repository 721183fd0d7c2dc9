#include "statefulgroup/plan/spread.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "statefulgroup/quorum.h"
#include "statefulgroup/slots.h"

namespace stowage::statefulgroup {

using kubeapi::group::FailureDomain;
using kubeapi::group::QuorumSafe;
using kubeapi::group::Spec;

namespace {

// How many members of a shard one domain may hold; nullopt: any number.
std::optional<int> limitOf(const FailureDomain& domain, const Spec& spec) {
  std::optional<int> limit = domain.max_per_domain;
  const int safe = safeVotersPerDomain(wantedVoters(spec));
  // Of one or two voters no placement bears the loss of any.
  if (domain.quorum_safe != QuorumSafe::kOff && safe > 0)
    limit = limit ? std::min(*limit, safe) : safe;
  return limit;
}

SpreadFinding judge(const ShardView& shard, const FailureDomain& domain, int limit) {
  std::map<Symbol, int> counts;
  SpreadFinding finding;
  for (const Member& member : shard.members) {
    if (!member.there() || !member.voter || member.pod->node_name.empty()) continue;
    const Symbol* value = member.node.labels.find(domain.topology_key);
    if (value == nullptr) {
      finding = {SpreadFinding::Kind::kUnknown,
                 fmt::format("node {} has no label {}", member.pod->node_name.view(),
                             domain.topology_key.view())};
      continue;
    }
    if (++counts[*value] > limit)
      return {SpreadFinding::Kind::kSkewed,
              fmt::format("shard {}: more than {} in {} {}", shard.index, limit,
                          domain.topology_key.view(), value->view())};
  }
  return finding;
}

}  // namespace

SpreadFinding judgeSpread(const std::vector<ShardView>& shards, const Spec& spec,
                          const std::map<Symbol, int>& domains) {
  SpreadFinding worst;
  for (const FailureDomain& domain : spec.topology.failure_domains) {
    const auto limit = limitOf(domain, spec);
    if (!limit) continue;
    const int needed = (wantedVoters(spec) + *limit - 1) / *limit;
    const auto there = domains.find(domain.topology_key);
    // None at all: nodes do not tell, which is said of their pods.
    if (there != domains.end() && there->second > 0 && there->second < needed)
      return {SpreadFinding::Kind::kTooFew,
              fmt::format("{} voters with at most {} in each {} need {} of them, and the nodes "
                          "have {}",
                          wantedVoters(spec), *limit, domain.topology_key.view(), needed,
                          there->second)};
    for (const ShardView& shard : shards) {
      if (!shard.wanted) continue;
      SpreadFinding finding = judge(shard, domain, *limit);
      if (finding.kind == SpreadFinding::Kind::kSkewed) return finding;
      if (finding.kind == SpreadFinding::Kind::kUnknown) worst = std::move(finding);
    }
  }
  return worst;
}

}  // namespace stowage::statefulgroup
